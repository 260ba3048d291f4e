"""Who is here. A phone is known by its WeChat identity, a console by the person who signed in; never mixed."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar, cast

from flask import Flask, g, request, session
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadSignature
from sqlalchemy import select

from app.errors import Refused
from app.http.context import now, read_session, runtime
from app.http.signed import SignedByUs
from app.models import Person, WeChatIdentity
from app.services.organisation import employment as people

View = TypeVar("View", bound=Callable[..., Any])
HOSPITAL = frozenset({"supervisor", "admin", "auditor"})
IDLE = timedelta(minutes=30)
FORM_LIFE = timedelta(hours=12)
KNOWN_SECONDS = 2


@dataclass(frozen=True)
class Visitor:
    """A person as the pages need them. `provider` is true while a provider employs them."""

    person_id: int
    name: str
    roles: frozenset[str]
    provider: bool

    @property
    def offices(self) -> list[str]:
        """The roles beside the one everybody has."""
        return sorted(self.roles - {"user"})

    @property
    def engineer(self) -> bool:
        return "engineer" in self.roles

    @property
    def administers(self) -> bool:
        """Reads what is about a supervisor: the admin, and who audits."""
        return bool(self.roles & {"admin", "auditor"}) and not self.provider

    @property
    def supervises(self) -> bool:
        """May read ratings: the hospital's own supervision, never anybody of the provider."""
        return bool(self.roles & HOSPITAL) and not self.provider


class KeptSerializer(SecureCookieSessionInterface):
    """Flask's own cookie; its serializer is made once, not at every request, as the keys never change."""

    kept: SignedByUs | None = None

    def get_signing_serializer(self, app: Flask) -> SignedByUs | None:
        if self.kept is None and (flasks := super().get_signing_serializer(app)) is not None:
            how = {"serializer": cast(Any, self.serializer), "signer_kwargs": flasks.signer_kwargs}
            self.kept = SignedByUs(flasks.secret_keys, self.salt, **how)
        return self.kept


def in_wechat() -> bool:
    """A hint for the way to sign in, never a proof. The demo's phones set it on the way in."""
    agent = request.headers.get("User-Agent", "")
    return "MicroMessenger" in agent or in_wecom() or (not runtime().settings.production and bool(session.get("phone")))


def in_wecom() -> bool:
    return "wxwork/" in request.headers.get("User-Agent", "")


def identity_id() -> int | None:
    """The WeChat identity this phone signed in with, if any."""
    found = session.get("identity")
    return found if isinstance(found, int) else None


def enter_phone(identity: int) -> None:
    """A sign-in came back: this browser is that WeChat user now, and its forms begin anew."""
    session["identity"] = identity
    session["visit"] = secrets.token_urlsafe(12)


def leave_phone() -> None:
    for key in ("identity", "visit", "oauth"):
        session.pop(key, None)


def enter_console(person_id: int, at: datetime) -> None:
    session.pop("csrf_token", None)
    with read_session() as db:
        sign_outs = db.get_one(Person, person_id).sign_outs
    session["console"] = {"person": person_id, "seen": int(at.timestamp()), "sign_outs": sign_outs}


def leave_console() -> None:
    session.pop("console", None)


def phone_visitor() -> Visitor | None:
    """The person bound to this phone's identity."""
    if "phone_visitor" not in g:
        g.phone_visitor = visitor(_bound_person(identity_id()))
    return g.phone_visitor  # type: ignore[no-any-return]


def console_visitor() -> Visitor | None:
    """Who is signed in at the console; nobody after 30 idle minutes."""
    if "console_visitor" not in g:
        person = _console_person()
        asked_by_itself = request.path.endswith("/changes") or "X-Region" in request.headers
        g.console_visitor = _recent(person) if person and asked_by_itself else visitor(person, of_console=True)
    return g.console_visitor  # type: ignore[no-any-return]


def checks_its_own_form(view: View) -> View:
    """Marks a view that calls `check_form`: stricter than the general CSRF token, which is not asked for then."""
    view.checks_its_own_form = True  # type: ignore[attr-defined]
    return view


def form_token(*facts: object) -> str:
    """A token for one form of this visit, about these facts; goes with `check_form`."""
    if "visit" not in session:
        session["visit"] = secrets.token_urlsafe(12)
    return sign_form(session["visit"], *facts)


def check_form(*facts: object) -> None:
    """Refuses a form that was not issued to this visit, about these facts, within the last hours."""
    if "visit" not in session:
        raise Refused("form_not_of_this_visit")
    check_signed(request.form.get("visit", ""), session["visit"], *facts)


def last_fact_of_form(*facts: object) -> Any:
    """What `form_token` was given after these facts; refuses what `check_form` refuses."""
    if "visit" not in session:
        raise Refused("form_not_of_this_visit")
    return last_fact(runtime().settings.secret_keys, request.form.get("visit", ""), session["visit"], *facts)


def last_fact(keys: tuple[str, ...], form: str, of_visit: str, *facts: object) -> Any:
    """What a form's token was given last, after these facts; refuses one that was given others, and no token."""
    *known, last = _issued(keys, form)
    if known != [of_visit, *facts]:
        raise Refused("form_not_of_this_visit")
    return last


def sign_form(of_visit: str, *facts: object) -> str:
    return _serializer(runtime().settings.secret_keys).dumps([of_visit, *facts])


def check_signed(form: str, of_visit: str, *facts: object) -> None:
    if _issued(runtime().settings.secret_keys, form) != [of_visit, *facts]:
        raise Refused("form_not_of_this_visit")


def _issued(keys: tuple[str, ...], form: str) -> list[Any]:
    try:
        issued: list[Any] = _serializer(keys).loads(form, max_age=int(FORM_LIFE.total_seconds()))
    except BadSignature as error:
        raise Refused("form_not_of_this_visit") from error
    return issued


@cache
def _serializer(keys: tuple[str, ...]) -> SignedByUs:
    # itsdangerous signs with the last key of its list; ours are newest first.
    return SignedByUs(list(reversed(keys)), salt="visit form")


def _console_person() -> int | None:
    kept = session.get("console")
    second = int(now().timestamp())
    if not kept or second - kept["seen"] > IDLE.total_seconds():
        session.pop("console", None) if kept else None
        return None
    # A cookie a minute is enough to know when they were last here; a page that keeps itself fresh is nobody's presence.
    if second - kept["seen"] > 60 and "X-By-Itself" not in request.headers:
        session["console"] = {**kept, "seen": second}
    return int(kept["person"])


def _bound_person(identity: int | None) -> int | None:
    if identity is None:
        return None
    with read_session() as db:
        return db.scalar(select(WeChatIdentity.person_id).where(WeChatIdentity.id == identity))


def _recent(person_id: int) -> Visitor | None:
    """Open boards ask for nothing but a look, and every second: who that is was asked a moment ago."""
    moment = int(time.monotonic() / KNOWN_SECONDS)
    key = person_id, session["console"].get("sign_outs")
    return runtime().visitors.get(moment, key, lambda: visitor(person_id, of_console=True))


def visitor(person_id: int | None, *, of_console: bool = False) -> Visitor | None:
    if person_id is None:
        return None
    with read_session() as db:
        rows = people.acting(db, person_id, now().date())
    if not rows or (of_console and session["console"].get("sign_outs") != rows[0].sign_outs):
        return None
    roles = frozenset(row.role for row in rows if row.role)
    return Visitor(person_id, rows[0].name, roles, bool(rows[0].provider))
