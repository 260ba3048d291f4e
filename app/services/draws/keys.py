"""The draw's secret: K, which makes people into entries, and the key that signs. Never shown, never logged."""

import hmac
import secrets
from base64 import b32encode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Draw, DrawSecret
from app.services.draws.merkle_list import Bytes
from lottery import rule


@dataclass(frozen=True)
class Secret:
    key: bytes = field(repr=False)
    signing_key: bytes = field(repr=False)

    @property
    def operator_key(self) -> str:
        """What everybody may know of it: the public half."""
        return Ed25519PrivateKey.from_private_bytes(self.signing_key).public_key().public_bytes_raw().hex()

    def sign(self, content: Bytes) -> str:
        return Ed25519PrivateKey.from_private_bytes(self.signing_key).sign(bytes(content)).hex()

    def salt(self, draw: Draw, person_id: int) -> bytes:
        return rule.salt(self.key, draw.draw_id, pid(draw, person_id))

    def entry(self, draw: Draw, person_id: int) -> bytes:
        return rule.entry(self.salt(draw, person_id), draw.draw_id, pid(draw, person_id))

    def claim_code(self, draw: Draw, draw_round: int, entry: str) -> str:
        """Eight signs a winner shows; nobody can make them from what is published."""
        text = f"claim code\n{draw.draw_id}\n{draw_round}\n{entry}".encode("ascii")
        return b32encode(hmac.digest(self.key, text, sha256)[:5]).decode("ascii")


def make() -> Secret:
    return Secret(secrets.token_bytes(32), Ed25519PrivateKey.generate().private_bytes_raw())


def sealed(made: Secret, keys: Sequence[str]) -> str:
    """For a page that shows what would be announced: whoever has the page can read nothing of it."""
    return _locks(keys).encrypt(made.key + made.signing_key).decode("ascii")


def unsealed(text: str, keys: Sequence[str]) -> Secret:
    try:
        both = _locks(keys).decrypt(text.encode())
    except InvalidToken as error:
        raise Refused("page_expired") from error
    return Secret(both[:32], both[32:])


def load(session: Session, draw: Draw) -> Secret:
    row = session.get_one(DrawSecret, draw.id)
    return Secret(row.key, row.signing_key)


def _locks(keys: Sequence[str]) -> MultiFernet:
    digests = [hmac.digest(key.encode(), b"draw to be announced", sha256) for key in keys]
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])


def pid(draw: Draw, person_id: int) -> str:
    return f"{draw.pid_prefix}{person_id}"


def signed(operator_key: str, text: bytes, signature: str) -> bool:
    """Whether the operator of a draw has signed this."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(operator_key)).verify(bytes.fromhex(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True
