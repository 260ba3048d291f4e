"""Calls that take the access token of an account: stale ones are renewed once, bad ones soon given up."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from threading import RLock
from typing import TypeVar

from wechat.errors import BUSY, Action, WeChatError
from wechat.http import Call, Reply, Wire
from wechat.token import SharedToken

REFUSED_FOR = timedelta(seconds=60)
_TURN_SECONDS = 5.0

T = TypeVar("T")


class Calls:
    """Safe to share between threads.

    A token that has not worked yet is tried by one caller while the others wait: a bad one costs two calls, however
    many messages there are. Any repetition but that of a stale token is the caller's, by the action of the error.
    """

    def __init__(self, wire: Wire, token: SharedToken, *, clock: Callable[[], datetime]) -> None:
        self.wire = wire
        self._token = token
        self._clock = clock
        self._turn = RLock()
        self._proven: str | None = None
        self._refusal: tuple[WeChatError, datetime] | None = None

    def ask(self, call: Call) -> Reply:
        return self._with_token(lambda token: self.wire.ask(call.with_token(token)))

    def look_up(self, call: Call) -> Reply:
        """For what changes nothing by being asked twice."""
        return self._with_token(lambda token: self.wire.look_up(call.with_token(token)))

    def picture(self, call: Call) -> bytes:
        return self._with_token(lambda token: self.wire.picture(call.with_token(token)))

    def _with_token(self, use: Callable[[str], T]) -> T:
        with ExitStack() as turn:
            token = self._take(turn)
            try:
                return self._prove(use, token)
            except WeChatError as error:
                if not error.stale_token:
                    raise
            token = self._take(turn, failed=token)
            try:
                return self._prove(use, token)
            except WeChatError as error:
                if error.stale_token:
                    self._remember(error)
                raise

    def _take(self, turn: ExitStack, *, failed: str | None = None) -> str:
        """A token that has worked; or one that has not, and with it the turn to try it."""
        token = self._token.fresh(self._clock(), failed=failed)
        if token is None or token != self._proven:
            turn.enter_context(self._my_turn())
            self._raise_remembered()
            token = self._fetch(failed)
            if token == self._proven:
                turn.close()
        return token

    def _fetch(self, failed: str | None) -> str:
        try:
            return self._token.get(self._clock(), failed=failed)
        except WeChatError as error:
            if error.action is Action.STOPPED:
                self._remember(error)
            raise

    def _prove(self, use: Callable[[str], T], token: str) -> T:
        try:
            done = use(token)
        except WeChatError as error:
            if error.stale_token:
                self._proven = None if self._proven == token else self._proven
            elif error.errcode not in {None, BUSY}:
                self._proven = token
            raise
        self._proven = token
        return done

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=_TURN_SECONDS):
            raise WeChatError("the token is being tried", rules=self.wire.rules)
        try:
            yield
        finally:
            self._turn.release()

    def _remember(self, error: WeChatError) -> None:
        self._refusal = (error, self._clock() + REFUSED_FOR)

    def _raise_remembered(self) -> None:
        if self._refusal and self._clock() < self._refusal[1]:
            known = self._refusal[0]
            raise WeChatError(known.errmsg, errcode=known.errcode, rules=known.rules)
