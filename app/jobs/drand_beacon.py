"""Fetches the announced quicknet round once it is out. Whoever answers is believed for the signature alone."""

import json
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Thread

import requests
import structlog

from app import clock
from app.errors import Refused
from app.runtime import Runtime
from app.services.draws import announcement, public_numbers
from app.services.draws.drand import CHAIN

TIMEOUT = (5, 10)  # seconds to connect, to answer
WHOLE = 30  # seconds for all of it
LARGEST = 4096
FIRST, LONGEST = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class Beacon:
    """Remembers when to ask again: after each failure it waits twice as long."""

    _waiting: dict[str, tuple[datetime, timedelta]] = field(default_factory=dict)

    def fetch(self, runtime: Runtime, draw_id: str) -> bool:
        """What a draw waits for, if it waits for a round that is out: whether it came.

        A failure is logged and tried again later.
        """
        now = clock.now()
        until, pause = self._waiting.get(draw_id, (now, FIRST))
        if not runtime.settings.drand_url or now < until:
            return False
        with runtime.database.reading() as session:
            awaited = public_numbers.awaited_beacon(session, announcement.find(session, draw_id), at=now)
        if awaited is None:
            return False
        try:
            _enter(runtime, draw_id, *awaited)
            self._waiting.pop(draw_id, None)
            return True
        except (requests.RequestException, ValueError, Refused) as error:
            self._waiting[draw_id] = now + pause, min(2 * pause, LONGEST)
            why = error.code if isinstance(error, Refused) else type(error).__name__
            structlog.get_logger().warning("a round of the beacon was not had", draw=draw_id, why=why)
            return False


def signature(url: str, issue: str) -> str:
    """The signature of a round as a relay tells it, unchecked; raises RequestException or ValueError.

    Asked in a thread of its own: a relay may send a byte now and then for ever, and the draws do not wait for it.
    """
    outcome: Future[str] = Future()

    def ask() -> None:
        try:
            outcome.set_result(_ask(url, issue))
        except Exception as error:
            outcome.set_exception(error)

    Thread(target=ask, name="beacon", daemon=True).start()
    try:
        return outcome.result(WHOLE)
    except TimeoutError as error:
        raise ValueError("the answer takes too long") from error


def _ask(url: str, issue: str) -> str:
    with requests.get(f"{url}/{CHAIN}/public/{issue}", timeout=TIMEOUT, stream=True, allow_redirects=False) as answer:
        answer.raise_for_status()
        body = answer.raw.read(LARGEST + 1, decode_content=True)
    if len(body) > LARGEST:
        raise ValueError("the answer is too long")
    try:
        read = json.loads(body)
    except RecursionError as error:
        raise ValueError("the answer is nested too deeply") from error
    if not isinstance(read, dict) or not isinstance(read.get("signature"), str):
        raise ValueError("there is no signature in the answer")
    return str(read["signature"])


def _enter(runtime: Runtime, draw_id: str, draw_round: int, issue: str) -> None:
    value = signature(runtime.settings.drand_url, issue)
    with runtime.database.transaction() as session:
        public_numbers.enter(
            session,
            announcement.find(session, draw_id),
            draw_round=draw_round,
            source=public_numbers.BEACON,
            issue=issue,
            value=value,
            by=None,
            at=clock.now(),
        )
