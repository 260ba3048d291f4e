"""The roster of a month as a table: a row a person, post and campus; a column a day; letters of shifts in the cells."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Campus, DutyShift, Person, Post
from app.services import spelling
from app.services.organisation.duty_plan import Planned
from app.services.tables import cells
from app.services.tables.reader import Table
from app.services.tables.records import Fault
from config.duty import shifts

HEADER = ("工号", "姓名", "岗位代码", "院区代码")
FIRST_DAY = len(HEADER)
MOST_FAULTS = 20
FAULT_MOST = 60


class Read(NamedTuple):
    """What a table says: the shifts, and of whom and which days it says anything."""

    planned: list[Planned]
    cells: set[tuple[int, date]]


def days_of(first: date) -> list[date]:
    """Of that month."""
    after = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
    return [first + timedelta(days=number) for number in range((after - first).days)]


def rows(session: Session, first: date, people: Sequence[tuple[int, str, str]]) -> Iterator[list[str]]:
    """The header, then a row for each person and where they are planned; people without a shift have one too.

    `people`: id, staff number, name.
    """
    days = days_of(first)
    yield [*HEADER, *map(str, days)]
    planned = _planned(session, days)
    for person, number, name in people:
        own = {key: letters for key, letters in planned.items() if key[0] == person} or {(person, "", ""): {}}
        for (_person, post, campus), letters in own.items():
            yield [number, name, post, campus, *(letters.get(day, "") for day in days)]


def read(session: Session, table: Table) -> Read:
    """Raises Refused with every fault, and nothing is planned then: `faults` are lines with what is wrong there."""
    days = [_day(name) for name in table.header[FIRST_DAY:]]
    if tuple(table.header[:FIRST_DAY]) != HEADER or not days or None in days:
        raise Refused("duty_table_header", header="、".join(HEADER))
    known = _Codes(session)
    found, stated, faults = list[Planned](), set[tuple[int, date]](), list[str]()
    for row in table.records:
        if isinstance(row, Fault):
            faults.append(f"{row.line}: {row.value}")
            continue
        words = [spelling.visible(cells.text(cell)) for cell in row.cells]
        if not any(words):
            continue
        try:
            for one, cell in _planned_by(known, words, [day for day in days if day]):
                stated.add(cell)
                found += one
        except KeyError as unknown:
            faults.append(f"{row.line}: {unknown.args[0]}")
    if faults:
        raise Refused("duty_table_faults", count=len(faults), faults="；".join(faults[:MOST_FAULTS]))
    return Read(found, stated)


class _Codes:
    """Numbers and codes, each by how it is written."""

    def __init__(self, session: Session) -> None:
        self.people: dict[str, int] = dict(session.execute(select(Person.staff_number, Person.id)).all())
        self.posts: dict[str, int] = dict(session.execute(select(Post.code, Post.id)).all())
        self.campuses: dict[str, int] = dict(session.execute(select(Campus.code, Campus.id)).all())
        self.letters = {shift.letter: code for code, shift in shifts().items()}


def _planned_by(
    known: _Codes, words: Sequence[str], days: Sequence[date]
) -> Iterator[tuple[list[Planned], tuple[int, date]]]:
    """Raises KeyError with what nobody knows."""
    if len(words) != FIRST_DAY + len(days):  # a letter behind the last day would go unseen
        raise KeyError(",".join(words)[:FAULT_MOST])
    number, _name, post, campus = words[:FIRST_DAY]
    person = known.people[spelling.number(number)]
    post_id = known.posts[post] if post else None
    campus_id = known.campuses[campus] if campus else None
    for day, letters in zip(days, words[FIRST_DAY:], strict=True):
        shifts_ = [known.letters[letter] for letter in letters if not letter.isspace()]
        yield [Planned(person, day, shift, post_id, campus_id) for shift in shifts_], (person, day)


def _planned(session: Session, days: Sequence[date]) -> dict[tuple[int, str, str], dict[date, str]]:
    query = (
        select(DutyShift.person_id, Post.code, Campus.code, DutyShift.day, DutyShift.shift)
        .outerjoin(Post, Post.id == DutyShift.post_id)
        .outerjoin(Campus, Campus.id == DutyShift.campus_id)
        .where(DutyShift.day.between(days[0], days[-1]))
        .order_by(DutyShift.person_id, DutyShift.day)
    )
    found: dict[tuple[int, str, str], dict[date, str]] = {}
    for person, post, campus, day, shift in session.execute(query):
        letters = found.setdefault((person, post or "", campus or ""), {})
        letters[day] = letters.get(day, "") + shifts()[shift].letter
    return found


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(name[:10])
    except ValueError:
        return None
