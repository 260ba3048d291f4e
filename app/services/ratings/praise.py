"""Praise a user asked to be told: the hospital reads it first, and only approved words reach the engineer.

It carries the rater's name and ward where the rater wanted that; its words alone hang on the wall where they agreed.
Both can be taken back at any time, and go with the words. Unsigned praise says neither who nor when nor what about.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Literal

from sqlalchemy import ColumnElement, Select, and_, case, literal_column, null, select, update
from sqlalchemy.orm import Session, aliased

from app.errors import Refused
from app.models import Completion, CountedRating, Department, Person, Rating, RatingDetail, RatingExclusion, Ticket
from app.pagination import Line
from app.services import events
from app.services.events import About
from app.services.notices import outbox
from app.services.organisation import employment
from app.services.privacy.data.ratings import rated_by
from app.services.privacy.data.subject import Subject

READ_AT_ONCE = 20
ON_THE_WALL = 60
Consent = Literal["name", "wall"]
_COLUMNS = {"name": RatingDetail.signed, "wall": RatingDetail.public}
_rater, _ward, _praised = aliased(Person), aliased(Department), aliased(Person)


def decide(session: Session, rating_id: int, *, approve: bool, by: int, at: datetime, channel: str) -> None:
    """Once; who comes second is told so. Raises Refused."""
    lead = select(Rating.lead_id).where(Rating.id == rating_id).scalar_subquery()
    decided = session.execute(
        update(RatingDetail)
        .where(RatingDetail.rating_id == rating_id, RatingDetail.praise == "asked")
        .values(praise="approved" if approve else "refused", praised_id=lead if approve else None)
        .returning(RatingDetail.rating_id, RatingDetail.praised_id)
    ).first()
    if decided is None:
        raise Refused("praise_decided")
    if decided.praised_id is not None:
        outbox.add_alert(session, "praised", about="praise", to=decided.praised_id, at=at)
    _record(session, rating_id, "praise_approved" if approve else "praise_refused", by, at, channel)


def approved_of(session: Session, engineer_id: int) -> Sequence[Line]:
    """The approved words for this engineer, newest first, with `rater` and `ward` of those that are signed."""
    return session.execute(
        _signed()
        .where(RatingDetail.praised_id == engineer_id, RatingDetail.comment != literal_column("''"), _stands())
        .order_by(RatingDetail.at.desc())
        .limit(READ_AT_ONCE)
    ).all()


def wall(session: Session, *, day: date) -> Sequence[Line]:
    """What raters agreed to be shown: words, and the engineer while they work here. Never who wrote them, or when."""
    praised = case((employment.works(_praised.id, day), _praised.name))
    return session.execute(
        select(RatingDetail.comment, praised.label("engineer"))
        .outerjoin(_praised, _praised.id == RatingDetail.praised_id)
        .where(*on_the_wall(), _stands())
        .order_by(RatingDetail.at.desc())
        .limit(ON_THE_WALL)
    ).all()


def on_the_wall() -> Iterator[ColumnElement[bool]]:
    """In the words of its index: what is said to be Boolean is compared with 1 on SQLite."""
    yield literal_column("rating_detail.public")
    yield RatingDetail.praised_id.is_not(None)
    yield RatingDetail.comment != literal_column("''")


def requested(session: Session, rating_id: int) -> bool:
    """Whether the rater wanted it told, whatever came of it."""
    query = select(RatingDetail.praise).where(RatingDetail.rating_id == rating_id)
    return bool(session.scalar(query))


def own(session: Session, subject: Subject) -> Sequence[RatingDetail]:
    """What somebody praised, newest first."""
    query = select(RatingDetail).where(RatingDetail.rating_id.in_(select(Rating.id).where(rated_by(subject))))
    return session.scalars(query.where(RatingDetail.praise != "").order_by(RatingDetail.at.desc())).all()


def take_back(
    session: Session, rating_id: int, consent: Consent, *, subject: Subject, at: datetime, channel: str
) -> None:
    """The rater no longer wants the name shown, or the words on the wall. A second time it changes nothing."""
    theirs = select(Rating.id).where(Rating.id == rating_id, rated_by(subject))
    if session.scalar(theirs) is None:
        raise Refused("nothing_to_correct")
    _withdraw(session, rating_id, consent, subject.person_id, at, channel)


def take_down(session: Session, rating_id: int, *, by: int, at: datetime, channel: str) -> None:
    """A supervisor takes words off the wall; the engineer keeps them."""
    _withdraw(session, rating_id, "wall", by, at, channel)


def _withdraw(session: Session, rating_id: int, consent: Consent, by: int | None, at: datetime, channel: str) -> None:
    column = _COLUMNS[consent]
    change = update(RatingDetail).where(RatingDetail.rating_id == rating_id, column).values({column: False})
    if session.scalar(change.returning(RatingDetail.rating_id)) is not None:
        _record(session, rating_id, "praise_withdrawn", by, at, channel, consent=consent)


def _record(
    session: Session, rating_id: int, kind: str, by: int | None, at: datetime, channel: str, **more: str
) -> None:
    ticket = session.scalars(
        select(Ticket)
        .join(Completion, Completion.ticket_id == Ticket.id)
        .join(Rating, Rating.completion_id == Completion.id)
        .where(Rating.id == rating_id)
    ).one()
    data = {"rating": rating_id, **more}
    events.append(session, About.beside(ticket, rating_id), kind, by=by, at=at, channel=channel, data=data)


def _signed() -> "Select[str, str | None, str | None]":
    """With who signed: only somebody whose rating counts, for only they are known to be who they say."""
    named = and_(RatingDetail.signed, _rater.id.is_not(None))
    return (
        select(
            RatingDetail.comment,
            case((named, _rater.name), else_=null()).label("rater"),
            case((named, _ward.name), else_=null()).label("ward"),
        )
        .select_from(RatingDetail)
        .join(Rating, Rating.id == RatingDetail.rating_id)
        .outerjoin(CountedRating, CountedRating.rating_id == Rating.id)
        .outerjoin(_rater, _rater.id == CountedRating.person_id)
        .outerjoin(_ward, _ward.id == Rating.department_id)
    )


def _stands() -> ColumnElement[bool]:
    """The hospital has not set the rating aside."""
    return ~select(RatingExclusion.rating_id).where(RatingExclusion.rating_id == RatingDetail.rating_id).exists()
