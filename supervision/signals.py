"""Signals: what in a quarter's ratings asks for a second look. A signal says what it saw; people decide.

Each is a function of the quarter's records and of its thresholds, which `config/integrity.toml` has. Most ask the same
question: how often would chance alone do this, where everybody rated whatever they met? From `one_in` on, once in so
many times, somebody should look. No signal takes a rating away, hides one or changes a figure.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp, lgamma, log, log1p
from operator import attrgetter
from typing import NamedTuple, TypeVar

BEST = 5
HOUR = 3_600
DAY = 24 * HOUR
Row = TypeVar("Row")
Key = TypeVar("Key")


class Job(NamedTuple):
    """A completed cycle. Moments are whole seconds."""

    id: int
    ticket: int
    lead: int
    department: int
    at: int
    shift: int
    """Which third of the day it was finished in, so that a night nurse is held against nights."""
    on_site: bool = True
    shown: bool = False
    """The code was held out."""
    walk_up: bool = False
    """Opened by whoever did the work, for somebody who came to them."""
    unhappy: bool = False
    """It was urged, complained of, still broken, or rated low."""


class Answer(NamedTuple):
    """A rating that counts; `level` is the one that stands."""

    id: int
    job: int
    rater: int
    person: int
    level: int
    at: int
    first: int = 0
    """The level before it was corrected, where it was."""
    contacted: bool = False
    """Somebody of the provider was at the ticket between the first answer and the second, or the rater was pressed."""
    words: str = ""
    line: tuple[int, ...] = ()
    """What was ticked beside the level."""


class Dropped(NamedTuple):
    """A ticket cancelled, or joined to another, that an engineer had."""

    ticket: int
    lead: int
    unhappy: bool = False


Moment = TypeVar("Moment", Job, Answer)


@dataclass(frozen=True)
class Finding:
    """What a signal saw: about an engineer, or about a phone (`rater`) and the engineer it rated."""

    signal: str
    lead: int | None
    rater: int | None
    found: int
    among: int
    usual: int
    """How many of them it would be usually, rounded; of a plain limit the limit."""
    answers: tuple[int, ...] = ()
    tickets: tuple[int, ...] = ()


@dataclass(frozen=True)
class Records:
    """A quarter's, in any order."""

    jobs: Sequence[Job]
    answers: Sequence[Answer]
    dropped: Sequence[Dropped] = ()

    @cached_property
    def job(self) -> Mapping[int, Job]:
        return {job.id: job for job in self.jobs}

    @cached_property
    def by_lead(self) -> Mapping[int, list[Job]]:
        return _grouped(self.jobs, lambda job: job.lead)

    @cached_property
    def answers_by_lead(self) -> Mapping[int, list[Answer]]:
        return _grouped(sorted(self.answers, key=lambda one: (one.at, one.id)), lambda one: self.job[one.job].lead)

    @cached_property
    def answers_by_rater(self) -> Mapping[int, list[Answer]]:
        return _grouped(sorted(self.answers, key=lambda one: (one.at, one.id)), lambda one: one.rater)

    @cached_property
    def met(self) -> Mapping[tuple[int, int], Counter[int]]:
        """Whom a department met, in which third of the day: how many jobs of each engineer."""
        found: defaultdict[tuple[int, int], Counter[int]] = defaultdict(Counter)
        for job in self.jobs:
            found[job.department, job.shift][job.lead] += 1
        return found


def within_seconds(records: Records, *, seconds: int, least: int) -> Iterator[Finding]:
    """One phone has rated one engineer several times sooner after the finish than a code is scanned and tapped."""
    for (rater, lead), answers in _pairs(records):
        quick = [one for one in answers if one.at - records.job[one.job].at < seconds]
        if len(quick) >= least:
            yield _about("within_seconds", lead, rater, quick, among=len(answers), usual=0)


def one_rater(records: Records, *, least: int, fives: int, one_in: int) -> Iterator[Finding]:
    """One phone rates one engineer far oftener than its department meets them at that time of the day.

    `fives` per cent of these at least are the best level.
    """
    for (rater, lead), answers in _pairs(records):
        if len(answers) < least or _best(answers) * 100 < fives * len(answers):
            continue
        every = records.answers_by_rater[rater]
        shares = [_share(records.met[_place(records, one)], lead) for one in every]
        mean = sum(shares) / len(shares)
        if at_least(len(answers), len(every), mean) * one_in <= 1:
            yield _about("one_rater", lead, rater, answers, among=len(every), usual=round(mean * len(every)))


def one_phone(records: Records, *, people: int, departments: int) -> Iterator[Finding]:
    """One WeChat account has rated as so many people, or for so many departments.

    Nothing is kept of networks: a hospital shares few addresses.
    """
    for rater, answers in records.answers_by_rater.items():
        persons = {one.person for one in answers}
        places = {records.job[one.job].department for one in answers}
        lead = Counter(records.job[one.job].lead for one in answers).most_common(1)[0][0]
        if len(persons) >= people:
            yield _about("one_phone", lead, rater, answers, among=len(persons), usual=people)
        elif len(places) >= departments:
            yield _about("one_phone", lead, rater, answers, among=len(places), usual=departments)


