"""The provider's figures move in closed blocks: no single rating is read from a difference."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from supervision.blocks import Block, blocks, monday_after

START = datetime(2026, 1, 5, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def closed(given: Sequence[float], at: float) -> list[Block]:
    return list(blocks([day(number) for number in given], at=day(at)))


def test_four_ratings_say_nothing_and_the_fifth_closes_the_block() -> None:
    assert closed([1, 2, 3, 4], 300) == []
    assert closed([1, 2, 3, 4, 5], 4.9) == []
    assert closed([5, 3, 1, 2, 4], 5) == [Block(day(5), 5)]


def test_the_next_block_waits_a_week_and_takes_in_what_came() -> None:
    given = [1, 1, 1, 1, 1, *(2, 3, 4, 5, 6, 7, 7.9), 8.5]
    assert closed(given, 7.99) == [Block(day(1), 5)]
    assert closed(given, 100) == [Block(day(1), 5), Block(day(8), 7)]


def test_it_waits_for_five_however_long() -> None:
    given = [1, 1, 1, 1, 1, 2, 3, 20, 30]
    assert closed(given, 100) == [Block(day(1), 5)]
    assert closed([*given, 40], 100) == [Block(day(1), 5), Block(day(40), 5)]


def test_ratings_of_one_moment_stay_together() -> None:
    assert closed([1, 1, 1, 1, 1, 1, 1], 1) == [Block(day(1), 7)]


def test_a_block_that_is_closed_never_changes() -> None:
    given = [number / 3 for number in range(200)]
    whole = closed(given, 67)
    for later in range(67):
        assert closed(given, later) == [block for block in whole if block.closed <= day(later)]


@pytest.mark.parametrize(
    ("moment", "monday"),
    [
        ("2026-11-30T00:00+08:00", "2026-12-07"),
        ("2026-12-06T23:59+08:00", "2026-12-07"),
        ("2026-12-06T15:59+00:00", "2026-12-07"),
        ("2026-12-06T16:00+00:00", "2026-12-14"),
    ],
)
def test_what_came_in_a_week_is_let_out_when_the_next_begins(moment: str, monday: str) -> None:
    shanghai = ZoneInfo("Asia/Shanghai")
    assert monday_after(datetime.fromisoformat(moment), shanghai).isoformat() == f"{monday}T00:00:00+08:00"
