"""The console's entrance: by password, or by a phone that scans the code shown here and confirms."""

import secrets
from functools import cache

import structlog
from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Answer

from app.http import forms, rate_limits
from app.http import session as visit
from app.http.context import now, read_session, runtime, transaction
from app.http.i18n import gettext
from app.http.phone_gate import local_path
from app.services import spelling
from app.services.identity import console_sign_in, passwords
from qr import symbol

blueprint = Blueprint("sign_in", __name__)

KNOWN_BROWSER = "mashangping_desk"
KNOWN_FOR = 180 * 24 * 3600


@blueprint.get("/sign-in")
def entrance() -> str | Answer:
    if visit.console_visitor() is not None:
        return redirect(_next(request.args.get("next", "")))
    return _page()


@blueprint.post("/sign-in")
def by_password() -> Answer | tuple[str, int]:
    number = spelling.number(forms.typed("staff_number"))  # else each spelling had its own tries
    password = request.form.get("password", "")
    browser = _known_browser(number)
    # A hospital shares few addresses: who signed in from this browser before is never kept out by the others.
    if not browser and not rate_limits.tries_left(number):
        return _page(gettext("这个网络上或这个工号输错的次数太多。请用微信扫码登录，或过一刻钟再试。")), 429
    tried = rate_limits.begin_try(number, browser)
    with read_session() as db:
        attempt = console_sign_in.attempt(db, number, at=now()) if tried else None
    # Unknown people cost the same work, so that the time tells nobody who exists.
    right = passwords.check(attempt.password_hash if attempt else _nobodys_hash(), password)
    if attempt is None or not right:
        rate_limits.count_wrong_password(number)
        return _page(gettext("没有登录：工号或密码不对，或者在这里连错 5 次，要等一刻钟。也可以用微信扫码登录。")), 401
    rate_limits.forget_tries(number, browser)
    if passwords.needs_rehash(attempt.password_hash):
        with transaction() as db:
            console_sign_in.renew(db, attempt, passwords.hash_password(password))
    answer = _enter(attempt.person_id, "password")
    _remember_browser(answer, number)
    return answer


@blueprint.get("/sign-in/code.svg")
def code() -> Response:
    shown = session.get("scan")
    if not shown:
        raise NotFound
    address = f"{runtime().settings.public_url}/sign-in/scan/{shown['secret']}"
    return Response(symbol.svg(address), mimetype="image/svg+xml")


@blueprint.get("/sign-in/status")
def status() -> dict[str, str]:
    """Whether the phone has confirmed. It only looks: the page then sends its form."""
    return {"state": _state()}


@blueprint.post("/sign-in/enter")
def by_scan() -> Answer:
    shown = session.get("scan") or {"secret": "", "browser": ""}
    with transaction() as db:
        person_id = console_sign_in.enter(db, shown["secret"], shown["browser"], at=now())
    if person_id is None:
        flash(gettext("手机上还没有确认，或者码已过期。"), "warning")
        return redirect(url_for("sign_in.entrance", next=_next(request.form.get("next", ""))), 303)
    return _enter(person_id, "scan")


@blueprint.post("/sign-out")
def sign_out() -> Answer:
    if (visitor := visit.console_visitor()) is not None:
        with transaction() as db:
            console_sign_in.sign_out(db, visitor.person_id)
    visit.leave_console()
    return redirect(url_for("sign_in.entrance"), 303)


def _page(error: str = "") -> str:
    scannable = bool(runtime().account or runtime().wecom)
    if scannable and request.method != "HEAD" and _state() == "over" and rate_limits.may_begin_sign_in():
        _show_new_code()
    scan = session.get("scan") if scannable else None
    return render_template(
        "console/sign_in.html",
        error=error,
        next_path=_next(request.values.get("next", "")),
        staff_number=forms.typed("staff_number"),
        scan=scan,
        fresh=scan["secret"][:6] if scan else "",
    )


def _state() -> str:
    shown = session.get("scan")
    if not shown:
        return "over"
    with read_session() as db:
        return console_sign_in.confirmed(db, shown["secret"], shown["browser"], at=now())


def _show_new_code() -> None:
    browser = secrets.token_urlsafe(16)
    with transaction() as db:
        shown = console_sign_in.show_code(db, browser, at=now())
    session["scan"] = {"secret": shown.secret, "digits": shown.digits, "browser": browser}


def _enter(person_id: int, way: str) -> Answer:
    session.pop("scan", None)
    visit.enter_console(person_id, now())
    structlog.get_logger().info("signed in at the console", person=person_id, way=way)
    return redirect(_next(request.form.get("next", "")), 303)


def _next(text: str) -> str:
    path = local_path(text)
    return path if path == "/console" or path.startswith(("/console/", "/console?")) else "/console"


@cache
def _nobodys_hash() -> str:
    return passwords.hash_password(secrets.token_urlsafe(16))


def _known_browser(number: str) -> str:
    """The secret of a browser in which this number has signed in before; empty for any other."""
    try:
        kept = _serializer().loads(request.cookies.get(_known_browser_cookie(), ""), max_age=KNOWN_FOR)
    except BadSignature:
        return ""
    return str(kept[1]) if isinstance(kept, list) and kept[0] == number else ""


def _remember_browser(answer: Answer, number: str) -> None:
    answer.set_cookie(
        _known_browser_cookie(),
        _serializer().dumps([number, secrets.token_urlsafe(12)]),
        max_age=KNOWN_FOR,
        secure=runtime().settings.https,
        httponly=True,
        samesite="Lax",
    )


def _known_browser_cookie() -> str:
    return runtime().settings.cookie(KNOWN_BROWSER)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(list(reversed(runtime().settings.secret_keys)), salt="known browser")
