"""Every setting of the service, read once from the environment into one frozen object.

Each NAME may instead be given as NAME_FILE, the path of a file that holds the value (container secrets).
"""

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.environment import Environment
from config.retention import RetentionSettings
from config.values import (
    Address,
    CallbackKey,
    CallbackToken,
    DatabaseUrl,
    Files,
    HospitalId,
    Hosts,
    Keys,
    Networks,
    Origin,
    Picture,
    RedisUrl,
    RobotKey,
    SealKey,
    SealOrigin,
    Span,
    Switch,
    Zone,
    days,
    order_of,
    some_of,
    whole,
)

Surface = Literal["public", "console", "api", "worker"]
SURFACES = get_args(Surface)
# What makes sure that a phone is a person's, where all that stands in the roster is known to others, too.
PROOFS = ("invitation", "phone", "wecom", "supervisor")
CHANNELS = ("wecom", "service", "mini", "robot")
# What the sandbox's accounts are called and answer to: published with this program, so secret to nobody.
_SANDBOX = re.compile("(wx|ww)?sandbox", re.IGNORECASE)
_OF_AN_ACCOUNT = (
    "wechat_service_appid",
    "wechat_service_secret",
    "wechat_service_token",
    "wechat_service_aes_key",
    "wechat_mini_appid",
    "wechat_mini_secret",
    "wechat_mini_token",
    "wechat_mini_aes_key",
    "wecom_corpid",
    "wecom_secret",
    "robot_key",
)
_SIGNS_OF_A_KEY = 6  # different ones at least; 32 hexadecimal digits drawn by lot have thirteen
_WECHAT_API_BACKUP_URL = "https://api2.weixin.qq.com"


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


