"""Settings: few are needed, every fault is named at once, nothing secret is shown."""

from datetime import timedelta
from pathlib import Path
from traceback import format_exception
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from app import create_app
from config.retention import RetentionSettings
from config.settings import CallbackSettings, SettingsError, WeComSettings, read_settings
from sandbox.accounts import ACCOUNTS, WECOM, SandboxAccount, SandboxWeCom

NAMED = {
    "APP_ENV": "test",
    "DATABASE_URL": "sqlite:///unused.sqlite",
    "SECRET_KEYS": "k" * 32,
    "PUBLIC_URL": "http://localhost:8000",
}
TYPED = "typed-by-hand"
PRODUCTION = {
    **NAMED,
    "APP_ENV": "production",
    "DATABASE_URL": "postgresql://db/msp",
    "SECRET_KEYS": "a-key-drawn-by-lot-0123456789abcdef",
    "PUBLIC_URL": "https://pj.hospital.cn",
}


def test_the_four_named_settings_alone_start_the_app(tmp_path: Path) -> None:
    app = create_app(read_settings({**NAMED, "DATABASE_URL": f"sqlite:///{tmp_path / 'started.sqlite'}"}))
    assert app.test_client().get("/healthz").text == "ok\n"


def test_what_nobody_says_has_a_default_that_is_safe() -> None:
    settings = read_settings(NAMED)
    assert settings.surfaces == {"public", "console", "api", "worker"}
    assert settings.rating_trust == "verified"
    assert not settings.browser_rating
    assert settings.timezone == ZoneInfo("Asia/Shanghai")
    assert settings.console_url == settings.public_url
    assert settings.trusted_proxies == 0
    assert (settings.wechat, settings.mini, settings.wecom) == (None, None, None)
    assert settings.channels == ("wecom", "service", "mini", "robot")
    assert settings.callbacks == {}
    assert settings.verify_files == {}
    assert settings.callback_expected
    assert settings.retention == RetentionSettings(comment=730, photo=180, notice=365, sign_in=90, leaver=180)


@pytest.mark.parametrize("name", NAMED)
def test_a_setting_that_is_missing_is_named(name: str) -> None:
    assert f"{name} (or {name}_FILE) is missing" in fault({name: ""})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("APP_ENV", "staging", "must be one of demo, test, production"),
        ("DATABASE_URL", "mysql://db/msp", "must begin with sqlite:/// or postgresql://"),
        ("DATABASE_URL", "postgresql://db/msp?pooler=session", "may say pooler=transaction"),
        ("REDIS_URL", "localhost:6379", "must begin with redis://, rediss:// or unix://"),
        ("PUBLIC_URL", "pj.hospital.cn", "must be http(s)://host[:port] without path"),
        ("PUBLIC_URL", "https://pj.hospital.cn/rate", "without path"),
        ("PUBLIC_URL", "https://me@pj.hospital.cn", "without path, user or query"),
        ("PUBLIC_URL", "https://pj.hospital.cn:port", "must be http(s)://host[:port]"),
        ("CONSOLE_URL", "ftp://pj.hospital.cn", "must be http(s)://"),
        ("SURFACES", "public,backdoor", "must be some of public,console,api,worker"),
        ("TRUSTED_PROXIES", "-1", "must be a whole number from 0 to 8"),
        ("TRUSTED_PROXIES", "9", "must be a whole number from 0 to 8"),
        ("TRUSTED_PROXIES", "١", "must be a whole number from 0 to 8"),
        ("RATING_TRUST", "all", "must be one of verified, open"),
        ("BROWSER_RATING", "yes", "must be one of on, off"),
        ("SECRET_KEYS", "short", "at least 32 printable characters"),
        ("SECRET_KEYS", "密" * 32, "at least 32 printable characters"),
        ("SECRET_KEYS", f"{'k' * 32},{'k' * 32}", "names a key twice"),
        ("HOSPITAL_ID", "H-001", "must be 1 to 20 lower-case letters and digits"),
        ("HOSPITAL_TZ", "China", "must be a time zone such as Asia/Shanghai"),
        ("WECHAT_SERVICE_APPID", "wx0123456789abcdef", "go together"),
        ("WECHAT_SERVICE_SECRET", "secret", "go together"),
        ("WECHAT_API_URL", "api.weixin.qq.com", "must be http(s)://"),
        ("WECHAT_MINI_APPID", "wx0123456789abcdef", "go together"),
        ("WECHAT_SERVICE_TOKEN", "token", "WECHAT_SERVICE_TOKEN and WECHAT_SERVICE_AES_KEY go together"),
        ("WECHAT_SERVICE_TOKEN", "to", "must be 3 to 32 letters and digits"),
        ("WECHAT_MINI_TOKEN", "token-1", "must be 3 to 32 letters and digits"),
        ("WECHAT_MINI_AES_KEY", "A" * 42, "must be the 43 letters and digits"),
        ("WECHAT_MINI_AES_KEY", "A" * 42 + "=", "must be the 43 letters and digits"),
        ("WECHAT_MINI_FORMAT", "yaml", "must be one of xml, json"),
        ("WECHAT_CALLBACK", "no", "must be one of on, off"),
        ("WECHAT_API_BACKUP_URL", "api2.weixin.qq.com", "must be http(s)://"),
        ("WECHAT_JS_URL", "https://host", "must be http(s)://host/path"),
        ("WECHAT_VERIFY_FILES", "../etc/passwd=x", "must be name.txt=content"),
        ("WECOM_CORPID", "ww01", "set all three or none"),
        ("WECOM_AGENTID", "one", "must be a whole number"),
        ("WECOM_USERIDS", "names", "must be one of bound, staff_numbers"),
        ("WECOM_ROBOT_KEY", "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=1", "must be the key alone"),
        ("RETENTION_COMMENT_DAYS", "ever", "must be a whole number from 0 to 3650"),
        ("NOTICE_CHANNELS", "service,pigeon", "must be some of wecom,service,mini,robot"),
        ("NOTICE_CHANNELS", "service,service", "each once"),
    ],
)
def test_a_malformed_setting_is_refused_with_what_was_expected(name: str, value: str, expected: str) -> None:
    said = fault({name: value})
    assert name in said
    assert expected in said


