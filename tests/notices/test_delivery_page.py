"""Why it did not arrive: each notice and its tries in plain words, what was not written, what would arrive now."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from app import clock
from app.models import ChannelOutage, DeliveryAttempt, Notice, Ticket, WeChatIdentity
from app.models.kinds import INBOX_ONLY, PROVIDER_SEES_NOTICES
from app.models.notice import NOTICE_STATES, TRY_OUTCOMES
from app.services import events
from app.services.notices.delivery import REASON_RANK
from app.texts.codes import WORDS
from config.notices import KINDS
from config.settings import CHANNELS
from tests.conftest import Console, Phone
from tests.support.scan_forms import Slip
from tests.support.told import Told
from tests.support.world import World

ALL_WAYS = {
    "WECOM_CORPID": "wwcorp01",
    "WECOM_AGENTID": "1000002",
    "WECOM_SECRET": "wecom-secret",
    "WECOM_ROBOT_KEY": "robot-key-0000000000000000",
    "WECHAT_MINI_APPID": "wxmini01",
    "WECHAT_MINI_SECRET": "mini-secret",
}
RESTS = ("quiet", "minute_limit", "day_limit", "cool_down", "busy", "erased", "no_wechat")


def test_each_try_is_told_in_its_order(told: Told, world: World, desk: FlaskClient) -> None:
    ticket = told.dispatched(1)
    tried(world, ticket, ("wecom", "passed_over", "not_bound", ""), ("service", "failed", "not_following", "43004 r-1"))
    page = desk.get(f"/console/notices?ticket={ticket.number}").text
    parts = ["派单通知", "赵强", "企业微信", "没有走这里", "没有绑定", "服务号", "没有关注服务号", "43004 r-1"]
    assert in_order(page, parts)


def test_the_later_word_of_wechat_and_the_opening_are_told(told: Told, world: World, desk: FlaskClient) -> None:
    ticket = told.dispatched(1)
    with world.database.transaction() as session:
        session.execute(update(Notice).values(state="sent", outcome="delivered", opened_at=clock.now()))
    page = desk.get(f"/console/notices?ticket={ticket.number}").text
    assert in_order(page, ["已发送", "已送到手机", "本人已看"])


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("reported", "还没有派单"),
        ("monitoring", "没有服务对象"),
        ("ward", "服务对象是整个科室"),
        ("dispatched", "还没有完成"),
        ("imported", "导入的工单不发通知"),
    ],
)
def test_where_there_is_none_the_page_says_why(how: str, why: str, world: World, desk: FlaskClient) -> None:
    ticket = {
        "reported": lambda: world.ticket("reported"),
        "monitoring": lambda: world.ticket("finished", source="monitoring"),
        "ward": lambda: world.ticket("finished", served=world.ward),
        "dispatched": lambda: world.ticket("dispatched"),
        "imported": lambda: imported(world),
    }[how]()
    page = desk.get(f"/console/notices?ticket={ticket.number}").text
    assert why in page
    assert "没有发的，为什么" in page


def test_a_reminder_nobody_asked_for_is_a_matter_of_the_hospital(
    world: World, desk: FlaskClient, supervisor: FlaskClient
) -> None:
    ticket = world.ticket("finished")
    assert "没有打开评价提醒" in supervisor.get(f"/console/notices?ticket={ticket.number}").text
    assert "提醒" not in desk.get(f"/console/notices?ticket={ticket.number}").text


@pytest.mark.parametrize("kind", ["rate_reminder", "complaint_answered", "recovered"])
def test_the_provider_sees_nothing_that_speaks_of_a_rating(
    kind: str, world: World, desk: FlaskClient, supervisor: FlaskClient
) -> None:
    ticket = world.ticket("finished")
    with world.database.transaction() as session:
        mine = update(Notice).where(Notice.ticket_id == ticket.id, Notice.kind == "finished")
        session.execute(mine.values(kind=kind, state="failed", reason="not_bound"))
    title = WORDS["notice"][kind]
    pages = (f"/console/notices?ticket={ticket.number}", f"/console/tickets/{ticket.number}", "/console/notices")
    for path in pages:
        assert title in supervisor.get(path).text, path
        assert title not in desk.get(path).text, path
    assert "<b>1</b>7 天内没有送达" in supervisor.get("/console").text
    assert "<b>0</b>7 天内没有送达" in desk.get("/console").text


def test_what_reaches_a_user_is_not_the_desks_to_know(world: World, desk: FlaskClient, supervisor: FlaskClient) -> None:
    ticket = world.ticket("finished")
    path = f"/console/notices?ticket={ticket.number}"
    assert f"现在怎样能通知到 {world.nurse.name}" in supervisor.get(path).text
    told_the_desk = desk.get(path).text
    assert f"现在怎样能通知到 {world.engineer.name}" in told_the_desk
    assert f"现在怎样能通知到 {world.nurse.name}" not in told_the_desk


@pytest.mark.parametrize("environ", [ALL_WAYS], indirect=True)
def test_what_would_reach_him_now(told: Told, world: World, supervisor: FlaskClient) -> None:
    ticket = told.dispatched(1)
    tried(world, ticket, ("service", "failed", "user_block", ""))
    with world.database.transaction() as session:
        seen = {"first_seen_at": clock.now(), "bound_at": clock.now(), "person_id": world.engineer.id}
        session.add(WeChatIdentity(appid="wxmini01", openid="oMini", **seen))
        session.add(WeChatIdentity(appid="wwcorp01", openid="w0003", **seen))
    page = supervisor.get(f"/console/notices?person={world.engineer.staff_number}").text
    reach = page.partition("现在怎样能通知到")[2]
    words = ["企业微信", "已绑定", "服务号", "拒收", "小程序", "没有可用次数", "企业微信群", "群里", "总能看到"]
    assert in_order(reach, words)
    nurse = supervisor.get(f"/console/notices?person={world.nurse.staff_number}").text.partition("现在怎样能通知到")[2]
    assert in_order(nurse, ["企业微信", "未绑定", "服务号", "已绑定", "企业微信群", "不发到群里"])


def test_a_phone_bound_anew_is_not_held_to_what_was_said_of_the_old_one(
    told: Told, world: World, supervisor: FlaskClient
) -> None:
    tried(world, told.dispatched(1), ("service", "failed", "not_following", ""))
    path = f"/console/notices?person={world.engineer.staff_number}"
    assert "reach-not_following" in supervisor.get(path).text
    with world.database.transaction() as session:
        again = update(WeChatIdentity).where(WeChatIdentity.id == world.engineer_identity.id)
        session.execute(again.values(bound_at=clock.now() + timedelta(seconds=1)))
    assert "reach-bound" in supervisor.get(path).text


@pytest.mark.parametrize("path", ["/console", "/console/notices", "/console/notices?person=W0003"])
def test_a_stopped_channel_stands_in_red_until_it_is_healed(path: str, world: World, supervisor: FlaskClient) -> None:
    stop(world)
    page = supervisor.get(path).text
    assert in_order(page, ["alarm", "服务号", "账号被微信拒绝", "40001 r-9"])
    with world.database.transaction() as session:
        session.execute(update(ChannelOutage).values(healed_at=clock.now()))
    assert "40001 r-9" not in supervisor.get(path).text


def test_a_stopped_channel_reaches_nobody(world: World, supervisor: FlaskClient) -> None:
    stop(world)
    page = supervisor.get(f"/console/notices?person={world.nurse.staff_number}").text
    assert "reach-stopped" in page


def test_an_unopened_dispatch_is_red_wherever_the_desk_looks(told: Told, world: World, desk: FlaskClient) -> None:
    ticket, fresh = told.dispatched(6), told.dispatched(4)
    told.look()
    for path in ("/console", "/console/tickets", f"/console/tickets/{ticket.number}"):
        page = desk.get(path).text
        for said in ("alarm", 'href="tel:13800000003"', "未查看"):
            assert said in page, path
        assert ('href="tel:13800000004"' in page) == (path != "/console/tickets")
    assert "alarm" not in desk.get(f"/console/tickets/{fresh.number}").text
    world.move(ticket, "accept")
    assert "alarm" not in desk.get("/console").text


def test_no_page_names_an_openid(told: Told, world: World, supervisor: FlaskClient, desk: FlaskClient) -> None:
    ticket = told.dispatched(1)
    for client in (supervisor, desk):
        assert world.engineer_identity.openid not in client.get(f"/console/notices?ticket={ticket.number}").text
    assert world.engineer_identity.openid not in supervisor.get("/console/notices?person=W0003").text


def test_a_persons_notices_are_not_the_desks_business(world: World, desk: FlaskClient, supervisor: FlaskClient) -> None:
    path = f"/console/notices?person={world.nurse.staff_number}"
    assert desk.get(path).status_code == 403
    assert supervisor.get(path).status_code == 200
    assert world.nurse.staff_number not in desk.get(f"/console/notices?ticket={world.ticket('finished').number}").text
    assert f'href="{path}"' in supervisor.get(f"/console/people/{world.nurse.id}").text


@pytest.mark.parametrize("query", ["ticket=20260101-9999", "person=nobody"])
def test_what_does_not_exist_is_not_found(query: str, supervisor: FlaskClient) -> None:
    assert supervisor.get(f"/console/notices?{query}").status_code == 404


def test_every_code_there_is_has_words() -> None:
    assert WORDS["notice"].keys() == KINDS | INBOX_ONLY
    assert not KINDS & INBOX_ONLY
    assert {*REASON_RANK, *RESTS} <= WORDS["notice_reason"].keys()
    assert {*NOTICE_STATES} == WORDS["notice_state"].keys()
    assert {*TRY_OUTCOMES} == WORDS["notice_try"].keys()
    assert {*CHANNELS} <= WORDS["notice_channel"].keys()


def test_what_the_provider_sees_are_kinds_there_are() -> None:
    assert PROVIDER_SEES_NOTICES < KINDS


def test_a_rating_changes_no_word_of_what_the_desk_sees(
    slip: Slip, world: World, phone: Phone, desk: FlaskClient
) -> None:
    ticket = world.ticket("finished")
    pages = []
    for _ in range(2):
        pages.append(desk.get(f"/console/notices?ticket={ticket.number}").text.partition("<main")[2])
        slip.rate(phone(world.nurse_identity), ticket, 1)
    assert pages[0] == pages[1]


def tried(world: World, ticket: Ticket, *tries: tuple[str, str, str, str]) -> None:
    with world.database.transaction() as session:
        notice = session.query(Notice).filter_by(ticket_id=ticket.id).first()
        assert notice is not None
        for channel, outcome, reason, detail in tries:
            told = {"channel": channel, "outcome": outcome, "reason": reason, "detail": detail}
            session.add(DeliveryAttempt(notice_id=notice.id, at=clock.now(), **told))


def stop(world: World) -> None:
    now = clock.now()
    told = {"channel": "service", "kind": "", "reason": "account", "detail": "40001 r-9"}
    with world.database.transaction() as session:
        session.add(ChannelOutage(since=now, until=now + timedelta(minutes=10), **told))


def imported(world: World) -> Ticket:
    ticket = world.ticket("reported")
    with world.database.transaction() as session:
        now = clock.now()
        node = {"kind": "recorded", "state": "accepted", "at": now, "recorded_at": now, "channel": "import"}
        events.append_all(session, [{"ticket_id": ticket.id, "cycle": 1, **node}])
    return ticket


def in_order(page: str, parts: list[str]) -> bool:
    for part in parts:
        _, found, page = page.partition(part)
        assert found, part
    return True


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)


@pytest.fixture
def supervisor(console: Console, world: World) -> FlaskClient:
    return console(world.supervisor)
