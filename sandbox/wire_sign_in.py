"""Who somebody is: the exchange of codes for both accounts."""

import hashlib
import hmac
import secrets

from flask import Blueprint, Response, request

from sandbox.accounts import MINI, SERVICE, SandboxAccount
from sandbox.codes import GRANT_LIFE, LOGIN, PHONE_NUMBER, Grant
from sandbox.phones import Phone, phone_of, phone_of_mini
from sandbox.request import caller, credentials, posted
from sandbox.state import state
from sandbox.wire_errors import WireError, answer

BASE, USERINFO = "snsapi_base", "snsapi_userinfo"

wire_sign_in = Blueprint("wire_sign_in", __name__)


@wire_sign_in.get("/sns/oauth2/access_token")
def exchange_code() -> Response:
    code, now = _code("code", SERVICE), state().clock()
    openid, scope = state().codes.use(code, SERVICE.appid, (BASE, USERINFO), now=now)
    state().quotas.spend(SERVICE.appid, request.path, now=now)
    if state().switches.snapshot:
        openid = "oSnapshot" + secrets.token_hex(10)[:19]
        return _granted(state().codes.grant(openid, scope, now=now), {"is_snapshotuser": 1})
    return _granted(state().codes.grant(openid, scope, now=now), _bound(phone_of(openid)) if scope == USERINFO else {})


@wire_sign_in.get("/sns/oauth2/refresh_token")
def refresh() -> Response:
    now = state().clock()
    granted = state().codes.granted(request.args.get("refresh_token", ""), now=now)
    if request.args.get("appid") != SERVICE.appid:
        raise WireError(40013)
    if granted is None:
        raise WireError(40030)
    return _granted(state().codes.grant(*granted, now=now), {})


@wire_sign_in.get("/sns/userinfo")
def userinfo() -> Response:
    openid, scope = _signed_in()
    if scope != USERINFO:
        raise WireError(48001)
    phone = phone_of(openid)
    blank = {"sex": 0, "province": "", "city": "", "country": "", "headimgurl": "", "privilege": []}
    nickname = phone.label if phone else "微信用户"
    return answer(request.path, {"openid": openid, "nickname": nickname, **blank, **_bound(phone)})


@wire_sign_in.get("/sns/auth")
def auth() -> Response:
    _signed_in()
    return answer(request.path, {"errcode": 0, "errmsg": "ok"})


@wire_sign_in.get("/sns/jscode2session")
def mini_session() -> Response:
    code, now = _code("js_code", MINI), state().clock()
    openid, _ = state().codes.use(code, MINI.appid, (LOGIN,), now=now)
    state().quotas.spend(MINI.appid, request.path, now=now, who=openid)
    key = state().people.log_in(openid, now=now)
    return answer(request.path, {"session_key": key, "openid": openid, **_bound(phone_of_mini(openid))})


@wire_sign_in.get("/wxa/checksession")
def check_session() -> Response:
    caller(MINI)
    key = state().people.session_key(request.args.get("openid", ""))
    expected = hmac.new((key or "").encode(), b"", hashlib.sha256).hexdigest()
    if key is None or request.args.get("signature") != expected:
        raise WireError(87009)
    return answer(request.path, {"errcode": 0, "errmsg": "ok"})


@wire_sign_in.route("/wxa/business/getuserphonenumber", methods=["GET", "POST"])
def phone_number() -> Response:
    body, account, now = posted(), caller(MINI), state().clock()
    openid, _ = state().codes.use(body.get("code"), MINI.appid, (PHONE_NUMBER,), now=now)
    phone = phone_of_mini(openid)
    if phone is None or body.get("openid", openid) != openid:
        raise WireError(40003)
    info = {
        "phoneNumber": phone.number,
        "purePhoneNumber": phone.number,
        "countryCode": "86",
        "watermark": {"timestamp": int(now), "appid": account.appid},
    }
    return answer(request.path, {"errcode": 0, "errmsg": "ok", "phone_info": info})


def _code(name: str, account: SandboxAccount) -> str:
    if credentials(request.args) != account:
        raise WireError(48001)
    if not request.args.get(name):
        raise WireError(41008)
    if request.args.get("grant_type") != "authorization_code":
        raise WireError(40002)
    return request.args[name]


def _granted(grant: Grant, more: dict[str, object]) -> Response:
    reply: dict[str, object] = {
        "access_token": grant.access_token,
        "expires_in": GRANT_LIFE,
        "refresh_token": grant.refresh_token,
        "openid": grant.openid,
        "scope": grant.scope,
    }
    return answer(request.path, {**reply, **more})


def _signed_in() -> tuple[str, str]:
    granted = state().codes.granted(request.args.get("access_token", ""), now=state().clock())
    if granted is None:
        raise WireError(40001)
    if request.args.get("openid") != granted[0]:
        raise WireError(40003)
    return granted


def _bound(phone: Phone | None) -> dict[str, object]:
    """What an account tells that is bound to an Open Platform account."""
    return {"unionid": phone.unionid} if phone and phone.unionid and state().switches.unionids else {}