@pytest.mark.parametrize("account", ["service", "mini"])
def test_an_account_with_token_and_key_has_callbacks(account: str) -> None:
    name = f"WECHAT_{account.upper()}"
    given = {f"{name}_TOKEN": "token", f"{name}_AES_KEY": "A" * 43}
    assert f"{name}_APPID: whose callbacks" in fault(given)
    settings = read_settings({**NAMED, **given, f"{name}_APPID": "wx01", f"{name}_SECRET": "s"})
    assert settings.callbacks == {account: CallbackSettings("wx01", "token", "A" * 43, "xml")}
    assert "A" * 43 not in repr(settings)


def test_both_accounts_speak_to_the_same_servers() -> None:
    given = {
        f"WECHAT_{account}_{what}": f"{account}-{what}"
        for account in ("SERVICE", "MINI")
        for what in ("APPID", "SECRET")
    }
    settings = read_settings({**NAMED, **given})
    assert settings.wechat is not None
    assert settings.mini is not None
    assert settings.mini.appid == "MINI-APPID"
    assert settings.mini.backup_url == settings.wechat.backup_url == "https://api2.weixin.qq.com"


def test_another_server_than_wechats_own_has_a_second_one_only_when_it_is_named() -> None:
    account = {**NAMED, "WECHAT_MINI_APPID": "wx01", "WECHAT_MINI_SECRET": "s", "WECHAT_API_URL": "http://localhost:1"}
    assert read_settings(account).mini.backup_url is None  # type: ignore[union-attr]
    named = read_settings({**account, "WECHAT_API_BACKUP_URL": "http://localhost:2"})
    assert named.mini.backup_url == "http://localhost:2"  # type: ignore[union-attr]


def test_the_app_of_wecom_and_its_channels_are_read() -> None:
    wecom = {"WECOM_CORPID": "ww01", "WECOM_AGENTID": "1000002", "WECOM_SECRET": "secret-of-wecom"}
    settings = read_settings({**NAMED, **wecom, "NOTICE_CHANNELS": "service, robot"})
    assert settings.wecom == WeComSettings("ww01", 1000002, "secret-of-wecom", "bound")
    assert settings.channels == ("service", "robot")
    assert "secret-of-wecom" not in repr(settings)


def test_verification_files_are_given_by_name_and_content() -> None:
    files = "MP_verify_0123456789abcdef.txt=0123456789abcdef, aB3.txt=5f"
    assert read_settings({**NAMED, "WECHAT_VERIFY_FILES": files}).verify_files == {
        "MP_verify_0123456789abcdef.txt": "0123456789abcdef",
        "aB3.txt": "5f",
    }


def test_all_faults_are_told_at_once() -> None:
    said = fault({"APP_ENV": "staging", "SECRET_KEYS": "", "TRUSTED_PROXIES": "many"})
    assert all(name in said for name in ("APP_ENV", "SECRET_KEYS", "TRUSTED_PROXIES"))


@pytest.mark.parametrize("name", NAMED)
def test_a_value_may_lie_in_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{NAMED[name]}\n", "utf-8")
    environ = {**NAMED, f"{name}_FILE": str(file)}
    del environ[name]
    assert read_settings(environ) == read_settings(NAMED)


def test_a_value_given_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("k" * 32, "utf-8")
    assert "SECRET_KEYS and SECRET_KEYS_FILE are both set" in fault({"SECRET_KEYS_FILE": str(file)})


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    if content:
        file.write_bytes(content)
    assert "REDIS_URL_FILE cannot be read" in fault({"REDIS_URL_FILE": str(file)})


