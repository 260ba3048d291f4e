"""Sends what waits: claim in one transaction, call WeChat in none, record in another."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event

import structlog

from app import clock
from app.jobs.loop import SWEEP
from app.runtime import Runtime
from app.services.notices import channels, content, delivery, queue
from app.services.notices.delivery import BACKOFF, Answer, Letter
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
    ladder = channels.ladder(runtime.settings)
    with runtime.database.transaction() as session:
        letters = queue.claim(session, ladder, at=clock.now(), most=most)
    return [pool.submit(_deliver_one, runtime, letter) for letter in letters]


def until_next(runtime: Runtime) -> timedelta:
    """How long there is nothing to do."""
    now = clock.now()
    with runtime.database.reading() as session:
        due = queue.next_due(session)
    return SWEEP if due is None else min(max(due - now, timedelta()), SWEEP)


def _deliver_one(runtime: Runtime, letter: Letter | None) -> None:
    """By one channel after the other, until one has it."""
    try:
        ladder = channels.ladder(runtime.settings)
        while letter:
            answer = _send(runtime, letter)
            with runtime.database.transaction() as session:
                letter = delivery.record(session, ladder, letter, answer, at=runtime.now())
    except Exception:
        # One that cannot be recorded never holds up the others; it is due again after its lease.
        structlog.get_logger().exception("a notice could not be handled", notice=letter and letter.notice_id)


def _send(runtime: Runtime, letter: Letter) -> Answer:
    """One letter, one channel, one call; and what the answer means for the letter."""
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
