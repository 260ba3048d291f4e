"""Every notice leads to a page its receiver may open: each kind, each role it goes to, on phone and console."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from app import clock
from app.models import Employment, Event, Notice, Person, Post, RoleGrant, ServiceCase, WeChatIdentity
from app.models.kinds import INBOX_ONLY, NOTICES
from app.runtime import Runtime
from app.services import events
from app.services.events import About
from app.services.notices import content, outbox
from app.services.registers import records
from app.services.registers.access import Reader
from app.services.registers.records import Act
from app.services.tickets import handing_over, lifecycle
from config.notices import notice_kinds
from tests.conftest import Console, Phone
from tests.support.cases import Cases
from tests.support.told import Told
from tests.support.world import BEGAN, ZONE, World

Tell = Callable[["Hospital", str], None]
LINK = re.compile(r'<ul class="plain inbox">.*?href="([^"]+)"', re.DOTALL)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@dataclass
class Hospital:
    """Makes what a notice is about, and tells somebody of it as the services do."""

    world: World
    told: Told
    leader: Person
    """Leads the team; an engineer, with no place at the console."""
    manager: Person
    """Holds the provider's quality post; at the console."""

    def who(self, role: str) -> Person:
        found = getattr(self.world, role, None) or getattr(self, role)
        assert isinstance(found, Person)
        return found

    def of_ticket(self, kind: str, role: str, state: str) -> None:
        ticket = self.world.ticket(state)
        with self.world.database.transaction() as session:
            event = session.scalars(select(Event).where(Event.ticket_id == ticket.id).order_by(Event.id.desc())).first()
            assert event is not None
            outbox.add(session, kind, event, to=self.who(role).id, at=clock.now())

    def of_case(self, kind: str, role: str) -> None:
        case = Cases(self.world).complain("没人来", about="supervisor" if role == "admin" else "service")
        with self.world.database.transaction() as session:
            session.get_one(ServiceCase, case).owner_id = self.who(role).id
            event = events.append(session, About(case), "case_taken", by=None, at=clock.now(), channel="clock")
            outbox.add(session, kind, event, to=self.who(role).id, at=clock.now())

    def of_record(self, kind: str, owner: str, writer: str = "supervisor", register: str = "inspections") -> None:
        day, by = clock.now().astimezone(ZONE), self.who(writer)
        act = Act(Reader(by.id, hospital=True, acts=True), day)
        said = {"title": "机房", "due": str(day.date()), "contract": self.world.contract.number}
        said |= {"person": self.who(owner).staff_number} if owner else {}
        said |= {"what": "incident", "done": str(day.date())} if register == "security" else {}
        with self.world.database.transaction() as session:
            record = records.create(session, register, said, act)
            event = events.append(session, About(record.id), kind, by=None, at=day, channel="clock")
            outbox.add(session, kind, event, to=self.who(owner or writer).id, at=day)

    def alert(self, kind: str, role: str, about: str) -> None:
        with self.world.database.transaction() as session:
            outbox.add_alert(session, kind, about=about, to=self.who(role).id, at=clock.now())

    def walk(self, state: str) -> None:
        self.world.ticket(state)

    def reassigned(self) -> None:
        ticket = self.world.ticket("dispatched")
        with self.world.database.transaction() as session:
            held = lifecycle.locked(session, ticket_id=ticket.id)
            to = self.world.second_engineer.id
            lifecycle.dispatch(session, held, to=to, by=self.world.desk.id, at=clock.now(), channel="console")

    def helper(self) -> None:
        ticket = self.world.ticket("accepted")
        with self.world.database.transaction() as session:
            held, to = lifecycle.locked(session, ticket_id=ticket.id), self.world.second_engineer.id
            handing_over.call_helper(session, held, helper=to, by=self.world.engineer.id, at=clock.now(), channel="x")

    def escalated(self) -> None:
        self.told.dispatched(10)
        self.told.look()


@pytest.fixture
def hospital(world: World, told: Told) -> Hospital:
    with world.database.transaction() as session:
        posts = [
            Post(code=code, name=code, provider_id=world.provider.id, key_post=True) for code in ("lead", "manager")
        ]
        people = [Person(staff_number=number, name=name) for number, name in (("W0088", "孙组长"), ("W0099", "钱经理"))]
        session.add_all([*posts, *people])
        session.flush()
        for person, post, role in zip(people, posts, ("engineer", "desk"), strict=True):
            session.add(RoleGrant(person_id=person.id, role=role))
            job = {"provider_id": world.provider.id, "team_id": world.team.id, "post_id": post.id}
            session.add(Employment(person_id=person.id, valid_from=BEGAN, **job))
    return Hospital(world, told, *people)


