"""The customer corridor counted: what people felt at each touchpoint and how long each took, by day and by quarter.

A reader of the feed. A completion belongs to the day on which it was finished, with its rating whenever that came; a
case to the day on which it was opened. Whatever happens to one of them later has its day counted again, and the
difference goes into the rows of the quarter, of which every page is made.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from app.db import insert_first
from app.models import (
    Completion,
    CompletionJob,
    CorridorDay,
    CorridorQuarter,
    Person,
    Rating,
    RollupMark,
    ServiceCase,
    Ticket,
)
from app.models.rollup import ALL, EVERY_JOB, NOBODYS
from app.services import feed
from app.services.rollups import corridor_rows
from app.services.rollups.daily import A_DAY, begins, local_day

NAME = "corridor"
Figures = Counter[str]


@dataclass(frozen=True, order=True)
class Place:
    """Whose figures: ALL and EVERY_JOB stand for everybody's, NOBODYS and no job type for what has none."""

    department: int = ALL
    job: str = EVERY_JOB
    team: int = ALL
    category: int = ALL
    campus: int = ALL

    def within(self) -> Iterator["Place"]:
        """The rows of a quarter that a part of this place belongs to: itself, of one kind alone, of everything."""
        yield self
        yield Place()
        for name, none in (("department", NOBODYS), ("team", NOBODYS), ("category", NOBODYS), ("campus", NOBODYS)):
            if getattr(self, name) != none:
                yield Place(**{name: getattr(self, name)})
        if self.job:
            yield Place(job=self.job)

    @property
    def key(self) -> dict[str, Any]:
        ids = {f"{name}_id": getattr(self, name) for name in ("department", "team", "category", "campus")}
        return {**ids, "job_type": self.job}


