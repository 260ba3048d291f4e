"""The gate of the phone's pages: signed in, then the privacy notice, then bound, and back to the page."""

import pytest
from flask.testing import FlaskClient

from app import clock
from app.services.privacy import wechat_erasure
from tests.conftest import KEY, Phone
from tests.support.scan_forms import Slip
from tests.support.world import World

PERSONAL = ["/report", "/my/receipts", "/my/receipts/2026-q4", "/my/prizes/2026-q4", "/engineer"]
WECHAT, NOTICE = "请用微信打开", "使用前请看"


@pytest.mark.parametrize("path", [*PERSONAL, "/my", "/my/bind"])
def test_wechat_says_who_it_is_before_anything_else(client: FlaskClient, world: World, path: str) -> None:
    assert WECHAT in client.get(path).text
    assert "/connect/oauth2/" in client.get(path, headers={"User-Agent": "MicroMessenger"}).headers["Location"]


@pytest.mark.parametrize("path", PERSONAL)
def test_the_notice_comes_before_binding_and_both_lead_back(slip: Slip, world: World, phone: Phone, path: str) -> None:
    slip.forget_privacy(world.stranger_identity)
    stranger = phone(world.stranger_identity)
    notice = stranger.get(path).text
    assert NOTICE in notice
    agreed = stranger.post("/privacy", data={"visit": slip.token_in(notice), "next": path})
    assert agreed.headers["Location"] == path
    assert stranger.get(path).headers["Location"] == f"/my/bind?next={path}"


@pytest.mark.parametrize("path", [*PERSONAL, "/my", "/my/bind", "/my/data"])
def test_a_phone_that_was_forgotten_begins_anew(world: World, phone: Phone, path: str) -> None:
    stranger = phone(world.stranger_identity)
    with world.database.transaction() as session:
        session.add(world.stranger_identity)
        wechat_erasure.forget(session, world.stranger_identity, keys=[KEY], at=clock.now())
    assert WECHAT in stranger.get(path).text
    with stranger.session_transaction() as kept:
        assert "identity" not in kept
