"""The engineer holds out the phone: awake, without a network too, and told when the user has opened the page."""

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.models import Event, Ticket
from tests.browser import tickets
from tests.browser.steps import agree, read_code
from tests.sandbox.test_pushes import until
from tests.support.browser import open_phone
from tests.support.demo import Demo

pytestmark = pytest.mark.slow("a browser")


def test_shown_then_opened_and_nothing_more_when_it_is_rated(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    with open_phone(browser) as engineer, open_phone(browser) as nurse:
        page = code_page(demo, engineer.new_page(), ticket)
        expect(page.get_by_text("已出示")).to_be_visible()
        expect(page.get_by_text("用户已打开")).to_be_hidden()
        users = nurse.new_page()
        users.goto(demo.on_phone("nurse", read_code(page).removeprefix(demo.url)))
        agree(users)
        expect(page.get_by_text("用户已打开")).to_be_visible()
        before = page.locator("main").inner_text()
        users.locator(".levels label").first.click()
        users.locator("form[action$='/rate'] button").click()
        users.locator("[role=status]").first.wait_for()
        page.reload()
        assert page.locator("main").inner_text() == before
    assert kinds(demo, ticket) == ["shown", "code_opened"]


def test_a_lift_without_network_hides_no_code_and_loses_no_record(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    with open_phone(browser) as engineer:
        page = engineer.new_page()
        page.route("**/shown", lambda route: route.abort())
        code_page(demo, page, ticket)
        expect(page.get_by_text("还没有记录，有网络后自动补记")).to_be_visible()
        assert read_code(page) == demo.runtime.links.ticket_url(ticket.id)
        assert kinds(demo, ticket) == []
        page.unroute("**/shown")
        page.goto(f"{demo.at('engineer')}/engineer")  # the code is put away before the network is back
        until(lambda: page.evaluate("localStorage.getItem('shown')") == "{}")
        page.goto(f"{demo.at('engineer')}/engineer/{ticket.number}/code")
        expect(page.get_by_text("已出示")).to_be_visible()
    assert kinds(demo, ticket) == ["shown"]


def test_an_untold_showing_of_an_earlier_completion_hides_none_of_a_later_one(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    with open_phone(browser) as engineer:
        page = engineer.new_page()
        page.route("**/shown", lambda route: route.abort())
        code_page(demo, page, ticket)
        expect(page.get_by_text("还没有记录，有网络后自动补记")).to_be_visible()
        tickets.finish_again(demo.runtime, ticket)
        page.goto(f"{demo.at('engineer')}/engineer/{ticket.number}/code")
        expect(page.get_by_text("还没有记录，有网络后自动补记")).to_be_visible()
        page.unroute("**/shown")
        page.reload()
        expect(page.get_by_text("已出示")).to_be_visible()
        until(lambda: page.evaluate("localStorage.getItem('shown')") == "{}")
    assert kinds(demo, ticket) == ["shown", "shown"]


def test_the_screen_is_kept_awake_again_after_it_was_put_away(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    with open_phone(browser) as engineer:
        page = engineer.new_page()
        page.add_init_script(
            "window.asked = 0; const own = WakeLock.prototype.request;"
            "WakeLock.prototype.request = function (kind) { window.asked += 1; return own.call(this, kind); };"
        )
        code_page(demo, page, ticket)
        assert page.evaluate("window.asked") == 1
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        assert page.evaluate("window.asked") == 2


def code_page(demo: Demo, page: Page, ticket: Ticket) -> Page:
    page.goto(demo.on_phone("engineer", f"/engineer/{ticket.number}/code"))
    agree(page)
    page.locator("img.code").wait_for()
    return page


def kinds(demo: Demo, ticket: Ticket) -> list[str]:
    with demo.runtime.database.reading() as session:
        query = select(Event.kind).where(Event.ticket_id == ticket.id, Event.kind.in_(("shown", "code_opened")))
        return list(session.scalars(query.order_by(Event.id)))
