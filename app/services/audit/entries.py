"""The entries of the sealed history: every event as it stands in its rows, in the one form that is hashed.

An event holds ids and codes only, so erasing a person changes no entry. The event of a rating says which it is, and the
level lies in a row of its own that never changes either: it is part of the entry, for it is what pay follows from.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.models import Event, FeedEntry, Rating, RatingCorrection
from app.pagination import Line, Query
from ledger.canonical import leaf

CHUNK = 5_000

_OF_EVENT = (
    Event.id,
    Event.subject,
    Event.subject_id,
    Event.ticket_id,
    Event.cycle,
    Event.kind,
    Event.state,
    Event.actor_id,
    Event.at,
    Event.recorded_at,
    Event.channel,
    Event.source_key,
    Event.data,
)
_OF_RATING = (
    Rating.id.label("rating_id"),
    Rating.completion_id,
    Rating.level,
    Rating.identity_id,
    Rating.person_id,
    Rating.counts,
    Rating.source,
    Rating.at.label("rated_at"),
)
_OF_CORRECTION = (RatingCorrection.level.label("corrected_to"), RatingCorrection.at.label("corrected_at"))
_NAMES = tuple(column.key for column in _OF_EVENT)


def query() -> Query:
    """The numbered events with what belongs to their entries, in order."""
    rated = and_(Event.kind == "rated", Rating.id == Event.subject_id)
    corrected = and_(Event.kind == "corrected", RatingCorrection.rating_id == Event.subject_id)
    return (
        select(FeedEntry.seq, *_OF_EVENT, *_OF_RATING, *_OF_CORRECTION)
        .outerjoin(Event, Event.id == FeedEntry.event_id)
        .outerjoin(Rating, rated)
        .outerjoin(RatingCorrection, corrected)
        .order_by(FeedEntry.seq)
    )


def read(session: Session, *, after: int, until: int) -> Iterator[tuple[int, Line | None]]:
    """Every number from `after` + 1 to `until` with its row; None where the row is gone."""
    while after < until:
        upto = min(after + CHUNK, until)
        rows = session.execute(query().where(FeedEntry.seq > after, FeedEntry.seq <= upto)).all()
        found = {row.seq: row for row in rows if row.id is not None}
        for seq in range(after + 1, upto + 1):
            yield seq, found.get(seq)
        after = upto


def entry(row: Line) -> bytes:
    """What is hashed of it, and exported to the auditor."""
    return leaf(row.seq, fields(row))


def fields(row: Line) -> dict[str, Any]:
    values: dict[str, Any] = dict(zip(_NAMES, row[1 : 1 + len(_NAMES)], strict=True))
    values["at"], values["recorded_at"] = _moment(values["at"]), _moment(values["recorded_at"])
    if row.kind == "rated":
        values["rating"] = row.rating_id and {
            "completion_id": row.completion_id,
            "level": row.level,
            "identity_id": row.identity_id,
            "person_id": row.person_id,
            "counts": row.counts,
            "source": row.source,
            "at": _moment(row.rated_at),
        }
    if row.kind == "corrected":
        values["correction"] = row.corrected_at and {"level": row.corrected_to, "at": _moment(row.corrected_at)}
    return values


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
