"""Where WeChat's tokens and tickets are kept for all processes: in Redis, or in the database where there is none."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import redis
from sqlalchemy import or_, update

from app import clock
from app.db import Database, upsert
from app.models import WeChatToken
from wechat.token import StoredToken


class DatabaseTokens:
    """One row a key; the lock is a moment in that row, taken by a conditional update."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, key: str) -> StoredToken | None:
        with self._database.reading() as session:
            row = session.get(WeChatToken, key)
            return StoredToken(row.value, row.expires_at) if row and row.expires_at else None

    def put(self, key: str, token: StoredToken) -> None:
        self._ensure(key)
        with self._database.transaction() as session:
            values = {"value": token.value, "expires_at": token.expires_at}
            session.execute(update(WeChatToken).where(WeChatToken.key == key).values(values))

    @contextmanager
    def lock(self, key: str, seconds: float) -> Iterator[bool]:
        self._ensure(key)
        until = clock.now() + timedelta(seconds=seconds)
        row = WeChatToken.key == key
        free = or_(WeChatToken.locked_until.is_(None), WeChatToken.locked_until <= clock.now())
        ours = self._set_lock(until, row, free)
        try:
            yield ours
        finally:
            if ours:  # and only as long as it still is: a lock that fell open may be somebody else's now
                self._set_lock(None, row, WeChatToken.locked_until == until)

    def _set_lock(self, until: datetime | None, *conditions: object) -> bool:
        with self._database.transaction() as session:
            changed = session.execute(
                update(WeChatToken).where(*conditions).values(locked_until=until).returning(WeChatToken.key)  # type: ignore[arg-type]
            )
            return changed.first() is not None

    def _ensure(self, key: str) -> None:
        with self._database.transaction() as session:
            session.execute(upsert(session, WeChatToken).values(key=key, value="").on_conflict_do_nothing())


class RedisTokens:
    """Value and end of life in one key that Redis drops by itself; the lock is a key with a life of its own.

    Without Redis, or where it takes nothing new, the other store serves: WeChat gives every asker the same token, so
    nothing breaks between the two.
    """

    _UNLOCK = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"

    def __init__(self, connection: redis.Redis, otherwise: DatabaseTokens) -> None:
        self._redis = connection
        self._otherwise = otherwise
        self._full = False  # it refused a write: what it still has may be older than what the other was given

    def get(self, key: str) -> StoredToken | None:
        try:
            here = self._read(key)
        except redis.RedisError:
            return self._otherwise.get(key)
        if here and not self._full:
            return here
        there = self._otherwise.get(key)
        return there if here is None or (there and there.expires_at > here.expires_at) else here

    def _read(self, key: str) -> StoredToken | None:
        raw = self._redis.get(key)
        if not isinstance(raw, bytes):
            return None
        ends, value = raw.decode().split(" ", 1)
        return StoredToken(value, datetime.fromtimestamp(float(ends), UTC))

    def put(self, key: str, token: StoredToken) -> None:
        ends = token.expires_at.timestamp()
        try:
            self._redis.set(key, f"{ends} {token.value}", exat=int(ends))
        except redis.RedisError:
            self._full = True
            self._otherwise.put(key, token)
        else:
            self._full = False

    @contextmanager
    def lock(self, key: str, seconds: float) -> Iterator[bool]:
        name, owner = f"{key}:lock", secrets.token_hex(8)
        try:
            ours = bool(self._redis.set(name, owner, nx=True, px=int(seconds * 1000)))
        except redis.RedisError:
            self._full = True  # whoever is about to fetch looks again first
            with self._otherwise.lock(key, seconds) as ours:
                yield ours
            return
        try:
            yield ours
        finally:
            if ours:
                with suppress(redis.RedisError):  # then it falls open by itself
                    self._redis.eval(self._UNLOCK, 1, name, owner)
