"""Rating: one tap, recorded at once and never changed; what may be added, corrected once, verified later."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import Executor, core, insert_first
from app.errors import Refused
from app.models import (
    Completion,
    CountedRating,
    Rating,
    RatingCorrection,
    RatingDetail,
)
from app.models.rating import LEVELS, LOW_LEVELS
from app.services import events
from app.services.cases import opening
from app.services.cases.opening import Cause
from app.services.events import About
from app.services.tickets.scan import ScanView, check_rater, load

PRAISE_LEVELS = (5, 4)
BINDING_VERIFIES = timedelta(days=7)

# Built once: this is the hot path. With the rating come its event and its slot (see models.Rating).
_RATING = insert(Rating).returning(Rating.id)


class AlreadyRated(Refused):
    """The slot is taken, or this visitor has rated before: the answer that stands is to be shown."""


@dataclass(frozen=True)
class Detail:
    """What the thanks page adds; every part may be left out."""

    reasons: Sequence[str] = ()
    quality: Mapping[str, int] | None = None
    faces: Mapping[str, int] | None = None
    comment: str = ""
    praise: bool = False
    signed: bool = False
    public: bool = False
    pressed: bool = False


def rate(
    db: Executor, scan: ScanView, *, level: int, identity_id: int, trust_all: bool, source: str, at: datetime
) -> int:
    """Record the rating and return its id. It counts if the rater is verified (or everybody is trusted: the first).

    Raises AlreadyRated, and Refused with the reasons of `check_rater`; the loser of a race leaves no row. A low
    level writes a case besides, so the caller opens a transaction for it; one that does not count only once it does.
    """
    if level not in LEVELS:
        raise Refused("no_level")
    check_rater(scan, at=at)
    counts = scan.verified or (trust_all and scan.standing is None)
    if scan.own is not None or (scan.verified and scan.standing is not None):
        raise AlreadyRated("already_rated")
    rating_id = _insert_rating(db, scan, level, counts, identity_id, source, at)
    if counts and level in LOW_LEVELS:
        _open_case(db, scan, rating_id, at, source)
    return rating_id


def correct(db: Executor, scan: ScanView, *, level: int, source: str, at: datetime) -> None:
    """The rater's one second thought within 24 hours; both levels stay."""
    if level not in LEVELS:
        raise Refused("no_level")
    if scan.provider_staff:
        raise Refused("provider_staff")
    if scan.own is None:
        raise Refused("nothing_to_correct")
    if not scan.own.correctable(at):
        raise Refused("correction_over")
    if insert_first(db, RatingCorrection, rating_id=scan.own.rating_id, level=level, at=at) is None:
        raise Refused("correction_over")
    about = About(scan.own.rating_id, scan.ticket_id, scan.cycle)
    data = {"rating": scan.own.rating_id}
    events.append(db, about, "corrected", by=scan.person_id, at=at, channel=source, data=data)
    if scan.own.counted and level in LOW_LEVELS:
        _open_case(db, scan, scan.own.rating_id, at, source)


def add_detail(db: Session, scan: ScanView, detail: Detail, *, at: datetime) -> None:
    """Enrich the visitor's own rating, once."""
    if scan.own is None:
        raise Refused("nothing_to_correct")
    praises = detail.praise and scan.own.level in PRAISE_LEVELS
    added = insert_first(
        db,
        RatingDetail,
        rating_id=scan.own.rating_id,
        reasons={"codes": list(detail.reasons)},
        quality=dict(detail.quality or {}),
        faces=dict(detail.faces or {}),
        comment=detail.comment,
        praise="asked" if praises else "",
        signed=praises and detail.signed,
        public=praises and detail.public,
        pressed=detail.pressed,
        at=at,
    )
    if added is None:
        raise Refused("detailed_before")
    about = About(scan.own.rating_id, scan.ticket_id, scan.cycle)
    data = {"rating": scan.own.rating_id}
    events.append(db, about, "rating_detailed", by=scan.person_id, at=at, channel="scan", data=data)
    if detail.pressed and scan.own.counted:
        _press(db, scan, scan.own.rating_id, at, "scan")


def count_after_binding(session: Session, *, identity_id: int, since: datetime, at: datetime) -> int:
    """Binding verifies what this identity rated from seven days before `since`, where the slot is free; how many."""
    rows = session.execute(
        select(Rating.id, Completion.id, Completion.ticket_id, Rating.source, Rating.level, RatingCorrection.level)
        .join(Completion, Completion.id == Rating.completion_id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        .where(Rating.identity_id == identity_id, Rating.at >= since - BINDING_VERIFIES)
        .order_by(Rating.at)
    ).all()
    counted = 0
    for rating_id, completion_id, ticket_id, source, *levels in rows:  # a handful: one person, one week
        scan = load(session, ticket_id, identity_id=identity_id, at=at)
        if not scan.served or scan.provider_staff:
            continue
        if _take_slot(session, completion_id, rating_id, scan.person_id, at):
            counted += 1
            if {*levels} & {*LOW_LEVELS}:
                _open_case(session, scan, rating_id, at, source)
            if session.scalar(select(RatingDetail.pressed).where(RatingDetail.rating_id == rating_id)):
                _press(session, scan, rating_id, at, source)
    return counted


def _insert_rating(
    db: Executor, scan: ScanView, level: int, counts: bool, identity_id: int, source: str, at: datetime
) -> int:
    values = {
        "completion_id": scan.completion_id,
        "level": level,
        "counts": counts,
        "identity_id": identity_id,
        "person_id": scan.person_id,
        "source": source,
        "at": at,
    }
    try:
        return int(core(db).execute(_RATING, values).scalar_one())
    except IntegrityError as error:  # this visitor's row, or the slot, is there already
        raise AlreadyRated("already_rated") from error


def _take_slot(db: Executor, completion_id: int, rating_id: int, person_id: int | None, at: datetime) -> bool:
    slot = insert_first(db, CountedRating, completion_id=completion_id, rating_id=rating_id, person_id=person_id, at=at)
    return slot is not None


def _open_case(db: Executor, scan: ScanView, rating_id: int, at: datetime, source: str) -> None:
    cause = Cause("low_score", scan.ticket_id, scan.cycle, rating_id, scan.person_id)
    opening.open_low_score(db, cause, at=at, channel=source)


def _press(session: Session, scan: ScanView, rating_id: int, at: datetime, channel: str) -> None:
    cause = Cause("pressure", scan.ticket_id, scan.cycle, rating_id, scan.person_id)
    opening.press(session, cause, by=scan.person_id, at=at, channel=channel)
