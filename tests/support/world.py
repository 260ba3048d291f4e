"""A small hospital, written through the models: enough people and places for every test to have its own story."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import clock
from app.db import Database
from app.models import (
    Campus,
    Category,
    Completion,
    Contract,
    ContractScope,
    Department,
    Employment,
    Person,
    Post,
    Provider,
    Rating,
    RoleGrant,
    Team,
    Ticket,
    WeChatIdentity,
)
from app.services.identity import binding
from app.services.identity.wechat_sign_in import PRIVACY_VERSION
from app.services.tickets import lifecycle
from sandbox.phones import PHONES

APPID = "wxsandboxservice01"
ZONE = ZoneInfo("Asia/Shanghai")
BEGAN = date(2020, 1, 1)
UNSERVED_SOURCES = ("monitoring", "inspection")

# What has to happen to a reported ticket until it is in a state.
WAYS: dict[str, tuple[str, ...]] = {
    "reported": (),
    "dispatched": ("dispatch",),
    "accepted": ("dispatch", "accept"),
    "arrived": ("dispatch", "accept", "arrive"),
    "finished": ("dispatch", "accept", "arrive", "finish"),
    "closed": ("dispatch", "accept", "arrive", "finish", "close"),
    "reopened": ("dispatch", "accept", "arrive", "finish", "reopen"),
    "cancelled": ("cancel",),
}


@dataclass
class World:
    """The people and places of the small hospital; rows are detached, ids and names can be read freely."""

    database: Database
    campus: Campus
    ward: Department
    """Where both nurses work."""
    pharmacy: Department
    """Where the doctor works."""
    it: Department
    provider: Provider
    contract: Contract
    team: Team
    post: Post
    printers: Category
    network: Category
    nurse: Person
    second_nurse: Person
    doctor: Person
    engineer: Person
    second_engineer: Person
    desk: Person
    supervisor: Person
    admin: Person
    auditor: Person
    nurse_identity: WeChatIdentity
    engineer_identity: WeChatIdentity
    supervisor_identity: WeChatIdentity
    stranger_identity: WeChatIdentity
    """Has agreed to the privacy notice, is bound to nobody."""

    def bind(self, person: Person, openid: str | None = None) -> WeChatIdentity:
        """Give one more person a WeChat identity, bound and with the privacy notice accepted."""
        with self.database.transaction() as session:
            identity = _identity(openid or f"oTest-{person.staff_number}", person)
            session.add(identity)
        return identity

    def employ(self, staff_number: str, name: str, *roles: str, department: Department | None = None) -> Person:
        """One more person of the hospital, working in the ward if nothing else is said."""
        with self.database.transaction() as session:
            person = _person(staff_number, name)
            session.add(person)
            session.flush()
            session.add_all(RoleGrant(person_id=person.id, role=role) for role in roles or ("user",))
            place = department or self.ward
            session.add(Employment(person_id=person.id, department_id=place.id, valid_from=BEGAN))
        return person

    def approve_claims(self) -> None:
        """The supervisor has asked everybody who claims a number, and says yes."""
        with self.database.transaction() as session:
            for one in binding.waiting_claims(session, at=clock.now()):
                binding.decide_claim(session, one.claim.id, approve=True, by=self.supervisor.id, at=clock.now())

    def crowd(self, count: int) -> list[Person]:
        """So many more of the ward, each with a WeChat that follows the account; a table at a time."""
        people = [_person(f"C{number:04}", "关注者") for number in range(count)]
        with self.database.transaction() as session:
            session.add_all(people)
            session.flush()
            session.add_all(RoleGrant(person_id=person.id, role="user") for person in people)
            place = self.ward.id
            session.add_all(Employment(person_id=one.id, department_id=place, valid_from=BEGAN) for one in people)
            session.add_all(_identity(f"oDemo{person.staff_number:0>23}", person) for person in people)
        return people

    def ticket(
        self,
        state: str = "reported",
        *,
        served: Person | Department | None = None,
        lead: Person | None = None,
        helpers: tuple[Person, ...] = (),
        reported_at: datetime | None = None,
        step: timedelta = timedelta(minutes=5),
        source: str = "wechat",
        category: Category | None = None,
        description: str = "打印机卡纸",
    ) -> Ticket:
        """A ticket that really walked to `state`, one `step` from move to move, reported two hours ago.

        Served is the nurse; a department serves any of its people; monitoring and inspection serve nobody.
        """
        user = None if source in UNSERVED_SOURCES else served or self.nurse
        at = reported_at or clock.now() - timedelta(hours=2)
        person_id = user.id if isinstance(user, Person) else None
        department_id = user.id if isinstance(user, Department) else None
        told = lifecycle.NewTicket(
            source=source,
            description=description,
            category_id=(category or self.printers).id,
            requester_id=person_id,
            served_person_id=person_id,
            served_department_id=department_id,
            department_id=department_id or self.ward.id,
        )
        with self.database.transaction() as session:
            ticket = lifecycle.report(session, told, by=person_id, at=at, zone=ZONE, channel="test")
        for verb in WAYS[state]:
            at += step
            ticket = self.move(ticket, verb, lead=lead, helpers=helpers, at=at)
        return ticket

    def move(
        self,
        ticket: Ticket,
        verb: str,
        *,
        at: datetime | None = None,
        lead: Person | None = None,
        helpers: tuple[Person, ...] = (),
    ) -> Ticket:
        """One move by the person whose it is, in a transaction of its own; the ticket as it stands after it."""
        at = at or clock.now()
        with self.database.transaction() as session:
            held = lifecycle.locked(session, ticket_id=ticket.id)
            by = {"dispatch": self.desk, "cancel": self.desk, "close": self.supervisor, "reopen": self.nurse}.get(verb)
            if verb == "dispatch":
                to, others = (lead or self.engineer).id, [helper.id for helper in helpers]
                lifecycle.dispatch(session, held, to=to, helpers=others, by=self.desk.id, at=at, channel="test")
            else:
                actor = by.id if by else held.lead_id
                more = {"zone": ZONE} if verb == "reopen" else {}
                getattr(lifecycle, verb)(session, held, by=actor, at=at, channel="test", **more)
        return held

    def brought(self, ticket: Ticket) -> None:
        """As if an import had brought the ticket: its completion may be corrected until somebody has rated it."""
        node = "INSERT INTO event (subject, subject_id, ticket_id, cycle, kind, at, recorded_at, channel, source_key)"
        first = "SELECT min(id) FROM event WHERE ticket_id = :ticket"
        told = "SELECT subject, subject_id, ticket_id, cycle, 'recorded', at, recorded_at, 'import', 'node-1'"
        with self.database.transaction() as session:
            session.execute(text(f"{node} {told} FROM event WHERE id = ({first})"), {"ticket": ticket.id})

    def rated(self, ticket: Ticket, level: int = 5) -> int:
        """The nurse's counted rating of the last completion, as it stands in its row; the id."""
        with self.database.transaction() as session:
            of_it = select(Completion.id).where(Completion.ticket_id == ticket.id).order_by(Completion.cycle.desc())
            given = {"identity_id": self.nurse_identity.id, "person_id": self.nurse.id, "counts": True}
            at = clock.now()
            rating = Rating(completion_id=session.scalars(of_it).first(), level=level, source="scan", at=at, **given)
            session.add(rating)
        return rating.id


