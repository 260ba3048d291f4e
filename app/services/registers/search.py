"""Registers as pages show them: a list with its conditions, one record with its history, what is due."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, false, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from app.errors import Missing
from app.models import Category, Contract, Person, Provider, RegisterEntry, RegisterRecord, Ticket
from app.pagination import Cursor, Line, Page, Query, newest_first
from app.services.registers import access
from app.services.registers.access import Reader
from config.registers import Field, Register

OPEN, OVERDUE, WAITING = "open", "overdue", "waiting"
LISTS = ("", OPEN, OVERDUE, WAITING)
DUE_MOST = 200
HISTORY_MOST = 200
PAIRS_MOST = 12
_writer, _confirmer, _named = aliased(Person), aliased(Person), aliased(Person)


@dataclass(frozen=True)
class RecordFilter:
    """`show`: what is open, over its day, or waits for a second person; a state of the register; or everything."""

    show: str = ""
    text: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Tally:
    """Of one register, what its reader sees."""

    kind: str
    register: Register
    count: int
    open: int
    overdue: int
    waiting: int


@dataclass(frozen=True)
class Shown:
    """A record as it stands, with its names beside it, and whether something is wrong with it."""

    row: Line
    overdue: bool
    waits: bool

    @property
    def record(self) -> RegisterRecord:
        return self.row.RegisterRecord  # type: ignore[no-any-return]


def find(
    session: Session, who: Reader, kind: str, filters: RecordFilter, *, day: date, after: Cursor | None = None
) -> Page:
    """The newest first."""
    register = access.register(who, kind)
    query = lines().where(*access.visible(who, kind), *_conditions(register, filters, day))
    return newest_first(session, query, RegisterRecord.created_at, RegisterRecord.id, after=after)


def shown(row: Line, register: Register, day: date) -> Shown:
    record: RegisterRecord = row.RegisterRecord
    over = record.due_on is not None and record.due_on < day
    happened = record.closed or over or record.due_on is None or record.done_on is not None
    waits = register.second and not record.void and record.confirmed_at is None and happened
    return Shown(row, over and not record.closed, waits)


def one(session: Session, who: Reader, kind: str, record_id: int, *, day: date) -> Shown:
    """Raises Missing."""
    register = access.register(who, kind)
    row = session.execute(lines().where(RegisterRecord.id == record_id, *access.visible(who, kind))).first()
    if row is None:
        raise Missing("no_such_record")
    return shown(row, register, day)


def history(session: Session, record_id: int) -> Sequence[Line]:
    """What happened to it, the newest first: entry, who, and the ticket it was used for."""
    query = (
        select(RegisterEntry, Person.name.label("actor"), Ticket.number)
        .outerjoin(Person, Person.id == RegisterEntry.by_id)
        .outerjoin(Ticket, Ticket.id == RegisterEntry.ticket_id)
        .where(RegisterEntry.record_id == record_id)
    )
    return session.execute(query.order_by(RegisterEntry.id.desc()).limit(HISTORY_MOST)).all()


def tallies(session: Session, who: Reader, *, day: date) -> list[Tally]:
    """Every register they may open, with how many records there are, and how many want somebody."""
    known = access.kinds(who)
    if not known:
        return []
    counted = [
        func.count(),
        func.sum(case((RegisterRecord.closed.is_(False), 1), else_=0)),
        func.sum(case((_overdue(day), 1), else_=0)),
        func.sum(case((_unconfirmed(day), 1), else_=0)),
    ]
    visible = or_(*(and_(*access.visible(who, kind)) for kind in known))
    rows = session.execute(select(RegisterRecord.kind, *counted).where(visible).group_by(RegisterRecord.kind)).all()
    found = {row[0]: [int(number) for number in row[1:]] for row in rows}
    nothing = [0, 0, 0, 0]
    return [
        Tally(kind, register, count, still, over, waits if register.second else 0)
        for kind, register in known.items()
        for count, still, over, waits in [found.get(kind, nothing)]
    ]


def due(session: Session, who: Reader, *, day: date, within: timedelta) -> list[Shown]:
    """What is over its day, and what comes within that time, the most pressing first."""
    known = access.kinds(who)
    visible = or_(false(), *(and_(*access.visible(who, kind)) for kind in known))
    soon = and_(RegisterRecord.closed.is_(False), RegisterRecord.due_on <= day + within)
    rows = session.execute(
        lines().where(visible, soon).order_by(RegisterRecord.due_on, RegisterRecord.id).limit(DUE_MOST)
    ).all()
    return [shown(row, known[row.RegisterRecord.kind], day) for row in rows]


def unconfirmed(session: Session, who: Reader, *, day: date) -> list[Shown]:
    """What waits for a second person, the oldest first."""
    known = {kind: register for kind, register in access.kinds(who).items() if register.second}
    visible = or_(false(), *(and_(*access.visible(who, kind)) for kind in known))
    rows = session.execute(
        lines().where(visible, _unconfirmed(day)).order_by(RegisterRecord.written_at, RegisterRecord.id).limit(DUE_MOST)
    ).all()
    return [shown(row, known[row.RegisterRecord.kind], day) for row in rows]


def fields(register: Register, version: int, row: Line) -> Iterator[tuple[Field, Any]]:
    """Each field of that version of the form with what stands in it now."""
    record: RegisterRecord = row.RegisterRecord
    for one in register.fields_of(version):
        yield one, value(record, one, row)


def value(record: RegisterRecord, one: Field, row: Line) -> Any:
    columns: Mapping[str, Any] = {
        "title": record.title,
        "due": record.due_on,
        "done": record.done_on,
        "period": record.period,
        "every": record.every,
        "person": row.person,
        "contract": row.contract,
        "category": row.category,
    }
    if one.name in columns:
        return columns[one.name]
    return record.words.get(one.name) if one.type in {"text", "long"} else record.data.get(one.name)


def matches(text: str) -> tuple[ColumnElement[bool], ColumnElement[int]]:
    """Whether a record holds every word, or else pairs of letters of it; and how well.

    Chinese has no blanks between words: where 打印机卡纸怎么办 is not found, the pairs 打印, 印机, 卡纸 are.
    """
    words = text.lower().split()
    whole = and_(*(RegisterRecord.searched.contains(word, autoescape=True) for word in words))
    pairs = list(dict.fromkeys(word[at : at + 2] for word in words for at in range(len(word) - 1) if word[at] > "\x7f"))
    some = [RegisterRecord.searched.contains(pair, autoescape=True) for pair in pairs[:PAIRS_MOST]]
    titled = [RegisterRecord.title.contains(pair, autoescape=True) for pair in pairs[:PAIRS_MOST]]
    score: ColumnElement[int] = case((whole, 2 * PAIRS_MOST), else_=0)
    for found in [*some, *titled]:
        score = score + case((found, 1), else_=0)
    return or_(whole, *some), score if some else score + literal(0)


def batch(session: Session, who: Reader, kind: str, *, after: int, size: int) -> Sequence[Line]:
    """The next records after that id, in the order they were written."""
    query = lines().where(*access.visible(who, kind), RegisterRecord.id > after)
    return session.execute(query.order_by(RegisterRecord.id).limit(size)).all()


def typed(register: Register, row: Line, *, by_number: bool) -> dict[str, str]:
    """What a form or a table says of a record: numbers and codes, as they are typed; people by number, or by name."""
    known = {one.name: value(row.RegisterRecord, one, row) for one in register.current}
    known |= {"category": row.category_code, "state": row.RegisterRecord.state}
    if by_number:
        known["person"] = row.staff_number
    return {name: "" if raw is None else str(raw) for name, raw in known.items()}


def _conditions(register: Register, filters: RecordFilter, day: date) -> Iterator[ColumnElement[bool]]:
    match filters.show:
        case "":
            pass
        case "open":
            yield RegisterRecord.closed.is_(False)
        case "overdue":
            yield _overdue(day)
        case "waiting":
            yield _unconfirmed(day) if register.second else false()
        case state:
            yield RegisterRecord.state == state
    if filters.text:
        words = filters.text.lower().split()
        holds = and_(*(RegisterRecord.searched.contains(word, autoescape=True) for word in words))
        theirs = select(_named.id).where(_named.id == RegisterRecord.person_id, _named.name == filters.text)
        yield or_(holds, theirs.exists())
    if filters.first:
        yield func.coalesce(RegisterRecord.due_on, RegisterRecord.done_on) >= filters.first
    if filters.last:
        yield func.coalesce(RegisterRecord.due_on, RegisterRecord.done_on) <= filters.last


def _overdue(day: date) -> ColumnElement[bool]:
    return and_(RegisterRecord.closed.is_(False), RegisterRecord.due_on < day)


def _unconfirmed(day: date) -> ColumnElement[bool]:
    """What is only planned has nothing yet that anybody could have seen."""
    done = or_(RegisterRecord.done_on.is_not(None), RegisterRecord.closed.is_(True))
    happened = or_(done, RegisterRecord.due_on.is_(None), RegisterRecord.due_on < day)
    return and_(RegisterRecord.confirmed_at.is_(None), RegisterRecord.void.is_(False), happened)


def lines() -> Query:
    """Records with the names beside them."""
    return (
        select(
            RegisterRecord,
            Person.name.label("person"),
            Person.staff_number,
            Contract.number.label("contract"),
            Provider.name.label("provider"),
            Category.name.label("category"),
            Category.code.label("category_code"),
            _writer.name.label("writer"),
            _confirmer.name.label("confirmer"),
        )
        .select_from(RegisterRecord)
        .outerjoin(Person, Person.id == RegisterRecord.person_id)
        .outerjoin(Contract, Contract.id == RegisterRecord.contract_id)
        .outerjoin(Provider, Provider.id == RegisterRecord.provider_id)
        .outerjoin(Category, Category.id == RegisterRecord.category_id)
        .outerjoin(_writer, _writer.id == RegisterRecord.written_by_id)
        .outerjoin(_confirmer, _confirmer.id == RegisterRecord.confirmed_by_id)
    )
