"""What somebody does with the service account on a simulated phone: follow, leave, write, tap the menu, scan."""

import secrets
from collections.abc import Mapping

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from sandbox.accounts import SERVICE
from sandbox.phones import PHONES, Phone
from sandbox.pushes import letter
from sandbox.state import state
from sandbox.wire_errors import WireError

phone_acts = Blueprint("phone_acts", __name__)

_LONGEST = 600


@phone_acts.post("/phone/<name>/follow")
def follow(name: str) -> BaseResponse:
    phone = _phone(name)
    state().people.follow(phone, True, now=state().clock())
    return _pushed(phone, {"MsgType": "event", "Event": "subscribe", "EventKey": ""})


@phone_acts.post("/phone/<name>/unfollow")
def unfollow(name: str) -> BaseResponse:
    phone = _phone(name)
    state().people.follow(phone, False, now=state().clock())
    return _pushed(phone, {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""})


@phone_acts.post("/phone/<name>/scan")
def scan(name: str) -> BaseResponse:
    """A parametric code of the account: who does not follow yet follows by it."""
    phone, scene = _phone(name), request.form.get("scene", "").strip()[:64]
    code = {"MsgType": "event", "Ticket": state().scenes.ticket(scene)}
    if state().people.follows(phone):
        return _pushed(phone, {**code, "Event": "SCAN", "EventKey": scene})
    state().people.follow(phone, True, now=state().clock(), scene=scene)
    return _pushed(phone, {**code, "Event": "subscribe", "EventKey": f"qrscene_{scene}"})


@phone_acts.post("/phone/<name>/say")
def say(name: str) -> BaseResponse:
    text = request.form.get("text", "").strip()[:_LONGEST]
    return _pushed(_phone(name), {"MsgType": "text", "Content": text, "MsgId": 10**18 + secrets.randbelow(10**18)})


@phone_acts.post("/phone/<name>/click")
def click(name: str) -> BaseResponse:
    return _pushed(_phone(name), {"MsgType": "event", "Event": "CLICK", "EventKey": "menu"})


def _phone(name: str) -> Phone:
    if name not in PHONES:
        raise WireError(40066)
    return PHONES[name]


def _pushed(phone: Phone, fields: Mapping[str, object]) -> BaseResponse:
    state().pushes.later(letter(SERVICE, fields, openid=phone.openid, now=state().clock()))
    return redirect(url_for("phones.phone", name=phone.name), 303)
