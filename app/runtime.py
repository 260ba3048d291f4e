"""What a process holds while it lives: settings, database, the ways to WeChat. Built once, passed on."""

from dataclasses import dataclass, field
from datetime import datetime
from threading import BoundedSemaphore

import redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock, redis_pool
from app.db import Database
from app.errors import Refused
from app.exchange_slots import ExchangeSlots
from app.models import Counter, WeChatIdentity
from app.services.audit.seal import Signer
from app.services.dashboards.board import Shared
from app.services.feed import Watch
from app.services.links import Links
from app.services.organisation.mark import Shown
from app.token_store import DatabaseTokens, RedisTokens
from config.settings import Settings, SettingsError, WeChatSettings
from qr.logo import BadLogo, Logo, read
from wechat.account import Account, ServiceAccount
from wechat.group_robot import Robot
from wechat.mini import MiniProgram
from wechat.token import TokenStore
from wechat.wecom import WeCom

DEMO = "demo"  # the counter that marks a database as the demo's


@dataclass(frozen=True)
class Runtime:
    settings: Settings
    database: Database
    links: Links
    logo: Logo | None = field(repr=False)
    mark: Shown = field(repr=False)
    account: Account | None
    service_account: ServiceAccount | None = field(repr=False)
    mini: MiniProgram | None = field(repr=False)
    wecom: WeCom | None = field(repr=False)
    robot: Robot | None = field(repr=False)
    # Who waits for WeChat leaves a thread to everybody else (where there are two).
    exchanges: ExchangeSlots = field(repr=False)
    # However slowly people fetch long files, half of them stay free.
    downloads: BoundedSemaphore = field(repr=False)
    watch: Watch = field(repr=False)
    board: Shared = field(repr=False)
    visitors: Shared = field(repr=False)
    signer: Signer

    def now(self) -> datetime:
        """The current moment in the hospital's zone: its `.date()` is the day people there live in."""
        return clock.now().astimezone(self.settings.timezone)


def build(settings: Settings, database: Database | None = None) -> Runtime:
    """Connects to nothing yet: engine, Redis and WeChat are opened at first use."""
    database = database or Database(settings.database_url)
    links = Links(settings.public_url, settings.secret_keys)
    store = _token_store(settings, database)
    account = _account(settings.wechat) if settings.wechat else None
    return Runtime(
        settings=settings,
        database=database,
        links=links,
        logo=_logo(settings),
        mark=_mark(settings, database),
        account=account,
        service_account=ServiceAccount(account, store, clock=clock.now) if account else None,
        mini=MiniProgram(_account(settings.mini), store, clock=clock.now) if settings.mini else None,
        wecom=_wecom(settings, store),
        robot=_robot(settings),
        exchanges=ExchangeSlots(settings.web_threads),
        downloads=BoundedSemaphore(max(1, settings.web_threads // 2)),
        watch=Watch(database),
        board=Shared(),
        visitors=Shared(),
        signer=Signer(settings.seal_origin, bytes.fromhex(settings.seal_key)),
    )


def is_of_demo(session: Session) -> bool:
    """Whether this is the demo's database: marked when it was seeded, or known by the sandbox's WeChat users."""
    marked = session.get(Counter, DEMO) is not None
    sandbox = select(WeChatIdentity.id).where(WeChatIdentity.appid.startswith("wxsandbox")).limit(1)
    return marked or session.scalar(sandbox) is not None


def _logo(settings: Settings) -> Logo | None:
    try:
        return read(settings.logo) if settings.logo else None
    except BadLogo as error:
        raise SettingsError(f"QR_LOGO is no picture that can be printed ({error.code})") from error


def _mark(settings: Settings, database: Database) -> Shown:
    try:
        return Shown(database, settings.mark or None)
    except Refused as error:
        raise SettingsError(f"HOSPITAL_MARK is no picture that can be shown ({error.code})") from error


def _account(known: WeChatSettings) -> Account:
    return Account(
        known.appid,
        known.secret,
        api_url=known.api_url,
        backup_url=known.backup_url,
        open_url=known.open_url,
        proxy=known.proxy,
    )


def _wecom(settings: Settings, store: TokenStore) -> WeCom | None:
    known = settings.wecom
    if not known:
        return None
    return WeCom(
        store,
        corpid=known.corpid,
        agentid=known.agentid,
        secret=known.secret,
        url=settings.wecom_url,
        open_url=settings.wechat_open_url,
        proxy=settings.wechat_proxy,
        clock=clock.now,
    )


def _robot(settings: Settings) -> Robot | None:
    if not settings.robot_key:
        return None
    return Robot(settings.robot_key, url=settings.wecom_url, proxy=settings.wechat_proxy)


def _token_store(settings: Settings, database: Database) -> TokenStore:
    if not settings.redis_url:
        return DatabaseTokens(database)
    return RedisTokens(redis.Redis(connection_pool=_redis(settings.redis_url)), DatabaseTokens(database))


def _redis(url: str) -> redis.ConnectionPool:
    try:
        return redis_pool.pool(url)
    except ValueError as error:
        raise SettingsError("REDIS_URL is no address of a Redis: see docs/settings.md") from error
