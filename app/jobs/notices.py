"""Sends what waits: claim in one transaction, call WeChat in none, record in another."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event

import structlog

from app import clock
from app.jobs.loop import SWEEP
from app.runtime import Runtime
from app.services.notices import channels, content, delivery, queue
from app.services.notices.delivery import BACKOFF, Attempt, SendResult
from config.notices import NoticeKind, notice_kinds
from wechat.errors import WECOM, Action, WeChatError

# WeChat answers in some 50 to 100 ms: ten at a time keep a hundred tickets a second below one second's wait. No more
# are claimed than are sent at once, so that no lease runs out in a line.
AT_ONCE = 10
# More are claimed by the handful. Up to so many that get no answer hold up nobody else.
STILL_SENDING = 5

# What they refuse is a template: other kinds of notices go on.
TEMPLATE_REFUSED = frozenset({40037, 40249, 43116})
_NOT_FOLLOWING, _NOT_AGREED = 43004, 43101


def keep_delivering(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Send when woken, when something falls due, and every minute for whatever was missed.

    Safe to run in any number of workers, and to be killed at any moment.
    """
    sending: set[Future[None]] = set()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while not stopping.is_set():
            woken.clear()
            sending = {one for one in sending if not one.done()}
            pause = SWEEP
            if len(sending) <= STILL_SENDING:
                try:
                    started = start(runtime, pool, most=AT_ONCE - len(sending))
                    sending.update(started)
                    for one in started:
                        one.add_done_callback(lambda _: woken.set())
                    pause = until_next(runtime)
                except Exception:
                    structlog.get_logger().exception("a round of notices failed")
            woken.wait(pause.total_seconds())


def start(runtime: Runtime, pool: ThreadPoolExecutor, *, most: int) -> list[Future[None]]:
    """Send some of what is due."""
    order = channels.channel_order(runtime.settings)
    with runtime.database.transaction() as session:
        attempts = queue.claim(session, order, at=clock.now(), most=most)
    return [pool.submit(_deliver_one, runtime, attempt) for attempt in attempts]


def until_next(runtime: Runtime) -> timedelta:
    """How long there is nothing to do."""
    now = clock.now()
    with runtime.database.reading() as session:
        due = queue.next_due(session)
    return SWEEP if due is None else min(max(due - now, timedelta()), SWEEP)


def _deliver_one(runtime: Runtime, attempt: Attempt | None) -> None:
    """By one channel after the other, until one has it."""
    try:
        order = channels.channel_order(runtime.settings)
        while attempt:
            answer = _send(runtime, attempt)
            with runtime.database.transaction() as session:
                attempt = delivery.record_result(session, order, attempt, answer, at=runtime.now())
    except Exception:
        # One that cannot be recorded never holds up the others; it is due again after its lease.
        structlog.get_logger().exception("a notice could not be handled", notice=attempt and attempt.notice_id)


def _send(runtime: Runtime, attempt: Attempt) -> SendResult:
    """One attempt, one channel, one call; and what the answer means for the attempt."""
    try:
        return SendResult("sent", msgid=_call(runtime, attempt, notice_kinds()[attempt.kind]))
    except WeChatError as error:
        return _meaning(attempt, error, clock.now())
    except Exception as error:
        structlog.get_logger().exception("a notice could not be sent", notice=attempt.notice_id)
        pause = BACKOFF[min(attempt.attempts, len(BACKOFF)) - 1]
        return SendResult("busy", "our_fault", type(error).__name__, uncertain=True, until=clock.now() + pause)


def _call(runtime: Runtime, attempt: Attempt, kind: NoticeKind) -> str:
    context, zone = attempt.facts, runtime.settings.timezone
    url = content.url(kind, context, runtime.links, runtime.settings.console_url)
    match attempt.channel:
        case "wecom" if runtime.wecom:
            text = content.text(kind, context, zone)
            return runtime.wecom.send_card(attempt.address.name, title=kind.title, text=text, url=url)
        case "service" if runtime.service_account and kind.service:
            return runtime.service_account.send_template(
                attempt.address.name,
                template_id=kind.service.template,
                fields=content.fields(kind, kind.service, context, zone),
                url=url,
                client_msg_id=attempt.client_msg_id,
            )
        case "mini" if runtime.mini and kind.mini:
            return runtime.mini.send_subscription(
                attempt.address.name,
                template_id=kind.mini.template,
                fields=content.fields(kind, kind.mini, context, zone),
                page=content.page(kind.mini, context, runtime.links),
            )
        case "robot" if runtime.robot:
            text = f"{kind.title}：{context.name}\n{content.text(kind, context, zone)}\n{url}"
            runtime.robot.send_text(text, mentioned=[attempt.address.name] if attempt.address.name else [])
            return ""
        case _:
            raise LookupError(attempt.channel)


def _meaning(attempt: Attempt, error: WeChatError, at: datetime) -> SendResult:
    detail = " ".join(filter(None, [str(error.errcode or error.errmsg), error.rid]))
    log = structlog.get_logger().bind(
        notice=attempt.notice_id, channel=attempt.channel, errcode=error.errcode, rid=error.rid
    )
    match error.action:
        case Action.DUPLICATE:
            return SendResult("sent")
        case Action.RETRY:
            until = error.heals_at(at, attempt=attempt.attempts)
            return SendResult("busy", "busy", detail, uncertain=error.uncertain, until=until)
        case Action.STOPPED:
            log.error("the channel is stopped until somebody looks", errmsg=error.errmsg)
            only_kind = error.errcode in TEMPLATE_REFUSED
            cause = "template" if only_kind else "daily_quota" if error.errcode in error.rules.daily else "account"
            return SendResult("stopped", "stopped", detail, until=error.heals_at(at), cause=cause, only_kind=only_kind)
        case Action.BUG:
            log.error("WeChat refused what we sent", errmsg=error.errmsg)
            return SendResult("failed", "our_fault", detail)
        case _:
            return SendResult("failed", _refusal(error), detail)


def _refusal(error: WeChatError) -> str:
    if error.rules is WECOM:
        return "not_in_wecom"
    return {_NOT_FOLLOWING: "not_following", _NOT_AGREED: "no_credit"}.get(error.errcode or 0, "refused")
