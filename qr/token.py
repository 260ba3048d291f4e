"""The address on the slip: a number and a keyed hash of it, 22 characters, nothing secret stored.

    6 bytes number | 10 bytes of BLAKE2b keyed by (key, purpose)     -> 16 bytes -> base64url without padding

Where the number itself must not be read (it would say how many there are), its six bytes are covered by a keyed hash of
the ten beside them: whoever has no key sees sixteen bytes of chance, and the same number is always the same token.

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


def sign(number: int, *, purpose: str, keys: Sequence[str], covered: bool = False) -> str:
    """The token for this number; the same number, purpose and newest key always give the same token."""
    head = number.to_bytes(_NUMBER_BYTES, "big")
    mac = _mac(head, purpose, keys[0])
    shown = _cover(head, mac, keys[0]) if covered else head
    return urlsafe_b64encode(shown + mac).decode().rstrip("=")


def read(token: str, *, purpose: str, keys: Sequence[str], covered: bool = False) -> int:
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
    shown, mac = raw[:_NUMBER_BYTES], raw[_NUMBER_BYTES:]
    heads = [_cover(shown, mac, key) if covered else shown for key in keys]
    # Every key is tried, so the time taken does not tell which one fits.
    fits = [hmac.compare_digest(mac, _mac(head, purpose, key)) for head, key in zip(heads, keys, strict=True)]
    if True not in fits:
        raise BadToken
    return int.from_bytes(heads[fits.index(True)], "big")


def _mac(head: bytes, purpose: str, key: str) -> bytes:
    return blake2b(purpose.encode() + b"\n" + head, key=_secret(key), digest_size=_MAC_BYTES).digest()


def _cover(head: bytes, mac: bytes, key: str) -> bytes:
    """The number's bytes covered, or the covered ones laid open: each is the other's way back."""
    pad = blake2b(mac, key=_secret(key), digest_size=_NUMBER_BYTES, person=b"msp-token-cover").digest()
    return bytes(one ^ other for one, other in zip(head, pad, strict=True))


def _secret(key: str) -> bytes:
    return blake2b(key.encode(), person=b"msp-token-key").digest()
