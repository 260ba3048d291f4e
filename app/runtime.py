"""What a process holds while it lives: settings, database, the way to WeChat. Built once, passed on."""

from dataclasses import dataclass, field

import redis

from app import clock
from app.db import Database
from app.services.links import Links
from app.token_store import DatabaseTokens, RedisTokens
from config.settings import Settings
from wechat.account import Account, ServiceAccount


@dataclass(frozen=True)
class Runtime:
    settings: Settings
    database: Database
    links: Links
    redis: "redis.Redis | None" = field(repr=False)
    service_account: ServiceAccount | None = field(repr=False)


def build(settings: Settings) -> Runtime:
    """Connects to nothing yet: engine, Redis and WeChat are opened at first use."""
    database = Database(settings.database_url)
    connection = _redis(settings.redis_url) if settings.redis_url else None
    return Runtime(
        settings=settings,
        database=database,
        links=Links(settings.public_url, settings.secret_keys),
        redis=connection,
        service_account=_service_account(settings, database, connection),
    )


def _redis(url: str) -> "redis.Redis":
    # The client's own retries add up to a minute; a request never waits for Redis that long.
    return redis.Redis.from_url(url, socket_timeout=1, socket_connect_timeout=1, retry=None)


def _service_account(settings: Settings, database: Database, connection: "redis.Redis | None") -> ServiceAccount | None:
    if settings.wechat is None:
        return None
    account = Account(settings.wechat.appid, settings.wechat.secret, settings.wechat.api_url, settings.wechat.open_url)
    store = RedisTokens(connection) if connection else DatabaseTokens(database)
    return ServiceAccount(account, store, clock=clock.now)
