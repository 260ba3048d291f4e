"""The printing page in a browser: the dialog comes by itself, and what leaves the browser has the paper's size."""

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from qr.card import Card
from qr.sheet import LAYOUTS, pages
from tests.browser import tickets
from tests.browser.steps import enter_console
from tests.support.browser import open_desktop
from tests.support.codes import read_codes
from tests.support.demo import Demo

pytestmark = pytest.mark.slow("a browser")

PIXEL = 25.4 / 96  # mm: a browser's paper is whole pixels
DPI = 300
# What the page's policy forbids to wait for by evaluating, its root says: how often the dialog came, with which fonts.
COUNTED = """
let asked = 0;
window.print = () => {
    document.documentElement.dataset.asked = ++asked;
    document.documentElement.dataset.fonts = [...document.fonts].map(one => `${one.family} ${one.status}`).join();
}
"""


@pytest.mark.parametrize("name", ["slip58", "slip80", "a6", "a5"])
def test_a_slip_is_one_page_of_its_paper_with_the_code_at_true_size(demo: Demo, browser: Browser, name: str) -> None:
    ticket, layout = tickets.make(demo.runtime, "finished"), LAYOUTS[name]
    with open_desktop(browser) as desktop:
        desktop.add_init_script(COUNTED)
        page = enter_console(desktop, demo, "desk")
        page.goto(f"{demo.at('console-desk')}/console/print/sheet?number={ticket.number}&layout={name}")
        (sheet,) = printed(page)
    width, height = (length / 72 * 25.4 for length in sheet.get_size())
    assert (width, height) == pytest.approx((layout.width, layout.height), abs=PIXEL)
    (found,) = read_codes(sheet.render(scale=DPI / 72).to_pil())
    assert found.text == demo.runtime.links.ticket_url(ticket.id)
    corners = found.position
    across = (corners.top_right.x - corners.top_left.x) / DPI * 25.4
    (drawn,) = next(pages([Card(found.text, "")], layout)).codes
    assert across / drawn.symbol.side >= 0.33
    assert across / drawn.symbol.side == pytest.approx(drawn.module, rel=0.04)


def test_the_dialog_comes_by_itself_and_the_button_brings_it_again(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    with open_desktop(browser) as desktop:
        desktop.add_init_script(COUNTED)
        page = enter_console(desktop, demo, "desk")
        page.goto(f"{demo.at('console-desk')}/console/tickets/{ticket.number}")
        with desktop.expect_page() as opened:
            page.get_by_role("link", name="打印小票").click()
        slip = opened.value
        expect(slip.locator("html")).to_have_attribute("data-asked", "1")
        slip.get_by_role("button", name="打印").click()
        expect(slip.locator("html")).to_have_attribute("data-asked", "2")


def test_the_dialog_comes_with_the_font_that_was_measured(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    with open_desktop(browser) as desktop:
        desktop.add_init_script(COUNTED)
        page = enter_console(desktop, demo, "desk")
        page.goto(f"{demo.at('console-desk')}/console/print/sheet?number={ticket.number}")
        expect(page.locator("html")).to_have_attribute("data-fonts", "Slip Sans loaded")
        assert page.evaluate("""document.fonts.check("12px 'Slip Sans'", "请用微信扫码评价本次服务")""")
        assert page.evaluate("getComputedStyle(document.querySelector('text')).fontFamily").startswith('"Slip Sans"')


def test_where_the_font_does_not_come_the_dialog_still_does(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    with open_desktop(browser) as desktop:
        desktop.add_init_script(COUNTED)
        desktop.route("**/*.otf", lambda route: route.abort())
        page = enter_console(desktop, demo, "desk")
        page.goto(f"{demo.at('console-desk')}/console/print/sheet?number={ticket.number}")
        expect(page.locator("html")).to_have_attribute("data-asked", "1")


def test_a_sheet_of_labels_goes_over_pages_without_an_empty_one(demo: Demo, browser: Browser) -> None:
    with open_desktop(browser) as desktop:
        desktop.add_init_script(COUNTED)
        page = enter_console(desktop, demo, "desk")
        page.goto(
            f"{demo.at('console-desk')}/console/print/sheet?what=wards&layout=labels&columns=2&rows=5&start=4&cut=on"
        )
        sheets = printed(page)
    seen = [len(read_codes(sheet.render(scale=200 / 72).to_pil())) for sheet in sheets]
    count = sum(seen)
    assert seen == [7, *[10] * ((count - 7) // 10), *([rest] if (rest := (count - 7) % 10) else [])]
    assert count > 20


def printed(page: Page) -> list[pypdfium2.PdfPage]:
    """What comes when the page asks for its dialog: not before, or the dialog is open while we print."""
    expect(page.locator("html")).to_have_attribute("data-asked", "1")
    return list(pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True)))
