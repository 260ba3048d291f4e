"""Works on what WeChat pushed: each message and all it causes in one transaction, so a kill undoes both."""

from datetime import timedelta
from threading import Event

import structlog

from app import clock
from app.jobs import loop
from app.runtime import Runtime
from app.services import wechat_callbacks
from app.services.notices import delivery_reports

AT_MOST = 100  # in one round, so that a worker asked to stop does


def keep_taking_in(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Work when woken, when something falls due, and every minute for whatever was missed.

    Safe to run in any number of workers, and to be killed at any moment.
    """
    loop.run_loop(
        lambda: take_in(runtime), fault="a round of messages from WeChat failed", woken=woken, stopping=stopping
    )


def take_in(runtime: Runtime) -> timedelta:
    """Work on what is due; answers how long there is nothing to do."""
    for _ in range(AT_MOST):
        if not _one(runtime):
            break
    now = clock.now()
    with runtime.database.transaction() as session:
        delivery_reports.give_up_waiting(session, expected=runtime.settings.callback_expected, at=now)
        wechat_callbacks.empty_old(session, at=now)
        due = wechat_callbacks.next_due(session)
    return loop.SWEEP if due is None else min(max(due - now, timedelta()), loop.SWEEP)


def _one(runtime: Runtime) -> bool:
    message_id = 0
    try:
        with runtime.database.transaction() as session:
            message = wechat_callbacks.next_waiting(session, at=clock.now())
            if message is None:
                return False
            message_id = message.id
            keys, expected = runtime.settings.secret_keys, runtime.settings.callback_expected
            wechat_callbacks.work_on(session, message, keys=keys, expected=expected, at=runtime.now())
    except wechat_callbacks.NotYet as missing:
        _put_off(runtime, message_id, str(missing))
    except Exception as error:
        if not message_id:
            raise
        structlog.get_logger().exception("a message from WeChat could not be worked on", message=message_id)
        _put_off(runtime, message_id, type(error).__name__, alert="unreadable")
    return True


def _put_off(runtime: Runtime, message_id: int, reason: str, alert: str = "") -> None:
    with runtime.database.transaction() as session:
        wechat_callbacks.put_off(session, message_id, reason=reason, alert=alert, at=clock.now())
