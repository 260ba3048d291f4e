"""Binding a WeChat identity to a staff number, once.

Number, name and the telephone's last four digits are known to many, the provider among them: by these alone somebody
claims, is bound to nobody, and what they rate stays unverified until a supervisor says yes. What binds at once is what
only the hospital and the person have: an invitation, WeChat's word for the telephone, WeCom's for the number.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from itertools import groupby

from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.orm import Session

from app.db import HELD
from app.errors import Missing, Refused
from app.models import BindingTry, Department, Employment, IdentityClaim, Person, WeChatIdentity
from app.services import events, spelling
from app.services.events import About
from app.services.notices import outbox
from app.services.organisation import employment
from app.services.organisation.directory import current_employment
from app.services.privacy import erasure
from app.services.ratings import rating

TRIES_BY_IDENTITY = 5
TRIES_FOR_NUMBER = 10
TRIES_WITHIN = timedelta(hours=24)
MOST_CLAIMS = 200  # on one page


class Outcome(Enum):
    BOUND = "bound"
    CLAIMED = "claimed"  # not proved, or the number has a phone, or the phone was the provider's: a supervisor decides
    WRONG = "wrong"
    TOO_MANY = "too many"


@dataclass(frozen=True)
class WaitingClaim:
    """A claim, whose number it is, the phone. `plain`: nothing speaks against it, but nothing proves it."""

    claim: IdentityClaim
    person: Person
    phone: WeChatIdentity
    ward: str
    plain: bool


def bind(
    session: Session,
    *,
    identity_id: int,
    staff_number: str,
    name: str,
    last_four: str,
    proved: bool = False,
    at: datetime,
) -> Outcome:
    """Try to bind; `proved` where WeChat says that this phone has the person's telephone.

    The try is kept whatever comes of it, so the outcome is returned, not raised.
    """
    number = spelling.number(staff_number)
    # Held, so that two phones that try the same number at once come one after the other; the phone after it, as ever.
    person = session.scalar(select(Person).where(Person.staff_number == number).with_for_update(key_share=True))
    identity = session.get_one(WeChatIdentity, identity_id, with_for_update=True)
    if identity.person_id is not None:
        raise Refused("bound_already")
    if _too_many(session, identity_id, number, at):
        return Outcome.TOO_MANY
    right = person is not None and _matches(person, name, last_four)
    session.add(BindingTry(identity_id=identity_id, staff_number=number, at=at, succeeded=right))
    if person is None or not right:
        return Outcome.WRONG
    # Name and telephone stand on every ticket: they prove nothing (law 4, law 11).
    if not proved and not _same_user(session, identity, person.id):
        _claim(session, identity_id, person.id, at)
        return Outcome.CLAIMED
    return settle(session, identity, person.id, at=at)


def _same_user(session: Session, identity: WeChatIdentity, person_id: int) -> bool:
    """Whether this WeChat user is bound to that person in another account."""
    return session.scalar(_twins(identity).where(WeChatIdentity.person_id == person_id).limit(1)) is not None


def _changes_sides(session: Session, identity: WeChatIdentity, person_id: int, at: datetime) -> bool:
    """Whether a phone of the provider's would become a user's, who rates the provider (law 4)."""
    day = at.date()
    if employment.of_the_provider(session, person_id, day):
        return False
    twins = session.scalars(_twins(identity)).all()
    return identity.provider_staff or any(
        twin.provider_staff or employment.of_the_provider(session, twin.person_id, day) for twin in twins
    )


def settle(session: Session, identity: WeChatIdentity, person_id: int, *, at: datetime) -> Outcome:
    """Bind, with both held; a supervisor decides where another phone of this account is bound to the number.

    And where the phone was the provider's, whoever handed it the proof.
    """
    if _bound_elsewhere(session, identity.appid, person_id) or _changes_sides(session, identity, person_id, at):
        _claim(session, identity.id, person_id, at)
        return Outcome.CLAIMED
    claim = _own_claim(session, identity.id, person_id)
    if claim is not None:
        claim.state, claim.decided_at = "approved", at
    attach(session, identity, person_id, at=at, claimed_at=claim.created_at if claim else None)
    _notify(session, identity.id, person_id, at)
    return Outcome.BOUND


def attach(
    session: Session, identity: WeChatIdentity, person_id: int, *, at: datetime, claimed_at: datetime | None = None
) -> None:
    """This WeChat user is that person from now on, in every account; their ratings of the last week count.

    Of the week before they claimed, where they did: how long the hospital takes for its yes costs nobody a rating.
    """
    _give(session, identity, person_id, at, claimed_at)
    _join_twins(session, identity, person_id, at)


def _join_twins(session: Session, identity: WeChatIdentity, person_id: int, at: datetime) -> None:
    # A row that another request holds is passed over and joined at the next sign-in.
    for twin in session.scalars(_twins(identity).with_for_update(skip_locked=True)).all():
        if twin.person_id is None and not _bound_elsewhere(session, twin.appid, person_id):
            _give(session, twin, person_id, at)


def join(session: Session, identity_id: int, unionid: str, *, at: datetime) -> None:
    """Keep the unionid of a user who signed in: bound in one account, they become so wherever they are unbound."""
    others = select(WeChatIdentity).where(WeChatIdentity.unionid == unionid, WeChatIdentity.id != identity_id)
    twins = session.scalars(others).all()
    known = {twin.person_id for twin in twins} - {None}
    person_id = session.get_one(WeChatIdentity, identity_id).person_id or (known.pop() if len(known) == 1 else None)
    if person_id is not None:  # the number before the phone, as ever
        session.get_one(Person, person_id, with_for_update=HELD)
    identity = session.get_one(WeChatIdentity, identity_id, with_for_update=True)
    identity.unionid = unionid
    if identity.person_id is not None:
        _join_twins(session, identity, identity.person_id, at)
        return
    identity.provider_staff = identity.provider_staff or any(twin.provider_staff for twin in twins)
    if person_id is not None and not _bound_elsewhere(session, identity.appid, person_id):
        _give(session, identity, person_id, at)


def recognise(session: Session, identity_id: int, user_id: str, *, at: datetime) -> None:
    """Where user ids are staff numbers: who signs in unbound is the one person of that number, whatever its case."""
    if session.get_one(WeChatIdentity, identity_id).person_id is not None:
        return
    named = select(Person.id).where(func.lower(Person.staff_number) == user_id.lower()).limit(2)
    found = session.scalars(named).all()
    if len(found) != 1:
        return
    session.get_one(Person, found[0], with_for_update=HELD)
    identity = session.get_one(WeChatIdentity, identity_id, with_for_update=True)
    if identity.person_id is None:
        settle(session, identity, found[0], at=at)


def _give(
    session: Session, identity: WeChatIdentity, person_id: int, at: datetime, claimed_at: datetime | None = None
) -> None:
    erasure.withdraw(session, identity.id, at=at)
    identity.person_id = person_id
    identity.bound_at = at
    session.flush()
    data = {"identity": identity.id}
    events.append(session, About(person_id), "bound", by=person_id, at=at, channel="wechat", data=data)
    rating.count_after_binding(session, identity_id=identity.id, since=claimed_at or at, at=at)


def _twins(identity: WeChatIdentity) -> Select[WeChatIdentity]:
    """The same WeChat user as other accounts see them, where the unionid is known; nobody has an empty one."""
    same = WeChatIdentity.unionid == (identity.unionid or "")
    return select(WeChatIdentity).where(same, WeChatIdentity.id != identity.id)


def unbind(session: Session, identity_id: int, *, by: int, at: datetime, reason: str = "") -> None:
    """The phone is nobody's again; ratings it gave stay as they are, and who unbound it is kept.

    Where its WeChat user is known by unionid too: at the next sign-in they would be joined again.
    """
    bound = session.scalar(select(WeChatIdentity.person_id).where(WeChatIdentity.id == identity_id))
    if bound is None:
        raise Missing("not_bound")
    # The number before its phones and the phones in one order, as everywhere.
    session.get_one(Person, bound, with_for_update=HELD)
    unionid = session.get_one(WeChatIdentity, identity_id).unionid or ""
    same_user = or_(WeChatIdentity.id == identity_id, WeChatIdentity.unionid == unionid)
    query = select(WeChatIdentity).where(same_user, WeChatIdentity.person_id == bound).order_by(WeChatIdentity.id)
    phones = session.scalars(query.with_for_update().execution_options(populate_existing=True)).all()
    if identity_id not in {phone.id for phone in phones}:
        raise Missing("not_bound")
    for phone in phones:
        _release(session, phone, by, at, reason)


def _release(session: Session, identity: WeChatIdentity, by: int, at: datetime, reason: str) -> None:
    session.add(
        IdentityClaim(
            identity_id=identity.id,
            person_id=identity.person_id,
            state="unbound",
            created_at=at,
            decided_at=at,
            decided_by_id=by,
        )
    )
    # Nobody of the provider becomes a user by being bound to nobody, nor by having been bound to a user (law 4).
    identity.provider_staff = identity.provider_staff or employment.of_the_provider(
        session, identity.person_id, at.date()
    )
    erasure.withdraw(session, identity.id, at=at)
    if identity.person_id is not None:
        data = {"identity": identity.id}
        about = About(identity.person_id)
        events.append_noted(session, about, "unbound", reason, by=by, at=at, channel="console", data=data)
    identity.person_id = identity.bound_at = None


def waiting_claims(session: Session, *, at: datetime) -> list[WaitingClaim]:
    """Claims that a supervisor decides, ward by ward, the oldest first; one above MOST_CLAIMS says: there are more."""
    rows = session.execute(
        select(IdentityClaim, Person, WeChatIdentity, func.coalesce(Department.name, ""))
        .join(Person, Person.id == IdentityClaim.person_id)
        .join(WeChatIdentity, WeChatIdentity.id == IdentityClaim.identity_id)
        .outerjoin(Employment, Employment.id == current_employment(Person.id, at.date()))
        .outerjoin(Department, Department.id == Employment.department_id)
        .where(IdentityClaim.state == "waiting")
        .order_by(Department.code, IdentityClaim.created_at, IdentityClaim.id)
        .limit(MOST_CLAIMS + 1)
    )
    return [WaitingClaim(*row, plain=_plain(session, row[0], row[2], at)) for row in rows]


def by_ward(claims: Sequence[WaitingClaim]) -> list[tuple[str, list[WaitingClaim], list[int]]]:
    """Each ward, its claims, and the ids of those that may be approved with one tap."""
    wards = [(ward, list(found)) for ward, found in groupby(claims, key=lambda one: one.ward)]
    return [(ward, found, [one.claim.id for one in found if one.plain]) for ward, found in wards]


def _plain(session: Session, claim: IdentityClaim, phone: WeChatIdentity, at: datetime) -> bool:
    """Nobody else has the number or claims it, the phone claims no other, and was never the provider's."""
    same = or_(IdentityClaim.person_id == claim.person_id, IdentityClaim.identity_id == claim.identity_id)
    others = select(IdentityClaim.id).where(same, IdentityClaim.id != claim.id, IdentityClaim.state == "waiting")
    bound = select(WeChatIdentity.id).where(WeChatIdentity.person_id == claim.person_id)
    contested = session.scalar(others.limit(1)) or session.scalar(bound.limit(1)) or phone.person_id
    return not contested and not _changes_sides(session, phone, claim.person_id, at)


