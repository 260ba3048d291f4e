"""Each signal on a handful of rows, just below its threshold and at it; and on small simulated hospitals."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.integrity import measure
from benchmarks.integrity_hospital import FIRST, SECOND, Habits
from config.files import BadFile
from config.integrity import read_signals, signals, thresholds
from supervision import signals as tried
from supervision.signals import BEST, DAY, HOUR, Answer, Dropped, Finding, Job, Records

ONE, OTHER = 1, 2
OFTEN = 100
Rows = tuple[list[Job], list[Answer]]


def jobs(many: int, lead: int, *, first: int = 0, **how: Any) -> list[Job]:
    """One an hour, in one ward; of two engineers at the same hours."""
    begins = 10_000 * lead + first
    return [Job(begins + n, begins + n, lead, 7, (first + n) * HOUR, 1)._replace(**how) for n in range(many)]


def rated(done: Sequence[Job], *, rater: int = 50, level: int = BEST, after: int = 300, **how: Any) -> list[Answer]:
    return [Answer(job.id, job.id, rater, rater, level, job.at + after)._replace(**how) for job in done]


def found(name: str, records: Records) -> list[Finding]:
    return list(tried.SIGNALS[name](records, **thresholds()[name]))


def by_many(done: Sequence[Job], **how: Any) -> list[Answer]:
    """Everybody rates once."""
    return [one._replace(rater=one.id, person=one.id) for one in rated(done, **how)]


def quick(enough: bool) -> Records:
    done = jobs(6, ONE)
    return Records(done, rated(done[: 3 if enough else 2], after=7) + rated(done[3:], after=8))


def only_one_engineer(enough: bool) -> Records:
    done = jobs(OFTEN // 4, ONE), jobs(OFTEN, OTHER)
    return Records([*done[0], *done[1]], rated(done[0][: 5 if enough else 4]) + by_many(done[1]))


def many_people(enough: bool) -> Records:
    done = jobs(5, ONE)
    people = iter((1, 2, 3 if enough else 2, 1, 2))
    return Records(done, [one._replace(person=next(people)) for one in rated(done)])


def within_minutes(enough: bool) -> Records:
    done, others = jobs(4, ONE), jobs(OFTEN, OTHER)
    at = 47 * HOUR
    answers = [one._replace(at=at + n * 60) for n, one in enumerate(by_many(done[: 4 if enough else 3]))]
    return Records([*done, *others], answers + by_many(others, after=90 * HOUR))


def copied(enough: bool) -> Records:
    done, others = jobs(10, ONE), jobs(OFTEN, OTHER)
    text = "这位师傅技术过硬服务热情"
    words = iter([text, f"{text}！", f"{text} 👍", f"{text}2" if enough else "很快就修好了谢谢您"])
    own = [one._replace(words=next(words)) for one in by_many(done[:4])]
    return Records([*done, *others], own + by_many(others, words="非常及时解决了问题"))


def ticked_alike(enough: bool) -> Records:
    done = jobs(7, ONE)
    return Records(done, rated(done[: 6 if enough else 5], line=(5, 5, 5)))


def hardly_shown(enough: bool) -> Records:
    done, others = jobs(40, ONE), jobs(OFTEN, OTHER, shown=True)
    held = 20 if enough else 30
    return Records([*(job._replace(shown=n < held) for n, job in enumerate(done)), *others], [])


def raised(enough: bool) -> Records:
    done, others = jobs(10, ONE), jobs(OFTEN, OTHER)
    own = rated(done[: 3 if enough else 2], first=2, contacted=True)
    return Records([*done, *others], own + rated(others))


def made_up(enough: bool) -> Records:
    done, others = jobs(8 if enough else 7, ONE, walk_up=True), jobs(OFTEN, OTHER)
    return Records([*done, *others], by_many(done) + by_many(others[:20]))


def dropped(enough: bool) -> Records:
    done, others = jobs(2, ONE, unhappy=True), jobs(OFTEN, OTHER, unhappy=True)
    gone = [Dropped(n, ONE, unhappy=True) for n in range(3 if enough else 2)]
    return Records([*done, *others], [], gone)


CASES: dict[str, Callable[[bool], Records]] = {
    "within_seconds": quick,
    "one_rater": only_one_engineer,
    "one_phone": many_people,
    "bursts": within_minutes,
    "same_words": copied,
    "straight_lines": ticked_alike,
    "shown_to_few": hardly_shown,
    "risen_after_contact": raised,
    "walk_ups": made_up,
    "dropped_unhappy": dropped,
}


@pytest.mark.parametrize("name", CASES)
def test_a_signal_sees_what_reaches_its_threshold_and_nothing_below(name: str) -> None:
    assert found(name, CASES[name](False)) == []
    (seen,) = found(name, CASES[name](True))
    assert (seen.signal, seen.lead) == (name, ONE)
    assert seen.answers or seen.tickets


def test_every_signal_has_a_case_here_and_thresholds_in_the_file() -> None:
    assert CASES.keys() == tried.SIGNALS.keys() == signals().keys()


@pytest.mark.parametrize("name", CASES)
def test_the_order_of_the_rows_changes_nothing(name: str) -> None:
    records = CASES[name](True)
    turned = Records(records.jobs[::-1], records.answers[::-1], records.dropped[::-1])
    told = [replace(one, tickets=tuple(sorted(one.tickets))) for one in found(name, turned)]
    assert told == [replace(one, tickets=tuple(sorted(one.tickets))) for one in found(name, records)]


def test_a_night_nurse_who_meets_one_engineer_is_no_friend() -> None:
    nights = jobs(20, ONE, shift=0)
    days = jobs(OFTEN, OTHER)
    assert found("one_rater", Records([*nights, *days], rated(nights[:12]))) == []


def test_one_account_that_rates_for_many_departments_is_seen() -> None:
    most = thresholds()["one_phone"]["departments"]
    done = [one._replace(department=place) for place, one in enumerate(jobs(most, ONE))]
    [one] = found("one_phone", Records(done, [answer._replace(person=50) for answer in rated(done)]))
    assert (one.among, one.usual) == (most, most)
    assert found("one_phone", Records(done, rated(done[1:]))) == []


def test_a_reminder_to_everybody_is_no_burst() -> None:
    done, others = jobs(6, ONE), jobs(6, OTHER)
    answers = [one._replace(at=DAY + n * 60) for n, one in enumerate(by_many([*done, *others]))]
    assert found("bursts", Records([*done, *others], answers)) == []


def test_nothing_is_seen_where_nothing_happened() -> None:
    assert tried.findings(Records([], []), thresholds()) == []


def test_chance_is_exact_at_its_ends_and_close_between() -> None:
    assert (tried.at_least(0, 5, 0.1), tried.at_least(3, 5, 0.0), tried.at_least(5, 5, 1.0)) == (1.0, 0.0, 1.0)
    assert tried.at_least(2, 3, 0.5) == pytest.approx(0.5)
    assert tried.at_least(4, 4, 0.25) == pytest.approx(0.25**4)


MISTAKES = (
    ("seconds = 8", "seconds = 0", "seconds"),
    ("seconds = 8", "second = 8", "second is not known"),
    ("{seconds} 秒", "{minutes} 秒", r"\[within_seconds\] rule_zh"),
)


@pytest.mark.parametrize(("right", "wrong", "named"), MISTAKES)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, right: str, wrong: str, named: str) -> None:
    text = (Path("config") / "integrity.toml").read_text(encoding="utf-8")
    assert right in text
    (tmp_path / "integrity.toml").write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(BadFile, match=named):
        read_signals(tmp_path / "integrity.toml")


@pytest.mark.parametrize("habits", [FIRST, SECOND], ids=lambda habits: habits.name)
def test_a_simulated_quarter_is_seen_through_and_honest_people_are_left_alone(habits: Habits) -> None:
    outcome = measure(habits, range(2))
    assert outcome.holds, outcome
