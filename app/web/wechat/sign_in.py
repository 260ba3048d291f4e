"""WeChat's silent sign-in: setting out from an address, and coming back."""

from flask import Blueprint, redirect, request, session
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import session as visit
from app.http.context import now, read_session, runtime, transaction
from app.http.phone_gate import WECOM, local_path, to_wechat
from app.http.wechat_exchange import Who, exchanged
from app.services.identity import binding, wechat_sign_in
from wechat.oauth import exchange

blueprint = Blueprint("wechat", __name__)


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
            attempt = wechat_sign_in.consume(db, state=state, browser=browser, at=now())
    except Refused:
        return _again(state, browser)
    identity = _identity(attempt.account, _exchange(attempt.account, request.args.get("code", "")))
    visit.enter_phone(identity)
    return redirect(attempt.next_path)


def _again(state: str, browser: str) -> Response | str:
    # Back, a second load, or a wait too long: the attempt is spent, but where this browser wanted to go is known. Its
    # cookie came back, so a new trip ends too.
    with read_session() as db:
        path = wechat_sign_in.promised(db, state=state, browser=browser)
    if path is None:
        raise Refused("sign_in_again")
    return redirect(path) if visit.identity_id() is not None else to_wechat(path)


def _exchange(account: str, code: str) -> Who:
    if not code:
        raise Refused("sign_in_again")
    known = visit.identity_id() is not None
    return exchanged(lambda: _of_wecom(code) if account == WECOM else _of_service(code), known=known)


def _of_service(code: str) -> Who:
    account = runtime().account
    if account is None:
        raise Refused("sign_in_again")
    signed_in = exchange(account, code)
    if signed_in.snapshot:
        raise Refused("snapshot")
    return Who(account.appid, signed_in.openid, signed_in.unionid)


def _of_wecom(code: str) -> Who:
    wecom, settings = runtime().wecom, runtime().settings.wecom
    if wecom is None or settings is None:
        raise Refused("sign_in_again")
    user_id = wecom.user(code).user_id
    if user_id is None:
        raise Refused("not_a_member")
    return Who(settings.corpid, user_id, None)


def _identity(account: str, who: Who) -> int:
    """The identity of who came back."""
    settings, at = runtime().settings, now()
    wecom = settings.wecom if "wecom" in settings.binding_proof else None
    numbered = account == WECOM and wecom is not None and wecom.userids == "staff_numbers"
    with transaction() as db:
        identity = wechat_sign_in.identify(
            db, appid=who.appid, openid=who.openid, unionid=who.unionid, keys=settings.secret_keys, at=at
        )
        if numbered:
            binding.recognise(db, identity, who.openid, at=at)
    return identity
