"""Who is in a draw: everybody with a counted rating of the period. What was answered is never looked at."""

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from app.models import (
    Completion,
    CountedRating,
    Department,
    Draw,
    DrawCommittee,
    Employment,
    EnteredRating,
    Person,
    Rating,
    RatingExclusion,
)
from app.services.draws import duplicate_people, merkle_list
from app.services.draws.merkle_list import Progress
from app.texts.catalogue import named

# Tapped by the raters themselves; what somebody else has entered for them takes no part.
OWN_SOURCES = ("scan", "wechat", "wecom", "mini", "browser")
FEWEST = 5  # people of a department that is named
OTHERS = "其他"
REASONS = {
    "provider_staff": "服务商人员（人）",
    "committee": "抽奖监督小组成员（人）",
    "unverified": "未核验身份的评价（条）",
    "entered": "由他人代录的评价（条）",
    "excluded": "截止前经信息科复核排除的评价（条）",
}
_AT_ONCE = 50_000

# For whom it counts, kept with the slot: whoever holds the phone now is not asked.
_rater: ColumnElement[Any] = CountedRating.person_id.expression

Rows = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]  # persons, ratings, departments


@dataclass(frozen=True)
class Eligible:
    people: merkle_list.People
    departments: dict[str, int]
    excluded: list[dict[str, Any]]
    doubles: dict[int, int]


def find(
    session: Session, draw: Draw, *, cap: int, zone: ZoneInfo, progress: Progress = lambda _done: None
) -> Eligible:
    """Everybody who is in, as it stands now; after the close nothing new can come."""
    days = _days(draw, zone)
    ids, tickets, where = array("q"), array("q"), array("q")
    for rows in _listed(session, draw, days):
        persons, counts, departments = zip(*rows, strict=True)
        ids.extend(persons)
        tickets.extend(counts)
        where.extend(department or 0 for department in departments)
        progress(len(rows))
    rows = np.frombuffer(ids, np.int64), np.frombuffer(tickets, np.int64), np.frombuffer(where, np.int64)
    doubles = duplicate_people.doubles(session, draw)
    if doubles:
        rows = _each_once(rows, doubles, _barred_of(session, draw, doubles, days))
    capped = np.minimum(rows[1], cap).astype(np.uint16)
    found = merkle_list.People(draw.pid_prefix, rows[0], capped)
    return Eligible(found, _named(session, rows[2]), _excluded(session, draw, days), doubles)


def raters(session: Session, draw: Draw) -> merkle_list.People:
    """Everybody who may ever have had an entry, whatever has become of them since."""
    query = _ratings(draw).with_only_columns(_rater).where(_rater.is_not(None)).distinct()
    ids = array("q")
    for rows in session.execute(query, execution_options={"yield_per": _AT_ONCE}).partitions():
        ids.extend(row[0] for row in rows)
    doubles = duplicate_people.doubles(session, draw)  # who may never have rated by that number
    ids.extend([*doubles, *doubles.values()])
    found = np.unique(np.frombuffer(ids, np.int64))
    return merkle_list.People(draw.pid_prefix, found, np.zeros(len(found), np.uint16))


def merged(departments: dict[str, int]) -> list[dict[str, Any]]:
    """Departments by name; those with too few people become one line, which has enough as soon as it can."""
    rest = departments.get(OTHERS, 0)
    named = {name: count for name, count in departments.items() if name != OTHERS}
    for name, count in sorted(named.items(), key=lambda line: (line[1], line[0])):
        if count < FEWEST or 0 < rest < FEWEST:
            rest += named.pop(name)
    lines = [*sorted(named.items()), (OTHERS, rest)] if rest else sorted(named.items())
    return [{"department": name, "entries": count} for name, count in lines]


def rated(session: Session, draw: Draw, persons: Sequence[int], *, cap: int) -> list[datetime]:
    """When somebody earned tickets, by any of their numbers, at most the cap; `barred` says if they may take part."""
    query = _standing(draw).with_only_columns(Rating.at).where(_rater.in_(persons)).order_by(Rating.at, Rating.id)
    return list(session.scalars(query.limit(cap)))


def excluded(session: Session, draw: Draw, persons: Sequence[int]) -> int:
    """How many ratings of these persons were set aside."""
    query = _ratings(draw).with_only_columns(func.count()).where(_set_aside(draw), _rater.in_(persons))
    return session.scalar(query) or 0


def barred(session: Session, draw: Draw, persons: Sequence[int], zone: ZoneInfo) -> bool:
    """Provider staff of the period and the committee take no part, by whichever of their numbers."""
    query = select(Person.id).where(Person.id.in_(persons), _may_not(Person.id, draw, _days(draw, zone)))
    return session.scalar(query.limit(1)) is not None


def department_of(session: Session, draw: Draw, person_id: int, zone: ZoneInfo) -> str:
    day = draw.closes.astimezone(zone).date()
    query = select(func.max(Employment.department_id)).where(
        Employment.person_id == person_id, Employment.in_force(day)
    )
    department = session.get(Department, session.scalar(query) or 0)
    return _printed(department.name) if department else OTHERS


def _ratings(draw: Draw) -> Select[Any]:
    """What earns a ticket: given and verified from the opening to the close, by the raters themselves."""
    return (
        select(Rating.id)
        .join(CountedRating, CountedRating.rating_id == Rating.id)
        .join(Completion, Completion.id == Rating.completion_id)
        .where(
            Rating.at >= draw.opens,
            Rating.at <= draw.closes,
            CountedRating.at <= draw.closes,
            Completion.rateable,
            Rating.source.in_(OWN_SOURCES),
        )
    )


