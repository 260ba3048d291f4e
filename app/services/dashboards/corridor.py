"""The customer corridor as the hospital reads it: touchpoints of a quarter, hot and bright spots, what lies behind.

Made of the roll-up's rows of two quarters, so that a page costs the same however many ratings there are.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.models import Campus, Category, CorridorQuarter, Department, Team
from app.models.rating import LEVELS, LOW_LEVELS
from app.models.rollup import ALL, EVERY_JOB
from app.services.rollups import corridor
from app.services.rollups.corridor import Figures, Place
from app.services.rollups.corridor_rows import ASIDE, COMPLAINT, OVERALL, RECOVERY
from config.touchpoints import touchpoints
from supervision.samples import FEW, between, wilson

HAPPY, ANGRY = 5, 1
# 服务、处理投诉、弥补: where a user is won or lost.
MOMENTS = {"result": "serve", COMPLAINT: "complaint", RECOVERY: "recovery"}
TOP_REASONS = 3
SPOTS = 8
DIMENSIONS = ("department", "job", "team", "category", "campus")


@dataclass(frozen=True)
class Share:
    """So many of so many, and between what the rate lies (Wilson, 95 %)."""

    x: int
    n: int

    @property
    def interval(self) -> tuple[float, float] | None:
        return wilson(self.x, self.n)


@dataclass(frozen=True)
class Touchpoint:
    code: str
    levels: Mapping[int, int]
    reasons: Sequence[tuple[str, int]]
    seconds: int
    timed: int
    cases: Sequence[tuple[str, int]] = ()

    @property
    def n(self) -> int:
        return sum(self.levels.values())

    @property
    def mean(self) -> float | None:
        return sum(level * many for level, many in self.levels.items()) / self.n if self.n else None

    @property
    def happy(self) -> Share:
        return Share(self.levels[HAPPY], self.n)

    @property
    def angry(self) -> Share:
        return Share(self.levels[ANGRY], self.n)

    @property
    def low(self) -> Share:
        return Share(sum(self.levels[level] for level in LOW_LEVELS), self.n)

    @property
    def lasts(self) -> timedelta | None:
        """The mean of those that were measured."""
        return timedelta(seconds=self.seconds / self.timed) if self.timed else None

    @property
    def moment(self) -> str:
        return MOMENTS.get(self.code, "")


@dataclass(frozen=True)
class Spot:
    """One touchpoint of one ward, job type, team, category or campus."""

    dimension: str
    value: str
    name: str
    now: Touchpoint
    share: Share
    """What the spot is about: the dissatisfied of a hot one, the very satisfied of a bright one."""
    earlier: Share
    """Of the quarter before."""
    change: tuple[float, float] | None
    """Of the share, between what and what; None where there was nobody before."""

    @property
    def verdict(self) -> str:
        if self.change is None:
            return "new"
        return "rose" if self.change[0] > 0 else "fell" if self.change[1] < 0 else "chance"


@dataclass(frozen=True)
class Corridor:
    overall: Touchpoint
    aside: Touchpoint
    touchpoints: Sequence[Touchpoint]
    completions: int


@dataclass(frozen=True)
class Spots:
    hot: Sequence[Spot] = ()
    bright: Sequence[Spot] = ()
    compared: int = 0


@dataclass(frozen=True)
class Names:
    """What the places are called."""

    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __call__(self, dimension: str, value: str) -> str:
        return self.words.get(dimension, {}).get(value, value)


def codes() -> list[str]:
    """The touchpoints in their order: the hospital's own, then complaint and what makes up for it."""
    return [*(choice.code for choice in touchpoints().touchpoints), COMPLAINT, RECOVERY]


def quarters(session: Session, *, most: int) -> list[date]:
    """Those there are figures of, the newest first."""
    query = select(CorridorQuarter.quarter).where(*_exactly(Place())).order_by(CorridorQuarter.quarter.desc())
    return list(session.scalars(query.limit(most)))


def load(session: Session, quarter: date, place: Place) -> Corridor:
    figures = figures_of(session, quarter, place)
    every = [touchpoint(figures, code) for code in codes()]
    return Corridor(touchpoint(figures, OVERALL), touchpoint(figures, ASIDE), every, figures["completions"])


def figures_of(session: Session, quarter: date, place: Place) -> Figures:
    """Of everything or of one kind: one row. Of several kinds at once: the sum of what fits them all."""
    narrowed = [name for name in DIMENSIONS if getattr(place, name) != getattr(Place(), name)]
    conditions = _exactly(place) if len(narrowed) < 2 else _leaves(place, narrowed)
    found: Figures = Counter()
    query = select(CorridorQuarter.figures).where(CorridorQuarter.quarter == quarter, *conditions)
    for figures in session.scalars(query):
        found.update(figures)
    return found


