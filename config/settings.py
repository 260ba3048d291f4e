"""Every setting of the service, read once from the environment into one frozen object.

Each NAME may instead be given as NAME_FILE, the path of a file that holds the value (container secrets).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ENVIRONMENTS = ("demo", "test", "production")
SURFACES = ("public", "console", "api", "worker")
RATING_TRUST = ("verified", "open")


class SettingsError(Exception):
    """One or more settings are missing or malformed; the text names each and what was expected."""


@dataclass(frozen=True)
class WeChatSettings:
    """The service account (服务号) and where its servers are; the demo points the addresses at the sandbox."""

    appid: str
    secret: str = field(repr=False)
    api_url: str
    open_url: str
    proxy: str | None = field(repr=False)


@dataclass(frozen=True)
class CallbackSettings:
    """How WeChat's pushes for one account are proved genuine; `form` (xml or json) is that of our replies."""

    appid: str
    token: str = field(repr=False)
    aes_key: str = field(repr=False)
    form: str


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
    rating_trust: str
    browser_rating: bool
    rating_window: timedelta
    secret_keys: tuple[str, ...] = field(repr=False)
    timezone: ZoneInfo
    data_dir: Path
    wechat: WeChatSettings | None
    callbacks: Mapping[str, CallbackSettings]
    callback_expected: bool
    hospital_name: str
    hotline: str

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check everything at once; raises SettingsError that lists every fault, not only the first."""
    reader = _Reader(environ)
    env = reader.choice("APP_ENV", ENVIRONMENTS)
    production = env == "production"
    public_url = reader.url("PUBLIC_URL", https=production)
    service = _account(reader, "service", production=production)
    mini = _account(reader, "mini", production=production)
    settings = Settings(
        env=env,
        database_url=reader.text("DATABASE_URL", check=_database_url),
        redis_url=reader.text("REDIS_URL", default="", check=_redis_url),
        public_url=public_url,
        console_url=reader.url("CONSOLE_URL", default=public_url, https=production),
        sandbox_url=reader.url("SANDBOX_URL", default="") if not production else "",
        surfaces=reader.subset("SURFACES", SURFACES),
        trusted_proxies=reader.number("TRUSTED_PROXIES", default=0, most=8),
        rating_trust=reader.choice("RATING_TRUST", RATING_TRUST, default="verified"),
        browser_rating=reader.choice("BROWSER_RATING", ("off", "on"), default="off") == "on",
        rating_window=timedelta(days=reader.number("RATING_WINDOW_DAYS", default=14, most=90)),
        secret_keys=reader.keys("SECRET_KEYS"),
        timezone=reader.zone("HOSPITAL_TZ", default="Asia/Shanghai"),
        data_dir=Path(reader.text("DATA_DIR", default="./var")),
        wechat=_wechat(reader, *service, production=production),
        callbacks=_callbacks(reader, service_appid=service[0], mini_appid=mini[0]),
        callback_expected=reader.choice("WECHAT_CALLBACK", ("on", "off"), default="on") == "on",
        hospital_name=reader.text("HOSPITAL_NAME", default="医院"),
        hotline=reader.text("HOTLINE", default=""),
    )
    if reader.faults:
        raise SettingsError("\n".join(["The settings cannot be used:", *(f"  {line}" for line in reader.faults)]))
    return settings


def _wechat(reader: "_Reader", appid: str, secret: str, *, production: bool) -> WeChatSettings | None:
    api_url = reader.url("WECHAT_API_URL", default="https://api.weixin.qq.com", https=production)
    open_url = reader.url("WECHAT_OPEN_URL", default="https://open.weixin.qq.com", https=production)
    proxy = reader.text("WECHAT_PROXY", default="") or None
    return WeChatSettings(appid, secret, api_url, open_url, proxy) if appid and secret else None


def _callbacks(reader: "_Reader", *, service_appid: str, mini_appid: str) -> Mapping[str, CallbackSettings]:
    form = reader.choice("WECHAT_MINI_FORMAT", ("xml", "json"), default="xml")
    # A service account knows only XML.
    read = {
        "service": _callback(reader, "service", service_appid, "xml"),
        "mini": _callback(reader, "mini", mini_appid, form),
    }
    return {name: callback for name, callback in read.items() if callback}


def _callback(reader: "_Reader", account: str, appid: str, form: str) -> CallbackSettings | None:
    prefix = f"WECHAT_{account.upper()}"
    token = reader.text(f"{prefix}_TOKEN", default="", check=_callback_token)
    aes_key = reader.text(f"{prefix}_AES_KEY", default="", check=_callback_key)
    if bool(token) != bool(aes_key):
        reader.faults.append(f"{prefix}_TOKEN and {prefix}_AES_KEY go together: set both or neither")
    if token and aes_key and not appid:
        reader.faults.append(f"{prefix}_TOKEN and {prefix}_AES_KEY need {prefix}_APPID: whose callbacks are they?")
    return CallbackSettings(appid, token, aes_key, form) if appid and token and aes_key else None


def _account(reader: "_Reader", account: str, *, production: bool) -> tuple[str, str]:
    prefix = f"WECHAT_{account.upper()}"
    appid, secret = reader.text(f"{prefix}_APPID", default=""), reader.text(f"{prefix}_SECRET", default="")
    if bool(appid) != bool(secret):
        reader.faults.append(f"{prefix}_APPID and {prefix}_SECRET go together: set both or neither")
    if production and appid.startswith("wxsandbox"):
        reader.faults.append(f"{prefix}_APPID is one of the sandbox's; production expects the hospital's own")
    return appid, secret


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[str] = []

    def text(self, name: str, *, default: str | None = None, check: Callable[[str], str] | None = None) -> str:
        value = self._raw(name)
        if not value:
            if default is None:
                self.faults.append(f"{name} (or {name}_FILE) is missing")
            return default or ""
        if check and (fault := check(value)):
            self.faults.append(f"{name} {fault}")
        return value

    def _raw(self, name: str) -> str:
        path = self.environ.get(f"{name}_FILE")
        if not path:
            return self.environ.get(name, "").strip()
        if name in self.environ:
            self.faults.append(f"{name} and {name}_FILE are both set; one was expected")
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.faults.append(f"{name}_FILE cannot be read: {type(error).__name__}")
            return ""

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        expected = f"must be one of {', '.join(choices)}"
        return self.text(name, default=default, check=lambda value: "" if value in choices else expected)

    def subset(self, name: str, choices: tuple[str, ...]) -> frozenset[str]:
        chosen = frozenset(part.strip() for part in self.text(name, default=",".join(choices)).split(","))
        if not chosen <= set(choices):
            self.faults.append(f"{name} must be some of {','.join(choices)}, separated by commas")
        return chosen

    def number(self, name: str, *, default: int, most: int) -> int:
        value = self.text(name, default=str(default))
        if not value.isascii() or not value.isdecimal() or int(value) > most:
            self.faults.append(f"{name} must be a whole number from 0 to {most}")
            return default
        return int(value)

    def url(self, name: str, *, default: str | None = None, https: bool = False) -> str:
        value = self.text(name, default=default).rstrip("/")
        if value and not _plain_origin(value):
            self.faults.append(f"{name} must be http(s)://host[:port] without path, user or query")
        elif value and https and not value.startswith("https://"):
            self.faults.append(f"{name} must be https in production")
        return value

    def keys(self, name: str) -> tuple[str, ...]:
        keys = tuple(key.strip() for key in self.text(name).split(",") if key.strip())
        if any(len(key) < 32 or not key.isascii() or not key.isprintable() for key in keys):
            self.faults.append(f"{name} must be comma-separated keys of at least 32 printable characters, newest first")
        if len(set(keys)) != len(keys):
            self.faults.append(f"{name} names a key twice")
        return keys

    def zone(self, name: str, default: str) -> ZoneInfo:
        value = self.text(name, default=default)
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            self.faults.append(f"{name} must be a time zone such as Asia/Shanghai")
            return ZoneInfo(default)


def _database_url(value: str) -> str:
    known = ("sqlite:///", "postgresql://", "postgresql+psycopg://")
    return "" if value.startswith(known) else "must begin with sqlite:/// or postgresql://"


def _callback_token(value: str) -> str:
    return "" if re.fullmatch("[A-Za-z0-9]{3,32}", value) else "must be 3 to 32 letters and digits"


def _callback_key(value: str) -> str:
    return "" if re.fullmatch("[A-Za-z0-9]{43}", value) else "must be the 43 letters and digits of the EncodingAESKey"


def _redis_url(value: str) -> str:
    return (
        ""
        if value.startswith(("redis://", "rediss://", "unix://"))
        else "must begin with redis://, rediss:// or unix://"
    )


def _plain_origin(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    plain = not (parts.path or parts.query or parts.fragment or parts.username)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and plain
