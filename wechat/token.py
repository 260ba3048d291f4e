import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Protocol

from wechat.errors import Action, WeChatError
from wechat.wire import Wire, broken_reply

_MARGIN = timedelta(seconds=300)
_SHORT_MARGIN = timedelta(seconds=60)
# Longer than a fetch can take by its timeouts, so that only a dead owner loses the lock.
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


class StableToken:
    """The access token of one appid, fetched by one process at a time."""

    def __init__(self, wire: Wire, store: TokenStore, *, appid: str, secret: str) -> None:
        self._wire = wire
        self._store = store
        self._appid = appid
        self._secret = secret
        self._key = f"wechat-token-{appid}"
        self._fetched_short: str | None = None

    def get(self, at: datetime) -> str:
        fresh = self._fresh(at, failed=None)
        return fresh or self._refresh(at, failed=None)

    def renew(self, failed: str, at: datetime) -> str:
        """A token other than the one WeChat has just called stale, if there is one."""
        fresh = self._fresh(at, failed=failed)
        return fresh or self._refresh(at, failed=failed)

    def _refresh(self, at: datetime, failed: str | None) -> str:
        give_up = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < give_up:
            with self._store.lock(self._key, _LOCK_SECONDS) as ours:
                if ours:
                    return self._fresh(at, failed) or self._fetch_or_keep(at, failed)
            time.sleep(_LOOK_AGAIN_SECONDS)
            fresh = self._fresh(at, failed)
            if fresh:
                return fresh
        old = self._still_valid(at, failed)
        if old:
            return old
        raise WeChatError("another process is fetching the token")

    def _fetch_or_keep(self, at: datetime, failed: str | None) -> str:
        try:
            return self._fetch(at)
        except WeChatError as error:
            error.uncertain = False  # asking for a token twice does no harm, and nothing else has been asked yet
            old = self._still_valid(at, failed)
            if error.action is Action.RETRY and old:
                return old
            raise

    def _fetch(self, at: datetime) -> str:
        reply = self._wire.post(
            "/cgi-bin/stable_token",
            {
                "grant_type": "client_credential",
                "appid": self._appid,
                "secret": self._secret,
                # Never true: that kills everybody's token. Never left out: some accounts then answer 41002.
                "force_refresh": False,
            },
            hide=[self._secret],
        )
        value, life = reply.get("access_token"), reply.get("expires_in")
        if not isinstance(value, str) or not isinstance(life, int):
            raise broken_reply()
        token = StoredToken(value, at + timedelta(seconds=life))
        self._fetched_short = value if timedelta(seconds=life) <= _MARGIN else None
        self._store.put(self._key, token)
        return value

    def _fresh(self, at: datetime, failed: str | None) -> str | None:
        stored = self._store.get(self._key)
        if stored is None or stored.value == failed:
            return None
        # WeChat answers with what is left of the token's life: a short one is not worth asking for again.
        margin = _SHORT_MARGIN if stored.value == self._fetched_short else _MARGIN
        return stored.value if stored.expires_at - margin > at else None

    def _still_valid(self, at: datetime, failed: str | None) -> str | None:
        stored = self._store.get(self._key)
        usable = stored and stored.value != failed and stored.expires_at > at
        return stored.value if stored and usable else None
