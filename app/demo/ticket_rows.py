"""Turns plans into rows, exactly as the services would have written them at the time."""

from collections import Counter as Count
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from app.demo.bulk_insert import Row, Rows
from app.demo.people import Crew
from app.demo.seeded_random import Dice
from app.demo.ticket_plans import Plan, Step
from app.models import CaseNote, Completion, CompletionHelper, Counter, Event, Notice, Ticket, TicketHelper
from app.services.service_levels import calendars, clock

CONSOLE = "console"
# Where a step is taken that is not the desk's.
_CHANNELS = dict.fromkeys(("accepted", "arrived", "finished"), "wechat") | {"urged": "scan", "reopened": "scan"}
# Younger notices to the phones of the sandbox still wait: the worker sends them when the demo starts.
_FRESH = timedelta(hours=6)


@dataclass(frozen=True)
class RateableWork:
    """Finished work that may be rated while its cycle lasts."""

    plan: Plan
    ticket: Row
    completion: Row
    took: timedelta
    until: datetime


class Lives:
    """Writes one ticket after the other, in the order they were reported."""

    def __init__(
        self, rows: Rows, dice: Dice, crew: Crew, *, at: datetime, zone: ZoneInfo, bound: set[int], reachable: set[int]
    ) -> None:
        self._rows = rows
        self._dice = dice
        self._crew = crew
        self._at = at
        self._zone = zone
        self._bound = bound
        self._reachable = reachable
        self._of_day: Count[str] = Count()
        self._dispatches: dict[int, Row] = {}  # by ticket, the notice of its last dispatch

    def live(self, plan: Plan) -> list[RateableWork]:
        """The ticket, its events and notices up to now; what of it can be rated."""
        ticket = self._report(plan)
        works: list[RateableWork] = []
        helpers: tuple[int, ...] = ()
        for step in plan.steps:
            if step.at > self._at:
                break
            if step.verb == "urged":
                self._notice(
                    "urged", self._event(ticket, "urged", _actor(plan, ticket, step), step.at), ticket["lead_id"]
                )
                continue
            event = self._move(plan, ticket, step)
            if step.verb == "dispatched":
                helpers = step.helpers
            elif step.verb == "finished":
                works.append(self._finish(plan, ticket, event, helpers))
            elif step.verb == "reopened":
                works[-1] = RateableWork(**{**vars(works[-1]), "until": step.at})
        for helper in helpers:
            self._rows.draft(TicketHelper, ticket_id=ticket["id"], person_id=helper)
        return works

    def finish(self) -> None:
        """The running numbers of each day, so that the next ticket gets the next one."""
        for day, value in self._of_day.items():
            self._rows.draft(Counter, name=f"ticket:{day}", value=value)
        self._rows.put_in_order(Event, "at", (Notice, "event_id"), (CaseNote, "event_id"))
        self._rows.put_in_order(Notice, "created_at")

    def _report(self, plan: Plan) -> Row:
        day = plan.reported_at.astimezone(self._zone).strftime("%Y%m%d")
        self._of_day[day] += 1
        requester = plan.requester.person_id if plan.requester else None
        served_ward = plan.ward.id if plan.requester and plan.whole_ward else None
        ticket = self._rows.draft(
            Ticket,
            number=f"{day}-{self._of_day[day]:04d}",
            source=plan.source,
            requester_id=requester,
            served_person_id=None if served_ward else requester,
            served_department_id=served_ward,
            department_id=plan.ward.id,
            place_id=plan.place_id,
            category_id=plan.category_id,
            priority=plan.priority,
            description=plan.description,
            state="reported",
            cycle=1,
            team_id=None,
            lead_id=None,
            reported_at=plan.reported_at,
            due_at=self._due(plan, plan.reported_at),
            finished_at=None,
            closed_at=None,
            updated_at=plan.reported_at,
        )
        by, channel = (requester, "wechat") if plan.source == "wechat" else (plan.desk, CONSOLE)
        self._event(ticket, "reported", by, plan.reported_at, state="reported", channel=channel)
        return ticket

    def _move(self, plan: Plan, ticket: Row, step: Step) -> Row:
        data = None
        ticket["state"], ticket["updated_at"] = step.verb, step.at
        if step.verb == "reopened":
            ticket["cycle"] += 1
            ticket["finished_at"] = ticket["closed_at"] = None
            ticket["due_at"] = self._due(plan, step.at)
        former = ticket["lead_id"]
        if step.verb == "dispatched":
            ticket["lead_id"], ticket["team_id"] = step.lead, self._crew.team_of[step.lead]
            data = {"lead": step.lead, "helpers": list(step.helpers)}
        if step.verb == "closed":
            ticket["closed_at"] = step.at
        if step.verb == "accepted":
            self._event(ticket, "opened", ticket["lead_id"], step.at, channel=_CHANNELS["accepted"])
            self._dispatches[ticket["id"]]["opened_at"] = step.at
        event = self._event(ticket, step.verb, _actor(plan, ticket, step), step.at, state=step.verb, data=data)
        if former not in {None, ticket["lead_id"], *step.helpers}:
            self._notice("reassigned", event, former)
        if step.verb in {"dispatched", "reopened"}:
            self._dispatches[ticket["id"]] = self._notice(step.verb, event, ticket["lead_id"])
        return event

    def _due(self, plan: Plan, began: datetime) -> datetime | None:
        limits = clock.limits_of(clock.Codes(plan.priority, plan.ward.code, None), began=began, zone=self._zone)
        return clock.due(limits, began, (), hours=calendars.of_file(self._zone)) if limits else None

    def _finish(self, plan: Plan, ticket: Row, event: Row, helpers: tuple[int, ...]) -> RateableWork:
        ticket["finished_at"] = event["at"]
        completion = self._rows.draft(
            Completion,
            ticket_id=ticket["id"],
            cycle=ticket["cycle"],
            finished_at=event["at"],
            rateable=plan.requester is not None,
            lead_id=ticket["lead_id"],
            team_id=ticket["team_id"],
            department_id=ticket["department_id"],
            campus_id=plan.ward.campus_id,
            provider_id=self._crew.provider_id,
            contract_id=self._crew.contract_id,
            category_id=ticket["category_id"],
        )
        for helper in helpers:
            self._rows.draft(CompletionHelper, completion_id=completion["id"], person_id=helper)
        if plan.requester:
            self._notice("finished", event, plan.requester.person_id)
        return RateableWork(plan, ticket, completion, event["at"] - plan.reported_at, self._at)

    def _event(
        self,
        ticket: Row,
        kind: str,
        by: int | None,
        at: datetime,
        *,
        state: str | None = None,
        channel: str = "",
        data: Row | None = None,
    ) -> Row:
        return self._rows.draft(
            Event,
            subject_id=ticket["id"],
            ticket_id=ticket["id"],
            cycle=ticket["cycle"],
            kind=kind,
            state=state,
            actor_id=by,
            at=at,
            recorded_at=at,
            channel=channel or _CHANNELS.get(kind, CONSOLE),
            source_key=None,
            data=data,
        )

    def _notice(self, kind: str, event: Row, to: int) -> Row:
        waits = to in self._reachable and event["at"] > self._at - _FRESH
        reached = to in self._bound
        read = kind in {"urged", "finished", "reassigned"} and event["at"] < self._at - _FRESH
        return self._rows.draft(
            Notice,
            kind=kind,
            event_id=event["id"],
            ticket_id=event["ticket_id"],
            person_id=to,
            state="waiting" if waits else "sent" if reached else "failed",
            next_try_at=event["at"],
            attempts=0 if waits else 1,
            client_msg_id=f"{self._dice.getrandbits(96):024x}",
            uncertain_since=None,
            channel="service" if reached and not waits else "",
            reason="" if waits or reached else "not_bound",
            detail="",
            msgid=str(self._dice.randrange(10**18, 10**19)) if reached and not waits else "",
            created_at=event["at"],
            settled_at=None if waits else event["at"] + timedelta(seconds=1),
            opened_at=event["at"] + timedelta(minutes=1) if read else None,
        )


def _actor(plan: Plan, ticket: Row, step: Step) -> int | None:
    if step.verb in {"dispatched", "closed", "cancelled"}:
        return plan.desk
    if step.verb in {"urged", "reopened"}:
        return plan.requester.person_id if plan.requester else None
    lead: int = ticket["lead_id"]
    return lead
