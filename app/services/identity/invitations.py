"""Invitations to bind: one person, one phone, once, for a day; an address, or a code of the service account.

A ward's are printed on one sheet, cut apart and handed to each of them, and are good for longer.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.orm import Session

from app.db import HELD, announce
from app.errors import Missing, Refused
from app.models import BindInvitation, Employment, Person, RoleGrant, WeChatIdentity
from app.services.identity import binding, wechat_sign_in
from app.services.identity.binding import Outcome
from app.services.links import Links
from app.services.organisation import employment

LIFE, LIFE_ON_PAPER = timedelta(hours=24), timedelta(days=14)
# No rating identifies these; whether the others are invited is the hospital's to say (BINDING_PROOF).
WORKING = frozenset({"engineer", "desk", "supervisor", "auditor", "admin"})
BY_ADMINS = frozenset({"auditor", "admin"})
CODE_WANTED = timedelta(minutes=10)  # after that nobody stands before the page any more
SCENE = "bind_"


@dataclass(frozen=True)
class Invited:
    """Whom an invitation is for: enough for that person to recognise it, and nothing that tells others who it is."""

    name: str
    last_two: str


def invite(
    session: Session, person_id: int, *, by: int | None, at: datetime, users: bool, life: timedelta = LIFE
) -> BindInvitation:
    """A new invitation, with which the earlier ones end; by nobody from the command line. Raises Refused.

    `users`: whoever has no work in the service but to be served is invited, too.
    """
    person = session.get(Person, person_id, with_for_update=HELD)
    if person is None or person.erased_at is not None:
        raise Missing("no_such_person")
    roles = employment.roles(session, person_id)
    if not users and not roles & WORKING:
        raise Refused("users_bind_themselves")
    # Whoever opens it is that person from then on: nobody can make themselves an admin.
    if by is not None and roles & BY_ADMINS and "admin" not in employment.roles_at(session, by, at.date()):
        raise Refused("admins_invite_admins")
    session.execute(
        update(BindInvitation)
        .where(BindInvitation.person_id == person_id, BindInvitation.used_at.is_(None), BindInvitation.expires_at > at)
        .values(expires_at=at, code="")
    )
    invitation = BindInvitation(
        number=secrets.randbits(47), person_id=person_id, created_by_id=by, created_at=at, expires_at=at + life
    )
    session.add(invitation)
    session.flush()
    announce(session, "errands")
    return invitation


def invite_ward(session: Session, department_id: int, *, by: int, at: datetime) -> None:
    """One for everybody who works there, is only served, and is bound nowhere."""
    serves = select(RoleGrant.person_id).where(RoleGrant.role.in_(WORKING))
    bound = select(WeChatIdentity.person_id).where(WeChatIdentity.person_id.is_not(None))
    unbound = select(Person.id).where(
        Person.id.in_(_works(department_id, at)),
        Person.id.not_in(serves),
        Person.id.not_in(bound),
        Person.erased_at.is_(None),
    )
    for person_id in session.scalars(unbound.order_by(Person.id)).all():
        invite(session, person_id, by=by, at=at, users=True, life=LIFE_ON_PAPER)


def _works(department_id: int, at: datetime) -> Select[int]:
    there = (Employment.department_id == department_id, Employment.in_force(at.date()))
    return select(Employment.person_id).where(*there)


def of_ward(session: Session, department_id: int, *, by: int, at: datetime) -> list[tuple[Person, BindInvitation]]:
    """Those that can be handed over there, as with one alone only to whoever made them."""
    rows = session.execute(
        select(Person, BindInvitation)
        .join(BindInvitation, BindInvitation.person_id == Person.id)
        .where(Person.id.in_(_works(department_id, at)), *_standing(by, at))
        .order_by(Person.staff_number)
    )
    return [(person, invitation) for person, invitation in rows]


def engineers(session: Session, *, appid: str, day: date) -> Sequence[tuple[Person, bool]]:
    """Everybody who works as an engineer that day, and whether this account knows them."""
    bound = select(WeChatIdentity.id).where(WeChatIdentity.person_id == Person.id, WeChatIdentity.appid == appid)
    rows = session.execute(
        select(Person, bound.exists())
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(RoleGrant.role == "engineer", employment.works(RoleGrant.person_id, day))
        .order_by(Person.staff_number)
    )
    return [(person, known) for person, known in rows]


def standing(session: Session, person_id: int, *, by: int, at: datetime) -> BindInvitation | None:
    """The one that can be handed over: only who made it may see it, for whoever sees it can use it."""
    return session.scalar(select(BindInvitation).where(BindInvitation.person_id == person_id, *_standing(by, at)))


def _standing(by: int, at: datetime) -> tuple[ColumnElement[bool], ...]:
    return BindInvitation.created_by_id == by, BindInvitation.used_at.is_(None), BindInvitation.expires_at > at


def open_to(session: Session, number: int, *, identity_id: int, at: datetime) -> Invited | None:
    """The person to be confirmed by whoever opens it; None for a phone already bound to that person. Raises Refused."""
    invitation, identity = _find(session, number), session.get_one(WeChatIdentity, identity_id)
    if identity.person_id == invitation.person_id:
        return None
    _check(invitation, identity, at)
    person = session.get_one(Person, invitation.person_id)
    return Invited(person.name[:1] + "*" * (len(person.name) - 1), person.staff_number[-2:])


def accept(session: Session, number: int, *, identity_id: int, at: datetime) -> Outcome:
    """The phone is the invited person's; where another one is bound, a supervisor decides. Raises Refused."""
    session.get_one(Person, _find(session, number).person_id, with_for_update=HELD)
    identity = session.get_one(WeChatIdentity, identity_id, with_for_update=True)
    invitation = _find(session, number, held=True)
    outcome = Outcome.BOUND
    if identity.person_id != invitation.person_id:
        _check(invitation, identity, at)
        outcome = binding.settle(session, identity, invitation.person_id, at=at)
    if invitation.used_at is None:
        invitation.used_at, invitation.identity_id, invitation.code = at, identity.id, ""
    return outcome