def quarter_of(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def follow(session: Session, *, zone: ZoneInfo, at: datetime, most: int) -> bool:
    """Count the days up to today, so many at once, and again those on which something changed; whether there are more.

    Needs a writing transaction; `feed.number` comes first. In another zone than before it starts again.
    """
    mark = _mark(session, zone)
    if mark is None:
        return False
    # What was committed is seen by the counting below; whatever comes after it has a later number.
    last = min(feed.last(session), mark.seq + feed.BATCH)
    changed = {day for day in _touched(session, mark, zone) if day < mark.until}
    mark.seq = last
    end = local_day(at, zone) + A_DAY
    days = [mark.until + n * A_DAY for n in range(max(0, min((end - mark.until).days, most)))]
    write_days(session, sorted({*changed, *days}), zone)
    if days:
        mark.until = days[-1] + A_DAY
    return mark.until < end or mark.seq < feed.last(session)


def count_day(session: Session, day: date, zone: ZoneInfo) -> dict[Place, Figures]:
    """From the completions, ratings, events and cases themselves."""
    found: dict[Place, Figures] = defaultdict(Counter)
    for key, counted in corridor_rows.of_day(session, begins(day, zone), begins(day + A_DAY, zone)):
        found[Place(*key)].update(counted)
    return dict(found)


def write_days(session: Session, days: Iterable[date], zone: ZoneInfo) -> None:
    """Count these days anew; their quarters change by the difference."""
    change: dict[date, dict[Place, Figures]] = defaultdict(lambda: defaultdict(Counter))
    for day in days:
        _copy_jobs(session, begins(day, zone), begins(day + A_DAY, zone))
        counted, before = count_day(session, day, zone), kept_day(session, day)
        for sign, parts in ((1, counted), (-1, before)):
            for part, figures in parts.items():
                for place in part.within():
                    _add(change[quarter_of(day)][place], figures, sign)
        session.execute(delete(CorridorDay).where(CorridorDay.day == day))
        session.execute(insert(CorridorDay), [{"day": day, "figures": {"parts": _packed(counted)}}])
    for quarter, places in change.items():
        _change_quarter(session, quarter, places)


def kept_day(session: Session, day: date) -> dict[Place, Figures]:
    row = session.get(CorridorDay, day, populate_existing=True)
    return {} if row is None else {Place(*part[:5]): Counter(part[5]) for part in row.figures["parts"]}


def kept_quarter(session: Session, quarter: date) -> dict[Place, Figures]:
    rows = session.scalars(select(CorridorQuarter).where(CorridorQuarter.quarter == quarter))
    return {place_of(row): Counter(row.figures) for row in rows}


def sum_quarter(session: Session, quarter: date) -> dict[Place, Figures]:
    """Of its days as they are kept: what its rows have to be."""
    found: dict[Place, Figures] = defaultdict(Counter)
    until = quarter_of(quarter + 100 * A_DAY)
    for day in session.scalars(select(CorridorDay.day).where(CorridorDay.day >= quarter, CorridorDay.day < until)):
        for part, figures in kept_day(session, day).items():
            for place in part.within():
                _add(found[place], figures, 1)
    return {place: figures for place, figures in found.items() if figures}


def write_quarter(session: Session, quarter: date) -> None:
    session.execute(delete(CorridorQuarter).where(CorridorQuarter.quarter == quarter))
    _change_quarter(session, quarter, sum_quarter(session, quarter))


def place_of(row: CorridorQuarter) -> Place:
    return Place(row.department_id, row.job_type, row.team_id, row.category_id, row.campus_id)


def _add(to: Figures, figures: Figures, sign: int) -> None:
    for name, count in figures.items():
        to[name] += sign * count
        if not to[name]:
            del to[name]


def _packed(parts: dict[Place, Figures]) -> list[list[Any]]:
    return [
        [part.department, part.job, part.team, part.category, part.campus, dict(sorted(figures.items()))]
        for part, figures in sorted(parts.items())
        if figures
    ]


def _change_quarter(session: Session, quarter: date, places: dict[Place, Figures]) -> None:
    changed = {place: figures for place, figures in places.items() if figures}
    if not changed:
        return
    before = {place: row for place, row in _rows(session, quarter).items() if place in changed}
    for place, row in before.items():
        _add(changed[place], Counter(row.figures), 1)
        session.delete(row)
    session.flush()
    rows = [
        {"quarter": quarter, **place.key, "figures": dict(sorted(figures.items()))}
        for place, figures in changed.items()
        if figures
    ]
    if rows:
        session.execute(insert(CorridorQuarter), rows)


def _rows(session: Session, quarter: date) -> dict[Place, CorridorQuarter]:
    found = session.scalars(select(CorridorQuarter).where(CorridorQuarter.quarter == quarter))
    return {place_of(row): row for row in found}


def _copy_jobs(session: Session, since: datetime, until: datetime) -> None:
    """What whoever was served does, of completions that nobody has copied it of."""
    query = (
        select(Completion.id.label("completion_id"), func.coalesce(Person.job_type, "").label("job_type"))
        .join(Ticket, Ticket.id == Completion.ticket_id)
        .outerjoin(Person, Person.id == Ticket.served_person_id)
        .outerjoin(CompletionJob, CompletionJob.completion_id == Completion.id)
        .where(Completion.finished_at >= since, Completion.finished_at < until, CompletionJob.completion_id.is_(None))
    )
    rows = [row._asdict() for row in session.execute(query)]
    if rows:
        session.execute(insert(CompletionJob), rows)


def _mark(session: Session, zone: ZoneInfo) -> RollupMark | None:
    """Held until the end of the transaction; none before the first completion or case."""
    mark = session.get(RollupMark, NAME, with_for_update=True)
    if mark is not None and mark.zone == zone.key:
        return mark
    moments = (session.scalar(select(func.min(one))) for one in (Completion.finished_at, ServiceCase.opened_at))
    first = min((moment for moment in moments if moment is not None), default=None)
    if first is None:
        return None
    until, seq = local_day(first, zone), feed.last(session)
    if mark is None:
        insert_first(session, RollupMark, name=NAME, zone=zone.key, until=until, seq=seq)
        return session.get(RollupMark, NAME, with_for_update=True)
    session.execute(delete(CorridorDay))
    session.execute(delete(CorridorQuarter))
    mark.zone, mark.until, mark.seq = zone.key, until, seq
    return mark


def pending(session: Session, zone: ZoneInfo) -> set[date]:
    """The days something has happened on that was not counted yet: there the rows are ahead of what is kept."""
    mark = session.get(RollupMark, NAME)
    return _touched(session, mark, zone) if mark is not None else set()


def _touched(session: Session, mark: RollupMark, zone: ZoneInfo) -> set[date]:
    """The days of completions and cases that something has happened to since the feed was read."""
    lines = feed.read(session, after=mark.seq, most=feed.BATCH)
    tickets = {line.Event.ticket_id for line in lines} - {None}
    cases = {line.Event.subject_id for line in lines if line.Event.subject in {"case", "complaint"}}
    bound = {(line.Event.data or {}).get("identity") for line in lines if line.Event.kind == "bound"} - {None}
    finished, opened = Completion.finished_at, ServiceCase.opened_at
    waited = select(finished).join(Rating, Rating.completion_id == Completion.id)
    moments = [
        *_scalars(session, select(finished), Completion.ticket_id, tickets),
        *_scalars(session, select(opened), ServiceCase.ticket_id, tickets),
        *_scalars(session, select(opened), ServiceCase.id, cases),
        *_scalars(session, waited.where(~Rating.counts), Rating.identity_id, bound),
    ]
    return {local_day(moment, zone) for moment in moments}


def _scalars(session: Session, query: Any, column: Any, ids: set[Any]) -> Iterator[datetime]:
    """So many ids at a time as any database takes."""
    every = sorted(ids)
    for first in range(0, len(every), 500):
        yield from session.scalars(query.where(column.in_(every[first : first + 500])))
