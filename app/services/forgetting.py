"""Forgetting a WeChat user. What hangs on his staff number is the hospital's and stays."""

import secrets
from datetime import datetime

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from app.models import IdentityClaim, Inbound, WeChatIdentity


def identities(session: Session, *, appid: str, openid: str, unionid: str = "") -> list[WeChatIdentity]:
    """The rows of this WeChat user that are still his, locked; of every account where his unionid is known."""
    named = and_(WeChatIdentity.appid == appid, WeChatIdentity.openid == openid)
    his = or_(named, WeChatIdentity.unionid == unionid) if unionid else named
    return list(session.scalars(select(WeChatIdentity).where(his).order_by(WeChatIdentity.id).with_for_update()))


def forget(session: Session, identity: WeChatIdentity, *, at: datetime) -> None:
    """Openid, unionid, binding and consent go; a name that means nothing stays, because ratings point to the row."""
    forget_messages(session, appid=identity.appid, openid=identity.openid)
    session.execute(
        update(IdentityClaim)
        .where(IdentityClaim.identity_id == identity.id, IdentityClaim.state == "waiting")
        .values(state="refused", decided_at=at)
    )
    identity.openid = f"forgotten-{secrets.token_hex(16)}"
    identity.unionid = identity.person_id = identity.bound_at = None
    identity.privacy_version = identity.privacy_at = None
    identity.forgotten_at = at


def forget_messages(session: Session, *, appid: str, openid: str) -> None:
    """What this user sent us loses sender and content; what is not worked on yet still needs them."""
    session.execute(
        update(Inbound)
        .where(Inbound.appid == appid, Inbound.openid == openid, Inbound.state != "waiting")
        .values(openid="", body="")
        .execution_options(synchronize_session=False)
    )
