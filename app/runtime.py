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
    account: Account | None
    service_account: ServiceAccount | None = field(repr=False)


def build(settings: Settings) -> Runtime:
    """Connects to nothing yet: engine, Redis and WeChat are opened at first use."""
    database = Database(settings.database_url)
    account = _account(settings)
    return Runtime(
        settings=settings,
        database=database,
        links=Links(settings.public_url, settings.secret_keys),
        account=account,
        service_account=_service_account(settings, account, database) if account else None,
    )


def _account(settings: Settings) -> Account | None:
    known = settings.wechat
    return Account(known.appid, known.secret, known.api_url, known.open_url, known.proxy) if known else None


def _service_account(settings: Settings, account: Account, database: Database) -> ServiceAccount:
    if not settings.redis_url:
        return ServiceAccount(account, DatabaseTokens(database), clock=clock.now)
    # The client's own retries add up to a minute; nobody here waits for Redis that long.
    connection = redis.Redis.from_url(settings.redis_url, socket_timeout=1, socket_connect_timeout=1, retry=None)
    return ServiceAccount(account, RedisTokens(connection, DatabaseTokens(database)), clock=clock.now)
