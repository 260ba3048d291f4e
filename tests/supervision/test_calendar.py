"""Each edge that the calendar decides, by one example worked by hand."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from supervision.calendar import Calendar, Malformed, moment, ticks
from supervision.clock import Limit, back, due, elapsed

HOUR = timedelta(hours=1)
NIGHT = [["22:00", "32:00"]]
EVERY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def calendar(tz: str = "UTC", **fields: Any) -> Calendar:
    return Calendar({"tz": tz, **fields})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(found: Calendar, start: str, end: str) -> float:
    return elapsed(found, at(start), at(end)) / HOUR


def test_an_interval_is_half_open() -> None:
    found = calendar(week={"mon": [["09:00", "17:00"]]})
    assert [found.opens(ticks(at(f"2026-01-05 {time}"))) for time in ("08:59", "09:00", "16:59", "17:00")] == [
        False,
        True,
        True,
        False,
    ]


def test_a_night_shift_belongs_to_the_day_of_its_beginning() -> None:
    found = calendar(week=dict.fromkeys(EVERY, NIGHT), closed=["2026-01-07"])
    assert hours(found, "2026-01-06 22:00", "2026-01-07 12:00") == 10  # runs on into the closed day
    assert hours(found, "2026-01-07 12:00", "2026-01-08 12:00") == 0  # none begins on it
    assert hours(found, "2026-01-08 00:00", "2026-01-09 00:00") == 2


def test_a_shift_may_run_over_two_midnights() -> None:
    found = calendar(week={"fri": [["18:00", "56:00"]]})
    assert hours(found, "2026-01-09 00:00", "2026-01-12 00:00") == 38
    assert found.opens(ticks(at("2026-01-11 07:59")))


def test_intervals_that_overlap_or_touch_count_once() -> None:
    found = calendar(week={"mon": [["08:00", "12:00"], ["10:00", "13:00"], ["13:00", "14:00"], ["08:00", "12:00"]]})
    assert hours(found, "2026-01-05 00:00", "2026-01-06 00:00") == 6
    assert due(found, Limit(time=5 * HOUR), at("2026-01-05 08:00")) == at("2026-01-05 13:00")


def test_seconds_may_be_given() -> None:
    found = calendar(week={"mon": [["08:00:30", "08:01"]]})
    assert elapsed(found, at("2026-01-05 00:00"), at("2026-01-06 00:00")) == timedelta(seconds=30)


def test_a_reversed_interval_counts_nothing_and_is_dirt() -> None:
    found = calendar(
        week={"mon": [["17:00", "09:00"], ["10:00", "11:00"], ["12:00", "12:00"]]},
        special={"2026-01-06": [["10:00", "09:30"]]},
    )
    assert hours(found, "2026-01-05 00:00", "2026-01-07 00:00") == 1
    assert found.dirt == ["mon: 17:00 to 09:00", "special 2026-01-06: 10:00 to 09:30"]


def test_a_special_day_replaces_the_week_and_a_closed_one_wins() -> None:
    found = calendar(
        week={"mon": [["09:00", "17:00"]], "tue": [["09:00", "17:00"]]},
        special={
            "2026-01-04": [["10:00", "12:00"]],
            "2026-01-05": [["10:00", "11:00"]],
            "2026-01-06": [["10:00", "11:00"]],
            "2026-01-12": [],
            "2026-02-03": [["10:00", "11:00"]],
        },
        closed=["2026-01-06"],
        closed_yearly=["02-03"],
    )
    assert hours(found, "2026-01-04 00:00", "2026-01-05 00:00") == 2
    assert hours(found, "2026-01-05 00:00", "2026-01-06 00:00") == 1
    assert hours(found, "2026-01-06 00:00", "2026-01-07 00:00") == 0
    assert hours(found, "2026-01-12 00:00", "2026-01-13 00:00") == 0
    assert hours(found, "2026-02-03 00:00", "2026-02-04 00:00") == 0


def test_a_break_is_taken_out_by_the_wall_clock() -> None:
    found = calendar(
        week={"mon": NIGHT, "tue": [["08:00", "18:00"]]},
        breaks={"2026-01-06": [["01:00", "02:00"], ["12:00", "13:00"]], "2026-01-05": [["23:00", "24:30"]]},
    )
    assert hours(found, "2026-01-05 00:00", "2026-01-06 08:00") == 10 - 1.5 - 1
    assert hours(found, "2026-01-06 08:00", "2026-01-07 00:00") == 9


@pytest.mark.parametrize(
    ("tz", "day", "times", "counted"),
    [
        ("Europe/Berlin", "2026-03-29", ["02:00", "03:00"], 0),  # the hour that is left out
        ("Europe/Berlin", "2026-03-29", ["00:00", "24:00"], 23),
        ("Europe/Berlin", "2026-10-25", ["02:00", "03:00"], 2),  # the hour that comes twice
        ("Europe/Berlin", "2026-10-25", ["01:00", "02:30"], 2),  # 02:00 to 02:30 comes twice
        ("Europe/Berlin", "2026-10-25", ["00:00", "24:00"], 25),
        ("Australia/Lord_Howe", "2026-04-05", ["00:00", "24:00"], 24.5),
        ("America/Sao_Paulo", "2018-11-04", ["00:00", "24:00"], 23),  # midnight itself is left out
        ("Asia/Shanghai", "1988-04-17", ["00:00", "24:00"], 23),
    ],
)
def test_open_is_what_the_wall_shows_as_open(tz: str, day: str, times: list[str], counted: float) -> None:
    found = calendar(tz, special={day: [times]})
    start = at(day)
    assert elapsed(found, start - 24 * HOUR, start + 48 * HOUR) / HOUR == counted


def test_what_comes_twice_is_open_twice_apart() -> None:
    found = calendar("Europe/Berlin", special={"2026-10-25": [["01:00", "02:30"]]})
    spans = found.spans(ticks(at("2026-10-24 00:00")), ticks(at("2026-10-26 00:00")))
    assert [(moment(begin), moment(end)) for begin, end in spans] == [
        (at("2026-10-24 23:00"), at("2026-10-25 00:30")),
        (at("2026-10-25 01:00"), at("2026-10-25 01:30")),
    ]


def test_a_29_february_is_waited_for_but_not_for_ever() -> None:
    every_day_but_one = [f"{date(2000, 1, 1) + timedelta(days=day):%m-%d}" for day in range(366) if day != 59]
    rare = calendar(week={day: [["09:00", "10:00"]] for day in EVERY}, closed_yearly=every_day_but_one)
    assert due(rare, Limit(time=timedelta(minutes=1)), at("1896-03-01 00:00")) == at("1904-02-29 09:01")
    assert back(rare, 2 * HOUR, at("1904-03-01 00:00")) == at("1896-02-29 09:00")
    never = calendar(week={})
    assert due(never, Limit(time=HOUR), at("2026-01-01 00:00")) is None
    assert due(never, Limit(days=1), at("2026-01-01 00:00")) is None
    assert back(never, HOUR, at("2026-01-01 00:00")) is None
    assert hours(never, "2026-01-01 00:00", "2027-01-01 00:00") == 0


def test_what_is_open_once_has_an_end() -> None:
    once = calendar(special={"2030-05-06": [["09:00", "10:00"]]})
    assert due(once, Limit(time=HOUR), at("2026-01-01 00:00")) == at("2030-05-06 10:00")
    assert due(once, Limit(time=2 * HOUR), at("2026-01-01 00:00")) is None
    assert due(once, Limit(days=1), at("2030-05-06 09:30")) is None
    assert back(once, HOUR, at("2040-01-01 00:00")) == at("2030-05-06 09:00")
    assert back(once, 2 * HOUR, at("2040-01-01 00:00")) is None
    assert back(once, timedelta(), at("2030-05-05 00:00")) is None


def test_the_ends_of_time_are_closed() -> None:
    every_day = {day: [["00:00", "24:00"]] for day in EVERY}
    assert due(calendar(week=every_day), Limit(time=48 * HOUR), at("9997-12-31 23:30")) is None
    assert back(calendar(week=every_day), 48 * HOUR, at("0002-01-01 00:30")) is None


def test_what_lies_just_before_what_is_laid_out_is_found() -> None:
    always = calendar(week={day: [["00:00", "24:00"]] for day in EVERY})
    assert back(always, 41 * 24 * HOUR, at("2026-03-01 12:00")) == at("2026-01-19 12:00")


def test_years_of_open_time_are_found() -> None:
    office = calendar(week={"mon": [["09:00", "10:00"]]})
    assert due(office, Limit(time=520 * HOUR), at("2026-01-05 09:00")) == at("2035-12-17 10:00")
    assert back(office, 520 * HOUR, at("2035-12-17 10:00")) == at("2026-01-05 09:00")


def test_the_order_of_questions_changes_nothing() -> None:
    late, early = (calendar(week={"mon": [["09:00", "17:00"]]}) for _ in range(2))
    assert hours(late, "2030-01-07 00:00", "2030-01-08 00:00") == 8
    assert hours(late, "2020-01-06 00:00", "2030-01-08 00:00") == hours(early, "2020-01-06 00:00", "2030-01-08 00:00")


def test_threads_share_a_calendar() -> None:
    shared = calendar(week={"mon": [["09:00", "17:00"]]})
    years = [at(f"{year}-01-01 00:00") for year in range(2000, 2040)] * 3
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda start: elapsed(shared, start, start + timedelta(weeks=1)), years))
    assert found == [8 * HOUR] * len(years)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"tz": "Asia/Peking"}, "Asia/Peking is no time zone"),
        ({"tz": None}, "None is no time zone"),
        ({"tz": "../etc/passwd"}, "is no time zone"),
        ({"tz": "UTC", "holidays": []}, "holidays is not known"),
        ({"tz": "UTC", "week": {"monday": []}}, "monday is no day of the week"),
        ({"tz": "UTC", "week": {"mon": [["09:00"]]}}, "is no interval"),
        ({"tz": "UTC", "week": {"mon": ["09:00"]}}, "is no interval"),
        ({"tz": "UTC", "week": {"mon": [["09:00", "17:60"]]}}, "17:60 is no time"),
        ({"tz": "UTC", "week": {"mon": [["9", "17:00"]]}}, "9 is no time"),
        ({"tz": "UTC", "closed": ["2026-02-30"]}, "2026-02-30 is no date"),
        ({"tz": "UTC", "closed": [20260101]}, "is no date"),
        ({"tz": "UTC", "special": {"tomorrow": []}}, "tomorrow is no date"),
        ({"tz": "UTC", "closed_yearly": ["13-01"]}, "is no date"),
    ],
)
def test_a_calendar_that_cannot_be_read_says_what_stands_there(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(Malformed, match=said):
        Calendar(fields)
