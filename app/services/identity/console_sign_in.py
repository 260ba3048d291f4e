"""Signing in at the console: by password, or by a phone that confirms a shown code."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import ConsoleScan, Credential, Person
from app.services.organisation import employment

CONSOLE_ROLES = frozenset({"desk", "supervisor", "admin", "auditor"})
SCAN_LIFE = timedelta(minutes=3)
CHOICES = 3


@dataclass(frozen=True)
class Attempt:
    """Whose password it would be. The hash is checked when no transaction is open."""

    person_id: int
    password_hash: str


@dataclass(frozen=True)
class Shown:
    """What the waiting page shows: the secret in its code, and the two digits to compare."""

    secret: str
    digits: str
    expires_at: datetime


def attempt(session: Session, staff_number: str, *, at: datetime) -> Attempt | None:
    """None where there is nobody to sign in: unknown, without a console role or a password, or gone."""
    person = employment.by_staff_number(session, staff_number)
    if person is None or not _may_enter(session, person.id, at):
        return None
    credential = session.get(Credential, person.id)
    return Attempt(person.id, credential.password_hash) if credential is not None else None


def renew(session: Session, right: Attempt, new_hash: str) -> None:
    """Keep a stronger hash of the password that was right."""
    session.get_one(Credential, right.person_id).password_hash = new_hash


def show_code(session: Session, browser: str, *, at: datetime) -> Shown:
    """A new code for the browser that holds this secret."""
    session.execute(delete(ConsoleScan).where(ConsoleScan.expires_at < at - SCAN_LIFE))
    shown = Shown(secrets.token_urlsafe(16), str(10 + secrets.randbelow(90)), at + SCAN_LIFE)
    session.add(
        ConsoleScan(
            code=_digest(shown.secret), browser=_digest(browser), digits=shown.digits, expires_at=shown.expires_at
        )
    )
    return shown


def choices(session: Session, secret: str, *, at: datetime) -> list[str]:
    """Three numbers for the phone, one of them the page's; the same three at every look. Raises Refused."""
    scan = session.scalar(_open_scan(secret, at))
    if scan is None:
        raise Refused("scan_over")
    offered = {scan.digits}
    for byte in hashlib.sha256(b"beside " + secret.encode()).digest():
        if len(offered) < CHOICES:
            offered.add(str(10 + byte % 90))
    return sorted(offered)


def asked_at(session: Session, secret: str) -> datetime | None:
    """When the page with this code was opened."""
    scan = session.get(ConsoleScan, _digest(secret))
    return scan.expires_at - SCAN_LIFE if scan else None


def confirm(session: Session, secret: str, *, digits: str, by: int, at: datetime) -> bool:
    """The phone's answer. A wrong number ends the code: who guesses gets one guess. Raises Refused."""
    if not _may_enter(session, by, at):
        raise Refused("no_console_role")
    scan = session.scalar(_open_scan(secret, at).with_for_update())
    if scan is None:
        raise Refused("scan_over")
    if not secrets.compare_digest(scan.digits.encode(), digits.encode()):  # as text it takes ASCII only
        scan.expires_at = at - timedelta(seconds=1)
        return False
    scan.person_id, scan.confirmed_at = by, at
    return True


def confirmed(session: Session, secret: str, browser: str, *, at: datetime) -> str:
    """waiting, confirmed or over, for the page that shows the code."""
    scan = session.get(ConsoleScan, _digest(secret))
    if scan is None or scan.browser != _digest(browser) or scan.used_at or scan.expires_at < at:
        return "over"
    return "confirmed" if scan.confirmed_at else "waiting"


def enter(session: Session, secret: str, browser: str, *, at: datetime) -> int | None:
    """Who confirmed, once, and only for the browser that showed the code; None while nobody has."""
    return session.scalar(
        update(ConsoleScan)
        .where(
            ConsoleScan.code == _digest(secret),
            ConsoleScan.browser == _digest(browser),
            ConsoleScan.confirmed_at.is_not(None),
            ConsoleScan.used_at.is_(None),
            ConsoleScan.expires_at >= at,
        )
        .values(used_at=at)
        .returning(ConsoleScan.person_id)
    )


def sign_out(session: Session, person_id: int) -> None:
    """Every session of the person ends, also one that is open elsewhere or was copied."""
    session.execute(update(Person).where(Person.id == person_id).values(sign_outs=Person.sign_outs + 1))


def _open_scan(secret: str, at: datetime) -> Select[ConsoleScan]:
    return select(ConsoleScan).where(
        ConsoleScan.code == _digest(secret), ConsoleScan.confirmed_at.is_(None), ConsoleScan.expires_at >= at
    )


def _may_enter(session: Session, person_id: int, at: datetime) -> bool:
    return bool(employment.roles_at(session, person_id, at.date()) & CONSOLE_ROLES)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
