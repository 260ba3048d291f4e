"""Sessions of the mini-program: a short bearer token, and a refresh token that is used once and replaced."""

import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import ApiSession, WeChatIdentity

ACCESS_LIFE = timedelta(minutes=30)
REFRESH_LIFE = timedelta(days=30)


@dataclass(frozen=True)
class Tokens:
    """What the phone keeps; here only their digests are."""

    identity_id: int
    access: str = field(repr=False)
    refresh: str = field(repr=False)


@dataclass(frozen=True)
class Bearer:
    """Who asks: a WeChat identity in one session, and the person it is bound to."""

    identity_id: int
    family: str
    person_id: int | None
    privacy_version: str | None


def begin(session: Session, identity_id: int, *, at: datetime) -> Tokens:
    return _issue(session, identity_id, secrets.token_hex(16), at)


def refresh(session: Session, token: str, *, at: datetime) -> Tokens | Refused:
    """New tokens for a refresh token, once.

    Used a second time it is in two hands, and nobody can tell whose are the thief's: the whole family ends. That has
    to be kept, so a refusal is returned, not raised.
    """
    known = session.execute(
        select(ApiSession.id, ApiSession.identity_id, ApiSession.family).where(ApiSession.refresh == digest(token))
    ).one_or_none()
    if known is None:
        return Missing("token_unknown")
    _one_by_one(session, known.identity_id)
    used = session.scalars(
        update(ApiSession)
        .where(ApiSession.id == known.id, ApiSession.refreshed_at.is_(None))
        .values(refreshed_at=at)
        .returning(ApiSession)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if used is None:
        end(session, known.identity_id, known.family, at=at)
        return Refused("refresh_used")
    forgotten = session.get_one(WeChatIdentity, used.identity_id).forgotten_at is not None
    if used.revoked_at is not None or used.refresh_expires_at <= at or forgotten:
        return Refused("token_over")
    return _issue(session, used.identity_id, used.family, at)


def bearer(session: Session, token: str, *, at: datetime) -> Bearer:
    """Whose token this is; Missing when it is nobody's, Refused when its time is over."""
    row = session.execute(
        select(
            ApiSession.identity_id,
            ApiSession.family,
            ApiSession.expires_at,
            ApiSession.revoked_at,
            WeChatIdentity.person_id,
            WeChatIdentity.privacy_version,
            WeChatIdentity.forgotten_at,
        )
        .join(WeChatIdentity, WeChatIdentity.id == ApiSession.identity_id)
        .where(ApiSession.access == digest(token))
    ).one_or_none()
    if row is None:
        raise Missing("token_unknown")
    if row.expires_at <= at or row.revoked_at is not None or row.forgotten_at is not None:
        raise Refused("token_over")
    return Bearer(row.identity_id, row.family, row.person_id, row.privacy_version)


def end(session: Session, identity_id: int, family: str, *, at: datetime) -> None:
    """Every token that came of this sign-in is worth nothing from now on."""
    _one_by_one(session, identity_id)
    session.execute(
        update(ApiSession)
        .where(ApiSession.family == family, ApiSession.revoked_at.is_(None))
        .values(revoked_at=at)
        .execution_options(synchronize_session=False)
    )


def _one_by_one(session: Session, identity_id: int) -> None:
    """A refresh beside the end of its session would add a token that the end does not see."""
    locked = select(WeChatIdentity.id).where(WeChatIdentity.id == identity_id).with_for_update(key_share=True)
    session.execute(locked)


def could_be_ours(token: str) -> bool:
    """Whether it has the form of our tokens: old ones are let go of, and nobody guesses 32 bytes."""
    return re.fullmatch("[A-Za-z0-9_-]{43}", token) is not None


def digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _issue(session: Session, identity_id: int, family: str, at: datetime) -> Tokens:
    tokens = Tokens(identity_id, secrets.token_urlsafe(32), secrets.token_urlsafe(32))
    session.add(
        ApiSession(
            identity_id=identity_id,
            family=family,
            access=digest(tokens.access),
            refresh=digest(tokens.refresh),
            issued_at=at,
            expires_at=at + ACCESS_LIFE,
            refresh_expires_at=at + REFRESH_LIFE,
        )
    )
    session.flush()
    return tokens
