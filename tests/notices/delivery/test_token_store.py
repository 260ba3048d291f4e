"""Where the access token is kept: one fetches, the others wait, and a dead fetcher holds nobody up for long."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import redis

from app import clock
from app.db import Database
from app.token_store import DatabaseTokens, RedisTokens
from tests.support.redis import running_redis
from wechat.http import Wire
from wechat.token import SharedToken, StoredToken, TokenStore

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
    all_have_asked = Barrier(8)

    def try_it(_: int) -> bool:
        with open_store().lock(KEY, 10) as ours:
            all_have_asked.wait()
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


def test_while_redis_takes_nothing_new_one_fetches_for_all(full_redis: redis.Redis, database: Database) -> None:
    assert fetches_of_twenty_calls(full_redis, database) == 1


def test_while_redis_keeps_an_old_token_one_fetches_for_all(full_redis: redis.Redis, database: Database) -> None:
    soon = clock.now() + timedelta(seconds=30)
    full_redis.config_set("maxmemory", 0)
    RedisTokens(full_redis, DatabaseTokens(database)).put(KEY, StoredToken("nearly over", soon))
    full_redis.config_set("maxmemory", 1)
    assert fetches_of_twenty_calls(full_redis, database) == 1


def test_once_redis_takes_tokens_again_they_are_there(full_redis: redis.Redis, database: Database) -> None:
    store, at = RedisTokens(full_redis, DatabaseTokens(database)), clock.now().replace(microsecond=0)
    store.put(KEY, StoredToken("of the database", at + timedelta(hours=1)))
    full_redis.config_set("maxmemory", 0)
    token = StoredToken("of Redis", at + timedelta(hours=2))
    store.put(KEY, token)
    assert store.get(KEY) == token
    DatabaseTokens(database).put(KEY, StoredToken("not looked at", at + timedelta(hours=3)))
    assert store.get(KEY) == token


def fetches_of_twenty_calls(connection: redis.Redis, database: Database) -> int:
    """By two processes in turn."""
    fetched: list[str] = []

    def fetch() -> dict[str, object]:
        fetched.append(f"token {len(fetched)}")
        return {"access_token": fetched[-1], "expires_in": 7200}

    wire, at = Wire("http://127.0.0.1:9"), clock.now()
    processes = [
        SharedToken(wire, RedisTokens(connection, DatabaseTokens(database)), KEY, fetch, name="access_token")
        for _ in range(2)
    ]
    got = {processes[turn % 2].get(at + timedelta(seconds=turn)) for turn in range(20)}
    assert got == {"token 0"}
    return len(fetched)


@pytest.fixture
def full_redis() -> Iterator[redis.Redis]:
    """One of the test's own that answers, and refuses whatever would cost it memory."""
    with running_redis() as address, redis.Redis.from_url(address) as connection:
        connection.config_set("maxmemory-policy", "noeviction")
        connection.config_set("maxmemory", 1)
        yield connection


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def open_store(request: pytest.FixtureRequest) -> Iterator[OpenStore]:
    """A new store on the same ground, as another process would open it."""
    on_redis = request.param == "redis"
    database = Database(request.getfixturevalue("sqlite_url" if on_redis else f"{request.param}_url"))
    if not on_redis:
        yield lambda: DatabaseTokens(database)
    else:
        with redis.Redis.from_url(request.getfixturevalue("redis_url")) as connection:
            yield lambda: RedisTokens(connection, DatabaseTokens(database))
    database.engine.dispose()
