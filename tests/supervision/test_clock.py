"""Limits, pauses and what a clock shows: each edge by one example worked by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from supervision.calendar import Calendar, Malformed
from supervision.clock import (
    Limit,
    LimitState,
    Pause,
    Stretch,
    due,
    elapsed,
    faults,
    left,
    paused,
    reading,
    stretches,
)
from tests.supervision.vectors import OFFICE

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
# Monday to Friday 08:00-12:00 and 14:00-17:30 in Shanghai, with the days off of 2024 to 2026.
CHINA = Calendar(OFFICE)
# Mondays open later, Tuesdays close earlier.
UNEVEN = Calendar(
    {
        "tz": "UTC",
        "week": {
            "mon": [["10:30", "19:00"]],
            "tue": [["08:30", "16:00"]],
            "wed": [["08:30", "19:00"]],
            "thu": [["08:30", "19:00"]],
            "fri": [["08:30", "19:00"]],
        },
    }
)


def cn(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("30m", Limit(time=30 * MINUTE)),
        ("2h", Limit(time=2 * HOUR)),
        ("1wd", Limit(days=1)),
        ("5wd end", Limit(days=5, to_end_of_day=True)),
    ],
)
def test_a_limit_is_written(text: str, limit: Limit) -> None:
    assert Limit.read(text) == limit


@pytest.mark.parametrize("text", ["", "30", "0m", "-1h", "1d", "1.5h", "1wd end ", "2h 30m", "１h"])
def test_another_limit_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="is no limit"):
        Limit.read(text)


@pytest.mark.parametrize(
    ("limit", "start", "by"),
    [
        ("1wd", "2026-01-07 10:00", "2026-01-08 10:00"),  # the same time of the next working day
        ("1wd", "2026-01-09 10:00", "2026-01-12 10:30"),  # Monday is not open yet: its first open moment
        ("1wd", "2026-01-12 07:00", "2026-01-13 10:30"),  # from the first open moment on
        ("1wd", "2026-01-05 18:00", "2026-01-07 08:30"),  # Tuesday has closed: the first open moment after
        ("1wd", "2026-01-10 12:00", "2026-01-13 10:30"),  # on a Saturday: from Monday on
        ("1wd", "2026-01-06 16:00", "2026-01-08 08:30"),  # at closing nothing is open any more
        ("5wd", "2026-01-07 10:00", "2026-01-14 10:00"),
        ("1wd end", "2026-01-05 18:00", "2026-01-06 16:00"),
        ("5wd end", "2026-01-10 12:00", "2026-01-19 19:00"),
    ],
)
def test_a_limit_in_working_days(limit: str, start: str, by: str) -> None:
    assert due(UNEVEN, Limit.read(limit), at(start)) == at(by)


@pytest.mark.parametrize(
    ("limit", "start", "by"),
    [
        (Limit(days=-1), "2026-01-08 10:00", "2026-01-07 10:00"),
        (Limit(days=-2, to_end_of_day=True), "2026-01-09 19:00", "2026-01-07 19:00"),
        (Limit(days=-2), "2026-01-09 19:00", "2026-01-07 19:00"),  # closing stays closing
        (Limit(days=-1), "2026-01-11 12:00", "2026-01-08 19:00"),  # from the last open moment on
        (Limit(days=-1), "2026-01-07 18:00", "2026-01-06 16:00"),
        (Limit(time=-2 * HOUR), "2026-01-07 10:00", "2026-01-06 15:30"),
        (Limit(to_end_of_day=True), "2026-01-07 10:00", "2026-01-07 19:00"),
    ],
)
def test_backwards_all_is_mirrored(limit: Limit, start: str, by: str) -> None:
    assert due(UNEVEN, limit, at(start)) == at(by)


def test_what_is_due_at_closing_is_due_at_closing() -> None:
    assert due(CHINA, Limit.read("30m"), cn("2026-01-05 17:00")) == cn("2026-01-05 17:30")
    assert due(CHINA, Limit.read("30m"), cn("2026-01-05 17:30")) == cn("2026-01-06 08:30")
    assert due(CHINA, Limit(), cn("2026-01-05 17:30")) == cn("2026-01-06 08:00")


def test_a_day_whose_shift_began_the_day_before_ends_with_its_own() -> None:
    nights = Calendar({"tz": "UTC", "week": {"fri": [["22:00", "32:00"]], "mon": [["22:00", "32:00"]]}})
    assert due(nights, Limit(days=1), at("2026-01-10 02:00")) == at("2026-01-12 22:00")
    assert due(nights, Limit(days=1, to_end_of_day=True), at("2026-01-10 02:00")) == at("2026-01-13 08:00")
    assert due(nights, Limit(to_end_of_day=True), at("2026-01-10 02:00")) == at("2026-01-10 02:00")


def test_a_time_that_the_hour_leaves_out_is_the_next_open_moment() -> None:
    zone = Calendar({"tz": "Europe/Berlin", "week": {day: [["00:00", "24:00"]] for day in ("sat", "sun")}})
    assert due(zone, Limit(days=1), at("2026-03-28 01:30")) == at("2026-03-29 01:30")  # 02:30 becomes 03:30


class TestPauses:
    def test_over_night_nothing_is_gained(self) -> None:
        night = [Pause(cn("2026-01-05 17:30"), cn("2026-01-06 08:00"), "user")]
        assert due(CHINA, Limit.read("2h"), cn("2026-01-05 17:00"), night) == cn("2026-01-06 09:30")
        assert paused(CHINA, night, cn("2026-01-05 17:00"), cn("2026-01-06 12:00")) == timedelta()

    def test_only_from_the_start_on(self) -> None:
        early = [Pause(cn("2026-01-05 08:00"), cn("2026-01-05 10:30"), "user")]
        assert due(CHINA, Limit.read("1h"), cn("2026-01-05 10:00"), early) == cn("2026-01-05 11:30")
        over = [Pause(cn("2026-01-05 08:00"), cn("2026-01-05 09:00"), "user")]
        assert due(CHINA, Limit.read("1h"), cn("2026-01-05 10:00"), over) == cn("2026-01-05 11:00")

    def test_one_that_begins_when_it_is_due_comes_too_late(self) -> None:
        late = [Pause(cn("2026-01-05 11:00"), cn("2026-01-05 11:30"), "part")]
        assert due(CHINA, Limit.read("1h"), cn("2026-01-05 10:00"), late) == cn("2026-01-05 11:00")
        at_closing = [Pause(cn("2026-01-05 17:30"), cn("2026-01-06 10:00"), "part")]
        assert due(CHINA, Limit.read("30m"), cn("2026-01-05 17:00"), at_closing) == cn("2026-01-05 17:30")

    def test_one_may_bring_the_next_one_in(self) -> None:
        two = [
            Pause(cn(f"2026-01-05 {a}"), cn(f"2026-01-05 {b}"), "part")
            for a, b in (("10:30", "11:00"), ("11:15", "11:30"))
        ]
        assert due(CHINA, Limit.read("1h"), cn("2026-01-05 10:00"), two) == cn("2026-01-05 11:45")

    def test_where_they_overlap_they_count_once(self) -> None:
        two = [
            Pause(cn(f"2026-01-05 {a}"), cn(f"2026-01-05 {b}"), "part")
            for a, b in (("10:30", "11:00"), ("10:00", "10:45"))
        ]
        assert due(CHINA, Limit.read("1h"), cn("2026-01-05 09:30"), two) == cn("2026-01-05 11:30")
        assert elapsed(CHINA, cn("2026-01-05 09:30"), cn("2026-01-05 11:00"), two) == 30 * MINUTE

    def test_a_limit_in_days_moves_by_their_open_time(self) -> None:
        one = [Pause(cn("2026-01-05 17:00"), cn("2026-01-06 09:00"), "part")]
        assert due(CHINA, Limit.read("1wd"), cn("2026-01-05 10:00"), one) == cn("2026-01-06 11:30")

    def test_reversed_they_count_nothing(self) -> None:
        back = [Pause(cn("2026-01-05 11:00"), cn("2026-01-05 10:00"), "part")]
        assert back[0].reversed
        assert due(CHINA, Limit.read("1h"), cn("2026-01-05 10:30"), back) == cn("2026-01-05 11:30")

    def test_while_one_lasts_nothing_is_due(self) -> None:
        lasting = [Pause(cn("2026-01-05 10:30"), None, "part")]
        assert due(CHINA, Limit.read("1h"), cn("2026-01-05 10:00"), lasting) is None
        assert due(CHINA, Limit.read("30m"), cn("2026-01-05 10:00"), lasting) == cn("2026-01-05 10:30")
        assert elapsed(CHINA, cn("2026-01-05 10:00"), cn("2026-01-09 10:00"), lasting) == 30 * MINUTE

    def test_what_no_calendar_opens_again_is_never_due(self) -> None:
        once = Calendar({"tz": "UTC", "special": {"2026-01-05": [["09:00", "10:00"]]}})
        waits = [
            Pause(at("2026-01-05 09:10"), at("2026-01-05 09:20"), "part"),
            Pause(at("2027-01-01 00:00"), None, "part"),
        ]
        assert due(once, Limit.read("1h"), at("2026-01-05 09:00"), waits) is None

    def test_why_they_are_refused(self) -> None:
        one, other = Pause(at("2026-01-05 09:00"), at("2026-01-05 10:00"), "user"), at("2026-01-05 10:00")
        assert faults([one, Pause(other, None, "part")]) == []
        assert faults([Pause(other, None, "part"), Pause(other + HOUR, None, " ")]) == ["no_reason", "overlap"]
        assert faults([one, Pause(other - MINUTE, other + HOUR, "part")]) == ["overlap"]
        assert faults([Pause(other, other - MINUTE, "part")]) == ["reversed"]


class TestReading:
    def test_it_is_kept_when_done_by_then_and_not_a_second_later(self) -> None:
        start, by = cn("2026-01-05 08:00"), cn("2026-01-05 08:10")
        assert read("10m", start, done=by) == LimitState(by, kept=True)
        assert read("10m", start, done=by + timedelta(seconds=1)) == LimitState(by, kept=False)
        assert read("10m", start, at=by) == LimitState(by, kept=None)
        assert read("10m", start, at=by + MINUTE) == LimitState(by, kept=False)

    def test_a_pause_ends_with_the_act_and_one_that_lasts_is_counted_so_far(self) -> None:
        start = cn("2026-01-05 08:00")
        lasting = [Pause(cn("2026-01-05 08:30"), None, "part")]
        assert read("1h", start, at=cn("2026-01-05 09:00"), pauses=lasting).due == cn("2026-01-05 09:30")
        done = read("1h", start, done=cn("2026-01-05 10:00"), pauses=lasting)
        assert done == LimitState(cn("2026-01-05 10:30"), kept=True)
        planned = [Pause(cn("2026-01-05 08:30"), cn("2026-01-05 11:00"), "part")]
        assert read("1h", start, at=cn("2026-01-05 09:00"), pauses=planned).due == cn("2026-01-05 11:30")
        assert read("1h", start, done=cn("2026-01-05 09:00"), pauses=planned).due == cn("2026-01-05 09:30")
        not_yet = [Pause(cn("2026-01-05 10:00"), None, "part")]
        assert read("1h", start, at=cn("2026-01-05 08:30"), pauses=not_yet).due == cn("2026-01-05 09:00")

    def test_what_is_never_due_is_open_until_done(self) -> None:
        never = Calendar({"tz": "UTC"})
        limit, start = Limit.read("1h"), at("2026-01-05 09:00")
        assert reading(never, limit, start, at=start, done=None) == LimitState(None, None)
        assert reading(never, limit, start, at=start, done=start) == LimitState(None, kept=True)

    def test_how_much_is_left_and_how_much_it_is_over(self) -> None:
        by = cn("2026-01-06 08:30")
        assert left(CHINA, by, cn("2026-01-05 17:00")) == HOUR
        waits = [Pause(cn("2026-01-05 17:00"), cn("2026-01-05 17:20"), "part")]
        assert left(CHINA, by, cn("2026-01-05 17:00"), waits) == 40 * MINUTE
        lasting = [Pause(cn("2026-01-05 16:00"), None, "part")]
        assert left(CHINA, by, cn("2026-01-05 17:00"), lasting) == HOUR
        assert left(CHINA, by, cn("2026-01-06 14:10")) == -(3 * HOUR + 40 * MINUTE)


class TestStretches:
    def test_every_interval_says_what_the_clock_did(self) -> None:
        waits = [
            Pause(cn("2026-01-05 11:30"), cn("2026-01-05 14:30"), "part"),
            Pause(cn("2026-01-05 17:00"), None, "user"),
        ]
        assert stretches(CHINA, cn("2026-01-05 07:00"), cn("2026-01-06 08:30"), waits) == [
            Stretch(cn("2026-01-05 07:00"), cn("2026-01-05 08:00"), "closed"),
            Stretch(cn("2026-01-05 08:00"), cn("2026-01-05 11:30"), "ran"),
            Stretch(cn("2026-01-05 11:30"), cn("2026-01-05 12:00"), "paused", "part"),
            Stretch(cn("2026-01-05 12:00"), cn("2026-01-05 14:00"), "closed"),
            Stretch(cn("2026-01-05 14:00"), cn("2026-01-05 14:30"), "paused", "part"),
            Stretch(cn("2026-01-05 14:30"), cn("2026-01-05 17:00"), "ran"),
            Stretch(cn("2026-01-05 17:00"), cn("2026-01-05 17:30"), "paused", "user"),
            Stretch(cn("2026-01-05 17:30"), cn("2026-01-06 08:00"), "closed"),
            Stretch(cn("2026-01-06 08:00"), cn("2026-01-06 08:30"), "paused", "user"),
        ]

    def test_where_pauses_overlap_the_first_one_says_why(self) -> None:
        two = [
            Pause(cn("2026-01-05 08:30"), cn("2026-01-05 09:30"), "b"),
            Pause(cn("2026-01-05 08:00"), cn("2026-01-05 09:00"), "a"),
        ]
        found = stretches(CHINA, cn("2026-01-05 08:00"), cn("2026-01-05 10:00"), two)
        assert [(one.state, one.reason, one.time) for one in found] == [
            ("paused", "a", HOUR),
            ("paused", "b", 30 * MINUTE),
            ("ran", "", 30 * MINUTE),
        ]

    def test_together_they_are_the_whole_time_and_the_clock(self) -> None:
        start, end = cn("2026-01-05 08:07"), cn("2026-01-14 16:11")
        waits = [Pause(cn("2026-01-06 09:00"), cn("2026-01-08 09:00"), "part")]
        found = stretches(CHINA, start, end, waits)
        assert sum((one.time for one in found), timedelta()) == end - start
        ran = sum((one.time for one in found if one.state == "ran"), timedelta())
        assert ran == elapsed(CHINA, start, end, waits)

    def test_backwards_there_is_none(self) -> None:
        assert stretches(CHINA, cn("2026-01-05 09:00"), cn("2026-01-05 08:00")) == []


def read(
    limit: str,
    start: datetime,
    *,
    at: datetime | None = None,
    done: datetime | None = None,
    pauses: Sequence[Pause] = (),
) -> LimitState:
    return reading(CHINA, Limit.read(limit), start, at=at or start, done=done, pauses=pauses)
