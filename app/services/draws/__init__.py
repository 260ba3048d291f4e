"""The provable draw: announced, collected, committed, decided by public numbers, claimed. No step can be repeated."""

from app.services.draws.announcement import announce, find
from app.services.draws.claims import claim_code
from app.services.draws.public_page import (
    chances_of,
    list_public,
    page,
    place_of,
    prizes_of,
    proof_of,
    receipts_of,
    state,
)
from app.services.draws.published_files import content
from app.services.draws.published_files import get as file
from app.services.draws.receipts import receipt_of

__all__ = [
    "announce",
    "chances_of",
    "claim_code",
    "content",
    "file",
    "find",
    "list_public",
    "page",
    "place_of",
    "prizes_of",
    "proof_of",
    "receipt_of",
    "receipts_of",
    "state",
]
