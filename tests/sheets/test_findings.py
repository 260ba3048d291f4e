"""What supervisors decide and the sheet counts: complaints that are true, incidents that are reviewed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.models import Completion, CompletionClock, MajorIncident, ServiceCase, Ticket
from tests.conftest import Console
from tests.sheets.conftest import Story
from tests.sheets.test_registered import line
from tests.support.console_forms import offers, send


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def complaint(story: Story, day: int, completion: int | None = None, reason: str = "complaint") -> int:
    """A case about a ticket, or about the service in general; its id."""
    with story.world.database.transaction() as session:
        done = session.get(Completion, completion or 0)
        case = ServiceCase(
            reason=reason,
            about="ticket" if done else "service",
            ticket_id=done.ticket_id if done else None,
            cycle=done.cycle if done else None,
            source="phone",
            opened_at=story.day(day),
            stage="received",
            acts=0,
        )
        session.add(case)
        session.flush()
        return case.id


def find(story: Story, console: Console, case: int, **said: str) -> Any:
    page = f"/console/cases/{case}"
    return send(console(story.world.supervisor), page, f"{page}/find", **said)


def test_only_upheld_complaints_of_discipline_cost_points(story: Story, console: Console) -> None:
    done = story.finish(10)
    assert line(story, "P7")["figure"] == {"count": 0}
    mine = {"kind": "discipline", "decision": "uphold"}
    assert find(story, console, complaint(story, 10, done), **mine).status_code == 303
    assert line(story, "P7")["figure"] == {"count": 1}
    find(story, console, complaint(story, 10, done), **{**mine, "decision": "refuse"})
    find(story, console, complaint(story, 10, done), **{**mine, "kind": "skill"})
    assert line(story, "P7")["figure"] == {"count": 1}
    general = complaint(story, 11)
    assert find(story, console, general, **mine).status_code == 422  # of which contract?
    assert find(story, console, general, **mine, contract=str(story.term.contract.id)).status_code == 303
    find(story, console, complaint(story, -1, done), **mine)  # received in the quarter before
    assert line(story, "P7")["figure"] == {"count": 2}
    story.count()
    hidden = story.line("P7", for_provider=True)
    assert (hidden["figure"], hidden["why"]) == (None, "not_yet_shown")
    story.freeze()
    assert story.line("P7", for_provider=True)["figure"] == {"count": 2}


def test_a_finding_is_made_once_and_of_complaints_alone(story: Story, console: Console) -> None:
    done, supervisor = story.finish(10), console(story.world.supervisor)
    case = complaint(story, 10, done)
    page = f"/console/cases/{case}"
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', supervisor.get(page).text))
    said = {**hidden, "kind": "service", "decision": "uphold"}
    assert supervisor.post(f"{page}/find", data=said).status_code == 303
    assert supervisor.post(f"{page}/find", data=said).status_code == 409
    assert not offers(supervisor, page, f"{page}/find")
    assert "服务态度" in supervisor.get(page).text
    low = complaint(story, 10, done, reason="low_score")
    assert not offers(supervisor, f"/console/cases/{low}", f"/console/cases/{low}/find")
    assert supervisor.post(f"/console/cases/{low}/find", data=said).status_code == 409


def test_a_major_incident_costs_points_until_it_is_reviewed(story: Story, console: Console) -> None:
    done, supervisor = story.finish(10), console(story.world.supervisor)
    with story.world.database.transaction() as session:
        ticket = session.get_one(Completion, done).ticket_id
        declared = {"title": "核心交换机", "opened_by_id": story.world.supervisor.id}
        session.add(MajorIncident(ticket_id=ticket, opened_at=story.day(10), **declared))
    assert line(story, "C3.4")["figure"] == {"count": 1}
    page = "/console/incidents"
    assert send(supervisor, page, f"{page}/1/review", text="光模块老化，已换备件并加监测。").status_code == 303
    assert line(story, "C3.4")["figure"] == {"count": 0}
    assert "光模块老化" in console(story.world.desk).get(page).text
    story.count()
    with story.world.database.transaction() as session:
        session.get_one(CompletionClock, done).solution = False
    assert line(story, "C3.4")["figure"] == {"count": 1}


def test_what_is_not_over_is_not_reviewed(story: Story, console: Console) -> None:
    supervisor = console(story.world.supervisor)
    ticket = story.world.ticket("accepted", reported_at=story.day(5))
    with story.world.database.transaction() as session:
        declared = {"title": "核心交换机", "opened_by_id": story.world.supervisor.id}
        session.add(MajorIncident(ticket_id=ticket.id, opened_at=story.day(5) + timedelta(hours=1), **declared))
        assert session.scalars(select(Ticket.state).where(Ticket.id == ticket.id)).one() == "accepted"
    assert not offers(supervisor, "/console/incidents", "/console/incidents/1/review")
