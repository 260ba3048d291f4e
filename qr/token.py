"""The address on the slip: a number and a keyed hash of it, 22 characters, nothing secret stored.

    6 bytes number | 10 bytes of BLAKE2b keyed by (key, purpose)     -> 16 bytes -> base64url without padding

80 bits have to be guessed; the newest key signs and every listed key verifies, so keys can be rotated while
printed slips stay good. A token is good for one purpose only (ticket, ward, ...).
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import blake2b

TOKEN_LENGTH = 22
_NUMBER_BYTES = 6
_MAC_BYTES = 10


class BadToken(ValueError):
    """Not a token of ours: wrong form, wrong purpose, or not signed by any key we know."""


def sign(number: int, *, purpose: str, keys: Sequence[str]) -> str:
    """The token for this number; the same number, purpose and newest key always give the same token."""
    head = number.to_bytes(_NUMBER_BYTES, "big")
    return urlsafe_b64encode(head + _mac(head, purpose, keys[0])).decode().rstrip("=")


def read(token: str, *, purpose: str, keys: Sequence[str]) -> int:
    """The number a token was made for; raises BadToken."""
    if len(token) != TOKEN_LENGTH or not token.isascii():
        raise BadToken
    try:
        raw = urlsafe_b64decode(token + "==")
    except ValueError as error:
        raise BadToken from error
    # base64 ignores foreign characters and the last four bits: only the one spelling is a token.
    if urlsafe_b64encode(raw).decode().rstrip("=") != token:
        raise BadToken
    head, mac = raw[:_NUMBER_BYTES], raw[_NUMBER_BYTES:]
    # Every key is tried, so the time taken does not tell which one fits.
    if not any([hmac.compare_digest(mac, _mac(head, purpose, key)) for key in keys]):  # noqa: C419 no short circuit, on purpose
        raise BadToken
    return int.from_bytes(head, "big")


def _mac(head: bytes, purpose: str, key: str) -> bytes:
    secret = blake2b(key.encode(), person=b"msp-token-key").digest()
    return blake2b(purpose.encode() + b"\n" + head, key=secret, digest_size=_MAC_BYTES).digest()
