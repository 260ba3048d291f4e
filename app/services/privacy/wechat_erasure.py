"""Forgetting a WeChat user. What hangs on the staff number is the hospital's and stays."""

import hmac
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from app.db import upsert
from app.models import (
    ApiSession,
    BindInvitation,
    ForgottenOpenid,
    IdempotentPost,
    IdentityClaim,
    Inbound,
    Person,
    SubscriptionCredit,
    Ticket,
    TicketPhoto,
    WeChatIdentity,
)
from app.services import events
from app.services.events import About
from app.services.organisation import employment

# WeChat's codes for what may be taken back; of all others, names and portraits among them, nothing is kept.
LOCATIONS = frozenset({"2", "13", "18"})  # address, position, a chosen place
TELEPHONES = frozenset({"8"})
PICTURES = frozenset({"7", "14", "15"})  # camera, chosen pictures, chosen files


def identities(session: Session, *, appid: str, openid: str, unionid: str = "") -> list[WeChatIdentity]:
    """The rows that are still those of this WeChat user, locked; in every account where the unionid is known.

    The people they are bound to are locked first, as everywhere.
    """
    named = and_(WeChatIdentity.appid == appid, WeChatIdentity.openid == openid)
    same_user = or_(named, WeChatIdentity.unionid == unionid) if unionid else named
    bound = select(Person.id).where(Person.id.in_(select(WeChatIdentity.person_id).where(same_user)))
    session.execute(bound.order_by(Person.id).with_for_update())
    return list(session.scalars(select(WeChatIdentity).where(same_user).order_by(WeChatIdentity.id).with_for_update()))


def forget(session: Session, identity: WeChatIdentity, *, keys: Sequence[str], at: datetime) -> None:
    """Openid, unionid, binding, consents and sessions go; a name that means nothing stays: ratings point to the row.

    Of somebody of the provider a keyed digest stays, so that they are not taken for a user on coming back (law 4).
    """
    forget_messages(session, appid=identity.appid, openid=identity.openid)
    if identity.provider_staff or employment.of_the_provider(session, identity.person_id, at.date()):
        digest = _digest(keys[0], identity.appid, identity.openid)
        session.execute(upsert(session, ForgottenOpenid).values(digest=digest, at=at).on_conflict_do_nothing())
        identity.provider_staff = True  # a browser may hold on to this row
    _end_what_waits(session, identity, at)
    for table in (ApiSession, IdempotentPost, SubscriptionCredit):
        session.execute(delete(table).where(table.identity_id == identity.id))
    if identity.person_id is not None:
        data = {"identity": identity.id}
        events.append(session, About(identity.person_id), "unbound", by=None, at=at, channel="wechat", data=data)
    identity.openid = f"forgotten-{secrets.token_hex(16)}"
    identity.unionid = identity.person_id = identity.bound_at = None
    identity.privacy_version = identity.privacy_at = None
    identity.forgotten_at = at


def was_of_the_provider(session: Session, *, appid: str, openid: str, keys: Sequence[str]) -> bool:
    """Whether a WeChat user who is new to us is one of the provider's whom we have forgotten."""
    digests = [_digest(key, appid, openid) for key in keys]
    return session.scalar(select(ForgottenOpenid.digest).where(ForgottenOpenid.digest.in_(digests))) is not None


def _end_what_waits(session: Session, identity: WeChatIdentity, at: datetime) -> None:
    """The user's claims are refused, and no invitation made before binds them again."""
    session.execute(
        update(IdentityClaim)
        .where(IdentityClaim.identity_id == identity.id, IdentityClaim.state == "waiting")
        .values(state="refused", decided_at=at)
    )
    session.execute(
        delete(BindInvitation).where(BindInvitation.person_id == identity.person_id, BindInvitation.used_at.is_(None))
    )


def _digest(key: str, appid: str, openid: str) -> str:
    return hmac.new(key.encode(), f"forgotten openid\n{appid}\n{openid}".encode(), sha256).hexdigest()


def revoke(session: Session, *, appid: str, openid: str, codes: Collection[str]) -> str:
    """The user takes back what the mini-program was allowed to read: what we hold of it goes. Answers what that was."""
    reported = (
        select(Ticket.id)
        .join(WeChatIdentity, WeChatIdentity.person_id == Ticket.requester_id)
        .where(WeChatIdentity.appid == appid, WeChatIdentity.openid == openid)
    )
    gone = []
    if LOCATIONS & set(codes):
        places = update(Ticket).where(Ticket.id.in_(reported)).values(location="")
        session.execute(places.execution_options(synchronize_session=False))
        gone.append("locations")
    if PICTURES & set(codes):
        pictures = delete(TicketPhoto).where(TicketPhoto.ticket_id.in_(reported))
        session.execute(pictures.execution_options(synchronize_session=False))
        gone.append("photos")
    if TELEPHONES & set(codes):
        # The number itself is let go at once; the answer to a phone that asks again still proves it.
        known = select(WeChatIdentity.id).where(WeChatIdentity.appid == appid, WeChatIdentity.openid == openid)
        session.execute(delete(IdempotentPost).where(IdempotentPost.identity_id.in_(known)))
        gone.append("proofs")
    return " ".join(gone) or "nothing_kept"


def forget_messages(session: Session, *, appid: str, openid: str) -> None:
    """What this user sent us loses sender and content; what is not worked on yet still needs them."""
    session.execute(
        update(Inbound)
        .where(Inbound.appid == appid, Inbound.openid == openid, Inbound.state != "waiting")
        .values(openid="", body="")
        .execution_options(synchronize_session=False)
    )
