"""One letter, one channel, one call; and what the answer means for the letter."""

from datetime import datetime

import structlog

from app import clock
from app.runtime import Runtime
from app.services.notices import content
from app.services.notices.delivery import BACKOFF, Answer, Letter
from config.notices import NoticeKind, notice_kinds
from wechat.errors import WECOM, Action, WeChatError

# What they refuse is a template: other kinds of notices go on.
TEMPLATE_REFUSED = frozenset({40037, 40249, 43116})
_NOT_FOLLOWING, _NOT_AGREED = 43004, 43101


def send(runtime: Runtime, letter: Letter) -> Answer:
    try:
        return Answer("sent", msgid=_call(runtime, letter, notice_kinds()[letter.kind]))
    except WeChatError as error:
        return _meaning(letter, error, clock.now())
    except Exception as error:
        structlog.get_logger().exception("a notice could not be sent", notice=letter.notice_id)
        pause = BACKOFF[min(letter.attempts, len(BACKOFF)) - 1]
        return Answer("busy", "our_fault", type(error).__name__, uncertain=True, until=clock.now() + pause)


def _call(runtime: Runtime, letter: Letter, kind: NoticeKind) -> str:
    told, zone = letter.facts, runtime.settings.timezone
    url = content.url(kind, told, runtime.links, runtime.settings.console_url)
    match letter.channel:
        case "wecom" if runtime.wecom:
            text = content.text(kind, told, zone)
            return runtime.wecom.send_card(letter.address.name, title=kind.title, text=text, url=url)
        case "service" if runtime.service_account and kind.service:
            return runtime.service_account.send_template(
                letter.address.name,
                template_id=kind.service.template,
                fields=content.fields(kind, kind.service, told, zone),
                url=url,
                client_msg_id=letter.client_msg_id,
            )
        case "mini" if runtime.mini and kind.mini:
            return runtime.mini.send_subscription(
                letter.address.name,
                template_id=kind.mini.template,
                fields=content.fields(kind, kind.mini, told, zone),
                page=content.page(kind.mini, told, runtime.links),
            )
        case "robot" if runtime.robot:
            text = f"{kind.title}：{told.name}\n{content.text(kind, told, zone)}\n{url}"
            runtime.robot.send_text(text, mentioned=[letter.address.name] if letter.address.name else [])
            return ""
        case _:
            raise LookupError(letter.channel)


def _meaning(letter: Letter, error: WeChatError, at: datetime) -> Answer:
    detail = " ".join(filter(None, [str(error.errcode or error.errmsg), error.rid]))
    log = structlog.get_logger().bind(
        notice=letter.notice_id, channel=letter.channel, errcode=error.errcode, rid=error.rid
    )
    match error.action:
        case Action.DUPLICATE:
            return Answer("sent")
        case Action.RETRY:
            until = error.heals_at(at, attempt=letter.attempts)
            return Answer("busy", "busy", detail, uncertain=error.uncertain, until=until)
        case Action.STOPPED:
            log.error("the channel is stopped until somebody looks", errmsg=error.errmsg)
            only_kind = error.errcode in TEMPLATE_REFUSED
            cause = "template" if only_kind else "daily_quota" if error.errcode in error.rules.daily else "account"
            return Answer("stopped", "stopped", detail, until=error.heals_at(at), cause=cause, only_kind=only_kind)
        case Action.BUG:
            log.error("WeChat refused what we sent", errmsg=error.errmsg)
            return Answer("failed", "our_fault", detail)
        case _:
            return Answer("failed", _refusal(error), detail)


def _refusal(error: WeChatError) -> str:
    if error.rules is WECOM:
        return "not_in_wecom"
    return {_NOT_FOLLOWING: "not_following", _NOT_AGREED: "no_credit"}.get(error.errcode or 0, "refused")
