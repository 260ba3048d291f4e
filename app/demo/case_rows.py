"""What became of the low scores: called back, answered, made up for; those of the last days are still open."""

from datetime import datetime, timedelta
from typing import Any

from app.demo.bulk_insert import Row, Rows
from app.demo.seeded_random import Dice
from app.demo.ticket_rows import RateableWork
from app.models import CaseNote, CaseRating, Event, ServiceCase
from app.services.cases import limits, opening
from app.services.service_levels import calendars

_SEED = 12
_OLD = timedelta(days=6)  # closed by now
_UNTOUCHED = timedelta(hours=20)
_CALL_NOTES = ("已了解情况，是备件没有及时到。", "已请班组长核实，确实去晚了。", "查过记录，是第一次没有查到原因。")
_MADE_UP = ("换了一台新的，并当面说明了原因。", "工程师重新检查了一遍，护士长看过。", "补装了驱动，约定下周回看。")


class Cases:
    """Writes the case of a low score, and what was done about it until now."""

    def __init__(self, rows: Rows, supervisor: int, at: datetime) -> None:
        self._rows = rows
        self._dice = Dice(_SEED)
        self._supervisor = supervisor
        self._at = at
        self._hours = calendars.of_file(limits.zone(at))

    def open(self, work: RateableWork, rating: int, person: int | None, at: datetime) -> None:
        about = {"ticket_id": work.ticket["id"], "cycle": work.completion["cycle"]}
        dues = limits.dues(at.astimezone(self._at.tzinfo), self._hours, reachable=person is not None)
        later = dict.fromkeys(("owner_id", "called_at", "answered_at", "told_at", "closed_at", "warned_of"))
        row = self._rows.draft(
            ServiceCase,
            reason="low_score",
            about="ticket",
            rating_id=rating,
            person_id=person,
            hidden=False,
            pressed=False,
            source="scan",
            opened_at=at,
            **{**about, **dues, **later, **opening.RECEIVED},
        )
        self._event(row, "case_opened", at, by=person, reason="low_score")
        if self._at - at > _UNTOUCHED:
            self._follow_up(row, at)

    def _follow_up(self, case: Row, at: datetime) -> None:
        dice = self._dice
        called, answered = at + dice.minutes(20, 90, 600), at + dice.minutes(620, 900, 1100)
        self._act(case, "case_called", called, note="call", text="电话里听了经过。", outcome="reached", call=1)
        case |= {"calls": 1, "called_at": called, "stage": "investigating"}
        self._act(case, "case_answered", answered, note="answer", text=dice.choice(_CALL_NOTES))
        case |= {"answered_at": answered, "told_at": answered, "stage": "answered"}
        if self._at - at > _OLD:
            self._close(case, answered)
        else:
            case["next_due_at"] = case["close_due_at"]

    def _close(self, case: Row, at: datetime) -> None:
        """Three of four have something made up for, and say how content they are then."""
        dice = self._dice
        end = at + dice.minutes(1500, 3000, 4500)
        if dice.happens(0.75):
            agreed, done, rated = (
                at + dice.minutes(*span) for span in ((10, 30, 60), (70, 300, 900), (910, 1100, 1400))
            )
            self._act(case, "recovery_agreed", agreed, note="agreement", text="约好明天再去一次。")
            self._act(case, "case_recovered", done, note="recovery", text=dice.choice(_MADE_UP), recovery=1)
            level = dice.one({5: 4, 4: 5, 3: 2, 2: 1})
            self._rows.draft(CaseRating, case_id=case["id"], recovery=1, level=level, at=rated)
            self._act(case, "case_rerated", rated, by=case["person_id"], recovery=1)
            case |= {"recoveries": 1, "told_at": done}
        self._act(case, "case_closed", end, by=case["person_id"], end="user")
        case |= {"stage": "closed", "closed_at": end, "closed_by": "user", "next_due_at": None}

    def _act(self, case: Row, kind: str, at: datetime, *, note: str = "", text: str = "", **more: Any) -> None:
        by = more.pop("by", self._supervisor)
        case["owner_id"], case["acts"] = self._supervisor, case["acts"] + 1
        event = self._event(case, kind, at, by=by, **more)
        if note:
            entry = {"kind": note, "text": text, "by_id": by, "at": at}
            self._rows.draft(CaseNote, case_id=case["id"], event_id=event, **entry)

    def _event(self, case: Row, kind: str, at: datetime, *, by: int | None, **data: Any) -> int:
        return self._rows.add(
            Event,
            subject_id=case["id"],
            ticket_id=case["ticket_id"],
            cycle=case["cycle"],
            kind=kind,
            state=None,
            actor_id=by,
            at=at,
            recorded_at=at,
            channel="console" if by == self._supervisor else "wechat",
            source_key=None,
            data={"case": case["id"], **data},
        )
