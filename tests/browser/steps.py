"""What people do with their hands, on a phone or at the console."""

from io import BytesIO

from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect

from tests.support.codes import read_codes
from tests.support.demo import Demo


def enter_console(context: BrowserContext, demo: Demo, role: str) -> Page:
    page = context.new_page()
    page.goto(demo.url)
    with context.expect_page() as opened:
        page.locator(f"form:has(input[value={role}]) button").click()
    page.close()
    page = opened.value
    expect(page).to_have_url(f"{demo.at(f'console-{role}')}/console")
    return page


def open_notice(page: Page, number: str) -> None:
    """Wait at the phone, without touching it, until the notice about this ticket comes; then open it."""
    card = page.locator("#inbox article", has_text=number).first
    expect(card).to_be_visible()
    card.get_by_role("link").click()


def scan(page: Page, demo: Demo, phone: str, address: str) -> None:
    page.goto(demo.phone(phone))
    page.get_by_label("粘贴二维码里的链接").fill(address)
    page.get_by_role("button", name="打开").click()


def agree(page: Page) -> None:
    notice = page.locator("form[action='/privacy'] button")
    if notice.is_visible():
        notice.click()


def choose(page: Page, level: str) -> None:
    page.get_by_text(level, exact=True).click()
    page.get_by_role("button", name="提交").click()


def rate(page: Page, level: int) -> None:
    page.locator(f".levels label:has([value='{level}'])").first.click()
    page.locator("form[action$='/rate'] button").click()
    page.locator("[role=status]").first.wait_for()


def read_code(page: Page) -> str:
    """What a camera reads from the screen."""
    code = page.locator("img.code")
    code.evaluate("image => image.decode()")  # until it is really painted
    found = read_codes(Image.open(BytesIO(page.screenshot())))
    assert len(found) == 1
    return found[0].text
