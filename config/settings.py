"""Every setting of the service, read once from the environment into one frozen object.

Each NAME may instead be given as NAME_FILE, the path of a file that holds the value (container secrets).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from config.environment import Reader

ENVIRONMENTS = ("demo", "test", "production")
SURFACES = ("public", "console", "api", "worker")
RATING_TRUST = ("verified", "open")
CHANNELS = ("wecom", "service", "mini", "robot")
WECOM_USERIDS = ("bound", "staff_numbers")


class SettingsError(Exception):
    """One or more settings are missing or malformed; the text names each and what was expected."""


@dataclass(frozen=True)
class WeChatSettings:
    """The service account (服务号) or the mini-program (小程序), and where WeChat's servers are."""

    appid: str
    secret: str = field(repr=False)
    api_url: str
    backup_url: str | None
    open_url: str
    proxy: str | None = field(repr=False)


@dataclass(frozen=True)
class WeComSettings:
    """The self-built app (自建应用) of the hospital's WeCom."""

    corpid: str
    agentid: int
    secret: str = field(repr=False)
    # "staff_numbers": the user ids are the staff numbers; "bound": each user binds once, or the roster names the id.
    userids: str


@dataclass(frozen=True)
class CallbackSettings:
    """How WeChat's pushes for one account are proved genuine; `form` (xml or json) is that of our replies."""

    appid: str
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    form: str


@dataclass(frozen=True)
class RetentionSettings:
    """After how many days what is no longer needed goes; 0 keeps it."""

    comment: int
    photo: int
    notice: int
    sign_in: int
    leaver: int


