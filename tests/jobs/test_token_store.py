"""Where the access token is kept: one fetches, the others wait, and a dead fetcher holds nobody up for long."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import redis

from app import clock
from app.db import Database
from app.token_store import DatabaseTokens, RedisTokens
from wechat.token import StoredToken, TokenStore

OpenStore = Callable[[], TokenStore]
KEY = "wechat-token-wxsandboxservice01"


def test_what_one_process_puts_another_gets(open_store: OpenStore) -> None:
    token = StoredToken("x" * 512, clock.now().replace(microsecond=0) + timedelta(hours=2))
    assert open_store().get(KEY) is None
    open_store().put(KEY, token)
    assert open_store().get(KEY) == token
    later = StoredToken("y", token.expires_at + timedelta(hours=2))
    open_store().put(KEY, later)
    assert open_store().get(KEY) == later
    assert open_store().get("another key") is None


def test_one_holds_the_lock_and_everybody_else_is_told_so_at_once(open_store: OpenStore) -> None:
    with open_store().lock(KEY, 10) as ours, open_store().lock(KEY, 10) as theirs, open_store().lock("b", 10) as other:
        assert (ours, theirs, other) == (True, False, True)
    with open_store().lock(KEY, 10) as again:
        assert again


def test_of_many_at_once_one_gets_the_lock(open_store: OpenStore) -> None:
    def try_it(_: int) -> bool:
        with open_store().lock(KEY, 10) as ours:
            time.sleep(0.5)  # until all have asked
            return ours

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(try_it, range(8))) == 1


def test_a_failure_inside_frees_the_lock(open_store: OpenStore) -> None:
    with pytest.raises(RuntimeError), open_store().lock(KEY, 10):
        raise RuntimeError
    with open_store().lock(KEY, 10) as ours:
        assert ours


def test_a_lock_falls_open_and_its_late_owner_does_not_free_the_next_ones(open_store: OpenStore) -> None:
    with open_store().lock(KEY, 0.2) as first:
        time.sleep(0.3)
        second_lock = open_store().lock(KEY, 10)
        second = second_lock.__enter__()
        assert (first, second) == (True, True)
    with open_store().lock(KEY, 10) as third:
        assert not third
    second_lock.__exit__(None, None, None)
    with open_store().lock(KEY, 10) as fourth:
        assert fourth


def test_without_redis_the_database_keeps_the_token(database: Database) -> None:
    gone = redis.Redis.from_url("unix:///nowhere/redis.sock")
    store = RedisTokens(gone, DatabaseTokens(database))
    token = StoredToken("kept", clock.now() + timedelta(hours=2))
    store.put(KEY, token)
    assert store.get(KEY) == DatabaseTokens(database).get(KEY) == token
    with store.lock(KEY, 10) as ours, store.lock(KEY, 10) as theirs:
        assert (ours, theirs) == (True, False)


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def open_store(request: pytest.FixtureRequest) -> Iterator[OpenStore]:
    """A new store on the same ground, as another process would open it."""
    on_redis = request.param == "redis"
    database = Database("sqlite://" if on_redis else request.getfixturevalue(f"{request.param}_url"))
    if not on_redis:
        yield lambda: DatabaseTokens(database)
    else:
        with redis.Redis.from_url(request.getfixturevalue("redis_url")) as connection:
            yield lambda: RedisTokens(connection, DatabaseTokens(database))
    database.engine.dispose()