def scanned(session: Session, scene: str, *, appid: str, openid: str, keys: Sequence[str], at: datetime) -> str:
    """Somebody has scanned the account's own code of an invitation, which is their tap; what came of it, as a code."""
    try:
        number = Links("", tuple(keys)).invitation_number(scene.removeprefix(SCENE))
        identity = wechat_sign_in.identify(session, appid=appid, openid=openid, unionid=None, keys=keys, at=at)
        return accept(session, number, identity_id=identity, at=at).value
    except Refused as refused:
        return refused.code


def without_code(session: Session, *, at: datetime) -> list[BindInvitation]:
    """Those on somebody's screen that WeChat has not made a code for; a sheet's have none."""
    return list(
        session.scalars(
            select(BindInvitation).where(
                BindInvitation.code == "",
                BindInvitation.created_by_id.is_not(None),
                BindInvitation.created_at > at - CODE_WANTED,
                BindInvitation.used_at.is_(None),
                BindInvitation.expires_at > at,
                BindInvitation.expires_at <= at + LIFE,
            )
        )
    )


def keep_code(session: Session, invitation_id: int, code: str, *, at: datetime) -> None:
    """Unless it was used or ended while WeChat made the code."""
    standing = (BindInvitation.used_at.is_(None), BindInvitation.expires_at > at)
    session.execute(update(BindInvitation).where(BindInvitation.id == invitation_id, *standing).values(code=code))


def _find(session: Session, number: int, *, held: bool = False) -> BindInvitation:
    query = select(BindInvitation).where(BindInvitation.number == number)
    if held:
        query = query.with_for_update().execution_options(populate_existing=True)
    invitation = session.scalar(query)
    if invitation is None:
        raise Missing("no_such_invitation")
    return invitation


def _check(invitation: BindInvitation, identity: WeChatIdentity, at: datetime) -> None:
    if invitation.used_at is not None:
        raise Refused("invitation_used")
    if invitation.expires_at <= at:
        raise Refused("invitation_over")
    if identity.person_id is not None:
        raise Refused("bound_already")
    if identity.appid == wechat_sign_in.BROWSER:  # no notice would ever reach them there
        raise Refused("not_in_wechat")
