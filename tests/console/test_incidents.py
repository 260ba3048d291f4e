"""A major incident: one clock, a code for each department that joins, one event of satisfaction, told before typing."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.errors import Refused
from app.models import Completion, IncidentChild, MajorIncident, Notice, Person, Rating, Ticket, WeChatIdentity
from app.runtime import Runtime
from app.services.dashboards import board
from app.services.dashboards.board import BoardFilter
from app.services.service_levels import clock as service_clock
from app.services.service_levels import due_moments
from app.services.tickets import incidents, lifecycle
from tests.conftest import Console, Phone
from tests.support.console_forms import HIDDEN, offers, send
from tests.support.world import ZONE, World

ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def declare(world: World, state: str = "reported") -> tuple[Ticket, int]:
    parent = world.ticket(state)
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=parent.id)
        given = {"title": "HIS 登录慢", "by": world.supervisor.id, "at": clock.now(), "channel": "test"}
        return parent, incidents.declare(session, held, **given).id  # type: ignore[arg-type]


def join(world: World, incident: int, person: Person) -> Ticket:
    with world.database.transaction() as session:
        given = {"person_id": person.id, "at": clock.now(), "zone": ZONE, "channel": "test"}
        return session.get_one(Ticket, incidents.join(session, incident, **given))  # type: ignore[arg-type]


def reread(world: World, ticket: Ticket) -> Ticket:
    with world.database.reading() as session:
        return session.get_one(Ticket, ticket.id)


def rate(world: World, ticket: Ticket, identity: WeChatIdentity, person: Person, level: int) -> None:
    with world.database.transaction() as session:
        of_it = session.scalars(select(Completion.id).where(Completion.ticket_id == ticket.id)).one()
        given = {"identity_id": identity.id, "person_id": person.id, "counts": True, "at": clock.now()}
        session.add(Rating(completion_id=of_it, level=level, source="scan", **given))


def test_a_department_has_one_ticket_however_many_join(world: World) -> None:
    parent, incident = declare(world)
    first, again, colleague = (join(world, incident, one) for one in (world.nurse, world.nurse, world.second_nurse))
    other = join(world, incident, world.doctor)
    assert first.id == again.id == colleague.id != other.id
    assert (first.served_department_id, other.served_department_id) == (world.ward.id, world.pharmacy.id)
    with world.database.reading() as session:
        [shown] = incidents.listed(session)
    assert shown.ticket.id == parent.id
    assert [(row.name, row.people) for row in shown.joined] == [(world.ward.name, 2), (world.pharmacy.name, 1)]


def test_they_go_the_parent_s_way_and_each_can_be_rated(world: World) -> None:
    parent, incident = declare(world)
    early = join(world, incident, world.nurse)
    world.move(parent, "dispatch")
    world.move(parent, "accept")
    late = join(world, incident, world.doctor)
    assert [reread(world, one).state for one in (early, late)] == ["accepted", "accepted"]
    assert reread(world, late).lead_id == world.engineer.id
    world.move(parent, "finish")
    with world.database.reading() as session:
        completions = session.scalars(select(Completion).order_by(Completion.ticket_id)).all()
        told = session.scalars(select(Notice.person_id).where(Notice.kind == "finished")).all()
        assert session.scalars(select(MajorIncident.closed_at)).one() is not None
    assert {(one.ticket_id, one.lead_id, one.rateable) for one in completions} == {
        (ticket.id, world.engineer.id, True) for ticket in (parent, early, late)
    }
    assert {world.nurse.id, world.doctor.id} <= set(told)
    with pytest.raises(Refused, match="no_such_incident"):
        join(world, incident, world.second_nurse)


@ONE
def test_the_clock_counts_the_parent_alone(world: World) -> None:
    parent, incident = declare(world)
    child = join(world, incident, world.doctor)
    assert child.due_at is None
    with world.database.reading() as session:
        shown = board.load(session, BoardFilter(), zone=ZONE, at=clock.now())
        assert [row.ticket.id for row in shown.rows] == [parent.id]
        assert sum(shown.states.values()) == 1
        assert service_clock.of_ticket(session, session.get_one(Ticket, child.id), zone=ZONE, at=clock.now()) == []
        assert due_moments.prove(session, after=0, zone=ZONE).differences == []
    for verb in ("dispatch", "accept", "finish"):
        world.move(parent, verb)
    with world.database.reading() as session:
        assert board.load(session, BoardFilter(), zone=ZONE, at=clock.now()).solved == 1
    reopened = world.move(child, "reopen", at=clock.now() + timedelta(minutes=1))
    with world.database.reading() as session:  # opened again it is a ticket of its own
        shown = board.load(session, BoardFilter(), zone=ZONE, at=clock.now())
        assert [row.ticket.id for row in shown.rows] == [child.id]
        assert len(service_clock.of_ticket(session, reopened, zone=ZONE, at=clock.now())) == 1


def test_satisfaction_takes_the_children_as_one_event(world: World) -> None:
    parent, incident = declare(world)
    ward, pharmacy = join(world, incident, world.nurse), join(world, incident, world.doctor)
    for verb in ("dispatch", "accept", "finish"):
        world.move(parent, verb)
    rate(world, ward, world.nurse_identity, world.nurse, 5)
    rate(world, pharmacy, world.bind(world.doctor), world.doctor, 2)
    with world.database.reading() as session:
        found = board.satisfaction(session, zone=ZONE, at=clock.now())
    assert (found.rated, found.satisfied) == (1, 0)  # their mean is 3.5
    world.rated(world.ticket("finished"), 5)
    with world.database.reading() as session:
        found = board.satisfaction(session, zone=ZONE, at=clock.now())
    assert (found.rated, found.satisfied) == (2, 1)


@ONE
@pytest.mark.parametrize("state", ["finished", "closed", "cancelled"])
def test_what_is_over_is_no_incident(state: str, world: World) -> None:
    with pytest.raises(Refused, match="incident_not_possible"):
        declare(world, state)


@ONE
def test_the_supervisor_declares_callers_are_told_and_join_with_a_tap(
    world: World, console: Console, phone: Phone, runtime: Runtime
) -> None:
    ticket = world.ticket("reported")
    supervisor, desk, page = console(world.supervisor), console(world.desk), f"/console/tickets/{ticket.number}"
    to = f"/console/incidents/{ticket.number}"
    assert not offers(desk, page, to)
    token = dict(HIDDEN.findall(desk.get("/console/tickets/new").text))["csrf_token"]
    assert desk.post(to, data={"csrf_token": token, "title": "x"}).status_code == 403
    assert send(supervisor, page, to, title="HIS 登录慢").status_code == 303
    nurse = phone(world.nurse_identity)
    shown = nurse.get("/report").text
    assert "HIS 登录慢" in shown
    answer = send(nurse, "/report", "/report/incidents/1")
    with world.database.reading() as session:
        child = session.scalars(select(IncidentChild.ticket_id)).one()
    assert answer.location.endswith(runtime.links.ticket_path(child))
    assert nurse.get(answer.location).status_code == 200
    assert "HIS 登录慢" in desk.get("/console/incidents").text
    assert send(supervisor, "/console/incidents", "/console/incidents/1/close").status_code == 303
    assert "HIS 登录慢" not in nurse.get("/report").text