def has_claimed(session: Session, identity_id: int) -> bool:
    """Whether a claim of this phone waits."""
    waiting = select(IdentityClaim.id).filter_by(identity_id=identity_id, state="waiting")
    return session.scalar(waiting.limit(1)) is not None


def decide_claim(
    session: Session, claim_id: int, *, approve: bool, by: int, at: datetime, among_many: bool = False
) -> None:
    """Approved, the number is the new phone's and no other's in this account; refused, all stays.

    `among_many`: only if nothing speaks against it, for nobody looks at each.
    """
    claimed = select(IdentityClaim.person_id, IdentityClaim.identity_id).where(IdentityClaim.id == claim_id)
    claimant = session.execute(claimed).first()
    if claimant is None:
        raise Missing("no_such_claim")
    # Number, phone, claim: held in this order everywhere, so that nobody waits in a circle.
    session.get_one(Person, claimant.person_id, with_for_update=HELD)
    identity = session.get_one(WeChatIdentity, claimant.identity_id, with_for_update=True)
    claim = session.get_one(IdentityClaim, claim_id, with_for_update=True)
    if claim.state != "waiting" or (among_many and not _plain(session, claim, identity, at)):
        raise Missing("no_such_claim")
    claim.state = "approved" if approve else "refused"
    claim.decided_by_id, claim.decided_at = by, at
    if not approve:
        return
    if identity.person_id is not None:
        raise Refused("bound_already")  # it has found its own number since
    _refuse_others(session, claim, identity.appid)
    holders = session.scalars(
        select(WeChatIdentity).where(
            WeChatIdentity.person_id == claim.person_id, WeChatIdentity.appid == identity.appid
        )
    ).all()
    for holder in holders:
        unbind(session, holder.id, by=by, at=at)
    session.flush()
    attach(session, identity, claim.person_id, at=at, claimed_at=claim.created_at)
    _notify(session, identity.id, claim.person_id, at)


