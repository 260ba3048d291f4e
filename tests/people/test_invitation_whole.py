"""The whole way of an invitation, as processes: WeChat makes the code, a phone scans it, the worker binds."""

import time
from collections.abc import Callable

import pytest
import requests

from app import clock
from app.jobs import wakeups
from app.models import BindInvitation, WeChatIdentity
from app.services.identity import invitations
from config.settings import Settings
from sandbox.accounts import SERVICE
from tests.support.processes import Installation
from tests.support.world import World

pytestmark = pytest.mark.slow("servers")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("follows", [True, False])
def test_who_scans_the_code_on_the_screen_is_bound(
    installed: Installation, world: World, settings: Settings, follows: bool
) -> None:
    world.database.after_commit.append(wakeups.waker(settings))
    installed.start("sandbox", "web", "worker")
    phone = f"{installed.sandbox_url}/phone/stranger"
    if follows:
        requests.post(f"{phone}/follow", timeout=5)
    with world.database.transaction() as session:
        made = invitations.invite(
            session, world.second_engineer.id, by=world.supervisor.id, at=clock.now(), users=False
        )

    def code() -> str:
        with world.database.reading() as session:
            return session.get_one(BindInvitation, made.id).code

    def bound_to() -> int | None:
        with world.database.reading() as session:
            return session.get_one(WeChatIdentity, world.stranger_identity.id).person_id

    until(lambda: code() != "")
    requests.post(f"{phone}/scan", data={"url": code()}, timeout=5).raise_for_status()
    until(lambda: bound_to() == world.second_engineer.id)


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "WECHAT_SERVICE_TOKEN": SERVICE.token, "WECHAT_SERVICE_AES_KEY": SERVICE.aes_key}
