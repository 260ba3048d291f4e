"""What a ticket was solved with: an article that helped, a part that went out. Finishing never fails for a register.

A tap may have waited on the phone for a network: the article is retired by then, the last part gone. Then the ticket is
finished all the same, and what could not be recorded is left out, or recorded without the movement.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, and_, case, desc, func, or_, select
from sqlalchemy.orm import Session

from app.db import HELD
from app.models import Category, RegisterEntry, RegisterRecord, Ticket
from app.pagination import Line
from app.services.registers import access, records, search, stock
from app.services.registers.access import Reader
from app.services.registers.records import Act

ARTICLES, PARTS = "knowledge", "spares"
OFFERED, PARTS_OFFERED, FOUND = 5, 30, 30


def offered(session: Session, who: Reader, ticket: Ticket, *, chosen: int | None = None) -> Sequence[Line]:
    """Articles that may help: the one chosen, those of this service and its heading, and of the fault's words."""
    heading = select(Category.parent_id).where(Category.id == ticket.category_id).scalar_subquery()
    near = or_(RegisterRecord.category_id == (ticket.category_id or 0), RegisterRecord.category_id == heading)
    holds, score = search.matches(ticket.description[:200]) if ticket.description.strip() else (near, case((near, 1)))
    query = _articles(who).where(or_(near, holds, RegisterRecord.id == (chosen or 0)))
    score = score + case((RegisterRecord.id == (chosen or 0), 1_000), else_=0)
    return session.execute(query.order_by(desc(score + case((near, 4), else_=0)), desc("solved")).limit(OFFERED)).all()


def found(session: Session, who: Reader, text: str) -> Sequence[Line]:
    """Articles by their words, the best first; without any, those that solved most."""
    query = _articles(who)
    if not text.strip():
        return session.execute(query.order_by(desc("solved"), RegisterRecord.id.desc()).limit(FOUND)).all()
    holds, score = search.matches(text)
    return session.execute(query.where(holds).order_by(desc(score), desc("solved")).limit(FOUND)).all()


def parts(session: Session, who: Reader) -> Sequence[Line]:
    """Parts there are, by name."""
    record = RegisterRecord
    query = select(record.id, record.code, record.title, record.stock).where(*access.visible(who, PARTS))
    return session.execute(query.where(record.stock > 0).order_by(record.title).limit(PARTS_OFFERED)).all()


def solved_with(session: Session, ticket_id: int) -> Sequence[Line]:
    """What a ticket was solved with."""
    record = RegisterRecord
    query = select(record.id, record.kind, record.code, record.title).distinct()
    query = query.join(RegisterEntry, RegisterEntry.record_id == record.id)
    return session.execute(query.where(RegisterEntry.ticket_id == ticket_id).order_by(record.id)).all()


def solved(session: Session, record_id: int) -> int:
    """How often an article solved a ticket."""
    used = select(func.count()).where(RegisterEntry.record_id == record_id, RegisterEntry.kind == "used")
    return session.scalar(used) or 0


def linked_tickets(first: datetime, last: datetime) -> Select[int | None]:
    """The tickets that were solved with an article between two moments: for the share of them."""
    query = select(RegisterEntry.ticket_id).join(RegisterRecord, RegisterRecord.id == RegisterEntry.record_id)
    return query.where(
        RegisterRecord.kind == ARTICLES, RegisterEntry.kind == "used", RegisterEntry.at.between(first, last)
    )


def use(session: Session, ticket: Ticket, act: Act, *, article: int | None, part: int | None) -> None:
    """Of a ticket that was just finished."""
    for record_id, kind in ((article, ARTICLES), (part, PARTS)):
        if record_id is None:
            continue
        query = select(RegisterRecord).where(RegisterRecord.id == record_id, *access.visible(act.who, kind))
        record = session.scalar(query.with_for_update(**HELD).execution_options(populate_existing=True))
        if record is None:
            continue
        if record.stock:
            stock.shift(session, record, -1, act, movement="out", ticket_id=ticket.id)
        else:
            records.enter(session, record, "used", act, ticket_id=ticket.id)


def _articles(who: Reader) -> "Select[int, str, str, int]":
    record = RegisterRecord
    used = select(func.count()).where(RegisterEntry.record_id == record.id, RegisterEntry.kind == "used")
    solved = used.correlate(record).scalar_subquery().label("solved")
    open_ones = and_(*access.visible(who, ARTICLES), record.closed.is_(False))
    return select(record.id, record.code, record.title, solved).where(open_ones)
