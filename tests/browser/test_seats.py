"""One browser holds every phone and every place at the console at once, and none changes into another."""

import pytest
from playwright.sync_api import Browser, Page, expect

from app.demo import roles
from tests.browser.steps import agree, choose, enter_console, scan
from tests.browser.test_whole_job import dispatch, new_ticket, ratings_of, serve
from tests.support.browser import open_desktop
from tests.support.demo import Demo

pytestmark = [pytest.mark.slow("a browser"), pytest.mark.timeout(300)]


def test_nurse_engineer_desk_and_supervisor_side_by_side(demo: Demo, browser: Browser) -> None:
    with open_desktop(browser) as one:
        supervisor, desk = enter_console(one, demo, "supervisor"), enter_console(one, demo, "desk")
        nurse, engineer = one.new_page(), one.new_page()
        nurse.goto(demo.on_phone("nurse", "/my"))
        agree(nurse)
        number, address = new_ticket(desk, demo, "打印有竖条")
        dispatch(desk)
        serve(engineer, demo, number)
        scan(nurse, demo, "nurse", address)
        stranger = one.new_page()
        stranger.goto(demo.on_phone("stranger", "/"))
        scan(stranger, demo, "stranger", address)
        choose(nurse, "非常满意")  # with the page that was open while the others came
        expect(nurse.get_by_role("heading", name="谢谢您的评价")).to_be_visible()
        assert ratings_of(demo, number) == [5]
        for page, seat, path in (
            (nurse, "nurse", "/my"),
            (engineer, "engineer", "/engineer"),
            (desk, "console-desk", "/console"),
            (supervisor, "console-supervisor", "/console"),
        ):
            page.goto(demo.at(seat) + path)
        expect(supervisor.get_by_text(roles.SUPERVISOR.name).first).to_be_visible()
        expect(desk.get_by_text(roles.DESK.name).first).to_be_visible()
        supervisor.get_by_role("link", name="评价", exact=True).first.click()
        expect(supervisor.locator("li.rating").first).to_contain_text(number)
        assert supervisor.url.startswith(demo.at("console-supervisor"))


def test_every_link_of_a_seat_stays_in_it(demo: Demo, browser: Browser) -> None:
    with open_desktop(browser) as one:
        page = one.new_page()
        page.goto(demo.on_phone("nurse", "/my"))
        agree(page)
        for path in ("/report", "/my", "/draws"):
            stays(page, demo, path)
        page.goto(demo.phone("nurse"))
        page.goto(demo.on_phone("nurse", "/my"))
        assert page.request.get(f"{demo.url}/my").url == f"{demo.url}/my"
    with open_desktop(browser) as another:
        page = another.new_page()
        page.goto(f"{demo.url}/my")
        expect(page.get_by_role("heading", name="请用微信打开")).to_be_visible()


def stays(page: Page, demo: Demo, path: str) -> None:
    page.goto(demo.at("nurse") + path)
    for link in page.locator("main a[href^='/'], footer a[href^='/']").all()[:3]:
        target = link.get_attribute("href")
        with page.expect_navigation():
            link.evaluate("link => link.click()")
        assert page.url.startswith(demo.at("nurse")), target
        page.goto(demo.at("nurse") + path)
