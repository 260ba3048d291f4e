import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from wechat.errors import Action, WeChatError
from wechat.http import Call, Reply, Wire

_MARGIN = timedelta(seconds=300)
_SHORT_MARGIN = timedelta(seconds=60)
_ASK_AGAIN = timedelta(seconds=10)
_LONGEST_LIFE = 86_400
# Long enough for a fetch as it mostly goes. Should one take longer, a second fetch does no harm: WeChat answers it with
# the same token.
_LOCK_SECONDS = 10.0
_WAIT_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.1


@dataclass(frozen=True)
class StoredToken:
    value: str = field(repr=False)
    expires_at: datetime


class TokenStore(Protocol):
    """Shared by all processes of an appid. A value may have 512 characters."""

    def get(self, key: str) -> StoredToken | None: ...

    def put(self, key: str, token: StoredToken) -> None: ...

    def lock(self, key: str, seconds: float) -> AbstractContextManager[bool]:
        """Never waits; yields whether the lock is ours. It falls open after `seconds`."""
        ...


class MemoryStore:
    """For one process."""

    def __init__(self) -> None:
        self._tokens: dict[str, StoredToken] = {}
        self._locks: defaultdict[str, Lock] = defaultdict(Lock)

    def get(self, key: str) -> StoredToken | None:
        return self._tokens.get(key)

    def put(self, key: str, token: StoredToken) -> None:
        self._tokens[key] = token

    @contextmanager
    def lock(self, key: str, seconds: float) -> Iterator[bool]:
        lock = self._locks[key]
        ours = lock.acquire(blocking=False)
        try:
            yield ours
        finally:
            if ours:
                lock.release()


class SharedToken:
    """What WeChat lends for a while and all processes share: an access token or a ticket, fetched by one at a time."""

    def __init__(self, wire: Wire, store: TokenStore, key: str, fetch: Callable[[], Reply], *, name: str) -> None:
        self._wire = wire
        self._store = store
        self._key = key
        self._ask = fetch
        self._name = name
        self._fetched_short: str | None = None
        self._asked_at: datetime | None = None

    def get(self, at: datetime, *, failed: str | None = None) -> str:
        """One other than `failed`, which WeChat has just called stale, if there is one."""
        return self.fresh(at, failed=failed) or self._refresh(at, failed)

    def fresh(self, at: datetime, *, failed: str | None = None) -> str | None:
        """The one at hand, without asking WeChat."""
        stored = self._store.get(self._key)
        if stored is None or stored.value == failed:
            return None
        return stored.value if stored.expires_at - self._margin(stored, at) > at else None

    def usable(self, at: datetime, *, failed: str | None = None) -> str | None:
        """The one at hand to its last second, for what must not wait."""
        stored = self._store.get(self._key)
        good = stored and stored.value != failed and stored.expires_at > at
        return stored.value if stored and good else None

    def _margin(self, stored: StoredToken, at: datetime) -> timedelta:
        # Some give the same token to its last second, and some do not answer: neither is asked by every call.
        if self._asked_at and at < self._asked_at + _ASK_AGAIN:
            return timedelta()
        # WeChat answers with what is left of the token's life: a short one is not worth asking for again.
        return _SHORT_MARGIN if stored.value == self._fetched_short else _MARGIN

    def _refresh(self, at: datetime, failed: str | None) -> str:
        give_up = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < give_up:
            with self._store.lock(self._key, _LOCK_SECONDS) as ours:
                if ours:
                    return self.fresh(at, failed=failed) or self._fetch_or_keep(at, failed)
            time.sleep(_LOOK_AGAIN_SECONDS)
            fresh = self.fresh(at, failed=failed)
            if fresh:
                return fresh
        old = self.usable(at, failed=failed)
        if old:
            return old
        raise WeChatError("another process is fetching the token", rules=self._wire.rules)

    def _fetch_or_keep(self, at: datetime, failed: str | None) -> str:
        try:
            value = self._fetch(at)
        except WeChatError as error:
            error.uncertain = False  # asking for a token twice does no harm, and nothing else has been asked yet
            old = self.usable(at, failed=failed)
            if error.action is not Action.RETRY or not old:
                raise
            value = old
        self._asked_at = at
        return value

    def _fetch(self, at: datetime) -> str:
        reply = self._ask()
        value, life = reply.get(self._name), reply.get("expires_in")
        if not isinstance(value, str) or not value or not isinstance(life, int) or not 0 < life <= _LONGEST_LIFE:
            raise self._wire.broken_reply()
        self._fetched_short = value if timedelta(seconds=life) <= _MARGIN else None
        self._store.put(self._key, StoredToken(value, at + timedelta(seconds=life)))
        return value


def stable_token(wire: Wire, store: TokenStore, *, appid: str, secret: str) -> SharedToken:
    """The access token of a service account or a mini-program."""
    call = Call(
        "/cgi-bin/stable_token",
        body={
            "grant_type": "client_credential",
            "appid": appid,
            "secret": secret,
            # Never true: that kills everybody's token. Never left out: some accounts then answer 41002.
            "force_refresh": False,
        },
        hide=(secret,),
    )
    return SharedToken(wire, store, f"wechat-token-{appid}", lambda: wire.look_up(call), name="access_token")
