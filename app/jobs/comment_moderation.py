"""Asks WeChat about comments; what it takes offence at is marked for the hospital to read."""

from threading import Event

from app import clock
from app.jobs import loop
from app.pagination import Line
from app.runtime import Runtime
from app.services.ratings import moderation
from wechat.errors import Action, WeChatError
from wechat.mini import MiniProgram

AT_MOST = 50  # in one round
FORGET_FROM = 10_000


def keep_checking(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    """Look when woken, and every minute for whatever was missed. Two workers may ask twice; the answer is the same."""
    given_up: set[int] = set()
    loop.run_loop(
        lambda: check_waiting(runtime, given_up),
        fault="a round of checking comments failed",
        woken=woken,
        stopping=stopping,
    )


def check_waiting(runtime: Runtime, given_up: set[int]) -> None:
    """One round; it ends at the first sign that WeChat would answer no other comment either."""
    mini, known = runtime.mini, runtime.settings.mini
    if mini is None or known is None:
        return
    if len(given_up) > FORGET_FROM:
        given_up.clear()  # most are older than the two hours by now, and are not asked for
    with runtime.database.reading() as session:
        found = moderation.waiting(session, appid=known.appid, but=given_up, at=clock.now(), most=AT_MOST)
    for comment in found:
        if not _check(runtime, mini, comment, given_up):
            break


def _check(runtime: Runtime, mini: MiniProgram, comment: Line, given_up: set[int]) -> bool:
    try:
        checked = mini.check_text(comment.openid, comment.comment)
    except WeChatError as error:
        if error.uncertain:
            return True  # to this one it may never say anything readable; the next round asks again
        if error.action in {Action.RETRY, Action.STOPPED}:
            return False
        # Of a session that is too old, or not of the mini-program: nobody can be asked about it.
        given_up.add(comment.rating_id)
        return True
    with runtime.database.transaction() as session:
        moderation.record(session, comment.rating_id, checked.suggest)
    return True
