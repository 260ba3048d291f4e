"""A browser that darkens pages by itself leaves every code readable, however small it is shown."""

from collections.abc import Iterator
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from app.demo import roles
from tests.browser import draws, tickets
from tests.browser.steps import enter_console
from tests.support.browser import darkening
from tests.support.codes import read_codes
from tests.support.demo import Demo

pytestmark = pytest.mark.slow("a browser")
SMALL = 60  # pixels wide; from here down a browser takes black shapes for words, and whitens them


def test_every_code_is_read_where_pages_are_darkened(demo: Demo, dark: BrowserContext) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    scanned = demo.runtime.links.ticket_url(ticket.id)
    page = dark.new_page()
    page.goto(f"{demo.url}/sign-in")
    assert darkened(page)
    assert "/sign-in/scan/" in read(page.locator("img.code"))
    page.goto(demo.on_phone("engineer", f"/engineer/{ticket.number}/code"))
    assert read(page.locator("img.code")) == scanned
    page.goto(f"{demo.url}/draws/{draws.make(demo, 'redrawn')}/play")
    assert "/my/receipts/" in read(page.locator("img.code"))
    page = enter_console(dark, demo, "supervisor")
    page.goto(f"{demo.at('console-supervisor')}/console/tickets/{ticket.number}")
    assert read(page.locator("img.code")) == scanned
    page.goto(f"{demo.at('console-supervisor')}/console/tickets/{ticket.number}/code.svg")
    assert read(page.locator("svg"), small=False) == scanned
    page.goto(f"{demo.at('console-supervisor')}/console/print/sheet?number={ticket.number}&layout=slip58")
    assert read(page.locator("main svg"), small=False) == scanned
    page.locator("main svg").evaluate("drawn => { drawn.style.width = '90px' }")
    assert read(page.locator("main svg"), small=False) == scanned
    page.goto(f"{demo.at('console-supervisor')}/console/people")
    page.locator("main [name=q]").fill(roles.ENGINEER.staff_number)
    page.keyboard.press("Enter")
    page.get_by_role("link", name=roles.ENGINEER.name).first.click()
    page.locator("form[action$='/invitation'] button").click()
    page.locator(".invitations img").nth(1).wait_for(timeout=20_000)
    assert all(map(read, page.locator(".invitations img").all()))


def darkened(page: Page) -> bool:
    """The page itself is: its corner, which would be white."""
    red, green, blue = Image.open(BytesIO(page.screenshot())).convert("RGB").getpixel((4, 1600))  # type: ignore[misc]
    return red + green + blue < 200


def read(code: Locator, *, small: bool = True) -> str:
    code.wait_for()
    if small:
        code.evaluate("image => image.decode()")
    texts = set()
    for width in ("", f"{SMALL}px") if small else ("",):
        code.evaluate("(shown, width) => { if (width) { shown.style.width = shown.style.height = width } }", width)
        (found,) = read_codes(Image.open(BytesIO(code.screenshot())))
        texts.add(found.text)
    (text,) = texts
    return text


@pytest.fixture
def dark(browser: Browser) -> Iterator[BrowserContext]:
    with darkening(browser) as context:
        yield context
