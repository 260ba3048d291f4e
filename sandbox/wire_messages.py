"""Messages: templates of the service account, subscriptions of the mini-program, and answers within a window."""

from collections.abc import Mapping

from flask import Blueprint, Response, g, request

from sandbox.accounts import MINI, SERVICE, SandboxAccount
from sandbox.field_rules import fault
from sandbox.mailbox import CUSTOM, SUBSCRIPTION, TEMPLATE, Sending
from sandbox.message_templates import TEMPLATES, MessageTemplate
from sandbox.mini_pages import is_released
from sandbox.phones import phone_of, phone_of_mini
from sandbox.pushes import sealed_push
from sandbox.request import caller, posted
from sandbox.state import state
from sandbox.wire_errors import WireError, answer

SEND_TEMPLATE = "/cgi-bin/message/template/send"
SEND_SUBSCRIPTION = "/cgi-bin/message/subscribe/send"
_LONGEST_URL = 1024
_LONGEST_TEXT = 2048
_OUTCOME_SECONDS = 0.3

wire_messages = Blueprint("wire_messages", __name__)


@wire_messages.route(SEND_TEMPLATE, methods=["GET", "POST"])
def send_template() -> Response:
    body = posted()
    caller(SERVICE)
    now, phone = state().clock(), phone_of(body.get("touser"))
    if phone is None:
        raise WireError(40003)
    template_id, template = _template(body, SERVICE)
    if not state().people.follows(phone):
        raise WireError(43004)
    url = str(body.get("url") or "")
    if len(url.encode()) > _LONGEST_URL:
        raise WireError(40039)
    message = Sending(
        channel=TEMPLATE,
        fields=_fields(template, body.get("data")),
        openid=phone.openid,
        template_id=template_id,
        url=url,
        client_msg_id=str(body["client_msg_id"]) if body.get("client_msg_id") else None,
    )
    msgid, first = state().mailbox.deliver(message, now=now)
    if first:
        outcome = {"MsgType": "event", "Event": "TEMPLATESENDJOBFINISH", "MsgID": msgid}
        finished = {**outcome, "Status": state().knobs.outcome(SEND_TEMPLATE)}
        state().pushes.later(sealed_push(SERVICE, finished, openid=phone.openid, now=now), seconds=_OUTCOME_SECONDS)
    return answer(request.path, {"errcode": 0, "errmsg": "ok", "msgid": msgid})


@wire_messages.route(SEND_SUBSCRIPTION, methods=["GET", "POST"])
def send_subscription() -> Response:
    body = posted()
    caller(MINI)
    now, phone = state().clock(), phone_of_mini(body.get("touser"))
    if phone is None:
        raise WireError(40003)
    _one_at_a_time(phone.mini_openid)
    template_id, template = _template(body, MINI)
    page = str(body.get("page") or "")
    if page and not is_released(page):
        raise WireError(41030)
    fields = _fields(template, body.get("data"))
    if not state().people.spend_credit(phone.mini_openid, template_id):
        raise WireError(43101)
    message = Sending(channel=SUBSCRIPTION, fields=fields, openid=phone.mini_openid, template_id=template_id, url=page)
    msgid, _ = state().mailbox.deliver(message, now=now)
    entry = {"TemplateId": template_id, "MsgID": str(msgid), "ErrorCode": "0", "ErrorStatus": "success"}
    sent = {"MsgType": "event", "Event": "subscribe_msg_sent_event", "List": [entry]}
    state().pushes.later(sealed_push(MINI, sent, openid=phone.mini_openid, now=now), seconds=_OUTCOME_SECONDS)
    # The guide promises a msgid, the reference does not; nobody should need it.
    optional = {"msgid": msgid} if msgid % 2 else {}
    return answer(request.path, {"errcode": 0, "errmsg": "ok", **optional})


@wire_messages.route("/cgi-bin/message/custom/send", methods=["GET", "POST"])
def send_custom() -> Response:
    body = posted()
    caller(SERVICE)
    now, phone, text = state().clock(), phone_of(body.get("touser")), body.get("text")
    if phone is None:
        raise WireError(40003)
    content = text.get("content") if body.get("msgtype") == "text" and isinstance(text, dict) else None
    if not isinstance(content, str) or not 0 < len(content.encode()) <= _LONGEST_TEXT:
        raise WireError(47001)
    left = state().people.spend_reply(phone.openid, now=now)
    if not left:
        raise WireError(45015 if left is None else 45047)
    state().mailbox.deliver(Sending(channel=CUSTOM, fields={"content": content}, openid=phone.openid), now=now)
    return answer(request.path, {"errcode": 0, "errmsg": "ok"})


@wire_messages.teardown_app_request
def _landed(_: BaseException | None) -> None:
    state().mailbox.end(g.pop("under_way", ""))


def _one_at_a_time(openid: str) -> None:
    if not state().mailbox.begin(openid):
        raise WireError(43108)
    g.under_way = openid


def _template(body: Mapping[str, object], account: SandboxAccount) -> tuple[str, MessageTemplate]:
    template_id = str(body.get("template_id"))
    template = TEMPLATES.get(template_id)
    if template is None or template.account != account.name:
        raise WireError(40037)
    return template_id, template


def _fields(template: MessageTemplate, data: object) -> Mapping[str, str]:
    """The template's own fields; others are dropped in silence, as WeChat does."""
    values = data if isinstance(data, dict) else {}
    fields = {}
    for name in template.fields:
        entry = values.get(name)
        value = entry.get("value") if isinstance(entry, dict) else None
        wrong = fault(name, value)
        if wrong:
            raise WireError(47003, f"data.{name}.value {wrong}")
        fields[name] = str(value)
    return fields
