"""The tap: one statement that writes the rating where every rule holds, and nothing where one does not.

Nobody looks first and writes later, so no race is left to lose: the rules are asked in the moment of writing. Who gets
no row reads the ticket and is told why, or takes the longer way (somebody not verified).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Date, SmallInteger, Text, and_, bindparam, exists, literal_column, or_, select
from sqlalchemy.exc import IntegrityError

from app.db import Database, Id, LocalDay, UTCDateTime, insert_into, utc_offset
from app.driver import Line, Prepared
from app.models import Completion, CountedRating, Rating, Ticket, WeChatIdentity
from app.models.rating import LOW_LEVELS
from app.services.cases import opening
from app.services.cases.opening import Cause
from app.services.ratings.rating import AlreadyRated
from app.services.tickets.scan import provider_staff, served

COLUMNS = ("completion_id", "level", "counts", "identity_id", "person_id", "source", "at", "lead_id", "department_id")


@dataclass(frozen=True)
class Tap:
    """Who taps which level for which service; `cycle` is what the form was made for."""

    ticket_id: int
    cycle: int
    identity_id: int
    level: int
    source: str


def record(database: Database, tap: Tap, *, at: datetime, window: timedelta) -> int | None:
    """The id of a verified person's rating, which counts; none where a rule says no or the slot is taken.

    With a low level come its case, and that the supervision is told, in one transaction. Raises AlreadyRated where
    somebody else was quicker by less than this statement.
    """
    low = tap.level in LOW_LEVELS
    on_line = database.on_line if low else database.lines.run
    try:
        return on_line(lambda line: (_write_low if low else write)(line, tap, at=at, window=window))
    except IntegrityError as error:  # the slot was taken while this was written
        raise AlreadyRated("already_rated") from error


def write(line: Line, tap: Tap, *, at: datetime, window: timedelta) -> int | None:
    """What `record` does, on a line one has, without the case of a low level."""
    row = line.first(_TAP, _values(tap, at, window))
    return None if row is None else int(row.id)


def _write_low(line: Line, tap: Tap, *, at: datetime, window: timedelta) -> int | None:
    row = line.first(_TAP, _values(tap, at, window))
    if row is None:
        return None
    cause = Cause("low_score", tap.ticket_id, tap.cycle, row.id, row.person_id)
    opening.open_case(line, cause, by=row.person_id, at=at, channel=tap.source)
    return int(row.id)


def _values(tap: Tap, at: datetime, window: timedelta) -> dict[str, Any]:
    return {
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
            Completion.lead_id,
            Completion.department_id,
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
    return (
        insert_into(Rating, dialect)
        .from_select(COLUMNS, rows)
        .on_conflict_do_nothing()
        .returning(Rating.id, Rating.person_id)
    )


_TAP = Prepared(_statement)
