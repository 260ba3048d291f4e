"""Keys of other systems: each with its scopes; what it is stands here as a digest alone."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import IntegrationKey, Person
from app.pagination import Line

SCOPES = ("tickets:read", "tickets:write", "alarms:write")
PREFIX = "msp_"


@dataclass(frozen=True)
class Holder:
    """Who asks: another system, and what it may do."""

    id: int
    name: str
    scopes: frozenset[str]


def make(session: Session, *, name: str, scopes: Sequence[str], by: int, at: datetime) -> str:
    """The key itself, which is shown once. Raises Refused."""
    if not name or not scopes or not set(scopes) <= set(SCOPES):
        raise Refused("key_incomplete")
    token = PREFIX + secrets.token_urlsafe(32)
    values = {"scopes": sorted(scopes), "created_at": at, "created_by_id": by}
    session.add(IntegrationKey(name=name, digest=_digest(token), **values))
    return token


def revoke(session: Session, key_id: int, *, at: datetime) -> None:
    found = session.get(IntegrationKey, key_id, with_for_update=True)
    if found is None:
        raise Missing("no_such_key")
    found.revoked_at = found.revoked_at or at


def holder(session: Session, token: str) -> Holder:
    """Missing when it is nobody's, Refused when it was revoked."""
    found = session.scalar(select(IntegrationKey).where(IntegrationKey.digest == _digest(token)))
    if found is None:
        raise Missing("token_unknown")
    if found.revoked_at is not None:
        raise Refused("token_over")
    return Holder(found.id, found.name, frozenset(found.scopes))


def listed(session: Session) -> Sequence[Line]:
    query = select(IntegrationKey, Person.name.label("by")).join(Person, Person.id == IntegrationKey.created_by_id)
    return session.execute(query.order_by(IntegrationKey.id.desc())).all()


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