def _standing(draw: Draw) -> Select[Any]:
    """Those of them which nobody had excluded by the close: what is decided later changes no list."""
    return _ratings(draw).where(~_set_aside(draw))


def _set_aside(draw: Draw) -> ColumnElement[bool]:
    return exists().where(RatingExclusion.rating_id == Rating.id, RatingExclusion.at <= draw.closes)


def _listed(session: Session, draw: Draw, days: tuple[date, date]) -> Iterator[Any]:
    """Person, ratings, department. One statement, so that the sums agree whatever is written meanwhile."""
    rater = (
        _standing(draw)
        .with_only_columns(_rater.label("person_id"), func.count().label("ratings"))
        .where(_rater.is_not(None))
        .group_by(_rater)
        .subquery()
    )
    works = (
        select(Employment.person_id, func.max(Employment.department_id).label("department_id"))
        .where(Employment.department_id.is_not(None), Employment.in_force(days[1]))
        .group_by(Employment.person_id)
        .subquery()
    )
    query = (
        select(rater.c.person_id, rater.c.ratings, works.c.department_id)
        .outerjoin(works, works.c.person_id == rater.c.person_id)
        .where(~_may_not(rater.c.person_id, draw, days))
    )
    return session.execute(query, execution_options={"yield_per": _AT_ONCE}).partitions()


def _excluded(session: Session, draw: Draw, days: tuple[date, date]) -> list[dict[str, Any]]:
    raters = _standing(draw).with_only_columns(_rater.label("person_id")).distinct().subquery()
    own = Rating.source.in_(OWN_SOURCES)
    verified = exists().where(
        _rater.is_not(None), CountedRating.rating_id == Rating.id, CountedRating.at <= draw.closes
    )
    counts = {
        "provider_staff": select(func.count()).where(_of_the_provider(raters.c.person_id, days)),
        "committee": select(func.count()).where(_of_the_committee(raters.c.person_id, draw)),
        "unverified": _in_window(draw).where(Rating.person_id.is_(None), ~verified, own),
        "entered": select(_in_window(draw).where(~own).scalar_subquery() + _entered(draw).scalar_subquery()),
        "excluded": _ratings(draw).with_only_columns(func.count()).where(_set_aside(draw)),
    }
    found = {code: session.scalar(query) or 0 for code, query in counts.items()}
    return [{"reason": named(REASONS[code]), "count": count} for code, count in found.items() if count]


def _in_window(draw: Draw) -> Select[Any]:
    return select(func.count(Rating.id)).where(Rating.at >= draw.opens, Rating.at <= draw.closes)


def _entered(draw: Draw) -> Select[Any]:
    """On paper or by telephone: a table of its own, which no list of a draw is made of."""
    return select(func.count(EnteredRating.at)).where(EnteredRating.at >= draw.opens, EnteredRating.at <= draw.closes)


def _each_once(rows: Rows, doubles: Mapping[int, int], barred: set[int]) -> Rows:
    """Who has several numbers stands once, by the lowest, with the tickets of all; nobody barred by one gets in."""
    several = np.isin(rows[0], [*doubles, *doubles.values()])
    together: dict[int, tuple[int, int]] = {}
    for person, count, department in sorted(zip(*(column[several].tolist() for column in rows), strict=True)):
        one = doubles.get(person, person)
        tickets, where = together.get(one, (0, 0))
        together[one] = tickets + count, where or department
    merged = [(one, *rest) for one, rest in together.items() if one not in barred]
    added = np.array(merged, np.int64).reshape(-1, 3)
    return tuple(np.concatenate([column[~several], added[:, index]]) for index, column in enumerate(rows))  # type: ignore[return-value]


def _barred_of(session: Session, draw: Draw, doubles: Mapping[int, int], days: tuple[date, date]) -> set[int]:
    numbers = [*doubles, *doubles.values()]
    query = select(Person.id).where(Person.id.in_(numbers), _may_not(Person.id, draw, days))
    return {doubles.get(one, one) for one in session.scalars(query)}


def _days(draw: Draw, zone: ZoneInfo) -> tuple[date, date]:
    return draw.opens.astimezone(zone).date(), draw.closes.astimezone(zone).date()


def _may_not(person_id: Any, draw: Draw, days: tuple[date, date]) -> ColumnElement[bool]:
    return or_(_of_the_provider(person_id, days), _of_the_committee(person_id, draw))


def _of_the_provider(person_id: Any, days: tuple[date, date]) -> ColumnElement[bool]:
    """Employed by a provider on any day of the period."""
    return exists().where(Employment.person_id == person_id, Employment.of_provider(*days))


def _of_the_committee(person_id: Any, draw: Draw) -> ColumnElement[bool]:
    return exists().where(DrawCommittee.draw_id == draw.id, DrawCommittee.person_id == person_id)


def _named(session: Session, where: NDArray[np.int64]) -> dict[str, int]:
    names = {id_: _printed(name) for id_, name in session.execute(select(Department.id, Department.name))}
    named: Counter[str] = Counter()
    for department, count in Counter(where.tolist()).items():
        named[names.get(department, OTHERS)] += count
    return dict(named)


def _printed(name: str) -> str:
    """A name as the published files allow it: one line, and something in it."""
    return "".join(sign for sign in name if sign.isprintable()).strip() or OTHERS