def ticket(state: str, role: str) -> Tell:
    return lambda hospital, kind: hospital.of_ticket(kind, role, state)


def walked(state: str) -> Tell:
    """The way there tells of it."""
    return lambda hospital, _kind: hospital.walk(state)


def case(role: str) -> Tell:
    return lambda hospital, kind: hospital.of_case(kind, role)


def record(owner: str, writer: str = "supervisor", register: str = "inspections") -> Tell:
    return lambda hospital, kind: hospital.of_record(kind, owner, writer, register)


def alert(role: str, about: str) -> Tell:
    return lambda hospital, kind: hospital.alert(kind, role, about)


REGISTER = [
    *(("engineer", record("engineer")), ("nurse", record("nurse")), ("desk", record("desk"))),
    *(("supervisor", record("supervisor")), ("supervisor", record("", "supervisor"))),
    *(("manager", record("manager", "manager")), ("admin", record("", "admin", "security"))),
]
RECEIVERS: dict[str, list[tuple[str, Tell]]] = {
    "dispatched": [("engineer", walked("dispatched"))],
    "reassigned": [("engineer", lambda hospital, _kind: hospital.reassigned())],
    "helper_called": [("second_engineer", lambda hospital, _kind: hospital.helper())],
    "reopened": [("engineer", walked("reopened"))],
    "not_opened": [("engineer", lambda hospital, _kind: hospital.escalated())],
    "backup": [("second_engineer", lambda hospital, _kind: hospital.escalated())],
    "overdue_soon": [("engineer", ticket("accepted", "engineer"))],
    "overdue": [("engineer", ticket("accepted", "engineer"))],
    "limit_missed": [("engineer", ticket("dispatched", "engineer"))],
    "limit_missed_team": [(role, ticket("dispatched", role)) for role in ("leader", "manager")],
    "limit_missed_hospital": [("supervisor", ticket("dispatched", "supervisor"))],
    "urged": [("engineer", ticket("accepted", "engineer"))],
    "urge_unanswered": [("supervisor", ticket("accepted", "supervisor"))],
    "urge_answered": [("nurse", ticket("accepted", "nurse"))],
    "finished": [("nurse", walked("finished"))],
    "rate_reminder": [("nurse", ticket("finished", "nurse"))],
    "complaint_answered": [("nurse", case("nurse"))],
    "recovered": [("nurse", case("nurse"))],
    "case_opened": [(role, case(role)) for role in ("supervisor", "admin")],
    "case_overdue": [(role, case(role)) for role in ("supervisor", "admin")],
    "case_handed_over": [("manager", case("manager"))],
    "appealed": [("supervisor", case("supervisor"))],
    "register_due": REGISTER,
    "register_overdue": REGISTER,
    "bound": [(role, alert(role, "identity:1")) for role in ("nurse", "engineer", "desk", "supervisor", "admin")],
    "praised": [("engineer", alert("engineer", "praise"))],
    "channel_stopped": [("admin", alert("admin", "service"))],
}
EACH = [
    pytest.param(kind, role, tell, id=f"{kind}-{role}-{number}")
    for kind, found in RECEIVERS.items()
    for number, (role, tell) in enumerate(found)
]


def test_every_kind_is_walked() -> None:
    assert set(RECEIVERS) == set(NOTICES) - INBOX_ONLY  # those lead to the prize


@pytest.mark.parametrize(("kind", "role", "tell"), EACH)
def test_what_is_told_leads_to_a_page_its_receiver_opens(
    hospital: Hospital, kind: str, role: str, tell: Tell, runtime: Runtime, phone: Phone, console: Console
) -> None:
    receiver = hospital.who(role)
    tell(hospital, kind)
    at_console, on_phone = console(receiver), phone(bound(hospital.world, receiver))
    with hospital.world.database.reading() as session:
        chosen = (Notice.kind == kind, Notice.person_id == receiver.id)
        notice = session.scalars(select(Notice.id).where(*chosen).order_by(Notice.id.desc())).first()
        assert notice is not None
        context = content.contexts(session, [notice])[notice]
    settings = runtime.settings
    links = {content.url(notice_kinds()[kind], context, runtime.links, settings.console_url)}
    if context.console:
        found = LINK.search(at_console.get("/console/inbox").text)
        assert found is not None
        links.add(found[1])
    for link in links:
        path = urlsplit(link).path
        answer = (at_console if path.startswith("/console") else on_phone).get(path)
        said = "这张工单现在由别人处理" in answer.text
        assert answer.status_code == 200 or (kind == "reassigned" and said), (link, answer.status_code)


def bound(world: World, person: Person) -> WeChatIdentity:
    known = (world.nurse_identity, world.engineer_identity, world.supervisor_identity)
    return next((one for one in known if one.person_id == person.id), None) or world.bind(person)
