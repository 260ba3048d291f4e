"""What the users said: a third of them anything at all, most of them content, some not."""

from datetime import datetime, timedelta

from app.demo import roles
from app.demo.bulk_insert import Row, Rows
from app.demo.case_rows import Cases
from app.demo.hospital_file import telling
from app.demo.people import Colleague, Crew, Roster
from app.demo.seeded_random import Dice
from app.demo.ticket_rows import CONSOLE, RateableWork
from app.models import (
    Event,
    Rating,
    RatingCorrection,
    RatingDetail,
)
from app.models.rating import LOW_LEVELS
from config.touchpoints import touchpoints

_SOURCE = "scan"
_ASKED_SHARE = 0.41  # of those who could rate and are bound
_DECIDED_WITHIN = timedelta(days=4)  # whether a praise is passed on
_STRANGERS = 0.08  # of those who are not bound and rate all the same, unverified


class Voices:
    """Writes the ratings of finished work, in the order they were given."""

    def __init__(
        self, rows: Rows, dice: Dice, roster: Roster, crew: Crew, colleagues: dict[int, list[Colleague]], at: datetime
    ) -> None:
        self._rows = rows
        self._dice = dice
        self._roster = roster
        self._crew = crew
        self._colleagues = colleagues
        self._at = at
        self._cases = Cases(rows, roster.ids[roles.SUPERVISOR], at)

    def speak(self, works: list[RateableWork]) -> None:
        chosen = [(work, moment, who) for work in works for moment, who in self._raters(work)]
        counted: set[int] = set()
        for work, moment, who in sorted(chosen, key=lambda one: one[1]):
            self._rate(work, moment, who, counts=who is not None and work.completion["id"] not in counted)
            if who is not None:
                counted.add(work.completion["id"])

    def _raters(self, work: RateableWork) -> list[tuple[datetime, Colleague | None]]:
        """Who rates this work and when; None is somebody not bound to a staff number."""
        if work.plan.answered is False or work.plan.requester is None:
            return []
        ward = self._colleagues[work.plan.ward.id]
        if work.plan.answered:
            return [(work.completion["finished_at"] + timedelta(minutes=5), work.plan.requester)]
        served = ward if work.plan.whole_ward else [work.plan.requester]
        bound = [colleague for colleague in served if colleague.identity_id is not None]
        raters: list[Colleague | None] = (
            [self._dice.choice(bound)] if bound and self._dice.happens(_ASKED_SHARE) else []
        )
        if self._dice.happens(0.01 if bound else _STRANGERS):
            raters.append(None)
        timed = [(work.completion["finished_at"] + self._delay(), rater) for rater in raters]
        return [(moment, rater) for moment, rater in timed if moment < work.until]

    def _delay(self) -> timedelta:
        if self._dice.happens(0.7):
            return self._dice.minutes(0.5, 3, 60)
        return self._dice.minutes(60, 500, 60 * 24 * 5)

    def _rate(self, work: RateableWork, at: datetime, who: Colleague | None, *, counts: bool) -> None:
        level = self._level(work)
        identity = who.identity_id if who else self._roster.stranger_identity(at)
        person = who.person_id if who else None
        rating = self._rows.add(
            Rating,
            completion_id=work.completion["id"],
            level=level,
            identity_id=identity,
            person_id=person,
            counts=counts,
            source=_SOURCE,
            at=at,
        )
        if counts and level in LOW_LEVELS:
            self._cases.open(work, rating, person, at)
        if self._dice.happens(0.6):
            self._enrich(work, rating, level, at)
        corrected_at = at + self._dice.minutes(2, 30, 1400)
        if who is not None and self._dice.happens(0.025) and corrected_at < work.until:
            self._correct(work, rating, level, person, corrected_at)

    def _level(self, work: RateableWork) -> int:
        spread = {5: 0.64, 4: 0.255, 3: 0.065, 2: 0.027, 1: 0.013}
        slow = min(1.0, work.took / timedelta(hours=4)) + (0.8 if work.ticket["cycle"] > 1 else 0.0)
        drift = slow - self._crew.liked[work.completion["lead_id"]]
        return self._dice.one({level: part * 1.5 ** (drift * (4.5 - level)) for level, part in spread.items()})

    def _enrich(self, work: RateableWork, rating: int, level: int, at: datetime) -> None:
        detail = self._rows.draft(RatingDetail, rating_id=rating, **self._detail(level, at))
        detail["praised_id"] = work.completion["lead_id"] if detail["praise"] == "approved" else None
        if detail["praise"] in {"approved", "refused"}:
            decided_at = at + self._dice.minutes(600, 1500, 4000)
            supervisor = self._roster.ids[roles.SUPERVISOR]
            self._event(work, f"praise_{detail['praise']}", rating, supervisor, decided_at, channel=CONSOLE)

    def _detail(self, level: int, at: datetime) -> Row:
        dice, offered = self._dice, touchpoints()
        reasons = [choice.code for choice in dice.some(offered.reasons_for(level), 3)]
        judged = dice.some(offered.qualities, 5) if dice.happens(0.5) else []
        met = dice.some(offered.touchpoints, 5) if dice.happens(0.4) else []
        comment = dice.choice(telling().comments[level]) if dice.happens(0.4) else ""
        decided = {"approved": 6, "refused": 1} if at < self._at - _DECIDED_WITHIN else {"asked": 1}
        return {
            "reasons": {"codes": reasons},
            "quality": {choice.code: self._near(level) for choice in judged},
            "faces": {choice.code: self._near(level) for choice in met},
            "comment": comment,
            "praise": (praised := dice.one(decided) if level == 5 and comment else ""),
            "signed": bool(praised) and at.second % 3 == 0,
            "public": bool(praised) and at.second % 2 == 0,
            "pressed": level >= 4 and dice.happens(0.01),
            "at": at + dice.minutes(0.2, 0.7, 3),
        }

    def _near(self, level: int) -> int:
        return min(5, max(1, level + self._dice.choice((-1, 0, 0, 0, 1))))

    def _correct(self, work: RateableWork, rating: int, first: int, person: int | None, at: datetime) -> None:
        level = first + 1 if first < 4 else first - 1
        self._rows.draft(RatingCorrection, rating_id=rating, level=level, at=at)
        self._event(work, "corrected", rating, person, at)
        if level in LOW_LEVELS and first not in LOW_LEVELS:
            self._cases.open(work, rating, person, at)

    def _event(
        self, work: RateableWork, kind: str, rating: int, person: int | None, at: datetime, channel: str = _SOURCE
    ) -> None:
        self._rows.draft(
            Event,
            subject_id=rating,
            ticket_id=work.ticket["id"],
            # A praise is decided long after a reopening that followed the rating.
            cycle=work.ticket["cycle"] if kind.startswith("praise") else work.completion["cycle"],
            kind=kind,
            state=None,
            actor_id=person,
            at=at,
            recorded_at=at,
            channel=channel,
            source_key=None,
            data={"rating": rating},
        )