def _refuse_others(session: Session, claim: IdentityClaim, appid: str) -> None:
    # Whose number it is has been decided; an answer to an older question would only turn that round.
    session.execute(
        update(IdentityClaim)
        .where(
            IdentityClaim.person_id == claim.person_id,
            IdentityClaim.id != claim.id,
            IdentityClaim.state == "waiting",
            IdentityClaim.identity_id.in_(select(WeChatIdentity.id).where(WeChatIdentity.appid == appid)),
        )
        .values(state="refused", decided_by_id=claim.decided_by_id, decided_at=claim.decided_at)
        .execution_options(synchronize_session=False)
    )


def _claim(session: Session, identity_id: int, person_id: int, at: datetime) -> None:
    if _own_claim(session, identity_id, person_id) is None:
        session.add(IdentityClaim(identity_id=identity_id, person_id=person_id, state="waiting", created_at=at))
        _notify(session, identity_id, person_id, at)


def _own_claim(session: Session, identity_id: int, person_id: int) -> IdentityClaim | None:
    """The one that waits; asked again, it is still the same."""
    waiting = {"identity_id": identity_id, "person_id": person_id, "state": "waiting"}
    return session.scalar(select(IdentityClaim).filter_by(**waiting).order_by(IdentityClaim.id).limit(1))


