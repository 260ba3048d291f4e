"""The way to WeChat's silent sign-in and back."""

import secrets

import structlog
from flask import Blueprint, redirect, render_template, request, session
from werkzeug.wrappers import Response

from app.errors import Refused
from app.services import sign_in
from app.web import visit
from app.web.edge import moment, reading, runtime, transaction
from wechat.errors import Action, WeChatError
from wechat.oauth import SignedIn, authorize_url, exchange

blueprint = Blueprint("wechat", __name__)

LONGEST_PATH = 300


@blueprint.get("/wechat/sign-in")
def begin() -> Response | str:
    """Off to WeChat, with a state for this one attempt; elsewhere, the way into WeChat is shown."""
    return to_wechat(local_path(request.args.get("next", "")))


@blueprint.get("/wechat/signed-in")
def finish() -> Response | str:
    """Back from WeChat: the code is exchanged once, then the address is clean again."""
    state, browser = request.args.get("state", ""), session.get("oauth", "")
    try:
        with transaction() as db:
            next_path = sign_in.take(db, state=state, browser=browser, at=moment())
    except Refused:
        return _again(state, browser)
    who = _exchange(request.args.get("code", ""))
    if who.snapshot:
        raise Refused("snapshot")
    with transaction() as db:
        keys = runtime().settings.secret_keys
        identity = sign_in.identify(db, appid=_appid(), openid=who.openid, unionid=who.unionid, keys=keys, at=moment())
    visit.enter_phone(identity)
    return redirect(next_path)


def _again(state: str, browser: str) -> Response | str:
    # Back, a second load, or a wait too long: the attempt is spent, but where this browser wanted to go is known. Its
    # cookie came back, so a new trip ends too.
    with reading() as db:
        path = sign_in.promised(db, state=state, browser=browser)
    if path is None:
        raise Refused("sign_in_again")
    return redirect(path) if visit.identity_id() is not None else to_wechat(path)


def to_wechat(next_path: str) -> Response | str:
    """The sign-in trip for this browser, or the page that says to open it in WeChat."""
    account = runtime().account
    preview = request.method == "HEAD"  # begins no attempt
    if account is None or preview or not visit.in_wechat():
        return render_template("open_in_wechat.html", hotline=runtime().settings.hotline)
    if "oauth" not in session:
        session["oauth"] = secrets.token_urlsafe(16)
    with transaction() as db:
        state = sign_in.start(db, next_path=next_path, browser=session["oauth"], at=moment())
    return redirect(authorize_url(account, f"{runtime().settings.public_url}/wechat/signed-in", state))


def local_path(text: str) -> str:
    """The path of this site that was asked for; / for anything that might lead elsewhere."""
    plain = len(text) <= LONGEST_PATH and text.isprintable() and "\\" not in text
    return text if plain and text.startswith("/") and not text.startswith("//") else "/"


def _exchange(code: str) -> SignedIn:
    account = runtime().account
    if account is None or not code:
        raise Refused("sign_in_again")
    try:
        return exchange(account, code)
    except WeChatError as error:
        log = structlog.get_logger().bind(errcode=error.errcode, rid=error.rid)
        if error.action in {Action.LOGIN_AGAIN, Action.REFUSED}:
            raise Refused("sign_in_again") from error
        log.error("the code exchange failed", action=error.action.value)
        raise Refused("wechat_busy") from error


def _appid() -> str:
    account = runtime().account
    return account.appid if account else ""
