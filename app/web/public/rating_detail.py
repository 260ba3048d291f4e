"""The thanks page's form: what it offers for a level, and what came back of it."""

from dataclasses import replace

from flask import request

from app.errors import Refused
from app.http.i18n import language
from app.services.ratings.rating import Detail
from config.touchpoints import Choice, touchpoints

COMMENT_MOST = 500


def choices(level: int) -> dict[str, list[tuple[str, str]]]:
    """Reasons that fit the level, qualities and touchpoints, as (code, label)."""
    known = touchpoints()
    return {
        "reasons": _labels(known.reasons_for(level)),
        "qualities": _labels(known.qualities),
        "touchpoints": _labels(known.touchpoints),
    }


def read_detail(level: int) -> Detail:
    """The form as it was sent."""
    return offered(
        level,
        Detail(
            reasons=request.form.getlist("reason"),
            quality=_levels("quality-"),
            faces=_levels("face-"),
            comment=request.form.get("comment", "").replace("\x00", ""),
            praise="praise" in request.form,
            pressed="pressed" in request.form,
        ),
    )


def offered(level: int, given: Detail) -> Detail:
    """What was given, as far as it was offered; a comment too long is refused rather than cut."""
    comment = given.comment.strip()
    if len(comment) > COMMENT_MOST:
        raise Refused("comment_too_long", most=COMMENT_MOST)
    known = touchpoints()
    reasons = _codes(known.reasons_for(level))
    qualities, faces = _codes(known.qualities), _codes(known.touchpoints)
    return replace(
        given,
        reasons=[code for code in given.reasons if code in reasons],
        quality={code: mark for code, mark in (given.quality or {}).items() if code in qualities},
        faces={code: mark for code, mark in (given.faces or {}).items() if code in faces},
        comment=comment,
    )


def _levels(prefix: str) -> dict[str, int]:
    marked = {name: value for name, value in request.form.items() if name.startswith(prefix)}
    return {name.removeprefix(prefix): int(mark) for name, mark in marked.items() if mark in {"1", "2", "3", "4", "5"}}


def _codes(choices: tuple[Choice, ...]) -> set[str]:
    return {choice.code for choice in choices}


def _labels(choices: tuple[Choice, ...]) -> list[tuple[str, str]]:
    return [(choice.code, choice.label(language())) for choice in choices]
