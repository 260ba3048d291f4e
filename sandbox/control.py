"""What tests turn and read; no part of WeChat."""

from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from sandbox.accounts import ACCOUNTS, MINI, WECOM
from sandbox.codes import LOGIN, PHONE_NUMBER
from sandbox.faults import Knob
from sandbox.message_templates import TEMPLATES
from sandbox.phones import PHONES
from sandbox.state import state
from sandbox.switches import SWITCHES

control = Blueprint("control", __name__, url_prefix="/sandbox")

_KNOB_NAMES = {field.name for field in fields(Knob)}
_APPIDS = {**{name: account.appid for name, account in ACCOUNTS.items()}, WECOM.name: WECOM.corpid}
_CODES = (LOGIN, PHONE_NUMBER)

JsonReply = tuple[Response, int]


@control.post("/knobs")
def turn() -> JsonReply:
    body = _body()
    path = body.pop("path", None)
    if not isinstance(path, str) or not path.startswith("/") or not body.keys() <= _KNOB_NAMES:
        return _expected(f"a path and any of {', '.join(sorted(_KNOB_NAMES))}")
    knob = Knob(**body)
    state().knobs.turn(path, knob)
    return jsonify(path=path, **asdict(knob)), 200


@control.route("/switches", methods=["GET", "POST"])
def switch() -> JsonReply:
    """What is not named stays as it is."""
    body = _body() if request.method == "POST" else {}
    if not all(type(value) is SWITCHES.get(name) for name, value in body.items()):
        return _expected(", ".join(f"{name} ({kind.__name__})" for name, kind in SWITCHES.items()))
    for name, value in body.items():
        state().switches.set(name, value)
    if "api2_only" in body:
        state().doors.shut_main(body["api2_only"])
    return jsonify(state().switches.shown()), 200


@control.post("/quotas")
def quotas() -> JsonReply:
    body = _body()
    path, limits = body.pop("path", ""), {name: body.pop(name, None) for name in ("daily", "minute")}
    if not str(path).startswith("/") or body or not all(type(most) in {int, type(None)} for most in limits.values()):
        return _expected("a path, and maybe daily and minute (numbers)")
    state().quotas.change(path, **limits)
    return jsonify(path=path, **limits), 200


@control.post("/clock")
def clock() -> JsonReply:
    seconds = _body().get("forward")
    if not isinstance(seconds, int | float) or seconds < 0:
        return _expected("forward (seconds)")
    state().clock.forward(seconds)
    return jsonify(now=state().clock()), 200


@control.post("/revoke")
def revoke() -> JsonReply:
    """All tokens of an account are worth nothing from now on."""
    account = _body().get("account")
    if account not in _APPIDS:
        return _expected(f"account ({', '.join(_APPIDS)})")
    state().tokens.revoke(_APPIDS[account], now=state().clock())
    return jsonify(account=account), 200


@control.post("/codes")
def codes() -> JsonReply:
    """What a mini-program gets of wx.login, or of the button that asks for the number."""
    body = _body()
    phone, kind = PHONES.get(str(body.get("phone"))), body.get("kind", LOGIN)
    if phone is None or kind not in _CODES:
        return _expected(f"phone ({', '.join(PHONES)}), and maybe kind ({', '.join(_CODES)})")
    return jsonify(code=state().codes.new(MINI.appid, phone.mini_openid, kind, now=state().clock())), 200


@control.post("/credits")
def credits_() -> JsonReply:
    """The user agrees so many times to be sent a message of this template; without a push, unlike on the phone."""
    body = _body()
    phone, template_id = PHONES.get(str(body.get("phone"))), str(body.get("template_id"))
    number = body.get("number", 1)
    template = TEMPLATES.get(template_id)
    if phone is None or template is None or template.account != MINI.name or number not in range(1, 101):
        return _expected(f"phone ({', '.join(PHONES)}), a template_id of the mini-program, and maybe number (1 to 100)")
    for _ in range(number):
        state().people.agree(phone.mini_openid, template_id)
    return jsonify(state().people.credits(phone.mini_openid)), 200


@control.get("/messages")
def messages() -> Response:
    delivered = [
        # As text, since 64 bits are too many for some readers of JSON.
        {**asdict(message), "msgid": str(message.msgid), "at": datetime.fromtimestamp(message.at, UTC).isoformat()}
        for message in state().mailbox.messages()
    ]
    return jsonify(messages=delivered)


@control.get("/calls")
def calls() -> Response:
    return jsonify(state().knobs.calls())


def _body() -> dict[str, Any]:
    body = request.get_json()
    return body if isinstance(body, dict) else {}


def _expected(what: str) -> JsonReply:
    return jsonify(error=f"expected {what}"), 400