def build(database: Database) -> World:
    """Write the small hospital into an empty, migrated database."""
    with database.transaction() as session:
        places = _places(session)
        service = _service(session)
        people = _people(session, places, service)
        identities = {name: _identity(phone.openid, people.get(name)) for name, phone in PHONES.items()}
        session.add_all(identities.values())
    bound: dict[str, Any] = {f"{name}_identity": identity for name, identity in identities.items()}
    return World(database=database, **places, **service, **people, **bound)


def _places(session: Session) -> dict[str, Any]:
    campus = Campus(code="main", name="本部")
    session.add(campus)
    session.flush()
    ward = Department(code="N07", name="呼吸内科", campus_id=campus.id, building="3号楼", floor="7", room="护士站")
    pharmacy = Department(code="P01", name="药学部", campus_id=campus.id, building="1号楼", floor="1", room="102")
    it = Department(code="X01", name="信息科", campus_id=campus.id, building="行政楼", floor="4", room="401")
    session.add_all([ward, pharmacy, it])
    session.flush()
    return {"campus": campus, "ward": ward, "pharmacy": pharmacy, "it": it}


def _service(session: Session) -> dict[str, Any]:
    provider = Provider(code="huaxin", name="华信信息服务")
    printers = Category(code="printer", name="打印机")
    network = Category(code="network", name="网络")
    session.add_all([provider, printers, network])
    session.flush()
    contract = Contract(number="HT-2020-001", provider_id=provider.id, valid_from=BEGAN, valid_to=date(2039, 12, 31))
    team = Team(code="onsite", name="驻场组", provider_id=provider.id)
    post = Post(code="engineer", name="驻场工程师", provider_id=provider.id)
    session.add_all([contract, team, post])
    session.flush()
    session.add(ContractScope(contract_id=contract.id))
    of_the_provider = {"provider": provider, "contract": contract, "team": team, "post": post}
    return {**of_the_provider, "printers": printers, "network": network}


def _people(session: Session, places: dict[str, Any], service: dict[str, Any]) -> dict[str, Any]:
    users = {
        "nurse": (_person("00017", "王丽"), "user", "ward"),
        "second_nurse": (_person("00018", "陈静"), "user", "ward"),
        "doctor": (_person("00106", "李伟"), "user", "pharmacy"),
        "supervisor": (_person("00042", "吴芳"), "supervisor", "it"),
        "admin": (_person("00043", "郑刚"), "admin", "it"),
        "auditor": (_person("00044", "冯洁"), "auditor", "it"),
    }
    servants = {
        "engineer": (_person("W0003", "赵强"), "engineer"),
        "second_engineer": (_person("W0004", "孙磊"), "engineer"),
        "desk": (_person("W0001", "周敏"), "desk"),
    }
    people = {name: row[0] for name, row in (users | servants).items()}
    session.add_all(people.values())
    session.flush()
    session.add_all(RoleGrant(person_id=row[0].id, role=row[1]) for row in (users | servants).values())
    session.add_all(
        Employment(person_id=person.id, department_id=places[place].id, valid_from=BEGAN)
        for person, _role, place in users.values()
    )
    job = {"provider_id": service["provider"].id, "team_id": service["team"].id, "post_id": service["post"].id}
    session.add_all(Employment(person_id=person.id, valid_from=BEGAN, **job) for person, _role in servants.values())
    return people


def _person(staff_number: str, name: str) -> Person:
    digits = "".join(sign for sign in staff_number if sign.isdecimal())
    return Person(staff_number=staff_number, name=name, telephone=f"1380000{digits:0>4}")


def _identity(openid: str, person: Person | None) -> WeChatIdentity:
    seen = clock.now() - timedelta(days=30)
    return WeChatIdentity(
        appid=APPID,
        openid=openid,
        person_id=person.id if person else None,
        bound_at=seen if person else None,
        privacy_version=PRIVACY_VERSION,
        privacy_at=seen,
        first_seen_at=seen,
    )
