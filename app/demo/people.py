"""Who works at the demo hospital and for its provider."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from app.demo import roles as cast
from app.demo.bulk_insert import Rows
from app.demo.names import Names
from app.demo.places import AUDIT, IT, WARD, Ward
from app.demo.roles import Part
from app.demo.seeded_random import Dice
from app.models import (
    BindInvitation,
    Contract,
    ContractScope,
    Credential,
    Employment,
    Event,
    Person,
    Post,
    Provider,
    RoleGrant,
    Team,
    WeChatIdentity,
)
from app.services.identity.wechat_sign_in import PRIVACY_VERSION
from sandbox.phones import PHONES

_TEAMS = {"desk": "服务台", "onsite1": "驻场一组", "onsite2": "驻场二组", "device": "设备组", "network": "网络组"}
_POSTS = {
    "manager": ("项目经理", True, 1),
    "quality": ("质量经理", True, 1),
    "agent": ("服务台坐席", False, 3),
    "remote": ("远程支持工程师", False, 1),
    "leader": ("驻场组长", True, 2),
    "onsite": ("驻场工程师", False, 3),
    "device": ("设备工程师", False, 3),
    "network": ("网络工程师", True, 2),
}
# team, post, role; one line a person
_STAFF = (
    ("desk", "manager", "desk"),
    ("desk", "agent", "desk"),
    ("desk", "agent", "desk"),
    ("desk", "agent", "desk"),
    ("desk", "remote", "engineer"),
    ("onsite1", "onsite", "engineer"),
    ("onsite1", "leader", "engineer"),
    ("onsite1", "onsite", "engineer"),
    ("onsite2", "leader", "engineer"),
    ("onsite2", "onsite", "engineer"),
    ("device", "device", "engineer"),
    ("device", "device", "engineer"),
    ("device", "device", "engineer"),
    ("network", "network", "engineer"),
    ("network", "network", "engineer"),
)
_PLAYED_STAFF = {part.staff_number: part for part in (cast.DESK, cast.ENGINEER)}
_PLAYED = {
    WARD: ((cast.NURSE, "护士", ()), (cast.STRANGER, "医生", ())),
    IT: ((cast.SUPERVISOR, "职员", ("supervisor",)), (cast.ADMIN, "职员", ("admin",))),
    AUDIT: ((cast.AUDITOR, "职员", ("auditor",)),),
}
_JOBS = {
    "ward": {"护士": 6, "医生": 3, "护士长": 1},
    "lab": {"技师": 5, "医生": 2, "护士": 1},
    "pharmacy": {"药师": 1},
    "office": {"职员": 1},
}
_BOUND = 0.85  # of the hospital's people


class Colleague(NamedTuple):
    """Somebody of the hospital who may report and rate; without an identity they are not bound to WeChat yet."""

    person_id: int
    identity_id: int | None


@dataclass(frozen=True)
class Crew:
    """The provider's people as tickets need them."""

    provider_id: int
    contract_id: int
    desks: list[int]
    engineers: dict[str, list[int]]  # by team
    team_of: dict[int, int]
    liked: dict[int, float]  # how much better or worse than usual an engineer is rated


