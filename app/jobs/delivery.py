"""Sends what waits: claim in one transaction, call WeChat in none, record in another."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Event
from zoneinfo import ZoneInfo

import structlog

from app import clock
from app.runtime import Runtime
from app.services import notices
from app.services.notices import Letter
from config.notices import notice_kinds
from wechat.account import ServiceAccount
from wechat.errors import Action, WeChatError
from wechat.fields import fit

# WeChat answers in some 50 to 100 ms: ten at a time keep a hundred tickets a second below one second's wait. No more
# are claimed than are sent at once, so that no lease runs out in a line.
AT_ONCE = 10
SWEEP = timedelta(minutes=1)  # finds what nobody was told of
PRIORITIES = {1: "特急", 2: "紧急", 3: "普通", 4: "不急"}
NOTHING = "无"


def keep_delivering(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Send when woken, when something falls due, and every minute for whatever was missed.

    Safe to run in any number of workers, and to be killed at any moment.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        while not stopping.is_set():
            woken.clear()
            try:
                pause = deliver(runtime, pool)
            except Exception:
                structlog.get_logger().exception("a round of notices failed")
                pause = SWEEP
            woken.wait(pause.total_seconds())


def deliver(runtime: Runtime, pool: ThreadPoolExecutor) -> timedelta:
    """Send a handful of what is due; answers how long there is nothing to do."""
    appid = runtime.account.appid if runtime.account else ""
    with runtime.database.transaction() as session:
        letters = notices.claim(session, appid=appid, at=clock.now(), most=AT_ONCE)
    list(pool.map(lambda letter: _deliver_one(runtime, letter), letters))
    with runtime.database.reading() as session:
        due = notices.next_due(session)
    return SWEEP if due is None else min(max(due - clock.now(), timedelta()), SWEEP)


def _deliver_one(runtime: Runtime, letter: Letter) -> None:
    # One letter that cannot be sent never holds up the others: whatever happens is recorded with it.
    try:
        if runtime.service_account is None:
            _give_up(runtime, letter, "no_wechat")
        elif letter.openid is None:
            _give_up(runtime, letter, "not_bound")
        else:
            _send(runtime, runtime.service_account, letter, letter.openid)
    except Exception as error:
        structlog.get_logger().exception("a notice could not be handled", notice=letter.notice_id)
        _put_off(runtime, letter, "our_fault", type(error).__name__, uncertain=True)


def _send(runtime: Runtime, account: ServiceAccount, letter: Letter, openid: str) -> None:
    template = notice_kinds()[letter.kind].service
    if template is None:
        _give_up(runtime, letter, "no_template")
        return
    try:
        msgid = account.send_template(
            openid,
            template_id=template.template,
            fields=_fields(template.fields, letter, runtime.settings.timezone),
            url=_url(runtime, letter),
            client_msg_id=letter.client_msg_id,
        )
    except WeChatError as error:
        _record_trouble(runtime, letter, error)
        return
    with runtime.database.transaction() as session:
        notices.sent(session, letter, msgid=msgid, at=clock.now())


def _record_trouble(runtime: Runtime, letter: Letter, error: WeChatError) -> None:
    now = clock.now()
    detail = " ".join(filter(None, [str(error.errcode or ""), error.rid]))
    log = structlog.get_logger().bind(notice=letter.notice_id, errcode=error.errcode, rid=error.rid)
    match error.action:
        case Action.DUPLICATE:
            with runtime.database.transaction() as session:
                notices.sent(session, letter, msgid="", at=now)
        case Action.RETRY:
            _put_off(runtime, letter, "busy", detail, uncertain=error.uncertain, not_before=error.heals_at(now))
        case Action.STOPPED:
            log.error("the channel is stopped until somebody looks", errmsg=error.errmsg)
            heals = error.heals_at(now) or now + notices.STOPPED_PAUSE
            _put_off(runtime, letter, "stopped", detail, uncertain=False, not_before=heals)
            with runtime.database.transaction() as session:
                notices.hold_back(session, letter, reason="stopped", detail=detail, until=heals)
        case Action.BUG:
            log.error("WeChat refused what we sent", errmsg=error.errmsg)
            _give_up(runtime, letter, "our_fault", detail)
        case _:
            _give_up(runtime, letter, "not_following" if error.errcode == 43004 else "refused", detail)


def _give_up(runtime: Runtime, letter: Letter, reason: str, detail: str = "") -> None:
    with runtime.database.transaction() as session:
        notices.failed(session, letter, reason=reason, detail=detail, at=clock.now())


def _put_off(
    runtime: Runtime,
    letter: Letter,
    reason: str,
    detail: str,
    *,
    uncertain: bool,
    not_before: datetime | None = None,
) -> None:
    with runtime.database.transaction() as session:
        notices.try_again(
            session,
            letter,
            reason=reason,
            detail=detail,
            uncertain=uncertain,
            not_before=not_before,
            at=clock.now(),
        )


def _fields(wanted: Mapping[str, str], letter: Letter, zone: ZoneInfo) -> dict[str, str]:
    values = {
        "number": letter.number,
        "category": letter.category,
        "place": letter.place,
        "moment": letter.moment.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
        "priority": PRIORITIES[letter.priority],
        "word": notice_kinds()[letter.kind].word,
    }
    return {name: fit(name, values[value]) or NOTHING for name, value in wanted.items()}


def _url(runtime: Runtime, letter: Letter) -> str:
    if notice_kinds()[letter.kind].opens == "scan":
        return runtime.links.ticket_url(letter.ticket_id)
    return runtime.links.engineer_ticket_url(letter.number)
