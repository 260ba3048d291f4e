"""What somebody was told stands on their own page whatever the channels did, and is read by a POST alone."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app import clock
from app.models import Person
from app.services.notices import inbox, outbox
from app.services.ratings import reminders
from tests.conftest import Console, Phone
from tests.support.scan_forms import Slip
from tests.support.told import Told
from tests.support.world import World


def test_her_notices_stand_on_her_page_and_nobody_elses(world: World, phone: Phone) -> None:
    ticket, other = world.ticket("finished"), world.ticket("finished", served=world.second_nurse)
    page = inbox_of(phone(world.nurse_identity))
    assert "完成通知" in page
    assert "未读" in page
    assert ticket.number in page
    assert other.number not in page


def test_what_is_older_than_a_month_is_gone_from_it(world: World, phone: Phone) -> None:
    world.ticket("finished", reported_at=clock.now() - timedelta(days=31))
    assert "30 天内没有通知" in inbox_of(phone(world.nurse_identity))


def test_looking_reads_nothing_the_button_does(slip: Slip, world: World, phone: Phone) -> None:
    world.ticket("finished")
    nurse = phone(world.nurse_identity)
    for _ in range(2):
        assert unread(world, world.nurse) == 1
        page = inbox_of(nurse)
    answer = nurse.post("/my/inbox/read", data={"visit": slip.token_in(page), "up_to": newest(page)})
    assert answer.location == "/my#inbox"
    assert unread(world, world.nurse) == 0
    assert "未读" not in inbox_of(nurse)


def test_what_came_after_the_page_was_shown_stays_unread(slip: Slip, world: World, phone: Phone) -> None:
    world.ticket("finished")
    nurse = phone(world.nurse_identity)
    page = inbox_of(nurse)
    world.ticket("finished")
    nurse.post("/my/inbox/read", data={"visit": slip.token_in(page), "up_to": newest(page)})
    assert unread(world, world.nurse) == 1


def test_a_dispatch_somebody_waits_for_is_not_read_in_passing(
    told: Told, slip: Slip, world: World, phone: Phone
) -> None:
    waits, given_away = told.dispatched(6), told.dispatched(1)
    world.move(given_away, "dispatch", lead=world.second_engineer)
    engineer = phone(world.engineer_identity)
    assert "3 条通知没有看" in engineer.get("/engineer").text
    page = inbox_of(engineer)
    engineer.post("/my/inbox/read", data={"visit": slip.token_in(page), "up_to": newest(page)})
    assert [name.opened_at is None for name, _ in told.rows() if name.ticket_id == waits.id] == [True]
    assert unread(world, world.engineer) == 1
    told.look()
    assert ("not_opened", "赵强") in told.escalated()


@pytest.mark.parametrize("up_to", ["", "x", "9" * 30, "-1"])
def test_nonsense_reads_nothing(up_to: str, slip: Slip, world: World, phone: Phone) -> None:
    world.ticket("finished")
    nurse = phone(world.nurse_identity)
    form = slip.token_in(inbox_of(nurse))
    assert nurse.post("/my/inbox/read", data={"visit": form, "up_to": up_to}).status_code == 303
    assert nurse.post("/my/inbox/read", data={"up_to": "1"}).status_code == 403
    assert unread(world, world.nurse) == 1


def test_she_switches_the_reminder_on_and_off(slip: Slip, world: World, phone: Phone) -> None:
    nurse = phone(world.nurse_identity)
    for expected in (True, False):
        form = nurse.get("/my/me").text.partition('id="reminders"')[2]
        on = "1" if expected else "0"
        assert f'name="on" value="{on}"' in form
        answer = nurse.post("/my/reminders", data={"visit": slip.token_in(form), "on": on})
        assert answer.location == "/my/me#reminders"
        assert wished(world, world.nurse) is expected
    assert nurse.post("/my/reminders", data={"on": "1"}).status_code == 403
    assert wished(world, world.nurse) is False


def test_the_provider_is_not_offered_a_reminder(world: World, phone: Phone) -> None:
    assert 'id="reminders"' not in phone(world.engineer_identity).get("/my/me").text


def test_a_stranger_can_neither_read_nor_wish(slip: Slip, world: World, phone: Phone) -> None:
    stranger = phone(world.stranger_identity)
    assert 'id="inbox"' not in stranger.get("/my").text
    for path in ("/my/inbox/read", "/my/reminders"):
        assert stranger.post(path).status_code == 403


def test_an_admin_sees_the_alert_on_every_page_until_he_has_read_it(world: World, console: Console) -> None:
    admin = console(world.admin)
    assert "badge-count" not in admin.get("/console").text
    with world.database.transaction() as session:
        outbox.add_alert(session, "channel_stopped", about="service", to=world.admin.id, at=clock.now())
    assert "badge-count" in admin.get("/console/tickets").text
    page = admin.get("/console/inbox").text
    assert "通知渠道停用" in page
    assert "微信服务号" in page
    form = {"csrf_token": csrf(page), "up_to": newest(page)}
    assert admin.post("/console/inbox/read", data=form).location == "/console/inbox"
    assert "badge-count" not in admin.get("/console").text
    assert "通知渠道停用" in admin.get("/console/inbox").text


def test_at_the_console_notices_of_one_kind_are_gathered_and_open_to_each(world: World, console: Console) -> None:
    admin = console(world.admin)
    with world.database.transaction() as session:
        for channel in ("service", "wecom"):
            outbox.add_alert(session, "channel_stopped", about=channel, to=world.admin.id, at=clock.now())
    page = admin.get("/console/inbox").text
    gathered = page.partition("<details><summary><b>通知渠道停用（2 条）</b>")[2].partition("</details>")[0]
    assert "2 条未读" in gathered
    assert ("微信服务号" in gathered, gathered.count("<li")) == (True, 2)


def inbox_of(client: FlaskClient) -> str:
    return client.get("/my").text.partition('id="inbox"')[2].partition('id="reminders"')[0]


def newest(page: str) -> str:
    return page.partition('name="up_to" value="')[2].partition('"')[0]


def csrf(page: str) -> str:
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]


def unread(world: World, person: Person) -> int:
    with world.database.reading() as session:
        return inbox.unread(session, person.id, at=clock.now())


def wished(world: World, person: Person) -> bool:
    with world.database.reading() as session:
        return reminders.wished(session, person.id)