def _notify(session: Session, identity_id: int, person_id: int, at: datetime) -> None:
    """The person hears of it by every way but this phone."""
    outbox.add_alert(session, "bound", about=f"identity:{identity_id}", to=person_id, at=at)


def _bound_elsewhere(session: Session, appid: str, person_id: int) -> bool:
    query = select(WeChatIdentity.id).where(WeChatIdentity.person_id == person_id, WeChatIdentity.appid == appid)
    return session.scalar(query) is not None


def _matches(person: Person, name: str, last_four: str) -> bool:
    # Both are compared whatever the first one says, so that the time does not tell which was wrong.
    same_name = hmac.compare_digest(spelling.name_key(person.name).encode(), spelling.name_key(name).encode())
    digits = spelling.telephone(person.telephone)[-4:]
    same_digits = hmac.compare_digest(digits.encode(), spelling.number(last_four).encode())
    return same_name and same_digits and len(digits) == 4


def _too_many(session: Session, identity_id: int, number: str, at: datetime) -> bool:
    tried, failed = select(func.count()).where(BindingTry.at > at - TRIES_WITHIN), BindingTry.succeeded.is_(False)
    # Also whoever was right about many others: a phone is one person's.
    against = or_(failed, BindingTry.staff_number != number)
    by_identity = session.scalar(tried.where(BindingTry.identity_id == identity_id, against)) or 0
    for_number = session.scalar(tried.where(BindingTry.staff_number == number, failed)) or 0
    return by_identity >= TRIES_BY_IDENTITY or for_number >= TRIES_FOR_NUMBER
