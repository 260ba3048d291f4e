"""Redis by every documented address, with rights of its own, in trouble and silent: nobody is kept out for it."""

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from subprocess import Popen

import pytest
import redis
from flask import Flask

from app import clock, create_app, redis_pool
from app.db import Database
from app.jobs import wakeups
from app.models import Credential
from app.services.identity import passwords
from app.token_store import DatabaseTokens, RedisTokens
from config.settings import Settings, SettingsError
from tests.support.processes import free_port
from tests.support.redis import redis_process
from tests.support.tls import tls_before
from tests.support.world import World
from wechat.token import StoredToken

# As documented: what the product's user of a shared Redis has to be allowed.
RIGHTS = ("+@all", "-@admin", "-@dangerous")
ADDRESSES = (
    "unix://{path}",
    "unix://{path}?db=1",
    "unix://msp:secret@{path}",
    "redis://localhost:{port}",
    "redis://localhost:{port}/1",
    "redis://msp:secret@localhost:{port}/0",
    "rediss://localhost:{tls}?ssl_ca_certs={certificate}",
    "rediss://msp:secret@localhost:{tls}/1?ssl_ca_certs={certificate}",
)
TROUBLES = {
    "nobody listens": "redis://localhost:9",
    "no such socket": "unix:///nowhere/redis.sock",
    "a wrong password": "unix://msp:wrong@{path}",
    "no rights": "unix://poor:secret@{path}",
    "an unknown certificate": "rediss://localhost:{tls}",
    "no TLS there": "rediss://localhost:{port}",
    "no Redis there": "redis://localhost:{tls}",
}
PASSWORD = "a long enough password"


@dataclass(frozen=True)
class Place:
    parts: dict[str, object]
    server: "Popen[bytes]"

    def url(self, address: str) -> str:
        return address.format(**self.parts)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """It takes connections, and says nothing."""
        self.server.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.server.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_use_of_it_works_by_every_documented_address(
    address: str, place: Place, settings: Settings, database: Database
) -> None:
    url = place.url(address)
    known = settings.model_copy(update={"redis_url": url})
    assert create_app(known).test_client().get("/r/wrong").status_code == 404
    wakeups.waker(known)({"notices"})
    tokens = RedisTokens(redis.Redis(connection_pool=redis_pool.pool(url)), DatabaseTokens(database))
    token = StoredToken("t", clock.now().replace(microsecond=0) + timedelta(hours=1))
    with tokens.lock("wx", 5) as ours:
        tokens.put("wx", token)
    assert ours
    assert tokens.get("wx") == token
    with redis.Redis.from_url(url) as connection:
        kept = sorted(key.decode().split(":")[0].split(".")[0] for key in connection.scan_iter())
    assert kept == ["LIMITS", "huey", "wx"]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_trouble_with_it_keeps_nobody_out(trouble: str, place: Place, settings: Settings, clerk: str) -> None:
    app = create_app(settings.model_copy(update={"redis_url": place.url(TROUBLES[trouble])}))
    assert sign_in(app, clerk, "wrong") == 401
    assert sign_in(app, clerk, PASSWORD) == 303
    wakeups.waker(settings.model_copy(update={"redis_url": place.url(TROUBLES[trouble])}))({"notices"})


@pytest.mark.parametrize("wrong", ["redis://localhost:port", "redis://localhost/0?socket_timeout=soon"])
def test_an_address_that_is_none_stops_the_start(wrong: str, settings: Settings) -> None:
    with pytest.raises(SettingsError, match="REDIS_URL"):
        create_app(settings.model_copy(update={"redis_url": wrong}))


def test_who_hangs_is_waited_for_once_and_then_left_alone_until_it_is_well(
    place: Place, settings: Settings, clerk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = place.url("redis://localhost:{port}/2")
    app = create_app(settings.model_copy(update={"redis_url": url}))
    assert sign_in(app, clerk, PASSWORD) == 303
    with place.paused():
        began = time.monotonic()
        assert sign_in(app, clerk, "wrong") == 401
        assert redis_pool.DEADLINE <= time.monotonic() - began < 10 * redis_pool.DEADLINE
        assert sign_in(app, clerk, PASSWORD) == 303
    with pytest.raises(redis.ConnectionError, match="a moment ago"):
        redis.Redis(connection_pool=redis_pool.pool(url)).ping()
    monkeypatch.setattr(redis_pool, "time", Later())
    assert redis.Redis(connection_pool=redis_pool.pool(url)).ping()


class Later:
    """The rest is over."""

    def monotonic(self) -> float:
        return time.monotonic() + redis_pool.REST


def sign_in(app: Flask, number: str, password: str) -> int:
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client().post("/sign-in", data={"staff_number": number, "password": password}).status_code


@pytest.fixture
def clerk(world: World) -> str:
    """Somebody with a password."""
    with world.database.transaction() as session:
        session.add(Credential(person_id=world.desk.id, password_hash=passwords.hash_password(PASSWORD)))
    return str(world.desk.staff_number)


@pytest.fixture
def place(own_redis: Place) -> Place:
    redis_pool.pool.cache_clear()  # what an earlier test learned of an address
    with redis.Redis.from_url(own_redis.url("unix://{path}")) as connection:
        connection.flushall()
    return own_redis


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    port = free_port()
    with (
        redis_process("--port", str(port)) as (address, server),
        tls_before(path := address.removeprefix("unix://"), tmp_path_factory.mktemp("tls")) as (tls, certificate),
    ):
        with redis.Redis.from_url(address) as connection:
            connection.execute_command("ACL", "SETUSER", "msp", "on", ">secret", "~*", *RIGHTS)
            connection.execute_command("ACL", "SETUSER", "poor", "on", ">secret", "+ping")
        yield Place({"path": path, "port": port, "tls": tls, "certificate": certificate}, server)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url  # what is asked of Redis is no question of the database
