"""The quarter's figures counted once more, in plain Python over the raw rows, by nothing the service counts with.

Rows are dictionaries as the tables have them. The formulas are those of config/score.toml, read by a person.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import Base

Row = Mapping[str, Any]
Marks = Mapping[str, bool | None]


@dataclass
class Hospital:
    """Every row of the tables that are needed, and which limits each completion kept."""

    tables: dict[str, list[Row]]
    kept: Mapping[int, Marks]
    since: datetime
    until: datetime
    contract: int
    by_cycle: dict[tuple[int, int], list[Row]] = field(default_factory=lambda: defaultdict(list))
    of_ticket: dict[int, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for event in self.tables["event"]:
            self.by_cycle[event["ticket_id"], event["cycle"]].append(event)
            self.of_ticket[event["ticket_id"]].append(event)
        self.tickets = {row["id"]: row for row in self.tables["ticket"]}
        self.each = [
            row
            for row in self.tables["completion"]
            if row["contract_id"] == self.contract and self.since <= row["finished_at"] < self.until
        ]
        self.joined = {row["ticket_id"]: row["incident_id"] for row in self.tables["incident_child"]}
        self.done = [row for row in self.each if row["cycle"] > 1 or row["ticket_id"] not in self.joined]

    def events(self, done: Row) -> list[Row]:
        return self.by_cycle[done["ticket_id"], done["cycle"]]

    def states(self, done: Row) -> list[str]:
        return [event["state"] for event in self.events(done) if event["state"]]

    def reopened(self, done: Row) -> bool:
        later = self.by_cycle[done["ticket_id"], done["cycle"] + 1]
        return any(
            event["state"] == "reopened" and whole(event["at"]) - whole(done["finished_at"]) <= 7 * 86_400
            for event in later
        )

    def remote(self, done: Row) -> bool:
        return "arrived" not in self.states(done)

    def kept_of(self, name: str) -> list[bool]:
        marks = [self.kept[done["id"]][name] for done in self.done]
        return [bool(mark) for mark in marks if mark is not None]

    def standing(self, known: datetime | None = None) -> list[float]:
        """The level that stands of every rating that counts; of those who joined one incident their mean.

        As was `known` at some moment, if one is named.
        """
        ratings = {row["id"]: row for row in self.tables["rating"]}
        better = {row["rating_id"]: row["level"] for row in self._known("rating_correction", known)}
        out = {row["rating_id"] for row in self._known("rating_exclusion", known)}
        mine = {done["id"]: done for done in self.each}
        events = defaultdict(list)
        for row in self._known("counted_rating", known):
            done, one = mine.get(row["completion_id"]), row["rating_id"]
            if done is not None and one not in out:
                incident = self.joined.get(done["ticket_id"]) if done["cycle"] == 1 else None
                event = ("incident", incident) if incident else ("rating", one)
                events[event].append(int(better.get(one) or ratings[one]["level"]))
        return [sum(levels) / len(levels) for levels in events.values()]

    def _known(self, table: str, moment: datetime | None) -> list[Row]:
        return [row for row in self.tables[table] if moment is None or row["at"] <= moment]

    def of_month(self, number: int) -> "Hospital":
        """The same, of what was finished in one of its months, counted from 0."""
        since = self.since.replace(month=self.since.month + number)
        until = (since + timedelta(days=31)).replace(day=1)
        return Hospital(self.tables, self.kept, since, until, self.contract)


def load(session: Session, *, kept: Mapping[int, Marks], since: datetime, until: datetime, contract: int) -> Hospital:
    names = (
        "ticket",
        "event",
        "completion",
        "rating",
        "rating_correction",
        "rating_exclusion",
        "counted_rating",
        "notice",
        "ticket_asset",
        "service_case",
        "case_rating",
        "incident_child",
        "register_record",
        "register_entry",
        "employment",
        "post",
        "post_approval",
        "major_incident",
        "case_finding",
    )
    tables: dict[str, list[Row]] = {
        name: [dict(row) for row in session.execute(select(Base.metadata.tables[name])).mappings()] for name in names
    }
    return Hospital(tables, kept, since, until, contract)


def whole(moment: datetime) -> int:
    return int(moment.timestamp() // 1)


def rate(flags: list[bool]) -> tuple[int, int]:
    return sum(flags), len(flags)


def record_complete(h: Hospital) -> tuple[int, int]:
    known = ("category_id", "department_id", "team_id", "lead_id")
    return rate(
        [
            all(done[name] is not None for name in known)
            and bool({"reported", "reopened"} & set(h.states(done)))
            and {"accepted", "finished"} <= set(h.states(done))
            for done in h.done
        ]
    )


def code_reached(h: Hospital) -> tuple[int, int]:
    cycle_of = {event["id"]: (event["ticket_id"], event["cycle"]) for event in h.tables["event"]}
    sent = {
        cycle_of[notice["event_id"]]
        for notice in h.tables["notice"]
        if notice["kind"] == "finished" and notice["state"] == "sent" and notice["event_id"] is not None
    }
    return rate(
        [
            any(event["kind"] == "shown" for event in h.events(done))
            or (done["ticket_id"], done["cycle"]) in sent
            or (h.remote(done) and done["department_id"] is not None)
            for done in h.each
            if done["rateable"]
        ]
    )


def node_in_time(h: Hospital) -> tuple[int, int]:
    moves = [event for done in h.done for event in h.events(done) if event["state"] and event["channel"] != "downtime"]
    return rate([whole(event["recorded_at"]) - whole(event["at"]) <= 600 for event in moves])


def urgent_missed(h: Hospital) -> tuple[int, int]:
    urgent = [h.kept[done["id"]] for done in h.done if h.kept[done["id"]]["urgent"]]
    missed = [marks for marks in urgent if any(value is False for name, value in marks.items() if name != "urgent")]
    return len(missed), len(missed)


def first_time_fix(h: Hospital) -> tuple[int, int]:
    return rate([not h.reopened(done) and h.states(done).count("arrived") <= 1 for done in h.done])


def repeated(h: Hospital) -> tuple[int, int]:
    assets = {row["ticket_id"]: row["asset_id"] for row in h.tables["ticket_asset"]}
    by_category = defaultdict(list)
    for ticket in h.tables["ticket"]:
        if ticket["state"] != "cancelled" and ticket["reported_at"] >= h.since - timedelta(days=365):
            by_category[ticket["category_id"]].append(ticket)

    def again(own: Row, other: Row) -> bool:
        earlier = (other["reported_at"], other["id"]) < (own["reported_at"], own["id"])
        person = own["served_person_id"] is not None and own["served_person_id"] == other["served_person_id"]
        asset = own["id"] in assets and assets[own["id"]] == assets.get(other["id"])
        soon = whole(own["reported_at"]) - whole(other["reported_at"]) <= 30 * 86_400
        return earlier and soon and (person or asset)

    firsts = [h.tickets[done["ticket_id"]] for done in h.done if done["cycle"] == 1]
    return rate([any(again(own, other) for other in by_category[own["category_id"]]) for own in firsts])


def urge_answered(h: Hospital) -> tuple[int, int]:
    flags = []
    for done in h.done:
        for event in h.events(done):
            if event["kind"] in {"urged", "limit_missed"}:
                flags.append(
                    any(
                        other["state"]
                        and other["at"] > event["at"]
                        and whole(other["at"]) - whole(event["at"]) <= 1_800
                        for other in h.of_ticket[event["ticket_id"]]
                    )
                )
    return rate(flags)


def satisfied(h: Hospital) -> tuple[int, int]:
    return rate([level >= 4 for level in h.standing()])


def responded(h: Hospital) -> tuple[int, int]:
    given = {row["completion_id"] for row in h.tables["counted_rating"]}
    return rate([done["id"] in given for done in h.each if done["rateable"]])


def cases(h: Hospital, reason: str) -> list[Row]:
    """Opened in the quarter, about what was completed under the contract."""
    contract = {(row["ticket_id"], row["cycle"]): row["contract_id"] for row in h.tables["completion"]}
    return [
        row
        for row in h.tables["service_case"]
        if (not reason or row["reason"] == reason)
        and h.since <= row["opened_at"] < h.until
        and contract.get((row["ticket_id"], row["cycle"])) == h.contract
    ]


def within(done: datetime | None, due: datetime | None) -> bool:
    return done is not None and due is not None and done <= due


def called_back(h: Hospital) -> tuple[int, int]:
    low = [row for row in cases(h, "low_score") if row["call_due_at"] is not None]
    return rate([within(row["called_at"], row["call_due_at"]) for row in low])


def complaint_in_time(h: Hospital) -> tuple[int, int]:
    return rate(
        [
            within(row["answered_at"], row["answer_due_at"]) and within(row["closed_at"], row["close_due_at"])
            for row in cases(h, "complaint")
        ]
    )


def made_up_for(h: Hospital) -> tuple[int, int]:
    last = {row["case_id"]: row["level"] for row in sorted(h.tables["case_rating"], key=lambda row: row["recovery"])}
    return rate([last[row["id"]] >= 4 for row in cases(h, "") if row["id"] in last])
