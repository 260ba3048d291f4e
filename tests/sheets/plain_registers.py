"""The figures that come of registers, findings and reviews, counted once more; and all of them by their codes."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

from tests.sheets import plain
from tests.sheets.plain import Hospital, Row, rate, whole


def records(h: Hospital, kind: str) -> list[Row]:
    found = [row for row in h.tables["register_record"] if row["kind"] == kind and not row["void"]]
    return [row for row in found if row["contract_id"] in {h.contract, None}]


def article_linked(h: Hospital) -> tuple[int, int]:
    articles = {row["id"] for row in h.tables["register_record"] if row["kind"] == "knowledge"}
    used = [row for row in h.tables["register_entry"] if row["kind"] == "used" and row["record_id"] in articles]
    finishes = defaultdict(list)
    for row in h.tables["completion"]:
        finishes[row["ticket_id"]].append(row["finished_at"])

    def linked(done: Row) -> bool:
        later = [moment for moment in finishes[done["ticket_id"]] if moment > done["finished_at"]]
        return any(
            entry["ticket_id"] == done["ticket_id"]
            and entry["at"] >= done["finished_at"]
            and not any(moment <= entry["at"] for moment in later)
            for entry in used
        )

    return rate([linked(done) for done in h.done])


def root_cause(h: Hospital) -> tuple[int, int]:
    """Departments and services of which three faults in a row were reported within thirty days, the third one ours."""
    reported = defaultdict(list)
    for ticket in h.tables["ticket"]:
        if ticket["state"] != "cancelled" and h.since - timedelta(days=60) <= ticket["reported_at"] < h.until:
            reported[ticket["department_id"], ticket["category_id"]].append(ticket)
    ours = {done["ticket_id"] for done in h.done if done["cycle"] == 1}
    groups = []
    for (department, category), tickets in reported.items():
        row = sorted(tickets, key=lambda one: (one["reported_at"], one["id"]))
        thirds = [
            third
            for first, third in zip(row, row[2:], strict=False)
            if whole(third["reported_at"]) - whole(first["reported_at"]) <= 30 * 86_400
        ]
        if department and category and any(third["id"] in ours for third in thirds):
            groups.append(category)
    causes = {
        row["category_id"]
        for row in records(h, "problems")
        if row["contract_id"] == h.contract
        and row["state"] in {"known", "closed"}
        and row["confirmed_at"] is not None
        and (row["done_on"] is None or row["done_on"] >= h.since.date())
    }
    return rate([category in causes for category in groups])


def incident_failed(h: Hospital) -> tuple[int, int]:
    majors = {row["ticket_id"] for row in h.tables["major_incident"]}
    first = {done["ticket_id"]: done["id"] for done in sorted(h.tables["completion"], key=lambda row: -row["cycle"])}
    reviewed = {event["ticket_id"] for event in h.tables["event"] if event["kind"] == "incident_reviewed"}
    failed = [
        done
        for done in h.done
        if done["ticket_id"] in majors
        and first[done["ticket_id"]] == done["id"]
        and (
            done["ticket_id"] not in reviewed
            or any(value is False for name, value in h.kept[done["id"]].items() if name != "urgent")
        )
    ]
    return len(failed), len(failed)


def discipline_upheld(h: Hospital) -> tuple[int, int]:
    opened = {row["id"]: row["opened_at"] for row in h.tables["service_case"]}
    upheld = [
        row
        for row in h.tables["case_finding"]
        if row["kind"] == "discipline"
        and row["upheld"]
        and row["contract_id"] == h.contract
        and h.since <= opened[row["case_id"]] < h.until
    ]
    return len(upheld), len(upheld)


def last_day(h: Hospital) -> date:
    return (h.until - timedelta(seconds=1)).date()


def provider_of(h: Hospital, person: int | None) -> bool:
    return any(
        row["person_id"] == person
        and row["provider_id"] is not None
        and row["valid_from"] <= last_day(h)
        and (row["valid_to"] is None or row["valid_to"] > last_day(h))
        for row in h.tables["employment"]
    )


def spares_matched(h: Hospital) -> tuple[int, int]:
    kept = {row["id"] for row in records(h, "spares") if row["contract_id"] == h.contract}
    counts = [
        row
        for row in h.tables["register_entry"]
        if row["record_id"] in kept
        and row["data"].get("movement") == "counted"
        and str(h.since.date()) <= row["data"]["day"] <= str(last_day(h))
        and not provider_of(h, row["by_id"])
    ]
    return rate([row["change"] == 0 for row in counts])


def desk_rules(h: Hospital) -> bool | None:
    rules = [row for row in records(h, "desk_rules") if not row["closed"] and row["created_at"].date() <= last_day(h)]
    return all(row["due_on"] is None or row["due_on"] >= last_day(h) for row in rules) if rules else None


def key_posts_backed(h: Hospital) -> tuple[int, int]:
    approved: dict[int, int] = defaultdict(int)
    for row in h.tables["post_approval"]:
        approved[row["post_id"]] += row["at"].date() <= last_day(h) and provider_of(h, row["person_id"])
    posts = [row for row in h.tables["post"] if row["key_post"] and row["off_at"] is None]
    if not any(approved[post["id"]] for post in posts):
        return 0, 0
    return rate([approved[post["id"]] > post["headcount"] for post in posts])


def report_steps(h: Hospital) -> int | None:
    """Steps of two points beyond two, of the worst figure of any confirmed report of the quarter or of its months."""
    days = {f"{h.since.year}Q{(h.since.month + 2) // 3}": h}
    days |= {f"{h.since.year}-{h.since.month + number:02}": h.of_month(number) for number in range(3)}
    apart = []
    for row in records(h, "reports"):
        if row["period"] in days and row["confirmed_at"] is not None:
            ours = counted_by(days[row["period"]], row["done_on"])
            apart += [Fraction(abs(row["data"][name] - ours[name]), ours[name]) for name in ours if name in row["data"]]
    return max(0, int((max(apart) * 100 - 2) / 2)) if apart else None


def counted_by(h: Hospital, day: date | None) -> Mapping[str, int]:
    """What a report that was handed in on that day could say."""
    end = None if day is None else datetime.combine(day + timedelta(days=1), time(), tzinfo=h.since.tzinfo)
    levels = h.standing(end)
    return {
        "tickets": len(h.done),
        "response": sum(h.kept_of("response")),
        "solution": sum(h.kept_of("solution")),
        "satisfied": sum(level >= 4 for level in levels),
        "ratings": len(levels),
    }


REGISTERED: Mapping[str, Callable[[Hospital], Any]] = {
    "P2": key_posts_backed,
    "R1": desk_rules,
    "R5": spares_matched,
    "C2.2": report_steps,
}

FIGURES: Mapping[str, Callable[[Hospital], tuple[int, int]]] = {
    "P7": discipline_upheld,
    "R3": plain.record_complete,
    "R4": plain.code_reached,
    "R6": article_linked,
    "R7": plain.node_in_time,
    "C1.1": lambda h: rate(h.kept_of("response")),
    "C1.2": lambda h: rate(h.kept_of("arrival")),
    "C1.3": lambda h: rate(h.kept_of("solution")),
    "C1.4": plain.urgent_missed,
    "C3.1": lambda h: rate(h.kept_of("dispatch")),
    "C3.2": plain.first_time_fix,
    "C3.3": plain.repeated,
    "C3.5": plain.urge_answered,
    "C3.6": lambda h: rate([h.reopened(done) for done in h.done]),
    "C3.4": incident_failed,
    "C4.1": root_cause,
    "C7.1": plain.satisfied,
    "C7.2": plain.responded,
    "C7.3": plain.called_back,
    "C7.4": plain.complaint_in_time,
    "C7.5": plain.made_up_for,
    "T1": lambda h: rate([h.remote(done) for done in h.done]),
}
