"""Every figure that is counted by itself, counted once more in plain Python over the raw rows: equal to the last."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import Database
from app.models import Completion, Contract, Department, Event, Person, RegisterRecord, Ticket
from app.services.indicators import clocks
from app.services.indicators.measures import MEASURES
from app.services.indicators.quarters import Quarter
from app.services.sheets import computing
from app.services.sheets.terms import Term
from config.score import score_rules
from supervision import reading
from tests.demo.conftest import ZONE, hospital  # noqa: F401 a fixture
from tests.sheets import plain, plain_registers
from tests.sheets.plain_clock import Clock

pytestmark = pytest.mark.slow("the demo hospital and two quarters of it")


def test_every_counted_figure_has_its_plain_count() -> None:
    counted = {one.code for version in score_rules().versions for one in version.indicators if one.counted}
    assert counted == plain_registers.FIGURES.keys()


@pytest.mark.parametrize("quarter", ["2026Q3", "2026Q4"])
def test_figures_and_total_of_the_demo_hospital(hospital: Database, quarter: str) -> None:  # noqa: F811
    with hospital.reading() as session:
        contract = session.scalars(select(Contract)).one()
        term = Term(contract, Quarter.read(quarter), ZONE)
        kept = by_the_wall(session)
        hand_in(session, term)
        fill(session, term)
        content = computing.content(session, term)
        rows = plain.load(session, kept=kept, since=term.scope.since, until=term.scope.until, contract=contract.id)
        found = {code: count(rows) for code, count in plain_registers.FIGURES.items()}
        written = {code: count(rows) for code, count in plain_registers.REGISTERED.items()}
    lines = {line["code"]: line for line in content["lines"]}
    assert {code: figures(lines[code]["figure"]) for code in found} == found
    assert {code: of_register(lines[code]["figure"]) for code in written} == {
        code: None if one == (0, 0) else one for code, one in written.items()
    }
    assert sum(den for _num, den in found.values()) > 5_000
    assert lines["C2.2"]["figure"]["count"] > 0
    assert content["total"] == total(content)


def hand_in(session: Session, term: Term) -> None:
    """A report on the first month, before all of it was rated, and one on the quarter; in this session alone."""
    first, (one, other) = term.quarter.first, session.scalars(select(Person.id).order_by(Person.id).limit(2)).all()
    months_end = first.replace(month=first.month + 1)
    for period, done, said in (
        (f"{first:%Y-%m}", months_end, {"tickets": 10**6, "satisfied": 1}),
        (str(term.quarter), term.quarter.last, {"ratings": 1, "response": 1, "solution": 2}),
    ):
        at = term.scope.until
        form = {"form": 1, "title": "x", "words": {}, "searched": "", "revision": 1, "created_at": at, "written_at": at}
        state = {"state": "delivered", "closed": True, "void": False, "confirmed_at": at}
        who = {"contract_id": term.contract.id, "written_by_id": one, "confirmed_by_id": other}
        days = {"period": period, "due_on": done, "done_on": done}
        session.add(RegisterRecord(kind="reports", code=f"X-{period}", data=said, **form, **state, **who, **days))
    session.flush()


def fill(session: Session, term: Term) -> None:
    """In this session alone: nothing is kept."""
    digest = clocks.rules_digest(session, ZONE)
    while clocks.fill(session, term.scope, zone=ZONE, digest=digest):
        pass
    assert clocks.complete(session, term.scope, zone=ZONE, digest=digest)


def by_the_wall(session: Session) -> dict[int, dict[str, bool | None]]:
    clock, events = Clock(ZONE), dict[tuple[int, int], list[Any]]()
    for event in session.execute(select(Event.__table__).order_by(Event.id)).mappings():
        events.setdefault((event["ticket_id"], event["cycle"]), []).append(event)
    query = select(Completion.id, Completion.ticket_id, Completion.cycle, Ticket.priority, Department.code)
    query = query.join(Ticket, Ticket.id == Completion.ticket_id)
    query = query.outerjoin(Department, Department.id == Ticket.department_id)
    return {
        row.id: clock.kept(row.priority, row.code or "", sorted(events[row.ticket_id, row.cycle], key=moment))
        for row in session.execute(query)
    }


def moment(event: Any) -> datetime:
    at: datetime = event["at"]
    return at


def figures(figure: dict[str, Any] | None) -> tuple[int, int]:
    if figure is None:
        return 0, 0
    return (figure["count"],) * 2 if "count" in figure else (figure["num"], figure["den"])


def of_register(figure: dict[str, Any] | None) -> Any:
    """As the plain count says it."""
    if figure is None:
        return None
    return figure.get("yes", figure.get("count", (figure.get("num"), figure.get("den"))))


def total(content: dict[str, Any]) -> int:
    """The points of the lines and the bonus, added by hand; the lines by the published reading of a score."""
    tree = [line["rule"] for line in content["lines"]]
    given = {line["code"]: line["figure"] for line in content["lines"]}
    for code in ("C7.1", "C7.5"):  # they tell levels: of fewer than thirty answers nothing is scored
        given[code] = given[code] if given[code] and given[code]["den"] >= 30 else None
    given["C7.3"] = given["C7.3"] if given["C7.1"] else None  # that anybody was low says the same there
    again = reading.sheet({"tree": tree, "figures": given, "bonus": [content["bonus_counted"]]})
    points: dict[str, int] = {line["code"]: line["points"] for line in content["lines"] if line["points"] is not None}
    assert again["points"] == points
    return min(100_00, sum(points.values()) + int(content["bonus_counted"]))


def test_the_measures_are_those_of_the_file() -> None:
    assert {one.measure for one in score_rules().versions[0].indicators if one.counted} == MEASURES.keys()