class Roster:
    """Writes people, each with employment, roles and, where they have one, their WeChat."""

    def __init__(self, rows: Rows, dice: Dice, *, appid: str, password_hash: str, at: datetime, began: date) -> None:
        self._rows = rows
        self._dice = dice
        self._appid = appid
        self._password_hash = password_hash
        self._at = at
        self._began = began
        parts = (cast.NURSE, cast.ENGINEER, cast.STRANGER, *cast.CONSOLE.values())
        self._names = Names(dice, {part.name for part in parts})
        self._numbers = iter(range(1001, 9999))
        self.ids: dict[Part, int] = {}
        self.bound: set[int] = set()
        self.reachable: set[int] = set()  # by a phone of the sandbox

    def colleagues(self, ward: Ward) -> list[Colleague]:
        """The hospital's people of a department, first those anybody may play."""
        played = _PLAYED.get(ward.code, ())
        found = [self._colleague(ward, part, job, roles) for part, job, roles in played]
        for _ in range(ward.size - len(played)):
            number = f"{next(self._numbers):06d}"
            part = Part(number, self._names.next(), f"1200000{number[-4:]}")
            found.append(self._colleague(ward, part, self._dice.one(_JOBS[ward.kind]), ()))
        return found

    def crew(self, campuses: set[int]) -> Crew:
        """The provider: contract, teams, posts and its fifteen people."""
        provider = self._rows.add(Provider, code="hengyu", name="恒屿信息服务有限公司")
        until = date(self._at.year + 2, 12, 31)
        contract = self._rows.add(
            Contract,
            number=f"QL-IT-{self._began.year}-01",
            provider_id=provider,
            valid_from=self._began,
            valid_to=until,
            quarterly_base_fen=32_500_000,
        )
        self._rows.add(
            Event,
            subject_id=contract,
            ticket_id=None,
            cycle=None,
            kind="contract_made",
            state=None,
            actor_id=None,
            at=self._at,
            recorded_at=self._at,
            channel="demo",
            source_key=None,
            data={"provider": provider},
        )
        for campus in sorted(campuses):
            self._rows.add(ContractScope, contract_id=contract, category_id=None, campus_id=campus)
        teams = {
            code: self._rows.add(Team, code=code, name=name, provider_id=provider) for code, name in _TEAMS.items()
        }
        posts = {
            code: self._rows.add(Post, code=code, name=name, provider_id=provider, key_post=key, headcount=count)
            for code, (name, key, count) in _POSTS.items()
        }
        crew = Crew(provider, contract, [], {code: [] for code in teams}, {}, {})
        for number, (team, post, role) in enumerate(_STAFF, start=1):
            staff_number = f"W{number:04d}"
            part = _PLAYED_STAFF.get(staff_number) or Part(staff_number, self._names.next(), f"1200000{9000 + number}")
            person = self._person(part, _POSTS[post][0], (role,))
            work = {"provider_id": provider, "team_id": teams[team], "post_id": posts[post]}
            self._employ(person, self._began, **work)
            self._identity(part, person)
            crew.team_of[person] = teams[team]
            crew.liked[person] = self._dice.uniform(-0.5, 0.5)
            (crew.desks if role == "desk" else crew.engineers[team]).append(person)
        return crew

    def stranger_identity(self, at: datetime) -> int:
        """A WeChat nobody knows, seen for the first time when it rates."""
        return self._rows.add(WeChatIdentity, **self._wechat(self._openid(), None, None, at))

    def _colleague(self, ward: Ward, part: Part, job: str, roles: tuple[str, ...]) -> Colleague:
        person = self._person(part, job, ("user", *roles))
        since = self._at.date() - timedelta(days=self._dice.randint(300, 5000))
        self._employ(person, since, department_id=ward.id)
        if part is cast.STRANGER:
            self._invite(person)
        bound = part.phone or (part is not cast.STRANGER and self._dice.happens(_BOUND))
        return Colleague(person, self._identity(part, person) if bound else None)

    def _invite(self, person: int) -> None:
        """As from the ward's sheet, and good for as long as anybody plays."""
        over = self._at + timedelta(days=3650)
        made = {"number": person, "person_id": person, "created_at": self._at, "expires_at": over}
        self._rows.draft(BindInvitation, **made)

    def _person(self, part: Part, job: str, roles: tuple[str, ...]) -> int:
        person = self._rows.add(
            Person, staff_number=part.staff_number, name=part.name, telephone=part.telephone, job_type=job
        )
        self.ids[part] = person
        for role in roles:
            self._rows.draft(RoleGrant, person_id=person, role=role)
        if part in cast.CONSOLE.values():
            self._rows.draft(Credential, person_id=person, password_hash=self._password_hash)
        return person

    def _employ(self, person: int, since: date, **work: int) -> None:
        nowhere = dict.fromkeys(("department_id", "provider_id", "team_id", "post_id"))
        self._rows.add(Employment, person_id=person, valid_from=since, valid_to=None, **{**nowhere, **work})

    def _identity(self, part: Part, person: int) -> int:
        openid = PHONES[part.phone].openid if part.phone else self._openid()
        self.bound.add(person)
        if part.phone:
            self.reachable.add(person)
        bound = self._at - timedelta(days=self._dice.randint(190, 300), minutes=self._dice.randint(0, 600))
        return self._rows.add(WeChatIdentity, **self._wechat(openid, person, bound, bound))

    def _wechat(self, openid: str, person: int | None, bound: datetime | None, seen: datetime) -> dict[str, object]:
        return {
            "appid": self._appid,
            "openid": openid,
            "unionid": None,
            "person_id": person,
            "bound_at": bound,
            "privacy_version": PRIVACY_VERSION,
            "privacy_at": seen,
            "first_seen_at": seen,
        }

    def _openid(self) -> str:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        return "oDemo" + "".join(self._dice.choices(letters, k=23))
