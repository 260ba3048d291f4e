"""What the console shows of what WeChat said."""

import json

import pytest
from sqlalchemy import update

from app import clock
from app.jobs import wechat_callbacks
from app.models import Notice
from app.runtime import Runtime
from tests.callback.conftest import Push
from tests.conftest import Console
from tests.support.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_the_desk_sees_that_an_engineer_left_with_his_telephone(
    push: Push, world: World, console: Console, runtime: Runtime
) -> None:
    desk = console(world.desk)
    assert "工程师取消关注" not in desk.get("/console").text
    push(json.dumps({"FromUserName": world.engineer_identity.openid, "MsgType": "event", "Event": "unsubscribe"}))
    wechat_callbacks.take_in(runtime)
    shown = desk.get("/console").text
    assert "工程师取消关注" in shown
    assert f"tel:{world.engineer.telephone}" in shown


def test_a_nurse_who_leaves_is_nobodys_business(push: Push, world: World, console: Console, runtime: Runtime) -> None:
    push(json.dumps({"FromUserName": world.nurse_identity.openid, "MsgType": "event", "Event": "unsubscribe"}))
    wechat_callbacks.take_in(runtime)
    assert "微信提醒" not in console(world.desk).get("/console").text


@pytest.mark.parametrize(("outcome", "said"), [("delivered", "已送到手机"), ("unknown", "微信已接收，结果未知")])
def test_a_notice_says_what_became_of_it(
    outcome: str, said: str, world: World, console: Console, runtime: Runtime
) -> None:
    ticket = world.ticket("dispatched")
    with runtime.database.transaction() as session:
        session.execute(update(Notice).values(state="sent", outcome=outcome, settled_at=clock.now()))
    for page in ("/console/notices", f"/console/tickets/{ticket.number}"):
        assert said in console(world.desk).get(page).text
