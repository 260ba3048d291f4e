"""Scanning the account's own code of an invitation: whoever scans it is bound, once, and answered at once."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from app import clock
from app.jobs import wechat_callbacks
from app.models import BindInvitation, Inbound, WeChatIdentity
from app.runtime import Runtime
from app.services.identity import invitations
from tests.callback.conftest import SERVICE, Push
from tests.support.world import APPID, World

Kept = Callable[[], list[Inbound]]
Bound = Callable[[str], int | None]


@pytest.mark.parametrize(("event", "key"), [("subscribe", "qrscene_{}"), ("SCAN", "{}")])
def test_who_scans_is_bound_by_the_worker_and_told_where_to_look(
    event: str, key: str, push: Push, scene: str, runtime: Runtime, bound: Bound, kept: Kept, world: World
) -> None:
    answer = push(scanned(event, key.format(scene)))
    sealed = re.search(r"<Encrypt><!\[CDATA\[(.+?)\]\]>", answer.text)
    assert sealed
    assert "http://localhost/my" in SERVICE.decrypt(sealed[1]).decode()
    assert bound("oNew") is None
    wechat_callbacks.take_in(runtime)
    assert bound("oNew") == world.second_engineer.id
    assert [(one.state, one.reason) for one in kept()] == [("done", "bound")]


def test_nobody_who_reads_the_table_finds_a_code_to_use(
    push: Push, scene: str, runtime: Runtime, kept: Kept, world: World
) -> None:
    push(scanned("SCAN", scene))
    with runtime.database.transaction() as session:
        session.execute(update(BindInvitation).values(code="http://q/x"))
    wechat_callbacks.take_in(runtime)
    assert [(one.openid, one.body, one.scene) for one in kept()] == [("", "", "")]
    with runtime.database.reading() as session:
        assert session.scalars(select(BindInvitation.code)).all() == [""]


def test_the_same_push_again_is_the_same_scan(push: Push, scene: str, runtime: Runtime, kept: Kept) -> None:
    text = scanned("SCAN", scene)
    push(text)
    assert push(text).text == "success"
    wechat_callbacks.take_in(runtime)
    assert len(kept()) == 1


def test_a_second_phone_comes_too_late(push: Push, scene: str, runtime: Runtime, bound: Bound, kept: Kept) -> None:
    for openid in ("oNew", "oLate"):
        push(scanned("SCAN", scene, openid))
        wechat_callbacks.take_in(runtime)
    assert bound("oLate") is None
    assert [one.reason for one in kept()] == ["bound", "invitation_used"]


@pytest.mark.parametrize("key", ["", "qrscene_t123", "bind", "t_bind_x"])
def test_any_other_code_binds_nobody(key: str, push: Push, runtime: Runtime, kept: Kept, bound: Bound) -> None:
    assert push(scanned("subscribe", key)).text == "success"
    wechat_callbacks.take_in(runtime)
    assert [(one.state, one.reason) for one in kept()] == [("done", "")]
    assert bound("oNew") is None


def scanned(event: str, key: str, openid: str = "oNew") -> str:
    fields = {"ToUserName": "gh_1", "FromUserName": openid, "CreateTime": "1482048670", "MsgType": "event"}
    more = {"Event": event, "EventKey": key, "Ticket": "gQ"}
    return "".join(["<xml>", *(f"<{name}>{value}</{name}>" for name, value in {**fields, **more}.items()), "</xml>"])


@pytest.fixture
def scene(runtime: Runtime, world: World) -> str:
    """Of the second engineer's invitation."""
    with runtime.database.transaction() as session:
        made = invitations.invite(
            session, world.second_engineer.id, by=world.supervisor.id, at=clock.now(), users=False
        )
    return invitations.SCENE + runtime.links.invitation_token(made.number)


@pytest.fixture
def bound(runtime: Runtime) -> Bound:
    def look(openid: str) -> int | None:
        known = WeChatIdentity.appid == APPID, WeChatIdentity.openid == openid
        with runtime.database.reading() as session:
            return session.scalar(select(WeChatIdentity.person_id).where(*known))

    return look
