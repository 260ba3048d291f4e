"""The tap: one statement that writes the rating where every rule holds, and nothing where one does not.

Nobody looks first and writes later, so no race is left to lose: the rules are asked in the moment of writing. Who gets
no row reads the ticket and is told why, or takes the longer way (somebody not verified).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Date, SmallInteger, Text, and_, bindparam, exists, literal_column, or_, select
from sqlalchemy.exc import IntegrityError

from app.db import Executor, Id, LocalDay, Prepared, UTCDateTime, core, insert_into, utc_offset
from app.models import Completion, CountedRating, Rating, Ticket, WeChatIdentity
from app.models.rating import LOW_LEVELS
from app.services.ratings.rating import AlreadyRated, open_case
from app.services.tickets.scan import provider_staff, served

COLUMNS = ("completion_id", "level", "counts", "identity_id", "person_id", "source", "at")


@dataclass(frozen=True)
class Tap:
    """Who taps which level for which service; `cycle` is what the form was made for."""

    ticket_id: int
    cycle: int
    identity_id: int
    level: int
    source: str


def record(db: Executor, tap: Tap, *, at: datetime, window: timedelta) -> int | None:
    """The id of a verified person's rating, which counts; none where a rule says no or the slot is taken.

    Raises AlreadyRated where somebody else was quicker by less than this statement.

    A low level opens a case besides, so the caller opens a transaction for it.
    """
    values = {
        "ticket": tap.ticket_id,
        "cycle": tap.cycle,
        "level": tap.level,
        "identity": tap.identity_id,
        "source": tap.source,
        "at": at,
        "since": at - window,
        "on": at.date(),
        "offset": utc_offset(at),
    }
    try:
        rating_id: int | None = _TAP.scalar(core(db), values)
    except IntegrityError as error:  # the slot was taken while this was written
        raise AlreadyRated("already_rated") from error
    if rating_id is not None and tap.level in LOW_LEVELS:
        open_case(db, tap.ticket_id, rating_id, at)
    return rating_id


def _statement(dialect: str) -> Any:
    identity, on = WeChatIdentity, bindparam("on", type_=Date)
    finished_on = LocalDay(Completion.finished_at, bindparam("offset", type_=Text))
    at = bindparam("at", type_=UTCDateTime)
    rated = exists().where(Rating.completion_id == Completion.id, Rating.identity_id == identity.id)
    rows: Any = (
        select(
            Completion.id,
            bindparam("level", type_=SmallInteger),
            literal_column("true"),
            identity.id,
            identity.person_id,
            bindparam("source", type_=Text),
            at,
        )
        .select_from(Ticket)
        .join(Completion, and_(Completion.ticket_id == Ticket.id, Completion.cycle == Ticket.cycle))
        .join(identity, identity.id == bindparam("identity", type_=Id))
        .where(
            Ticket.id == bindparam("ticket", type_=Id),
            Ticket.cycle == bindparam("cycle", type_=SmallInteger),
            or_(Ticket.state == "finished", Ticket.state == "closed"),
            Ticket.rateable,
            Completion.finished_at >= bindparam("since", type_=UTCDateTime),
            identity.person_id.is_not(None),
            served(identity, on),
            ~provider_staff(identity, on, finished_on),
            ~rated,
            ~exists().where(CountedRating.completion_id == Completion.id),
        )
    )
    return insert_into(Rating, dialect).from_select(COLUMNS, rows).on_conflict_do_nothing().returning(Rating.id)


_TAP = Prepared(_statement)
