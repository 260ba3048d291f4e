"""The details of a rating: what is offered for a level, and what of an answer was offered."""

from dataclasses import replace

from app.errors import Refused
from app.services.ratings.rating import Detail
from config.touchpoints import Choice, touchpoints

COMMENT_MOST = 500


def choices(level: int, *, language: str) -> dict[str, list[tuple[str, str]]]:
    """Reasons that fit the level, qualities and touchpoints, as (code, label)."""
    known = touchpoints()
    return {
        "reasons": _labels(known.reasons_for(level), language),
        "qualities": _labels(known.qualities, language),
        "touchpoints": _labels(known.touchpoints, language),
    }


def offered(level: int, detail: Detail) -> Detail:
    """What was given, as far as it was offered; a comment too long is refused rather than cut."""
    comment = detail.comment.strip()
    if len(comment) > COMMENT_MOST:
        raise Refused("comment_too_long", most=COMMENT_MOST)
    known = touchpoints()
    reasons = _codes(known.reasons_for(level))
    qualities, faces = _codes(known.qualities), _codes(known.touchpoints)
    return replace(
        detail,
        reasons=[code for code in detail.reasons if code in reasons],
        quality={code: mark for code, mark in (detail.quality or {}).items() if code in qualities},
        faces={code: mark for code, mark in (detail.faces or {}).items() if code in faces},
        comment=comment,
    )


def _codes(choices: tuple[Choice, ...]) -> set[str]:
    return {choice.code for choice in choices}


def _labels(choices: tuple[Choice, ...], language: str) -> list[tuple[str, str]]:
    return [(choice.code, choice.label(language)) for choice in choices]
