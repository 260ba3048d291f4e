"""The settings of a hospital lead to WeChat by every way."""

from collections.abc import Iterator

import pytest

from app.clock import now
from app.runtime import Runtime, build
from config.settings import read_settings
from sandbox.accounts import MINI, SERVICE, WECOM
from sandbox.phones import PHONES
from tests.wechat.conftest import Turned, World
from tests.wechat.messages import ENGINEER, FINISHED

EVERYTHING = {
    "WECHAT_SERVICE_APPID": SERVICE.appid,
    "WECHAT_SERVICE_SECRET": SERVICE.secret,
    "WECHAT_MINI_APPID": MINI.appid,
    "WECHAT_MINI_SECRET": MINI.secret,
    "WECOM_CORPID": WECOM.corpid,
    "WECOM_AGENTID": str(WECOM.agentid),
    "WECOM_SECRET": WECOM.secret,
    "WECOM_ROBOT_KEY": WECOM.robot_key,
}


def test_every_way_leads_where_the_settings_say(runtime: Runtime, world: World) -> None:
    assert runtime.service_account
    assert runtime.mini
    assert runtime.wecom
    assert runtime.robot
    runtime.service_account.send_template(ENGINEER, **FINISHED)
    runtime.wecom.send_card("engineer", title="派单", text="内科", url="http://localhost:8000/")
    runtime.robot.send_text("无人接单")

    assert {message["channel"] for message in world.delivered()} == {"template", "wecom", "robot"}
    code = str(world.control("codes", phone="nurse")["code"])
    assert runtime.mini.session(code).openid == PHONES["nurse"].mini_openid
    assert runtime.wecom.authorize_url("http://localhost:8000/", "s1").startswith(world.sandbox.url)


def test_the_second_address_is_asked_when_the_first_is_gone(runtime: Runtime, world: World) -> None:
    world.control("switches", api2_only=True)
    assert runtime.service_account
    runtime.service_account.send_template(ENGINEER, **FINISHED)

    assert len(world.delivered()) == 1


@pytest.mark.parametrize("named", [set(), {"WECHAT_SERVICE_APPID", "WECHAT_SERVICE_SECRET"}, {"WECOM_ROBOT_KEY"}])
def test_what_is_not_set_is_not_there(world: World, sqlite_url: str, named: set[str]) -> None:
    settings = {name: value for name, value in EVERYTHING.items() if name in named}
    runtime = build(read_settings(environ(world, sqlite_url) | settings))

    assert bool(runtime.service_account) is bool(runtime.account) is ("WECHAT_SERVICE_APPID" in named)
    assert bool(runtime.robot) is ("WECOM_ROBOT_KEY" in named)
    assert (runtime.mini, runtime.wecom) == (None, None)


def test_reading_a_process_aloud_tells_no_secret(runtime: Runtime) -> None:
    for secret in (SERVICE.secret, MINI.secret, WECOM.secret, WECOM.robot_key):
        assert secret not in repr(runtime)


@pytest.fixture
def runtime(world: World, sqlite_url: str) -> Iterator[Runtime]:
    built = build(read_settings(environ(world, sqlite_url) | EVERYTHING))
    yield built
    built.database.engine.dispose()


def environ(world: World, database_url: str) -> dict[str, str]:
    return {
        "APP_ENV": "test",
        "PUBLIC_URL": "http://localhost:8000",
        "SECRET_KEYS": "k" * 32,
        "DATABASE_URL": database_url,
        "WECHAT_API_URL": world.sandbox.url,
        "WECHAT_API_BACKUP_URL": world.sandbox.backup_url,
        "WECHAT_OPEN_URL": world.sandbox.url,
        "WECOM_URL": world.sandbox.url,
    }


@pytest.fixture
def clock() -> Turned:
    """As the process reads it."""
    return Turned(now())
