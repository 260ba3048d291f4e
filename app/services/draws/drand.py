"""drand quicknet: a round is genuine when the beacon's group has signed it (BLS12-381, short signatures, RFC 9380)."""

import re
from functools import cache
from hashlib import sha256

from py_arkworks_bls12381 import GT, G1Point, G2Point

CHAIN = "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
# https://api.drand.sh/52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971/info
PUBLIC_KEY = (
    "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d106451"
    "0d1fec758c921cc22b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
)
_SUITE = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"


def randomness(issue: int, signature: str) -> str | None:
    """What a round gives, or nothing when this is not its signature."""
    if not re.fullmatch("[0-9a-f]{96}", signature) or not 0 < issue < 2**64:
        return None
    try:
        signed = G1Point.from_compressed_bytes(bytes.fromhex(signature))
    except ValueError:  # no point of the group
        return None
    message = G1Point.hash_to_curve(sha256(issue.to_bytes(8, "big")).digest(), _SUITE)
    if not GT.pairing_check([signed, -message], [G2Point(), _public_key()]):
        return None
    return sha256(bytes.fromhex(signature)).hexdigest()


@cache
def _public_key() -> G2Point:
    return G2Point.from_compressed_bytes(bytes.fromhex(PUBLIC_KEY))
