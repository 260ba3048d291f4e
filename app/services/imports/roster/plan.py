"""What a roster would change, worked out before anything is: joiners, movers, leavers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Employment, Person, RoleGrant
from app.services import events
from app.services.events import About
from app.services.imports.roster import employment_changes
from app.services.imports.roster.row_reader import COLUMNS, SUPERVISING, Member, MemberReader
from app.services.imports.roster.wecom_accounts import Accounts
from app.services.imports.roster.workplaces import Workplace, Workplaces
from app.services.tables.records import Fault

CHUNK = 1_000
TOLERATED = 0.10  # of the workforce; above it a wrong file is likelier than so many leaving or moving at once


@dataclass
class Change:
    """A member and what is known of them; `move`: what becomes of the employment, `account`: what WeCom calls them."""

    member: Member
    job: Workplace
    start: date
    person: Person | None
    present: Employment | None
    roles: frozenset[str]
    move: str
    account: str

    @property
    def nothing(self) -> bool:
        return self.person is not None and not (self.move or self.new_roles or self.corrections or self.account)

    @property
    def corrections(self) -> dict[str, str]:
        """What the row says otherwise about the person."""
        fields = {name: getattr(self.member, name) for name in ("name", "telephone", "job_type")}
        return {name: value for name, value in fields.items() if value and value != getattr(self.person, name, "")}

    @property
    def new_roles(self) -> frozenset[str]:
        """The roles to be given instead of the present ones; empty when they stay."""
        named = self.member.roles or self.roles or frozenset({"user"})
        return named if named != self.roles else frozenset()


@dataclass
class Plan:
    accounts: Accounts
    changes: list[Change] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)  # the staff numbers of the faults
    unchanged: int = 0
    leavers: list[tuple[Person, Employment]] = field(default_factory=list)
    workforce: int = 0

    @property
    def joiners(self) -> list[Change]:
        return [change for change in self.changes if change.move == employment_changes.OPEN]

    @property
    def movers(self) -> list[Change]:
        return [
            change for change in self.changes if change.move in {employment_changes.MOVE, employment_changes.REPLACE}
        ]

    @property
    def share(self) -> float:
        """How much of the workforce would leave or move."""
        return (len(self.leavers) + len(self.movers)) / self.workforce if self.workforce else 0.0


@dataclass
class KnownPeople:
    """What is known of the people of one chunk, by staff number and by person."""

    persons: dict[str, Person]
    present: dict[int, Employment]
    roles: dict[int, set[str]]


def compare(session: Session, members: Sequence[Member], *, today: date, create: bool, corpid: str) -> Plan:
    """Work out what these rows change. With `create`, unknown departments, teams, posts and providers are made."""
    plan, places = Plan(Accounts(session, corpid)), Workplaces(session, create=create)
    for begin in range(0, len(members), CHUNK):
        chunk = members[begin : begin + CHUNK]
        known = _known_people(session, [member.staff_number for member in chunk])
        for member in chunk:
            job = places.job(member)
            change = job if isinstance(job, Fault) else _change(member, job, known, plan.accounts, today)
            if isinstance(change, Fault):
                plan.faults.append(change)
                plan.refused.append(member.staff_number)
            elif change.nothing:
                plan.unchanged += 1
            else:
                plan.changes.append(change)
    return plan


def _known_people(session: Session, numbers: list[str]) -> KnownPeople:
    persons = {one.staff_number: one for one in session.scalars(select(Person).where(Person.staff_number.in_(numbers)))}
    ids = [person.id for person in persons.values()]
    # In this order the latest begun comes last and stays.
    latest = select(Employment).where(Employment.person_id.in_(ids)).order_by(Employment.valid_from, Employment.id)
    roles: dict[int, set[str]] = {}
    for grant in session.scalars(select(RoleGrant).where(RoleGrant.person_id.in_(ids))):
        roles.setdefault(grant.person_id, set()).add(grant.role)
    return KnownPeople(persons, {one.person_id: one for one in session.scalars(latest)}, roles)


def _change(member: Member, job: Workplace, known: KnownPeople, accounts: Accounts, today: date) -> Change | Fault:
    person = known.persons.get(member.staff_number)
    present = known.present.get(person.id) if person else None
    roles = frozenset(known.roles.get(person.id, ())) if person else frozenset()
    start = member.valid_from or today
    try:
        kind = employment_changes.move(present, job, start, member.valid_to)
    except employment_changes.OutOfOrder as error:
        facts = (("begun", error.begun.isoformat()),)
        return Fault(member.line, COLUMNS[error.ours][0], error.value.isoformat(), "out_of_order", facts, member.last)
    account = accounts.account_for(member, person)
    if isinstance(account, Fault):
        return account
    change = Change(member, job, start, person, present, roles, kind, account)
    if job.provider_id and SUPERVISING & (change.new_roles or roles):
        return Fault(member.line, COLUMNS["roles"][0], " ".join(sorted(roles)), "provider_supervises", (), member.last)
    return change


def find_leavers(session: Session, plan: Plan, reader: MemberReader, *, today: date) -> int:
    """Everybody at work today who does not stand in the whole roster. People of imported logs are none of it.

    The answer is how many refused rows may be about anybody, because their number cannot be read or is nobody's. As
    long as there is one, nobody counts as absent.
    """
    query = (
        select(Person, Employment)
        .join(Employment, Employment.person_id == Person.id)
        .where(Employment.in_force(today))
        .order_by(Person.staff_number, Employment.id)
    )
    at_work = [(person, employment) for person, employment in session.execute(query)]
    plan.workforce = len({person.id for person, _employment in at_work})
    anybodys = reader.nameless + _nobodys(session, [*reader.refused, *plan.refused])
    plan.leavers = [] if anybodys else [one for one in at_work if one[0].staff_number not in reader.named]
    return anybodys


def _nobodys(session: Session, numbers: list[str]) -> int:
    """How many of these staff numbers belong to nobody."""
    known = 0
    for begin in range(0, len(numbers), CHUNK):
        chunk = Person.staff_number.in_(numbers[begin : begin + CHUNK])
        known += session.scalar(select(func.count()).select_from(Person).where(chunk)) or 0
    return len(numbers) - known


def apply(session: Session, plan: Plan, *, at: datetime) -> None:
    """Do what was planned, in the hospital's time."""
    for change in plan.changes:
        person = _apply_one(session, change, at)
        if change.account:
            plan.accounts.give(change.account, person, at=at)
    for person, employment in plan.leavers:
        employment.valid_to = max(employment.valid_from, at.date() - employment_changes.A_DAY)
        _record_employment(session, person.id, employment_changes.LEAVE, employment, at)


