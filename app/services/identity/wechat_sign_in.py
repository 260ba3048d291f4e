"""Signing in on a phone: one attempt per trip to WeChat, expiring, bound to the browser, used once."""

import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.db import insert_first
from app.errors import Refused
from app.models import OAuthAttempt, WeChatIdentity
from app.services.identity import binding
from app.services.privacy import wechat_erasure

ATTEMPT_LIFE = timedelta(minutes=10)
PRIVACY_VERSION = "2026-11"
BROWSER = "browser"  # stands for an account where somebody is known by a browser cookie alone
_ALPHABET = string.ascii_letters + string.digits  # what WeChat lets a state consist of


@dataclass(frozen=True)
class SignInAttempt:
    """An attempt that came back: which account was asked, and where the browser wanted to go."""

    account: str
    next_path: str


def start(session: Session, *, account: str, next_path: str, browser: str, at: datetime) -> str:
    """Begin an attempt for the browser that holds this secret; returns the state for the address."""
    state = "".join(secrets.choice(_ALPHABET) for _ in range(32))
    session.execute(delete(OAuthAttempt).where(OAuthAttempt.expires_at < at - ATTEMPT_LIFE))
    session.add(
        OAuthAttempt(
            state=_digest(state),
            browser=_digest(browser),
            account=account,
            next_path=next_path,
            expires_at=at + ATTEMPT_LIFE,
        )
    )
    return state


def promised(session: Session, *, state: str, browser: str) -> str | None:
    """Where the attempt wanted to go, if it began in this browser; used or expired, that much stays true."""
    attempt = session.get(OAuthAttempt, _digest(state))
    return attempt.next_path if attempt is not None and attempt.browser == _digest(browser) else None


def consume(session: Session, *, state: str, browser: str, at: datetime) -> SignInAttempt:
    """Use the attempt up; raises Refused if it is foreign, used or too old."""
    attempt = session.execute(
        update(OAuthAttempt)
        .where(
            OAuthAttempt.state == _digest(state),
            OAuthAttempt.browser == _digest(browser),
            OAuthAttempt.expires_at >= at,
            OAuthAttempt.used_at.is_(None),
        )
        .values(used_at=at)
        .returning(OAuthAttempt.account, OAuthAttempt.next_path)
    ).one_or_none()
    if attempt is None:
        raise Refused("sign_in_again")
    return SignInAttempt(attempt.account, attempt.next_path)


def identify(
    session: Session, *, appid: str, openid: str, unionid: str | None, keys: Sequence[str], at: datetime
) -> int:
    """The id of this WeChat user's row, made at the first visit; a unionid may make them known from elsewhere.

    Somebody of the provider who was forgotten is known as such again, by `keys` (those of the settings).
    """
    added = insert_first(session, WeChatIdentity, appid=appid, openid=openid, unionid=unionid, first_seen_at=at)
    identity = session.scalars(
        select(WeChatIdentity).where(WeChatIdentity.appid == appid, WeChatIdentity.openid == openid)
    ).one()
    if added is not None:
        identity.provider_staff = wechat_erasure.was_of_the_provider(session, appid=appid, openid=openid, keys=keys)
    if unionid and (identity.person_id is None or identity.unionid != unionid):
        binding.join(session, identity.id, unionid, at=at)
    return identity.id


def accept_privacy(session: Session, identity_id: int, *, at: datetime) -> None:
    identity = session.get(WeChatIdentity, identity_id)
    if identity is None:
        raise Refused("sign_in_again")
    identity.privacy_version, identity.privacy_at = PRIVACY_VERSION, at


def still_known(session: Session, identity_id: int) -> bool:
    """False for an identity that was forgotten after this phone signed in."""
    query = select(WeChatIdentity.id).where(WeChatIdentity.id == identity_id, WeChatIdentity.forgotten_at.is_(None))
    return session.scalar(query) is not None


def privacy_accepted(session: Session, identity_id: int) -> bool:
    query = select(WeChatIdentity.privacy_version).where(WeChatIdentity.id == identity_id)
    return session.scalar(query) == PRIVACY_VERSION


def _digest(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
