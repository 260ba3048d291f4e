"""Tokens, tickets, quotas and addresses: what api.weixin.qq.com answers about an account itself."""

from flask import Blueprint, Response, request

from sandbox.quotas import QUOTAS
from sandbox.request import caller, check_address, credentials, posted
from sandbox.state import state
from sandbox.tokens import TICKET
from sandbox.wire_errors import WireError, answer

wire_tokens = Blueprint("wire_tokens", __name__)


@wire_tokens.get("/cgi-bin/token")
def legacy_token() -> Response:
    if request.args.get("grant_type") != "client_credential":
        raise WireError(40002)
    appid = credentials(request.args).appid
    check_address()
    now = state().clock()
    state().quotas.spend(appid, request.path, now=now)
    value, left = state().tokens.legacy(appid, now=now)
    return answer(request.path, {"access_token": value, "expires_in": left})


@wire_tokens.route("/cgi-bin/stable_token", methods=["GET", "POST"])
def stable_token() -> Response:
    body = posted()
    if body.get("grant_type") != "client_credential":
        raise WireError(40002)
    appid = credentials(body).appid
    check_address()
    now = state().clock()
    state().quotas.spend(appid, request.path, now=now)
    value, left = state().tokens.stable(appid, force=body.get("force_refresh") is True, now=now)
    return answer(request.path, {"access_token": value, "expires_in": left})


@wire_tokens.get("/cgi-bin/ticket/getticket")
def ticket() -> Response:
    account = caller()
    if request.args.get("type") != "jsapi":
        raise WireError(40097)
    value, left = state().tokens.kept(account.appid, TICKET, now=state().clock())
    return answer(request.path, {"errcode": 0, "errmsg": "ok", "ticket": value, "expires_in": left})


@wire_tokens.get("/cgi-bin/getcallbackip")
@wire_tokens.get("/cgi-bin/get_api_domain_ip")
def addresses() -> Response:
    caller()
    return answer(request.path, {"ip_list": ["127.0.0.1", "127.0.0.2", "101.226.103.0/25"]})


@wire_tokens.route("/cgi-bin/clear_quota", methods=["GET", "POST"])
def clear_quota() -> Response:
    body, account = posted(), caller()
    if body.get("appid") != account.appid:
        raise WireError(40013)
    state().quotas.clear(account.appid, now=state().clock())
    return answer(request.path, {"errcode": 0, "errmsg": "ok"})


@wire_tokens.post("/cgi-bin/clear_quota/v2")
def clear_quota_without_token() -> Response:
    state().quotas.clear(credentials(request.args, "appsecret").appid, now=state().clock())
    return answer(request.path, {"errcode": 0, "errmsg": "ok"})


@wire_tokens.route("/cgi-bin/openapi/quota/get", methods=["GET", "POST"])
def quota() -> Response:
    body, account = posted(), caller()
    path = str(body.get("cgi_path"))
    if path.startswith("/sns/"):
        raise WireError(76022)
    if path not in QUOTAS:
        raise WireError(76021)
    limits = state().quotas.quota(path)
    used = state().quotas.used_today(account.appid, path, now=state().clock())
    reply: dict[str, object] = {"errcode": 0, "errmsg": "ok"}
    if limits.daily is not None:
        reply["quota"] = {"daily_limit": limits.daily, "used": used, "remain": max(0, limits.daily - used)}
    if limits.minute is not None:
        reply["rate_limit"] = {"call_count": limits.minute, "refresh_second": 60}
    return answer(request.path, reply)
