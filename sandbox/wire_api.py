"""The calls a server makes to api.weixin.qq.com."""

import json
import secrets
from collections.abc import Mapping

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from sandbox.accounts import SERVICE
from sandbox.field_rules import fault
from sandbox.message_templates import TEMPLATES, MessageTemplate
from sandbox.phones import phone_of
from sandbox.pushes import letter
from sandbox.state import state
from sandbox.store import TOKEN_LIFE, CodeRefused
from sandbox.wire_errors import WireError, answer

STABLE_TOKEN = "/cgi-bin/stable_token"  # noqa: S105 a path
SEND_TEMPLATE = "/cgi-bin/message/template/send"
CODE_EXCHANGE = "/sns/oauth2/access_token"
_LONGEST_URL = 1024
_OUTCOME_SECONDS = 0.3

wire = Blueprint("wire", __name__)


@wire.route(STABLE_TOKEN, methods=["GET", "POST"])
def stable_token() -> Response:
    body = _posted()
    if body.get("grant_type") != "client_credential":
        raise WireError(40002)
    _check_credentials(body)
    now = state().clock()
    force = body.get("force_refresh") is True
    value, left = state().store.stable_token(SERVICE.appid, force=force, now=now)
    return answer(request.path, {"access_token": value, "expires_in": left})


@wire.get(CODE_EXCHANGE)
def exchange_code() -> Response:
    query = request.args
    _check_credentials(query)
    if not query.get("code"):
        raise WireError(41008)
    if query.get("grant_type") != "authorization_code":
        raise WireError(40002)
    try:
        openid, scope = state().store.use_code(query["code"], SERVICE.appid, now=state().clock())
    except CodeRefused as refused:
        raise WireError(40163 if refused.used else 40029) from refused
    reply: dict[str, object] = {
        "access_token": secrets.token_urlsafe(64),
        "expires_in": TOKEN_LIFE,
        "refresh_token": secrets.token_urlsafe(64),
        "openid": openid,
        "scope": scope,
    }
    return answer(request.path, reply)


@wire.route(SEND_TEMPLATE, methods=["GET", "POST"])
def send_template() -> Response:
    body = _posted()
    now = state().clock()
    _check_token(request.args.get("access_token", ""), now)
    phone, template_id = phone_of(body.get("touser")), body.get("template_id")
    if phone is None:
        raise WireError(40003)
    template = TEMPLATES.get(template_id) if isinstance(template_id, str) else None
    if template is None:
        raise WireError(40037)
    if not state().store.following(phone.openid, phone.follows):
        raise WireError(43004)
    url = str(body.get("url") or "")
    if len(url.encode()) > _LONGEST_URL:
        raise WireError(40039)
    msgid, first = state().store.deliver(
        phone.openid,
        template_id=str(template_id),
        url=url,
        client_msg_id=str(body["client_msg_id"]) if body.get("client_msg_id") else None,
        fields=_fields(template, body.get("data")),
        now=now,
    )
    if first:
        outcome = {"MsgType": "event", "Event": "TEMPLATESENDJOBFINISH", "MsgID": msgid}
        finished = {**outcome, "Status": state().knobs.outcome(SEND_TEMPLATE)}
        state().pushes.later(letter(SERVICE, finished, openid=phone.openid, now=now), seconds=_OUTCOME_SECONDS)
    return answer(request.path, {"errcode": 0, "errmsg": "ok", "msgid": msgid})


def _posted() -> Mapping[str, object]:
    if request.method != "POST":
        raise WireError(43002)
    raw = request.get_data()
    if not raw:
        raise WireError(44002)
    if b"\\u" in raw:
        raise WireError(40033)
    try:
        body = json.loads(raw)
    except ValueError as unreadable:
        raise WireError(47001) from unreadable
    if not isinstance(body, dict):
        raise WireError(47001)
    return body


def _check_credentials(given: Mapping[str, object] | MultiDict[str, str]) -> None:
    if not given.get("appid"):
        raise WireError(41002)
    if given.get("appid") != SERVICE.appid:
        raise WireError(40013)
    if not given.get("secret"):
        raise WireError(41004)
    if given.get("secret") != SERVICE.secret:
        raise WireError(40125)


def _check_token(value: str, now: float) -> None:
    if not value:
        raise WireError(41001)
    token_state = state().store.token_state(value, now=now)
    if token_state == "unknown":  # noqa: S105 a state
        raise WireError(40001)
    if token_state == "expired":  # noqa: S105 a state
        raise WireError(42001)


def _fields(template: MessageTemplate, data: object) -> Mapping[str, str]:
    """The template's own fields; others are dropped in silence, as WeChat does."""
    given = data if isinstance(data, dict) else {}
    fields = {}
    for name in template.fields:
        entry = given.get(name)
        value = entry.get("value") if isinstance(entry, dict) else None
        wrong = fault(name, value)
        if wrong:
            raise WireError(47003, f"data.{name}.value {wrong}")
        fields[name] = str(value)
    return fields
