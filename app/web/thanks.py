"""The thanks page's form: what it offers for a level, and what came back of it."""

from flask import request

from app.errors import Refused
from app.services.ratings import Detail
from app.web.i18n import language
from config.touchpoints import Choice, touchpoints

COMMENT_MOST = 500


def choices(level: int) -> dict[str, list[tuple[str, str]]]:
    """Reasons that fit the level, qualities and touchpoints, as (code, label)."""
    offered = touchpoints()
    return {
        "reasons": _labels(offered.reasons_for(level)),
        "qualities": _labels(offered.qualities),
        "touchpoints": _labels(offered.touchpoints),
    }


def read_detail(level: int) -> Detail:
    """The form as it was sent; unknown codes are dropped, a comment too long is refused rather than cut."""
    offered = touchpoints()
    comment = request.form.get("comment", "").strip()
    if len(comment) > COMMENT_MOST:
        raise Refused("comment_too_long", most=COMMENT_MOST)
    known = {choice.code for choice in offered.reasons_for(level)}
    return Detail(
        reasons=[code for code in request.form.getlist("reason") if code in known],
        quality=_levels("quality", offered.qualities),
        faces=_levels("face", offered.touchpoints),
        comment=comment.replace("\x00", ""),
        praise="praise" in request.form,
        pressed="pressed" in request.form,
    )


def _levels(prefix: str, offered: tuple[Choice, ...]) -> dict[str, int]:
    given = {choice.code: request.form.get(f"{prefix}-{choice.code}", "") for choice in offered}
    return {code: int(level) for code, level in given.items() if level in {"1", "2", "3", "4", "5"}}


def _labels(offered: tuple[Choice, ...]) -> list[tuple[str, str]]:
    return [(choice.code, choice.label(language())) for choice in offered]
