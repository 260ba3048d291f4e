"""Has WeChat draw the mini-program codes of new tickets, so that nobody waits for it at the printer."""

import time
from collections.abc import Sequence
from datetime import timedelta
from threading import Event

import structlog

from app import clock
from app.jobs import loop
from app.runtime import Runtime
from app.services.codes import mini_codes
from wechat.errors import WeChatError

ROUND_SECONDS = 30.0
NEVER = timedelta(days=1)

log = structlog.get_logger(__name__)


def keep_fetching(runtime: Runtime, *, woken: Event, stopping: Event) -> None:
    loop.run_loop(
        lambda: fetch_fresh(runtime, stopping),
        fault="a round of fetching mini-program codes failed",
        woken=woken,
        stopping=stopping,
    )


def fetch_fresh(runtime: Runtime, stopping: Event) -> timedelta | None:
    if runtime.settings.slip_code == "link":
        return NEVER
    with runtime.database.reading() as session:
        tickets = mini_codes.fresh(session, at=clock.now())
    fetch(runtime, tickets, seconds=ROUND_SECONDS, stopping=stopping)
    return None


def fetch(runtime: Runtime, tickets: Sequence[int], *, seconds: float, stopping: Event | None = None) -> None:
    """What is not here yet, one after the other (so far below WeChat's 5,000 a minute), for so long at most."""
    mini, known = runtime.mini, runtime.settings.mini
    if mini is None or known is None:
        return
    with runtime.database.reading() as session:
        scenes = mini_codes.missing(session, runtime.links, tickets, appid=known.appid)
    until = time.monotonic() + seconds
    for content, scene in scenes.items():
        if time.monotonic() > until or (stopping and stopping.is_set()):
            return
        try:
            picture = mini.code_image(scene, page=mini_codes.PAGE, width=mini_codes.WIDTH)
        except WeChatError as error:  # it would draw no other either: out of reach, or its limit is reached
            log.warning("WeChat draws no mini-program codes", errcode=error.errcode)
            return
        with runtime.database.transaction() as session:
            mini_codes.store(session, content, picture, at=clock.now())
