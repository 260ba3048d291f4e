"""`/wechat/callback/<account>`: WeChat tries the address and pushes messages; verified, kept, answered at once."""

import structlog
from flask import Blueprint, Response, abort, request
from prometheus_client import Counter
from werkzeug.exceptions import RequestEntityTooLarge

from app.http import session
from app.http.context import now, runtime, transaction
from app.http.i18n import gettext
from app.services import wechat_callbacks
from app.services.identity import invitations
from config.settings import CallbackSettings
from wechat import replies
from wechat.crypto import BadPush, Fault, Seal
from wechat.push import LARGEST, Push, check_address, read

blueprint = Blueprint("callback", __name__, url_prefix="/wechat/callback")

STATUS = {Fault.NOT_GENUINE: 403, Fault.MALFORMED: 400, Fault.TOO_LARGE: 413}
UNKNOWN = Counter("wechat_unknown_pushes", "Genuine pushes of a kind this version does not know", ["account"])


@blueprint.url_value_preprocessor
def _read_body(_endpoint: str | None, _values: dict[str, str] | None) -> None:
    # Before anything asks for form fields: who sends a push as a form would leave us an empty body.
    request.max_content_length = LARGEST
    request.get_data()


@blueprint.get("/<account>")
def check(account: str) -> Response:
    """WeChat's question whether this address is ours."""
    return _text(check_address(request.args, _seal(_settings(account))))


@blueprint.post("/<account>")
@session.checks_its_own_form  # WeChat signs what it sends; nobody here has a form
def receive(account: str) -> Response:
    """One push. What it causes happens later; only who writes, taps the menu or binds is told more than `success`."""
    settings = _settings(account)
    seal = _seal(settings)
    push = read(request.args, request.get_data(), seal, plain_allowed=not runtime().settings.production)
    if push.health_check:
        return _text("success")
    with transaction() as db:
        first = wechat_callbacks.store(db, push, appid=settings.appid, at=now())
    if first and not wechat_callbacks.is_known(push):
        UNKNOWN.labels(account).inc()
        structlog.get_logger().info("an unknown push was kept", account=account, kind=push.kind, push=push.event)
    return _reply(account, settings, seal, push) if first and _answered(account, push) else _text("success")


def _answered(account: str, push: Push) -> bool:
    tapped = push.event == "CLICK" and account != "mini"
    return push.kind == "text" or tapped or push.scene.startswith(invitations.SCENE)


def _reply(account: str, settings: CallbackSettings, seal: Seal, push: Push) -> Response:
    at, form = now(), settings.form
    # The mini-program takes no text in an answer, but hands a message on to the people who write back.
    if account == "mini" or _wants_a_human(push):
        reply = replies.to_customer_service(push, at=at, form=form)
    else:
        text = _binding() if push.scene.startswith(invitations.SCENE) else _menu()
        reply = replies.text_reply(push, text, at=at, form=form)
    if push.encrypted:
        reply = replies.sealed(reply, seal, at=at, form=form)
    return Response(reply, mimetype=replies.CONTENT_TYPES[form])


def _wants_a_human(push: Push) -> bool:
    return not _lines() and push.value("Content").strip() == wechat_callbacks.HUMAN


def _menu() -> str:
    """Tickets, report, rate, and a human."""
    settings = runtime().settings
    lines = [
        gettext("您好，这里是%(hospital)s的信息服务。", hospital=settings.hospital_name),
        gettext('<a href="%(url)s/my">我的工单</a>：看进度', url=settings.public_url),
        gettext('<a href="%(url)s/report">报修</a>：说明哪里坏了', url=settings.public_url),
        gettext('<a href="%(url)s/my">评价</a>：打开已完成的工单，或扫工单上的码', url=settings.public_url),
    ]
    by_hand = [gettext("人工：回复“%(word)s”，转给客服", word=wechat_callbacks.HUMAN)]
    return "\n".join([*lines, *(_lines() or by_hand)])


def _lines() -> list[str]:
    """The telephones there are, each under its own name."""
    settings = runtime().settings
    named = (
        (settings.service_line, gettext("服务热线 %(number)s", number=settings.service_line)),
        (settings.hotline, gettext("监督热线 %(number)s", number=settings.hotline)),
    )
    return [line for number, line in named if number]


def _binding() -> str:
    """To who has scanned an invitation: what came of it stands on their page a moment later."""
    url = runtime().settings.public_url
    return gettext('已收到您的绑定。请打开<a href="%(url)s/my">我的工单</a>查看。', url=url)


def _settings(account: str) -> CallbackSettings:
    return runtime().settings.callbacks.get(account) or abort(404)


def _seal(settings: CallbackSettings) -> Seal:
    return Seal(settings.appid, settings.token, settings.aes_key)


def _text(text: str, status: int = 200) -> Response:
    return Response(text, status=status, mimetype="text/plain")


@blueprint.errorhandler(BadPush)
def _refuse(bad: BadPush) -> Response:
    structlog.get_logger().warning("a push was refused", path=request.path, fault=bad.fault.value, reason=bad.reason)
    return _text(f"{bad}\n", STATUS[bad.fault])


@blueprint.errorhandler(RequestEntityTooLarge)
def _too_large(_error: RequestEntityTooLarge) -> Response:
    return _refuse(BadPush(Fault.TOO_LARGE, "body"))
