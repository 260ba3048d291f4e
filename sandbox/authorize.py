"""The page that asks who somebody is: open.weixin.qq.com, for the service account and for WeCom's app."""

import re
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from sandbox.accounts import SERVICE, WECOM
from sandbox.phones import PHONES, Phone
from sandbox.state import state

PHONE_COOKIE = "sandbox_phone"
SEAT = re.compile("^/seat/([a-z-]+)(?=/|$)")
_ORDER = ["appid", "redirect_uri", "response_type", "scope", "state"]
_OPTIONAL = {"forcePopup", "forceSnapShot", "agentid"}
_CONSENT = "snsapi_userinfo"
_SCOPES = {SERVICE.appid: {"snsapi_base", _CONSENT}, WECOM.corpid: {"snsapi_base", "snsapi_privateinfo"}}

authorization = Blueprint("authorization", __name__)


@authorization.route("/connect/oauth2/authorize", methods=["GET", "POST"])
def authorize() -> BaseResponse:
    """Silent, unless more than an openid is asked for: then a tap on the page of consent posts here."""
    wrong = _wrong_request()
    if wrong:
        return _refused(*wrong)
    phone = PHONES.get(_seat() or request.cookies.get(PHONE_COOKIE, ""))
    if phone is None:
        return make_response(render_template("choose.html", phones=PHONES.values()))
    if request.args["scope"] == _CONSENT and request.method == "GET":
        return make_response(render_template("consent.html", phone=phone))
    return _back_to_app(phone)


@authorization.get("/connect/oauth2/authorize/<name>")
def authorize_as(name: str) -> BaseResponse:
    wrong = _wrong_request()
    phone = PHONES.get(name)
    if wrong or phone is None:
        return _refused(*(wrong or (10003, "没有这部手机", "There is no such phone")))
    answer = redirect(url_for("authorization.authorize") + "?" + request.query_string.decode())
    become(phone, answer)
    return answer


def _seat() -> str:
    """The demo gives each phone a path of its own, so that one browser may hold them all; it leads back there."""
    found = SEAT.match(urlsplit(request.args["redirect_uri"]).path)
    return found[1] if found else ""


def become(phone: Phone, answer: BaseResponse) -> None:
    """From now on this browser is that person's WeChat."""
    answer.set_cookie(PHONE_COOKIE, phone.name, samesite="Lax", httponly=True)


def _back_to_app(phone: Phone) -> BaseResponse:
    query = request.args
    who = phone.name if query["appid"] == WECOM.corpid else phone.openid
    code = state().codes.new(query["appid"], who, query["scope"], now=state().clock())
    target = query["redirect_uri"]
    joint = "&" if urlsplit(target).query else "?"
    answer = redirect(f"{target}{joint}code={code}&state={query['state']}", 303 if request.method == "POST" else 302)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _refused(number: int, chinese: str, english: str) -> Response:
    page = render_template("refused.html", number=number, chinese=chinese, english=english)
    return make_response(page, 400)


def _wrong_request() -> tuple[int, str, str] | None:
    query = request.args
    given_state = query.get("state", "")
    checks = (
        (query.get("appid"), 10012, "appid 为空", "appid is empty"),
        (query.get("redirect_uri"), 10011, "redirect_uri 为空", "redirect_uri is empty"),
        (query.get("scope"), 10010, "scope 为空", "scope is empty"),
        (given_state, 10013, "state 为空", "state is empty"),
        (query.get("appid") in _SCOPES, 10003, "appid 参数错误", "unknown appid"),
        (_registered(), 10003, "redirect_uri 参数错误", "the redirect's host is not the registered one"),
        (_in_order(), 10003, "参数顺序错误", "the parameters are not in WeChat's order"),
        (
            given_state.isascii() and given_state.isalnum() and len(given_state) <= 128,
            10003,
            "state 参数错误",
            "a state has 1 to 128 letters and digits",
        ),
        (
            query.get("scope") in _SCOPES.get(query.get("appid", ""), ()),
            10005,
            "该公众号没有此 scope 权限",
            "the account lacks this scope",
        ),
        (_agent(), 10003, "agentid 参数错误", "the agentid is not that of the app"),
    )
    return next(((number, zh, en) for good, number, zh, en in checks if not good), None)


def _registered() -> bool:
    """WeCom compares the port too."""
    redirected, app = urlsplit(request.args.get("redirect_uri", "")), state().app
    same = redirected.netloc == app.netloc if request.args.get("appid") == WECOM.corpid else True
    return redirected.scheme in {"http", "https"} and redirected.hostname == app.hostname and same


def _agent() -> bool:
    return request.args.get("appid") != WECOM.corpid or request.args.get("agentid") == str(WECOM.agentid)


def _in_order() -> bool:
    names = [name for name, _ in parse_qsl(request.query_string.decode(), keep_blank_values=True)]
    return names[:5] == _ORDER and set(names[5:]) <= _OPTIONAL and request.args["response_type"] == "code"
