"""What somebody does with the accounts on a simulated phone: follow, leave, write, tap the menu, scan, agree."""

import secrets
from collections.abc import Mapping

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from sandbox import qr_scenes
from sandbox.accounts import MINI, SERVICE
from sandbox.events import DATA_EVENTS, PLATFORM, agreement, withdrawal
from sandbox.message_templates import TEMPLATES
from sandbox.phones import PHONES, Phone
from sandbox.pushes import sealed_push
from sandbox.state import state
from sandbox.wire_errors import WireError

phone_acts = Blueprint("phone_acts", __name__)

_LONGEST = 600
# How many messages may answer what somebody does, and for how long.
_AFTER_TEXT, _AFTER_EVENT = (5, 48 * 3600), (3, 60)


@phone_acts.post("/phone/<name>/follow")
def follow(name: str) -> BaseResponse:
    phone = _phone(name)
    state().people.follow(phone, True, now=state().clock())
    return _pushed(phone, {"MsgType": "event", "Event": "subscribe", "EventKey": ""}, _AFTER_EVENT)


@phone_acts.post("/phone/<name>/unfollow")
def unfollow(name: str) -> BaseResponse:
    phone = _phone(name)
    state().people.follow(phone, False, now=state().clock())
    return _pushed(phone, {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""})


@phone_acts.post("/phone/<name>/scan")
def scan(name: str) -> BaseResponse:
    """A parametric code of the account, by its scene or by what its picture says: who does not follow yet follows."""
    phone, now = _phone(name), state().clock()
    ticket = qr_scenes.ticket_in(request.form.get("url", ""))
    if ticket:
        scene = state().scenes.scene_of(ticket, now=now)
        if scene is None:
            raise WireError(40066)
    else:
        scene = request.form.get("scene", "").strip()[:64]
    code = {"MsgType": "event", "Ticket": ticket or state().scenes.ticket(scene)}
    if state().people.follows(phone):
        return _pushed(phone, {**code, "Event": "SCAN", "EventKey": scene}, _AFTER_EVENT)
    state().people.follow(phone, True, now=now, scene=scene)
    return _pushed(phone, {**code, "Event": "subscribe", "EventKey": f"qrscene_{scene}"}, _AFTER_EVENT)


@phone_acts.post("/phone/<name>/say")
def write(name: str) -> BaseResponse:
    text = request.form.get("text", "").strip()[:_LONGEST]
    fields = {"MsgType": "text", "Content": text, "MsgId": 10**18 + secrets.randbelow(10**18)}
    return _pushed(_phone(name), fields, _AFTER_TEXT)


@phone_acts.post("/phone/<name>/click")
def click(name: str) -> BaseResponse:
    return _pushed(_phone(name), {"MsgType": "event", "Event": "CLICK", "EventKey": "menu"}, _AFTER_EVENT)


@phone_acts.post("/phone/<name>/view")
def view(name: str) -> BaseResponse:
    return _pushed(_phone(name), {"MsgType": "event", "Event": "VIEW", "EventKey": f"{state().app_url}/my"})


@phone_acts.post("/phone/<name>/data")
def data(name: str) -> BaseResponse:
    """What becomes of somebody's data is told to every account they have used."""
    phone, event = _phone(name), DATA_EVENTS.get(request.form.get("event", ""))
    if event is None:
        raise WireError(40066)
    for account, openid in ((SERVICE, phone.openid), (MINI, phone.mini_openid)):
        push = sealed_push(account, event.fields(account, openid), openid=PLATFORM, now=state().clock())
        state().pushes.later(push)
    return _back(phone)


@phone_acts.post("/phone/<name>/agree")
def agree(name: str) -> BaseResponse:
    """The mini-program asks for messages of a template: accept, reject, or later withdraw."""
    phone, template_id, answer = _phone(name), request.form.get("template_id", ""), request.form.get("answer")
    template = TEMPLATES.get(template_id)
    if template is None or template.account != MINI.name or answer not in {"accept", "reject", "withdraw"}:
        raise WireError(40037)
    if answer == "accept":
        state().people.agree(phone.mini_openid, template_id)
    elif answer == "withdraw":
        state().people.refuse(phone.mini_openid, template_id)
    fields = withdrawal(template_id) if answer == "withdraw" else agreement(template_id, accepted=answer == "accept")
    state().pushes.later(sealed_push(MINI, fields, openid=phone.mini_openid, now=state().clock()))
    return _back(phone)


def _phone(name: str) -> Phone:
    if name not in PHONES:
        raise WireError(40066)
    return PHONES[name]


def _pushed(phone: Phone, fields: Mapping[str, object], replies: tuple[int, int] | None = None) -> BaseResponse:
    now = state().clock()
    if replies:
        state().people.allow_replies(phone.openid, replies[0], until=now + replies[1])
    state().pushes.later(sealed_push(SERVICE, fields, openid=phone.openid, now=now))
    return _back(phone)


def _back(phone: Phone) -> BaseResponse:
    return redirect(url_for("phones.phone", name=phone.name), 303)
