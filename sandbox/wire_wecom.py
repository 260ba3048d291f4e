"""WeCom: the self-built app and the group's robot, as qyapi.weixin.qq.com serves them."""

import hashlib
from collections.abc import Mapping

from flask import Blueprint, Response, request

from sandbox.accounts import WECOM
from sandbox.mailbox import ROBOT, WECOM_CARD, Sending
from sandbox.phones import PHONES, phone_of_wecom
from sandbox.request import check_wecom_caller, posted
from sandbox.state import state
from sandbox.tokens import WECOM_APP
from sandbox.wire_errors import WireError, answer

_CODE_SCOPES = ("snsapi_base", "snsapi_privateinfo")
_MOST_PEOPLE = 1000
# In bytes of UTF-8.
_CARD = {"title": 128, "description": 512, "url": 2048}
_TEXTS = {"text": {"content": 2048}, "markdown": {"content": 2048}, "textcard": _CARD}
_ROBOT_TEXTS = {"text": {"content": 2048}, "markdown": {"content": 4096}}
_LONGEST_INTERVAL, _INTERVAL = 14_400, 1_800

wire_wecom = Blueprint("wire_wecom", __name__)


@wire_wecom.get("/cgi-bin/gettoken")
def token() -> Response:
    query = request.args
    if query.get("corpid") != WECOM.corpid:
        raise WireError(40013)
    if query.get("corpsecret") != WECOM.secret:
        raise WireError(40001)
    value, left = state().tokens.kept(WECOM.corpid, WECOM_APP, now=state().clock())
    return answer(request.path, {"errcode": 0, "errmsg": "ok", "access_token": value, "expires_in": left})


@wire_wecom.get("/cgi-bin/auth/getuserinfo", defaults={"member": "userid", "outsider": "openid"})
@wire_wecom.get("/cgi-bin/user/getuserinfo", defaults={"member": "UserId", "outsider": "OpenId"})
def user(member: str, outsider: str) -> Response:
    check_wecom_caller()
    name, _ = state().codes.use(request.args.get("code"), WECOM.corpid, _CODE_SCOPES, now=state().clock())
    phone = PHONES[name]
    who = {member: phone.wecom} if phone.wecom else {outsider: phone.wecom_openid}
    return answer(request.path, {"errcode": 0, "errmsg": "ok", **who})


@wire_wecom.route("/cgi-bin/message/send", methods=["GET", "POST"])
def send() -> Response:
    body = posted()
    check_wecom_caller()
    if body.get("agentid") != WECOM.agentid:
        raise WireError(40056)
    user_ids = str(body.get("touser") or "").split("|")
    if len(user_ids) > _MOST_PEOPLE:
        raise WireError(40058)
    texts = _texts(body, _TEXTS)
    known = {user_id: phone for user_id in user_ids if (phone := phone_of_wecom(user_id))}
    if not known:
        raise WireError(81013)
    msgids = [
        state().mailbox.deliver(
            Sending(
                channel=WECOM_CARD,
                fields={name: text for name, text in texts.items() if name != "url"},
                user_id=phone.wecom,
                url=texts.get("url", ""),
                client_msg_id=_same(body),
            ),
            same_seconds=_interval(body),
            now=state().clock(),
        )[0]
        for phone in known.values()
    ]
    strangers = "|".join(user_id for user_id in user_ids if user_id not in known)
    reply = {"invaliduser": strangers, "unlicenseduser": "", "msgid": str(msgids[0])}
    return answer(request.path, {"errcode": 0, "errmsg": "ok", **reply})


@wire_wecom.route("/cgi-bin/webhook/send", methods=["GET", "POST"])
def robot() -> Response:
    body, key, now = posted(), request.args.get("key", ""), state().clock()
    if key != WECOM.robot_key:
        raise WireError(93000)
    state().quotas.spend(key, request.path, now=now)
    texts = _texts(body, _ROBOT_TEXTS)
    state().mailbox.deliver(Sending(channel=ROBOT, fields=texts), now=now)
    return answer(request.path, {"errcode": 0, "errmsg": "ok"})


def _texts(body: Mapping[str, object], limits: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """All parts of the message, none empty or longer than its limit."""
    kind = str(body.get("msgtype"))
    part = body.get(kind)
    if kind not in limits or not isinstance(part, dict):
        raise WireError(40058)
    texts = {name: part.get(name) for name in limits[kind]}
    for name, most in limits[kind].items():
        text = texts[name]
        if not isinstance(text, str) or not 0 < len(text.encode()) <= most:
            raise WireError(40058, name)
    return {name: str(text) for name, text in texts.items()}


def _same(body: Mapping[str, object]) -> str | None:
    """The whole request is what makes a message the same."""
    return hashlib.sha256(request.get_data()).hexdigest() if body.get("enable_duplicate_check") == 1 else None


def _interval(body: Mapping[str, object]) -> int:
    seconds = body.get("duplicate_check_interval", _INTERVAL)
    return min(seconds, _LONGEST_INTERVAL) if isinstance(seconds, int) else _INTERVAL