class Settings(BaseSettings):
    """A field's name in capitals is the name of its setting, where no other is given.

    What two settings have to do with each other is checked at the later of them: earlier ones are in `info.data`.
    """

    model_config = SettingsConfigDict(
        frozen=True, validate_default=True, alias_generator=str.upper, hide_input_in_errors=True
    )

    env: Literal["demo", "test", "production"] = Field(alias="APP_ENV")
    database_url: DatabaseUrl = Field(repr=False)
    redis_url: RedisUrl = Field("", repr=False)
    public_url: Origin
    console_url: Origin = ""
    sandbox_url: Origin = ""
    health_details: Switch = False
    surfaces: Annotated[frozenset[str], some_of(SURFACES)] = frozenset(SURFACES)
    trusted_proxies: Annotated[int, whole(8)] = 0
    # The server's own variable, so that it is said once.
    server_threads: Annotated[int, whole(4096)] = Field(512, alias="GRANIAN_BLOCKING_THREADS")
    web_threads: Annotated[int, whole(512)] = 8
    posts_per_minute: Annotated[int, whole(1_000_000)] = Field(60, alias="API_POSTS_PER_MINUTE")
    rating_trust: Literal["verified", "open"] = "verified"
    binding_proof: Annotated[frozenset[str], some_of(PROOFS)] = frozenset(PROOFS)
    browser_rating: Switch = False
    rating_window: Annotated[timedelta, days(90)] = Field(timedelta(days=14), alias="RATING_WINDOW_DAYS")
    secret_keys: Keys = Field(repr=False)
    timezone: Zone = Field(ZoneInfo("Asia/Shanghai"), alias="HOSPITAL_TZ")
    data_dir: Path = Path("./var")
    seal_key: SealKey = Field("", repr=False)
    seal_origin: SealOrigin = ""

    # Of what goes together, the one that says so comes last.
    wechat_service_secret: str = Field("", repr=False)
    wechat_service_appid: str = ""
    wechat_service_aes_key: CallbackKey = Field("", repr=False)
    wechat_service_token: CallbackToken = Field("", repr=False)
    wechat_mini_secret: str = Field("", repr=False)
    wechat_mini_appid: str = ""
    wechat_mini_aes_key: CallbackKey = Field("", repr=False)
    wechat_mini_token: CallbackToken = Field("", repr=False)
    wechat_mini_format: Literal["xml", "json"] = "xml"
    callback_expected: Switch = Field(True, alias="WECHAT_CALLBACK")
    wechat_api_url: Origin = "https://api.weixin.qq.com"
    wechat_api_backup_url: Origin = ""
    wechat_open_url: Origin = "https://open.weixin.qq.com"
    wechat_proxy: str | None = Field(None, repr=False)
    verify_files: Files = Field({}, alias="WECHAT_VERIFY_FILES")
    js_url: Address = Field("https://res.wx.qq.com/open/js/jweixin-1.6.0.js", alias="WECHAT_JS_URL")
    wecom_secret: str = Field("", repr=False)
    wecom_agentid: Annotated[int, whole(2**31 - 1)] = 0
    wecom_corpid: str = ""
    wecom_userids: Literal["bound", "staff_numbers"] = "bound"
    wecom_url: Origin = "https://qyapi.weixin.qq.com"
    webhook_private: Hosts = ()
    robot_key: RobotKey = Field("", alias="WECOM_ROBOT_KEY", repr=False)
    channels: Annotated[tuple[str, ...], order_of(CHANNELS)] = Field(CHANNELS, alias="NOTICE_CHANNELS")

    retention_comment_days: Annotated[int, whole(3650)] = 730
    retention_photo_days: Annotated[int, whole(3650)] = 180
    retention_notice_days: Annotated[int, whole(3650)] = 365
    retention_sign_in_days: Annotated[int, whole(3650)] = 90
    retention_leaver_days: Annotated[int, whole(3650)] = 180

    public_pages: Literal["staff", "internet"] = "staff"
    hospital_networks: Networks = ()
    hospital_id: HospitalId = "h001"
    hospital_name: str = "医院"
    it_department: str = "信息科"
    hotline: str = ""  # the hospital's own, for supervision
    service_line: str = ""  # the provider's
    logo: Picture = Field(b"", alias="QR_LOGO", repr=False)
    mark: Picture = Field(b"", alias="HOSPITAL_MARK", repr=False)
    slip_code: Literal["link", "mini", "both"] = "link"
    drand_url: Origin = ""
    clock_ahead: Span = timedelta()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `read_settings` hands over: no .env file, no second look at the environment."""
        return (init_settings,)

    @field_validator("secret_keys")
    @classmethod
    def _drawn_by_lot(cls, keys: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("env") == "production" and any(len(set(key)) < _SIGNS_OF_A_KEY for key in keys):
            raise ValueError("must be drawn by lot in production: one repeats a few characters")
        return keys

    @field_validator("seal_key")
    @classmethod
    def _seal(cls, key: str, info: ValidationInfo) -> str:
        if info.data.get("env") == "production":
            if key and len(set(key)) < _SIGNS_OF_A_KEY:
                raise ValueError("must be drawn by lot in production: it repeats a few characters")
            return key
        known = info.data.get("secret_keys")
        return key or (hmac.digest(known[-1].encode(), b"seal", "sha256").hex() if known else "")

    @field_validator("seal_origin")
    @classmethod
    def _seal_name(cls, origin: str, info: ValidationInfo) -> str:
        return origin or f"{urlsplit(info.data.get('public_url', '')).netloc}/history"

    @field_validator(*_OF_AN_ACCOUNT)
    @classmethod
    def _own(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("env") == "production" and _SANDBOX.match(value):
            raise ValueError("is one of the sandbox's; production expects the hospital's own")
        return value

    @field_validator("web_threads")
    @classmethod
    def _of_the_server(cls, threads: int, info: ValidationInfo) -> int:
        return max(1, min(threads, int(info.data.get("server_threads", threads))))

    @field_validator("public_url", "wechat_api_url", "wechat_api_backup_url", "wechat_open_url", "wecom_url", "js_url")
    @classmethod
    def _https(cls, url: str, info: ValidationInfo) -> str:
        if url and info.data.get("env") == "production" and not url.startswith("https://"):
            raise ValueError("must be https in production")
        return url

    @field_validator("console_url")
    @classmethod
    def _console(cls, url: str, info: ValidationInfo) -> str:
        return cls._https(url, info) or info.data.get("public_url", "")

    @field_validator("sandbox_url", mode="before")
    @classmethod
    def _sandbox(cls, url: str, info: ValidationInfo) -> str:
        return "" if info.data.get("env") == "production" else url

    @field_validator("wechat_service_appid", "wechat_mini_appid")
    @classmethod
    def _account(cls, appid: str, info: ValidationInfo) -> str:
        secret = f"{info.field_name}".replace("appid", "secret")
        if secret in info.data and bool(appid) != bool(info.data[secret]):
            raise ValueError(f"and {secret.upper()} go together: set both or neither")
        return appid

    @field_validator("wechat_service_token", "wechat_mini_token")
    @classmethod
    def _callback(cls, token: str, info: ValidationInfo) -> str:
        account = f"{info.field_name}".removesuffix("_token")
        aes_key, appid = info.data.get(f"{account}_aes_key"), info.data.get(f"{account}_appid")
        if aes_key is not None and bool(token) != bool(aes_key):
            raise ValueError(f"and {account.upper()}_AES_KEY go together: set both or neither")
        if token and appid == "":
            raise ValueError(f"and {account.upper()}_AES_KEY need {account.upper()}_APPID: whose callbacks are they?")
        return token

    @field_validator("wecom_corpid")
    @classmethod
    def _wecom(cls, corpid: str, info: ValidationInfo) -> str:
        agentid, secret = info.data.get("wecom_agentid"), info.data.get("wecom_secret")
        if agentid is not None and secret is not None and len({bool(corpid), bool(agentid), bool(secret)}) > 1:
            raise ValueError("goes together with WECOM_AGENTID and WECOM_SECRET: set all three or none")
        return corpid

    @field_validator("slip_code")
    @classmethod
    def _mini_code(cls, chosen: str, info: ValidationInfo) -> str:
        if chosen != "link" and info.data.get("wechat_mini_appid") == "":
            raise ValueError("set to mini or both needs WECHAT_MINI_APPID and WECHAT_MINI_SECRET")
        return chosen

    @field_validator("drand_url")
    @classmethod
    def _beacon(cls, url: str) -> str:
        if url.startswith("http://") and urlsplit(url).hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError("must be https, or an address of this machine")
        return url

    @field_validator("clock_ahead")
    @classmethod
    def _rehearsal(cls, ahead: timedelta, info: ValidationInfo) -> timedelta:
        if ahead and info.data.get("env") == "production":
            raise ValueError("is for rehearsals; production has the time it is")
        return ahead

    @cached_property
    def wechat(self) -> WeChatSettings | None:
        """The service account."""
        return self._wechat(self.wechat_service_appid, self.wechat_service_secret)

    @cached_property
    def mini(self) -> WeChatSettings | None:
        return self._wechat(self.wechat_mini_appid, self.wechat_mini_secret)

    @cached_property
    def wecom(self) -> WeComSettings | None:
        if not self.wecom_corpid:
            return None
        return WeComSettings(self.wecom_corpid, self.wecom_agentid, self.wecom_secret, self.wecom_userids)

    @cached_property
    def callbacks(self) -> Mapping[str, CallbackSettings]:
        """By account. A service account knows only XML."""
        service = self.wechat_service_appid, self.wechat_service_token, self.wechat_service_aes_key, "xml"
        mini = self.wechat_mini_appid, self.wechat_mini_token, self.wechat_mini_aes_key, self.wechat_mini_format
        accounts = {"service": CallbackSettings(*service), "mini": CallbackSettings(*mini)}
        return {name: callback for name, callback in accounts.items() if callback.token}

    @cached_property
    def retention(self) -> RetentionSettings:
        return RetentionSettings(
            comment=self.retention_comment_days,
            photo=self.retention_photo_days,
            notice=self.retention_notice_days,
            sign_in=self.retention_sign_in_days,
            leaver=self.retention_leaver_days,
        )

    @property
    def production(self) -> bool:
        return self.env == "production"

    @property
    def tells_health(self) -> bool:
        """Whether anybody may read `/metrics` and why `/readyz` says no; in production only where it was asked for."""
        return self.health_details or not self.production

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

    def cookie(self, name: str) -> str:
        """What a cookie of that name is called: by the prefix browsers know that no other host may set it, nor http."""
        return f"__Host-{name}" if self.https else name

    def _wechat(self, appid: str, secret: str) -> WeChatSettings | None:
        if not appid:
            return None
        # WeChat's second address is known; another main address has one only where it is named.
        backup = None if "wechat_api_url" in self.model_fields_set else _WECHAT_API_BACKUP_URL
        return WeChatSettings(
            appid,
            secret,
            api_url=self.wechat_api_url,
            backup_url=self.wechat_api_backup_url or backup,
            open_url=self.wechat_open_url,
            proxy=self.wechat_proxy,
        )


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read and check everything at once; raises SettingsError that lists every fault, not only the first."""
    environment = Environment(Settings, environ)
    values = environment()
    try:
        settings, faults = Settings(**values), {}
    except ValidationError as error:
        settings, faults = None, dict(map(_fault, error.errors(include_input=False, include_url=False)))
    faults |= environment.faults
    if settings is None or faults:
        # Not the reason given by pydantic, which repeats what was typed.
        raise SettingsError(
            "\n".join(["The settings cannot be used:", *(f"  {line}" for line in faults.values())])
        ) from None
    return settings


def _fault(error: ErrorDetails) -> tuple[str, str]:
    """The name of a setting, and what is wrong with it in one sentence."""
    name, context = str(error["loc"][0]), error.get("ctx", {})
    if error["type"] == "missing":
        return name, f"{name} (or {name}_FILE) is missing"
    if error["type"] == "literal_error":
        return name, f"{name} must be one of " + context["expected"].replace("'", "").replace(" or ", ", ")
    return name, f"{name} {context.get('error', 'cannot be used')}"
