"""Every page, looked at by machines: readable for everybody, fitting the smallest phone, true to its own policy."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.pages import SIZES, every_page
from tests.support.browser import DESKTOP, PHONE, SMALL_PHONE
from tests.support.demo import Demo

FAULTS = {"resultTypes": ["violations"]}  # what is right is not written out: half of axe's time

pytestmark = [pytest.mark.slow("a browser"), pytest.mark.timeout(600)]


def test_no_page_shuts_anybody_out_and_each_fits_the_smallest_phone(demo: Demo, browser: Browser) -> None:
    axe = Axe()
    faults: dict[str, list[str]] = {}
    fit = Fit()
    for name, page in every_page(demo, browser):
        # A phone's page is one column at any size; the console is another page on a phone.
        at_desk = page.viewport_size == DESKTOP
        for size, viewport in SIZES.items() if at_desk else [("phone", PHONE)]:
            page.set_viewport_size(viewport)
            found = axe.run(page, options=FAULTS).response["violations"]
            faults[f"{name} {size}"] = [told(one) for one in found if one["impact"] in {"serious", "critical"}]
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")  # colours do not fade in
        found = axe.run(page, options={**FAULTS, "runOnly": ["color-contrast"]}).response["violations"]
        faults[f"{name} in the dark"] = [told(one) for one in found]
        page.emulate_media(color_scheme="light")
        fit.look(name, page)
    assert {name: found for name, found in faults.items() if found} == {}
    assert len(faults) >= 60
    fit.check()


@pytest.mark.parametrize("looks", ["?text=large", "?lang=en"])
def test_every_page_fits_the_smallest_phone_also(demo: Demo, browser: Browser, looks: str) -> None:
    fit = Fit()
    for name, page in every_page(demo, browser, looks):
        fit.look(name, page)
    fit.check()


class Fit:
    """What sticks out of the smallest phone, and what the browser complained of."""

    def __init__(self) -> None:
        self._too_wide: dict[str, list[str]] = {}
        self._complaints: dict[str, list[str]] = {}

    def look(self, name: str, page: Page) -> None:
        page.set_viewport_size(SMALL_PHONE)
        if page.evaluate("document.documentElement.scrollWidth") > SMALL_PHONE["width"]:
            self._too_wide[name] = sticking_out(page)
        if said := complaints_of(page):
            self._complaints[name] = said

    def check(self) -> None:
        assert self._too_wide == {}
        assert self._complaints == {}, "scripts, styles or pictures were refused or failed"


def told(violation: dict[str, list[dict[str, str]]]) -> str:
    return f"{violation['id']}: {[node['html'][:120] for node in violation['nodes']][:3]}"


def sticking_out(page: Page) -> list[str]:
    """The outermost elements that reach over the right edge."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
        .filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
        .slice(0, 4).map((one) => one.outerHTML.slice(0, 120))"""
    )
    return found


def complaints_of(page: Page) -> list[str]:
    """What the browser itself said: a policy broken, a script that failed, a file that was not there."""
    said = [message.text for message in page.console_messages() if message.type == "error"]
    refusals = [text for text in said if f"({page.url})" in text or "status of 4" in text]  # an error page is one
    return [*(text for text in said if text not in refusals), *map(str, page.page_errors())]