def spots(session: Session, quarter: date) -> Spots:
    """Where most are unhappy, and where most are very happy, as surely as the number of answers allows."""
    now, before = _of_one_kind(session, quarter), _of_one_kind(session, _before(quarter))
    felt = [
        (key, touchpoint(figures, code), touchpoint(before.get(key, Counter()), code))
        for key, figures in now.items()
        for code in (OVERALL, *codes())
        if code != COMPLAINT  # what causes one is a low level: everywhere, and by itself
    ]
    enough = [one for one in felt if one[1].n >= FEW]
    names, compared = names_of(session), max(1, len(enough))
    hot = [_spot(names, key, one, (one.low, earlier.low), compared) for key, one, earlier in enough]
    bright = [_spot(names, key, one, (one.happy, earlier.happy), compared) for key, one, earlier in enough]
    return Spots(_surest(hot), _surest(bright), compared)


def names_of(session: Session) -> Names:
    tables: dict[str, Any] = {"department": Department, "team": Team, "category": Category, "campus": Campus}
    return Names(
        {
            name: {str(row.id): row.name for row in session.execute(select(table.id, table.name))}
            for name, table in tables.items()
        }
    )


def of_departments(session: Session, quarter: date) -> dict[int, Figures]:
    """Those that were served in the quarter."""
    others = [getattr(CorridorQuarter, name) == every for name, every in Place().key.items() if name != "department_id"]
    query = select(CorridorQuarter.department_id, CorridorQuarter.figures)
    query = query.where(CorridorQuarter.quarter == quarter, CorridorQuarter.department_id > ALL, *others)
    return {department: Counter(figures) for department, figures in session.execute(query)}


def job_types(session: Session, quarter: date) -> list[str]:
    """Those there are figures of in the quarter."""
    one = [getattr(CorridorQuarter, f"{name}_id") == ALL for name in ("department", "team", "category", "campus")]
    query = select(CorridorQuarter.job_type).where(CorridorQuarter.quarter == quarter, *one)
    return sorted(session.scalars(query.where(CorridorQuarter.job_type != EVERY_JOB)))


def _of_one_kind(session: Session, quarter: date) -> dict[tuple[str, str], Figures]:
    rows = session.scalars(select(CorridorQuarter).where(CorridorQuarter.quarter == quarter, _one_kind()))
    found = {}
    for row in rows:
        place = corridor.place_of(row)
        (name,) = (name for name in DIMENSIONS if getattr(place, name) != getattr(Place(), name))
        found[name, str(getattr(place, name))] = Counter(row.figures)
    return found


def _exactly(place: Place) -> list[ColumnElement[bool]]:
    return [getattr(CorridorQuarter, name) == value for name, value in place.key.items()]


def _leaves(place: Place, narrowed: Sequence[str]) -> list[ColumnElement[bool]]:
    """The rows of one place alone that fit."""
    key, every = place.key, Place().key
    columns = {name: f"{name}_id" for name in DIMENSIONS} | {"job": "job_type"}
    fits = [getattr(CorridorQuarter, columns[name]) == key[columns[name]] for name in narrowed]
    return [*fits, *(getattr(CorridorQuarter, name) != value for name, value in every.items())]


def _one_kind() -> ColumnElement[bool]:
    """The rows of one kind of place: a single one of the five is said."""
    every = Place().key

    def others(kind: str) -> list[tuple[Any, Any]]:
        return [(getattr(CorridorQuarter, name), value) for name, value in every.items() if name != kind]

    return or_(
        *(
            and_(getattr(CorridorQuarter, kind) != every[kind], *(column == value for column, value in others(kind)))
            for kind in every
        )
    )


def touchpoint(figures: Figures, code: str) -> Touchpoint:
    reasons = {choice.code: choice.at for mood in touchpoints().reasons.values() for choice in mood}
    named = [(one, figures[f"reason.{one}"]) for one, at in reasons.items() if code in {at, OVERALL}]
    cases = [(name.removeprefix("case."), many) for name, many in figures.items() if name.startswith("case.")]
    return Touchpoint(
        code,
        {level: figures[f"{code}.{level}"] for level in LEVELS},
        sorted((one for one in named if one[1]), key=lambda one: (-one[1], one[0]))[:TOP_REASONS],
        figures[f"{code}.seconds"],
        figures[f"{code}.timed"],
        sorted(cases, key=lambda one: (-one[1], one[0])) if code == COMPLAINT else (),
    )


def _spot(names: Names, key: tuple[str, str], now: Touchpoint, shares: tuple[Share, Share], compared: int) -> Spot:
    share, earlier = shares
    change = between((earlier.x, earlier.n), (share.x, share.n), compared=compared) if earlier.n else None
    return Spot(*key, names(*key), now, share, earlier, change)


def _surest(spots: Sequence[Spot]) -> list[Spot]:
    return sorted((one for one in spots if one.share.x), key=lambda one: (-_sure(one.share), *_order(one)))[:SPOTS]


def _sure(share: Share) -> float:
    """At least how large the share is."""
    interval = share.interval
    return interval[0] if interval else 0.0


def _order(spot: Spot) -> tuple[Any, ...]:
    return -spot.now.n, spot.dimension, spot.value, spot.now.code


def _before(quarter: date) -> date:
    return corridor.quarter_of(quarter - timedelta(days=1))
