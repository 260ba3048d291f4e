"""The clock equals straight minute counting on random calendars, pauses and starts.

MANY_CLOCKS=10000 counts so many of them; the check counts the first few.
"""

import os
import random  # noqa: TID251 seeded: the same cases every time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from supervision.calendar import Calendar, ticks
from supervision.clock import Limit, Pause, back, due, elapsed
from tests.supervision.plain import MINUTE, WEEK, Plain

MANY = int(os.environ.get("MANY_CLOCKS", "12"))
# A day before the hour changes, there (30 minutes on Lord Howe; at midnight in Sao Paulo) or not.
PLACES = {
    "Asia/Shanghai": date(2026, 2, 13),
    "Europe/Berlin": date(2026, 3, 28),
    "America/New_York": date(2025, 11, 1),
    "Australia/Lord_Howe": date(2026, 4, 4),
    "America/Sao_Paulo": date(2018, 2, 17),
    "Asia/Tehran": date(2016, 3, 20),
    "UTC": date(2024, 2, 28),
}
MOST = 3 * 1440


@pytest.mark.parametrize("seed", range(MANY))
def test_a_random_clock_is_the_counted_one(seed: int) -> None:
    chance = random.Random(seed)
    zone, day = chance.choice(list(PLACES.items()))
    fields = _calendar(chance, zone, day)
    start = datetime(day.year, day.month, day.day, tzinfo=UTC) + chance.randrange(2 * 1440) * MINUTE
    pauses = [(begin, begin + chance.randrange(900) * MINUTE) for begin in (_near(chance, start) for _ in range(3))]
    pauses = pauses[: chance.randrange(4)]
    calendar, plain = Calendar(fields), Plain(fields)
    waits = [Pause(begin, end) for begin, end in pauses]
    said = f"{seed}: {fields} {start} {pauses}"
    assert calendar.opens(ticks(start)) == plain.open(start), said
    end = start + chance.randrange(MOST) * MINUTE
    assert elapsed(calendar, start, end, waits) == plain.elapsed(start, end, pauses) * MINUTE, said
    need = chance.randrange(1, 900)
    counted = plain.due(start, need, pauses, MOST)
    found = due(calendar, Limit(time=need * MINUTE), start, waits)
    assert found == counted if counted else found is None or found > start + MOST * MINUTE, said
    counted = plain.back(start, need, MOST)
    found = back(calendar, need * MINUTE, start)
    assert found == counted if counted else found is None or found <= start - MOST * MINUTE, said
    if first := plain.due(start, 0, [], MOST):
        assert due(calendar, Limit(), start, waits) == first, said


def _calendar(chance: random.Random, zone: str, day: date) -> dict[str, Any]:
    near = [str(day + timedelta(days=step)) for step in range(-2, 6)]
    return {
        "tz": zone,
        "week": {name: _times(chance) for name in WEEK if chance.random() < 0.8},
        "special": {name: _times(chance) for name in near if chance.random() < 0.2},
        "breaks": {name: _times(chance) for name in near if chance.random() < 0.2},
        "closed": [name for name in near if chance.random() < 0.1],
        "closed_yearly": [name[5:] for name in near if chance.random() < 0.05],
    }


def _times(chance: random.Random) -> list[list[str]]:
    if chance.random() < 0.1:
        return [["00:00", "24:00"]]
    begins = sorted(chance.randrange(96) * 15 for _ in range(chance.randrange(4)))
    return [[_clock(begin), _clock(begin + chance.randrange(1, 40) * 15)] for begin in begins]


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _near(chance: random.Random, start: datetime) -> datetime:
    return start + chance.randrange(-600, 2400) * MINUTE