def bursts(records: Records, *, minutes: int, least: int, people: int, one_in: int) -> Iterator[Finding]:
    """The best level many times within minutes, by several people, about one engineer, when others got fewer.

    Held against whose work of the two days before could have been rated then, so that a reminder to everybody is no
    burst. Only answers an hour and more after the finish: a code that is held out is rated at once.
    """
    late = sorted((one for one in records.answers if _late(records, one)), key=lambda one: (one.at, one.id))
    jobs = sorted(records.jobs, key=lambda job: job.at)
    for lead, answers in _grouped(late, lambda one: records.job[one.job].lead).items():
        best = [one for one in answers if one.level == BEST]
        found: dict[int, Answer] = {}
        for first, window in _windows(best, minutes * 60):
            if len(window) < least or len({one.rater for one in window}) < people:
                continue
            every = [one for one in _between(late, first, first + minutes * 60) if one.level == BEST]
            waiting = Counter(job.lead for job in _between(jobs, first - 2 * DAY, first + minutes * 60))
            if at_least(len(window), len(every), _share(waiting, lead)) * one_in <= 1:
                found |= {one.id: one for one in window}
        if found:
            yield _about("bursts", lead, None, list(found.values()), among=len(answers), usual=0)


def same_words(records: Records, *, letters: int, alike: int, least: int, one_in: int) -> Iterator[Finding]:
    """The same words again and again about one engineer, and hardly about others.

    Of `letters` and more, without marks and figures; alike where they share `alike` per cent of their pairs of letters.
    """
    worded = [(one, plain) for one in records.answers if len(plain := plain_words(one.words)) >= letters]
    grams = {plain: _grams(plain) for _, plain in worded}
    totals = Counter(plain for _, plain in worded)
    near = {plain: [other for other in grams if _alike(grams[plain], grams[other], alike)] for plain in grams}
    for lead, own in _grouped(worded, lambda pair: records.job[pair[0].job].lead).items():
        written = Counter(plain for _, plain in own)
        best = max(written, key=lambda plain: (sum(written[other] for other in near[plain]), plain))
        many, every = (sum(counts[other] for other in near[best]) for counts in (written, totals))
        share = len(own) / len(worded)
        if many >= least and at_least(many, every, share) * one_in <= 1:
            copies = [one for one, plain in own if plain in near[best]]
            yield _about("same_words", lead, None, copies, among=every, usual=round(share * every))


def straight_lines(records: Records, *, least: int, share: int) -> Iterator[Finding]:
    """One phone ticks everything alike every time it ticks anything, and `share` per cent of that for one engineer."""
    for (rater, lead), answers in _pairs(records):
        ticked = [one for one in records.answers_by_rater[rater] if len(one.line) > 1]
        own = [one for one in answers if len(one.line) > 1]
        straight = all(len({*one.line, ticked[0].line[0]}) == 1 for one in ticked)
        if len(own) >= least and straight and len(own) * 100 >= share * len(ticked):
            yield _about("straight_lines", lead, rater, own, among=len(ticked), usual=0)


def shown_to_few(records: Records, *, least: int, part: int, one_in: int) -> Iterator[Finding]:
    """An engineer holds the code out far less often than the others: under `part` per cent of their share."""
    went = {lead: [job for job in jobs if job.on_site] for lead, jobs in records.by_lead.items()}
    held = {lead: sum(job.shown for job in jobs) for lead, jobs in went.items()}
    for lead, jobs in went.items():
        others = sum(map(len, went.values())) - len(jobs)
        usual = (sum(held.values()) - held[lead]) / others if others else 0.0
        if len(jobs) < least or held[lead] * 100 >= part * usual * len(jobs):
            continue
        if at_least(len(jobs) - held[lead], len(jobs), 1 - usual) * one_in <= 1:
            tickets = tuple(job.ticket for job in jobs if not job.shown)
            usually = round(usual * len(jobs))
            yield Finding("shown_to_few", lead, None, held[lead], len(jobs), usually, tickets=tickets)


def risen_after_contact(records: Records, *, least: int, one_in: int) -> Iterator[Finding]:
    """Levels about one engineer were corrected upwards after somebody had been there, oftener than others' were."""
    risen = {lead: [one for one in answers if _risen(one)] for lead, answers in records.answers_by_lead.items()}
    every, total = sum(map(len, risen.values())), len(records.answers)
    for lead, raised in risen.items():
        rated = len(records.answers_by_lead[lead])
        usual = max(1, every - len(raised)) / max(1, total - rated)
        if len(raised) >= least and at_least(len(raised), rated, min(1.0, usual)) * one_in <= 1:
            yield _about("risen_after_contact", lead, None, raised, among=rated, usual=round(usual * rated))