def refuse_upheaval(plan: Plan) -> None:
    """More than a tenth leaving or moving is refused as a likely mistake."""
    if plan.share > TOLERATED:
        raise Refused("too_many_changes", count=len(plan.leavers) + len(plan.movers), workforce=plan.workforce)


def _apply_one(session: Session, change: Change, at: datetime) -> Person:
    person = change.person or Person(staff_number=change.member.staff_number)
    for name, value in change.corrections.items():
        setattr(person, name, value)
    session.add(person)
    session.flush()
    if change.new_roles:
        session.execute(delete(RoleGrant).where(RoleGrant.person_id == person.id))
        roles = sorted(change.new_roles)
        session.add_all(RoleGrant(person_id=person.id, role=role) for role in roles)
        data = {"roles": roles}
        events.append(session, About(person.id), "roles_changed", by=None, at=at, channel="import", data=data)
    if change.move:
        end = change.member.valid_to
        now = employment_changes.make(change.move, person.id, change.present, change.job, change.start, end)
        session.add(now)
        _record_employment(session, person.id, change.move, now, at)
    return person


def _record_employment(session: Session, person_id: int, move: str, now: Employment, at: datetime) -> None:
    data = {
        "move": move,
        "department": now.department_id,
        "provider": now.provider_id,
        "team": now.team_id,
        "post": now.post_id,
        "from": now.valid_from.isoformat(),
        "to": now.valid_to.isoformat() if now.valid_to else None,
    }
    events.append(session, About(person_id), "employment_changed", by=None, at=at, channel="import", data=data)