@dataclass(frozen=True)
class Settings:
    env: str
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    public_url: str
    console_url: str
    sandbox_url: str
    surfaces: frozenset[str]
    trusted_proxies: int
    web_threads: int
    posts_per_minute: int
    rating_trust: str
    browser_rating: bool
    rating_window: timedelta
    secret_keys: tuple[str, ...] = field(repr=False)
    timezone: ZoneInfo
    data_dir: Path
    wechat: WeChatSettings | None
    mini: WeChatSettings | None
    wecom: WeComSettings | None
    wecom_url: str
    wechat_open_url: str
    wechat_proxy: str | None = field(repr=False)
    robot_key: str = field(repr=False)
    channels: tuple[str, ...]
    verify_files: Mapping[str, str]
    js_url: str
    callbacks: Mapping[str, CallbackSettings]
    callback_expected: bool
    retention: RetentionSettings
    hospital_id: str
    hospital_name: str
    hotline: str
    logo: bytes = field(repr=False)
    slip_code: str
    drand_url: str
    clock_ahead: timedelta

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def rehearsed(self) -> bool:
        """In the demo hospital draws are played again and again, from the same ratings."""
        return self.env == "demo"

    @property
    def scans_arrive(self) -> bool:
        """Whether WeChat tells us who scans a code of the service account; elsewhere only links bind."""
        return self.callback_expected and "service" in self.callbacks

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check everything at once; raises SettingsError that lists every fault, not only the first."""
    reader = Reader(environ)
    env = reader.choice("APP_ENV", ENVIRONMENTS)
    production = env == "production"
    public_url = reader.url("PUBLIC_URL", https=production)
    service = _account(reader, "service", production=production)
    mini = _account(reader, "mini", production=production)
    servers = _servers(reader, production=production)
    settings = Settings(
        env=env,
        database_url=reader.text("DATABASE_URL", check=_database_url),
        redis_url=reader.text("REDIS_URL", default="", check=_redis_url),
        public_url=public_url,
        console_url=reader.url("CONSOLE_URL", default=public_url, https=production),
        sandbox_url=reader.url("SANDBOX_URL", default="") if not production else "",
        surfaces=reader.subset("SURFACES", SURFACES),
        trusted_proxies=reader.number("TRUSTED_PROXIES", default=0, most=8),
        # The server's own variable, so that it is said once.
        web_threads=reader.number("GRANIAN_BLOCKING_THREADS", default=2, most=512),
        posts_per_minute=reader.number("API_POSTS_PER_MINUTE", default=60, most=1_000_000),
        rating_trust=reader.choice("RATING_TRUST", RATING_TRUST, default="verified"),
        browser_rating=reader.choice("BROWSER_RATING", ("off", "on"), default="off") == "on",
        rating_window=timedelta(days=reader.number("RATING_WINDOW_DAYS", default=14, most=90)),
        secret_keys=reader.keys("SECRET_KEYS"),
        timezone=reader.zone("HOSPITAL_TZ", default="Asia/Shanghai"),
        data_dir=Path(reader.text("DATA_DIR", default="./var")),
        wechat=_wechat(*service, servers),
        mini=_wechat(*mini, servers),
        wecom=_wecom(reader),
        wecom_url=reader.url("WECOM_URL", default="https://qyapi.weixin.qq.com", https=production),
        wechat_open_url=servers["open_url"] or "",
        wechat_proxy=servers["proxy"],
        robot_key=reader.text("WECOM_ROBOT_KEY", default="", check=_robot_key),
        channels=reader.ordered("NOTICE_CHANNELS", CHANNELS),
        verify_files=reader.files("WECHAT_VERIFY_FILES"),
        js_url=reader.address("WECHAT_JS_URL", default="https://res.wx.qq.com/open/js/jweixin-1.6.0.js"),
        callbacks=_callbacks(reader, service_appid=service[0], mini_appid=mini[0]),
        callback_expected=reader.choice("WECHAT_CALLBACK", ("on", "off"), default="on") == "on",
        retention=RetentionSettings(
            comment=reader.number("RETENTION_COMMENT_DAYS", default=730, most=3650),
            photo=reader.number("RETENTION_PHOTO_DAYS", default=180, most=3650),
            notice=reader.number("RETENTION_NOTICE_DAYS", default=365, most=3650),
            sign_in=reader.number("RETENTION_SIGN_IN_DAYS", default=90, most=3650),
            leaver=reader.number("RETENTION_LEAVER_DAYS", default=180, most=3650),
        ),
        hospital_id=reader.text("HOSPITAL_ID", default="h001", check=_hospital_id),
        hospital_name=reader.text("HOSPITAL_NAME", default="医院"),
        hotline=reader.text("HOTLINE", default=""),
        logo=reader.content("QR_LOGO", most=64 * 1024, begins=b"\x89PNG"),
        slip_code=_slip_code(reader, mini=bool(mini[0])),
        drand_url=_drand_url(reader),
        clock_ahead=_clock_ahead(reader, production=production),
    )
    if reader.faults:
        raise SettingsError("\n".join(["The settings cannot be used:", *(f"  {line}" for line in reader.faults)]))
    return settings


def _servers(reader: Reader, *, production: bool) -> dict[str, str | None]:
    return {
        "api_url": reader.url("WECHAT_API_URL", default="https://api.weixin.qq.com", https=production),
        # Only where it is asked for: another main address than WeChat's own has no second one by itself.
        "backup_url": reader.url("WECHAT_API_BACKUP_URL", default=_backup(reader), https=production) or None,
        "open_url": reader.url("WECHAT_OPEN_URL", default="https://open.weixin.qq.com", https=production),
        "proxy": reader.text("WECHAT_PROXY", default="") or None,
    }


def _backup(reader: Reader) -> str:
    given = any(reader.environ.get(name) for name in ("WECHAT_API_URL", "WECHAT_API_URL_FILE"))
    return "" if given else "https://api2.weixin.qq.com"


def _wechat(appid: str, secret: str, servers: Mapping[str, Any]) -> WeChatSettings | None:
    return WeChatSettings(appid, secret, **servers) if appid and secret else None


def _wecom(reader: Reader) -> WeComSettings | None:
    corpid, secret = reader.text("WECOM_CORPID", default=""), reader.text("WECOM_SECRET", default="")
    agentid = reader.number("WECOM_AGENTID", default=0, most=2**31 - 1)
    userids = reader.choice("WECOM_USERIDS", WECOM_USERIDS, default="bound")
    if len({bool(corpid), bool(secret), bool(agentid)}) > 1:
        reader.faults.append("WECOM_CORPID, WECOM_AGENTID and WECOM_SECRET go together: set all three or none")
    return WeComSettings(corpid, agentid, secret, userids) if corpid and secret and agentid else None


def _callbacks(reader: Reader, *, service_appid: str, mini_appid: str) -> Mapping[str, CallbackSettings]:
    form = reader.choice("WECHAT_MINI_FORMAT", ("xml", "json"), default="xml")
    # A service account knows only XML.
    read = {
        "service": _callback(reader, "service", service_appid, "xml"),
        "mini": _callback(reader, "mini", mini_appid, form),
    }
    return {name: callback for name, callback in read.items() if callback}


def _callback(reader: Reader, account: str, appid: str, form: str) -> CallbackSettings | None:
    prefix = f"WECHAT_{account.upper()}"
    token = reader.text(f"{prefix}_TOKEN", default="", check=_callback_token)
    aes_key = reader.text(f"{prefix}_AES_KEY", default="", check=_callback_key)
    if bool(token) != bool(aes_key):
        reader.faults.append(f"{prefix}_TOKEN and {prefix}_AES_KEY go together: set both or neither")
    if token and aes_key and not appid:
        reader.faults.append(f"{prefix}_TOKEN and {prefix}_AES_KEY need {prefix}_APPID: whose callbacks are they?")
    return CallbackSettings(appid, token, aes_key, form) if appid and token and aes_key else None


def _slip_code(reader: Reader, *, mini: bool) -> str:
    chosen = reader.choice("SLIP_CODE", ("link", "mini", "both"), default="link")
    if chosen != "link" and not mini:
        reader.faults.append("SLIP_CODE=mini or both needs WECHAT_MINI_APPID and WECHAT_MINI_SECRET")
    return chosen


def _drand_url(reader: Reader) -> str:
    value = reader.url("DRAND_URL", default="")
    if value and not value.startswith("https://") and urlsplit(value).hostname not in {"localhost", "127.0.0.1", "::1"}:
        reader.faults.append("DRAND_URL must be https, or an address of this machine")
    return value


def _clock_ahead(reader: Reader, *, production: bool) -> timedelta:
    ahead = reader.span("CLOCK_AHEAD")
    if ahead and production:
        reader.faults.append("CLOCK_AHEAD is for rehearsals; production has the time it is")
    return ahead


def _account(reader: Reader, account: str, *, production: bool) -> tuple[str, str]:
    prefix = f"WECHAT_{account.upper()}"
    appid, secret = reader.text(f"{prefix}_APPID", default=""), reader.text(f"{prefix}_SECRET", default="")
    if bool(appid) != bool(secret):
        reader.faults.append(f"{prefix}_APPID and {prefix}_SECRET go together: set both or neither")
    if production and appid.startswith("wxsandbox"):
        reader.faults.append(f"{prefix}_APPID is one of the sandbox's; production expects the hospital's own")
    return appid, secret


def _database_url(value: str) -> str:
    known = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
    return "" if value.startswith(known) else "must begin with sqlite:/// or postgresql://"


def _hospital_id(value: str) -> str:
    return "" if re.fullmatch("[a-z0-9]{1,20}", value) else "must be 1 to 20 lower-case letters and digits"


def _callback_token(value: str) -> str:
    return "" if re.fullmatch("[A-Za-z0-9]{3,32}", value) else "must be 3 to 32 letters and digits"


def _robot_key(value: str) -> str:
    # The whole webhook address is what people paste.
    return "" if re.fullmatch("[A-Za-z0-9-]{8,64}", value) else "must be the key alone, not the webhook's address"


def _callback_key(value: str) -> str:
    return "" if re.fullmatch("[A-Za-z0-9]{43}", value) else "must be the 43 letters and digits of the EncodingAESKey"


def _redis_url(value: str) -> str:
    return (
        ""
        if value.startswith(("redis://", "rediss://", "unix://"))
        else "must begin with redis://, rediss:// or unix://"
    )