def walk_ups(records: Records, *, least: int, one_in: int) -> Iterator[Finding]:
    """Tickets an engineer opened for whoever came are rated with the best level far oftener than all others' work."""
    best = {one.job: one for one in records.answers if one.level == BEST}
    for lead, jobs in records.by_lead.items():
        own = [job for job in jobs if job.walk_up]
        rest = [job for job in records.jobs if job.lead != lead]
        usual = sum(job.id in best for job in rest) / len(rest) if rest else 0.0
        rated = [best[job.id] for job in own if job.id in best]
        if len(rated) >= least and at_least(len(rated), len(own), usual) * one_in <= 1:
            yield _about("walk_ups", lead, None, rated, among=len(own), usual=round(usual * len(own)))


def dropped_unhappy(records: Records, *, least: int, one_in: int) -> Iterator[Finding]:
    """Where somebody was unhappy an engineer's tickets end cancelled or joined to others oftener than others'."""
    gone = _grouped((one for one in records.dropped if one.unhappy), lambda one: one.lead)
    unhappy = Counter(job.lead for job in records.jobs if job.unhappy)
    for lead, tickets in gone.items():
        others_gone = sum(map(len, gone.values())) - len(tickets)
        others = unhappy.total() - unhappy[lead] + others_gone
        among = len(
            {one.ticket for one in tickets} | {job.ticket for job in records.by_lead.get(lead, ()) if job.unhappy}
        )
        usual = max(1, others_gone) / max(1, others)
        if len(tickets) >= least and at_least(len(tickets), among, min(1.0, usual)) * one_in <= 1:
            named = tuple(one.ticket for one in tickets)
            yield Finding("dropped_unhappy", lead, None, len(tickets), among, round(usual * among), tickets=named)


SIGNALS: Mapping[str, Callable[..., Iterator[Finding]]] = {
    one.__name__: one
    for one in (
        within_seconds,
        one_rater,
        one_phone,
        bursts,
        same_words,
        straight_lines,
        shown_to_few,
        risen_after_contact,
        walk_ups,
        dropped_unhappy,
    )
}


def findings(records: Records, thresholds: Mapping[str, Mapping[str, int]]) -> list[Finding]:
    """Of every signal that has thresholds, in the order of the list above."""
    return [
        found for name, signal in SIGNALS.items() if name in thresholds for found in signal(records, **thresholds[name])
    ]


def at_least(k: int, n: int, p: float) -> float:
    """How often chance alone brings k or more of n, where each comes with p."""
    if k <= 0 or p >= 1:
        return 1.0
    if p <= 0:
        return 0.0
    whole = lgamma(n + 1)
    return min(
        1.0,
        sum(exp(whole - lgamma(i + 1) - lgamma(n - i + 1) + i * log(p) + (n - i) * log1p(-p)) for i in range(k, n + 1)),
    )


def plain_words(words: str) -> str:
    """Letters alone: marks, figures and pictures are changed easily."""
    return re.sub(r"[\W\d_]+", "", unicodedata.normalize("NFKC", words)).casefold()


def _pairs(records: Records) -> Iterator[tuple[tuple[int, int], list[Answer]]]:
    """The answers of each phone about each engineer."""
    for rater, answers in records.answers_by_rater.items():
        for lead, own in _grouped(answers, lambda one: records.job[one.job].lead).items():
            yield (rater, lead), own


def _about(signal: str, lead: int, rater: int | None, answers: Sequence[Answer], *, among: int, usual: int) -> Finding:
    return Finding(signal, lead, rater, len(answers), among, usual, tuple(sorted(one.id for one in answers)))


def _place(records: Records, one: Answer) -> tuple[int, int]:
    job = records.job[one.job]
    return job.department, job.shift


def _share(counts: Counter[int], lead: int) -> float:
    return counts[lead] / counts.total() if counts else 0.0


def _best(answers: Iterable[Answer]) -> int:
    return sum(one.level == BEST for one in answers)


def _late(records: Records, one: Answer) -> bool:
    return one.at - records.job[one.job].at >= HOUR


def _risen(one: Answer) -> bool:
    return one.contacted and 0 < one.first < one.level


def _windows(answers: Sequence[Answer], seconds: int) -> Iterator[tuple[int, list[Answer]]]:
    """Those that follow each within so many seconds; `answers` in order."""
    end = 0
    for begin, one in enumerate(answers):
        while end < len(answers) and answers[end].at <= one.at + seconds:
            end += 1
        yield one.at, list(answers[begin:end])


def _between(rows: Sequence[Moment], first: int, last: int) -> Sequence[Moment]:
    """Of rows in order those from one moment to another, both included."""
    at = attrgetter("at")
    return rows[bisect_left(rows, first, key=at) : bisect_right(rows, last, key=at)]


def _grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, list[Row]]:
    found: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _grams(plain: str) -> frozenset[str]:
    return frozenset(plain[i : i + 2] for i in range(len(plain) - 1))


def _alike(one: frozenset[str], other: frozenset[str], per_cent: int) -> bool:
    return len(one & other) * 100 >= per_cent * len(one | other)
