"""Checkpoints of a log (C2SP tlog-checkpoint) as signed notes (C2SP signed-note), Ed25519.

Reading needs the standard library alone, signatures need `cryptography`.
"""

import base64
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

ED25519 = b"\x01"
MOST_SIGNATURES = 100
_NAME = re.compile(r"[^\s+]+")
_BASE64 = re.compile("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_SIZE = re.compile("0|[1-9][0-9]{0,18}")
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f]")


class Malformed(Exception):
    """It cannot be what it says it is."""


class Forged(Exception):
    """Signed in the name of a known key, and not by it."""


class NoCryptography(Exception):
    """`cryptography` is not installed, so that no signature can be judged."""


@dataclass(frozen=True)
class VerifierKey:
    """What a signature is judged by: `name+hash+base64`."""

    name: str
    public: bytes

    @classmethod
    def read(cls, text: str) -> "VerifierKey":
        name, _, rest = text.strip().partition("+")
        stated, _, encoded = rest.partition("+")
        key = _decoded(encoded)
        if not _NAME.fullmatch(name) or len(key) != 33 or key[:1] != ED25519:
            raise Malformed(f"{text} is no Ed25519 verifier key as name+hash+key")
        found = cls(name, key[1:])
        if found.hash.hex() != stated:
            raise Malformed(f"{text}: its hash is {found.hash.hex()}")
        return found

    @property
    def hash(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.hash.hex()}+{_encoded(ED25519 + self.public)}"


@dataclass(frozen=True)
class Signature:
    name: str
    hash: bytes
    value: bytes


@dataclass(frozen=True)
class Note:
    text: str
    signatures: Sequence[Signature]

    @classmethod
    def read(cls, message: str) -> "Note":
        text, parted, signatures = message.rpartition("\n\n")
        if not parted or not signatures.endswith("\n") or _CONTROLS.search(message):
            raise Malformed("a text, an empty line and lines of signatures are expected")
        lines = signatures.removesuffix("\n").split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise Malformed("too many signatures")
        return cls(text + "\n", [_signature(line) for line in lines])

    def signers(self, keys: Iterable[VerifierKey]) -> list[str]:
        """The names of the known keys that signed it; what others signed says nothing. Raises Forged."""
        known = {(key.name, key.hash): key for key in keys}
        found: dict[str, None] = {}
        for signature in self.signatures:
            key = known.get((signature.name, signature.hash))
            if key is not None and key.name not in found:
                if not _holds(key, self.text.encode(), signature.value):
                    raise Forged(key.name)
                found[key.name] = None
        return list(found)


@dataclass(frozen=True)
class Checkpoint:
    """Which log, how many entries, the root of their tree; lines that follow are kept as they are."""

    origin: str
    size: int
    root: bytes
    rest: str = ""

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        lines = text.split("\n", 3)
        if len(lines) < 4 or not lines[0] or not _SIZE.fullmatch(lines[1]) or not lines[2]:
            raise Malformed("a line with the origin, one with the size and one with the root are expected")
        return cls(lines[0], int(lines[1]), _decoded(lines[2]), lines[3])

    @classmethod
    def from_line(cls, line: str) -> "Checkpoint":
        """From the form that is printed and copied: origin, size and root."""
        return cls.read("".join(f"{part}\n" for part in line.strip().rsplit(" ", 2)))

    @property
    def line(self) -> str:
        return f"{self.origin} {self.size} {_encoded(self.root)}"

    @property
    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_encoded(self.root)}\n{self.rest}"


def sign(text: str, name: str, private: bytes) -> str:
    """The note with one signature, by the 32 bytes of an Ed25519 private key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(private)
    by = VerifierKey(name, key.public_key().public_bytes_raw())
    return f"{text}\n— {name} {_encoded(by.hash + key.sign(text.encode()))}\n"


def _holds(key: VerifierKey, text: bytes, signature: bytes) -> bool:
    try:
        from cryptography.exceptions import InvalidSignature  # only who judges signatures needs it
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise NoCryptography from None
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text)
    except InvalidSignature:
        return False
    return True


def _signature(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    value = _decoded(encoded)
    if dash != "—" or not _NAME.fullmatch(name) or len(value) < 5:
        raise Malformed("a line of a signature is a dash, a name, and base64")
    return Signature(name, value[:4], value[4:])


def _decoded(text: str) -> bytes:
    if not _BASE64.fullmatch(text):
        raise Malformed(f"{text[:100]} is no base64")
    return base64.b64decode(text)


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