def test_production_starts_with_https() -> None:
    assert read_settings(PRODUCTION).https


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("PUBLIC_URL", "http://pj.hospital.cn", "PUBLIC_URL must be https in production"),
        ("CONSOLE_URL", "http://console.hospital.cn", "CONSOLE_URL must be https in production"),
        ("WECHAT_API_URL", "http://localhost:8001", "WECHAT_API_URL must be https in production"),
        ("WECHAT_JS_URL", "http://localhost:8001/jweixin.js", "WECHAT_JS_URL must be https in production"),
        ("SECRET_KEYS", f"{'k' * 32}", "SECRET_KEYS must be drawn by lot in production"),
        ("SECRET_KEYS", f"a-key-drawn-by-lot-0123456789abcdef,{'01' * 20}", "SECRET_KEYS must be drawn by lot"),
    ],
)
def test_production_refuses_what_only_a_demo_may_have(name: str, value: str, expected: str) -> None:
    assert expected in fault({"WECHAT_SERVICE_SECRET": "s", name: value}, PRODUCTION)


@pytest.mark.parametrize("account", [*ACCOUNTS.values(), WECOM], ids=lambda account: account.name)
def test_production_refuses_whatever_the_sandbox_publishes(account: SandboxAccount | SandboxWeCom) -> None:
    kind = "WECOM" if account is WECOM else f"WECHAT_{account.name.upper()}"
    own = {
        "appid": "wx0123456789abcdef",
        "corpid": "ww01",
        "secret": "s",
        "agentid": "1",
        "token": "tok",
        "aes_key": "A" * 43,
    }
    for field, value in vars(account).items():
        if field in {"name", "form", "original_id", "agentid"}:
            continue
        given = {f"{kind}_{name}".upper(): told for name, told in own.items() if hasattr(account, name)}
        assert "is one of the sandbox's" in fault({**given, f"{kind}_{field}".upper(): value}, PRODUCTION), field


def test_production_knows_no_sandbox_even_when_one_is_named() -> None:
    assert read_settings({**PRODUCTION, "SANDBOX_URL": "http://localhost:8001"}).sandbox_url == ""


def test_what_is_secret_is_not_shown() -> None:
    secrets = {
        "DATABASE_URL": "postgresql://msp:pass-of-the-db@db/msp",
        "REDIS_URL": "redis://:pass-of-redis@cache",
        "SECRET_KEYS": "key-of-the-slips-0000000000000000",
        "WECHAT_SERVICE_APPID": "wx0123456789abcdef",
        "WECHAT_SERVICE_SECRET": "secret-of-wechat",
    }
    shown = repr(read_settings({**NAMED, **secrets}))
    assert not [
        word for word in ("pass-of-the-db", "pass-of-redis", "key-of-the-slips", "secret-of-wechat") if word in shown
    ]


@pytest.mark.parametrize(
    "name", ["SECRET_KEYS", "DATABASE_URL", "REDIS_URL", "WECHAT_MINI_TOKEN", "WECHAT_MINI_AES_KEY"]
)
def test_a_refusal_does_not_show_what_was_typed(name: str) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({**NAMED, name: TYPED})
    printed = "".join(format_exception(raised.value))
    assert name in printed
    assert TYPED not in printed


def test_one_sentence_for_each_setting_that_is_wrong() -> None:
    said = fault({"APP_ENV": "staging", "TRUSTED_PROXIES": "9", "WECOM_CORPID": "ww01", "SLIP_CODE": "mini"})
    assert said.splitlines() == [
        "The settings cannot be used:",
        "  APP_ENV must be one of demo, test, production",
        "  TRUSTED_PROXIES must be a whole number from 0 to 8",
        "  WECOM_CORPID goes together with WECOM_AGENTID and WECOM_SECRET: set all three or none",
        "  SLIP_CODE set to mini or both needs WECHAT_MINI_APPID and WECHAT_MINI_SECRET",
    ]


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        read_settings(NAMED).env = "production"


def fault(changes: dict[str, str], base: dict[str, str] = NAMED) -> str:
    with pytest.raises(SettingsError) as raised:
        read_settings({**base, **changes})
    return str(raised.value)


@pytest.mark.parametrize(("said", "ahead"), [("8d", {"days": 8}), ("36h", {"hours": 36}), ("90", {"seconds": 90})])
def test_a_rehearsal_may_live_ahead_of_the_clock(said: str, ahead: dict[str, int]) -> None:
    assert read_settings({**NAMED, "CLOCK_AHEAD": said}).clock_ahead == timedelta(**ahead)


def test_production_has_the_time_it_is_and_a_rehearsal_says_how_far_it_is_ahead() -> None:
    assert "production has the time it is" in fault({"CLOCK_AHEAD": "8d"}, PRODUCTION)
    assert "CLOCK_AHEAD must be a number of seconds" in fault({"CLOCK_AHEAD": "-1d"})


@pytest.mark.parametrize(
    ("url", "taken"),
    [("https://api.drand.sh", True), ("http://127.0.0.1:99", True), ("http://api.drand.sh", False), ("", True)],
)
def test_a_beacon_is_asked_over_https_or_on_this_machine(url: str, taken: bool) -> None:
    if taken:
        assert read_settings({**NAMED, "DRAND_URL": url}).drand_url == url
    else:
        assert "DRAND_URL must be https" in fault({"DRAND_URL": url})
