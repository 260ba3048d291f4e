"""Every blueprint and who may enter: one line each, shut by default. A blueprint without a line stops the start.

`surface` says in which processes the blueprint exists at all (SURFACES). `who` says how a visitor is known, `roles`
which of them may look, `changes` which may act; an auditor reads everything and changes nothing.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Blueprint, Flask, abort, g, redirect, request
from werkzeug.wrappers import Response

from app.http import bearer, phone_gate, session
from app.http.context import runtime
from app.http.session import HOSPITAL

ANYONE, PHONE, CONSOLE, BEARER, SYSTEM = "anyone", "phone", "console", "bearer", "system"
DESK = HOSPITAL | {"desk"}
LONGEST_ADDRESS = 8_192  # what proxies take, too


@dataclass(frozen=True)
class Guard:
    surfaces: frozenset[str]
    who: str
    roles: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()


_PUBLIC = frozenset({"public"})
_CONSOLE = frozenset({"console"})
_EVERY = frozenset({"public", "console", "api", "worker"})

GUARDS: dict[str, Guard] = {
    "health": Guard(_EVERY, ANYONE),
    "mark": Guard(_PUBLIC | _CONSOLE, ANYONE),
    "bootstrap": Guard(_CONSOLE, ANYONE),
    "metrics": Guard(_EVERY - _PUBLIC, ANYONE),
    "home": Guard(_PUBLIC, ANYONE),
    "team": Guard(_PUBLIC, ANYONE),  # asks PUBLIC_PAGES itself
    "verify": Guard(_PUBLIC, ANYONE),
    "wechat": Guard(_PUBLIC, ANYONE),
    "callback": Guard(_PUBLIC, ANYONE),
    "scan": Guard(_PUBLIC, ANYONE),
    "ward": Guard(_PUBLIC, ANYONE),
    "label": Guard(_PUBLIC, ANYONE),
    "slip": Guard(_PUBLIC, ANYONE),
    "my": Guard(_PUBLIC, ANYONE),
    "report": Guard(_PUBLIC, ANYONE),
    "inbox": Guard(_PUBLIC, ANYONE),
    "published": Guard(_PUBLIC, ANYONE),
    "draws": Guard(_PUBLIC, ANYONE),
    "draw_check": Guard(_PUBLIC, ANYONE),
    "draws_mine": Guard(_PUBLIC, ANYONE),
    "draw_object": Guard(_PUBLIC, ANYONE),
    "cases": Guard(_PUBLIC, ANYONE),
    "data": Guard(_PUBLIC, ANYONE),
    "records": Guard(_PUBLIC, ANYONE),
    "bind": Guard(_PUBLIC, ANYONE),
    "engineer": Guard(_PUBLIC, PHONE, frozenset({"engineer"}), frozenset({"engineer"})),
    "api_mini_entry": Guard(_PUBLIC, ANYONE),
    "api_mini": Guard(_PUBLIC, BEARER),
    "api_document": Guard(frozenset({"public", "api"}), ANYONE),
    "api_integration": Guard(frozenset({"api"}), SYSTEM),
    "sign_in": Guard(_CONSOLE, ANYONE),
    "sign_in_phone": Guard(_PUBLIC, ANYONE),
    "console": Guard(_CONSOLE, CONSOLE, DESK, frozenset({"desk", "supervisor", "admin"})),
    "console_lists": Guard(_CONSOLE, CONSOLE, HOSPITAL, frozenset({"admin"})),
    "console_contracts": Guard(_CONSOLE, CONSOLE, HOSPITAL, frozenset({"admin"})),
    "console_calendar": Guard(_CONSOLE, CONSOLE, DESK, frozenset({"supervisor", "admin"})),
    "console_downtime": Guard(_CONSOLE, CONSOLE, DESK, frozenset({"desk", "supervisor", "admin"})),
    "console_incidents": Guard(_CONSOLE, CONSOLE, DESK, frozenset({"supervisor", "admin"})),
    "console_integrations": Guard(_CONSOLE, CONSOLE, HOSPITAL, frozenset({"admin"})),
    "console_ratings": Guard(_CONSOLE, CONSOLE, HOSPITAL, frozenset({"supervisor", "admin"})),
    "console_integrity": Guard(_CONSOLE, CONSOLE, HOSPITAL, frozenset({"supervisor", "admin"})),
    "console_mini": Guard(_CONSOLE, CONSOLE, HOSPITAL, frozenset({"admin"})),
    "console_entered": Guard(_CONSOLE, CONSOLE, HOSPITAL, frozenset({"supervisor", "admin"})),
    "console_cases": Guard(_CONSOLE, CONSOLE, HOSPITAL, frozenset({"supervisor", "admin"})),
    "console_recovery": Guard(_CONSOLE, CONSOLE, DESK, frozenset({"desk"})),
    "console_corridor": Guard(_CONSOLE, CONSOLE, HOSPITAL, frozenset({"supervisor", "admin"})),
    "console_letters": Guard(_CONSOLE, CONSOLE, HOSPITAL, frozenset({"supervisor", "admin"})),
    "console_people": Guard(_CONSOLE, CONSOLE, HOSPITAL, frozenset({"supervisor", "admin"})),
    "console_draws": Guard(_CONSOLE, CONSOLE, HOSPITAL, frozenset({"supervisor", "admin"})),
    "console_standing": Guard(_CONSOLE, CONSOLE, DESK, frozenset({"desk", "supervisor", "admin"})),
    "console_sheets": Guard(_CONSOLE, CONSOLE, DESK, frozenset({"desk", "supervisor", "admin"})),
    "console_rules": Guard(_CONSOLE, CONSOLE, DESK, frozenset({"supervisor", "admin"})),
    "console_registers": Guard(_CONSOLE, CONSOLE, DESK, frozenset({"desk", "supervisor", "admin"})),
    "console_audit": Guard(_CONSOLE, CONSOLE, HOSPITAL, frozenset()),
    "demo": Guard(_PUBLIC, ANYONE),
}


def register(app: Flask, blueprints: list[Blueprint]) -> None:
    """Register the blueprints this process has; the others do not exist here and answer 404."""
    surfaces = runtime_surfaces(app)
    for blueprint in blueprints:
        guard = GUARDS.get(blueprint.name)
        if guard is None:
            raise RuntimeError(f"the blueprint {blueprint.name} has no guard; add a line to app/http/guards.py")
        if guard.surfaces & surfaces:
            app.register_blueprint(blueprint)
    app.before_request(_refuse_long)
    app.before_request(_check)


def runtime_surfaces(app: Flask) -> frozenset[str]:
    with app.app_context():
        return runtime().settings.surfaces


def _refuse_long() -> None:
    # Addresses are kept, logged and sent on; none of ours is a tenth as long.
    if len(request.environ["PATH_INFO"]) + len(request.query_string) > LONGEST_ADDRESS:
        abort(414)


def _check() -> Response | str | None:
    if request.endpoint is None or request.endpoint == "static":
        return None  # no page, or the public style sheets
    guard = GUARDS.get(request.blueprint or "")
    if guard is None:
        abort(403)
    if not guard.surfaces & runtime().settings.surfaces:
        abort(404)  # bootstrap registers itself, whatever the surface
    if guard.who == BEARER:
        bearer.enter()
    if guard.who == SYSTEM:
        bearer.enter_system()
    return None if guard.who in {ANYONE, BEARER, SYSTEM} else _check_roles(guard)


def _check_roles(guard: Guard) -> Response | str | None:
    g.visitor = session.phone_visitor() if guard.who == PHONE else session.console_visitor()
    if g.visitor is None:
        return _send_to_sign_in(guard)
    if not g.visitor.roles & guard.roles or (guard.roles == HOSPITAL and not g.visitor.supervises):
        abort(403)
    g.may_act = bool(g.visitor.roles & guard.changes)
    if request.method not in {"GET", "HEAD", "OPTIONS"} and not g.may_act:
        abort(403)
    return None


def _send_to_sign_in(guard: Guard) -> Response | str:
    if request.method not in {"GET", "HEAD"}:
        abort(401)
    here = request.full_path.rstrip("?")
    if guard.who == PHONE:
        return phone_gate.before(phone_gate.local_path(here), bound=True) or abort(403)
    return redirect(f"/sign-in?{urlencode({'next': here})}")
