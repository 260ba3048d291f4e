"""WeChat's scanner in a browser, through the sandbox's script, which checks the signature as WeChat does."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import tickets
from tests.support.browser import open_phone
from tests.support.demo import Demo

pytestmark = [pytest.mark.slow("a browser"), pytest.mark.timeout(300)]


@pytest.mark.parametrize(("who", "path"), [("nurse", "/my"), ("engineer", "/engineer?lang=en")])
def test_a_scanned_slip_opens_and_anything_else_is_refused_in_words(
    who: str, path: str, demo: Demo, browser: Browser
) -> None:
    slip = demo.runtime.links.ticket_path(tickets.make(demo.runtime, "accepted").id)
    with open_phone(browser) as phone:
        page = phone.new_page()
        page.goto(demo.on_phone(who, path))
        expect_button(page)
        for foreign in ("https://evil.example" + slip, demo.url + "/my/unbind", "wxp://f2f0", demo.url + "/r/../my"):
            scan(page, foreign)
            expect(page.get_by_role("alert")).to_be_visible()
        assert page.url.split("#")[0] == demo.at(who) + path
        scan(page, demo.url + slip)
        expect(page).to_have_url(demo.at(who) + slip)


def expect_button(page: Page) -> None:
    """It comes with the page, once a worker has fetched the ticket."""
    for _ in range(30):
        if page.locator(".scanner").count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(page.locator(".scanner button")).to_be_visible()


def scan(page: Page, text: str) -> None:
    page.locator(".scanner button").click()
    dialog = page.locator("#sandbox-scan")
    dialog.locator("input").fill(text)
    dialog.get_by_role("button", name="扫码").click()
