"""An engineer in a lift: what is tapped without a network waits, is shown as waiting, leaves once when it is back."""

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from app.demo import roles
from app.models import Event, Ticket
from app.services.organisation.employment import by_staff_number
from app.services.tickets import lifecycle
from tests.browser import tickets
from tests.sandbox.test_pushes import until
from tests.support.browser import open_phone
from tests.support.demo import Demo

pytestmark = pytest.mark.slow("a browser")


def test_a_tap_in_a_lift_waits_on_the_phone_and_leaves_once(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "dispatched")
    with open_phone(browser) as engineer:
        page = engineer.new_page()
        page.goto(demo.on_phone("engineer", "/engineer/today"))
        engineer.set_offline(True)
        form = page.locator(f"form[action$='/{ticket.number}/accept']")
        form.locator("button").click()
        expect(page.get_by_text("等网络，还没有送出")).to_be_visible()
        expect(form.locator("button")).to_be_disabled()
        assert kinds(demo, ticket).count("accepted") == 0
        page.locator(f"form[action$='/{ticket.number}/arrive'] button").click()
        expect(page.get_by_text("等网络，还没有送出")).to_have_count(2)
        engineer.set_offline(False)
        until(lambda: "arrived" in kinds(demo, ticket))
        expect(page.locator("[data-taps]")).to_be_hidden()
    assert [kind for kind in kinds(demo, ticket) if kind in {"accepted", "arrived"}] == ["accepted", "arrived"]


def test_a_tap_that_comes_too_late_is_explained(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "dispatched")
    with open_phone(browser) as engineer:
        page = engineer.new_page()
        page.goto(demo.on_phone("engineer", f"/engineer/{ticket.number}"))
        engineer.set_offline(True)
        page.locator("form[action$='/accept'] button").click()
        expect(page.get_by_text("等网络，还没有送出")).to_be_visible()
        with demo.runtime.database.transaction() as session:
            held = lifecycle.locked(session, ticket_id=ticket.id)
            lifecycle.cancel(session, held, by=supervisor(demo), at=demo.runtime.now(), channel="console")
        engineer.set_offline(False)
        expect(page.get_by_text("工单当前状态不能这样操作")).to_be_visible()
        page.get_by_role("button", name="知道了").click()
        expect(page.locator("[data-taps]")).to_be_hidden()
    assert "accepted" not in kinds(demo, ticket)


def supervisor(demo: Demo) -> int:
    with demo.runtime.database.reading() as session:
        found = by_staff_number(session, roles.SUPERVISOR.staff_number)
        assert found
        return found.id


def kinds(demo: Demo, ticket: Ticket) -> list[str]:
    with demo.runtime.database.reading() as session:
        return list(session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.id)))
