"""Four people, one ticket: who looks at the board or the ticket sees the others' steps without touching anything."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect

from app import clock
from tests.browser import tickets
from tests.browser.steps import enter_console
from tests.support.browser import open_desktop, open_phone
from tests.support.demo import Demo

pytestmark = pytest.mark.slow("a browser")
CHANGES = "**/console/changes"


@pytest.mark.parametrize("demo", ["sqlite", "postgresql"], indirect=True)
def test_each_step_is_on_every_screen_after_two_looks(demo: Demo, browser: Browser) -> None:
    """A page looks once a second; counted in looks, since on a busy machine a second of its own takes longer."""
    with open_desktop(browser) as hospital, open_desktop(browser) as provider, open_phone(browser) as phone:
        board, ticket_page = enter_console(hospital, demo, "supervisor"), enter_console(provider, demo, "desk")
        board.goto(f"{demo.at('console-supervisor')}/console/board")
        made = tickets.make(demo.runtime, "dispatched")
        row = board.locator("tr", has_text=made.number)
        with looking_twice(board):
            expect(row).to_be_visible()
        ticket_page.goto(f"{demo.at('console-desk')}/console/tickets/{made.number}")
        engineer = phone.new_page()
        engineer.goto(demo.on_phone("engineer", f"/engineer/{made.number}"))
        for button, state in (("接单", "已接单"), ("到场", "已到场")):
            with engineer.expect_navigation():  # the step is taken
                engineer.get_by_role("button", name=button, exact=True).click()
            with looking_twice(board):
                expect(row).to_contain_text(state)
            expect(ticket_page.get_by_role("region", name="经过")).to_contain_text(button)
        engineer.locator("summary", has_text="完成").click()
        with engineer.expect_navigation():
            engineer.get_by_role("button", name="是，已修好").click()
        with looking_twice(board):
            expect(row).to_be_hidden()


def test_a_board_that_lost_its_source_says_so_and_catches_up(demo: Demo, browser: Browser) -> None:
    with open_desktop(browser) as hospital:
        board = enter_console(hospital, demo, "supervisor")
        board.goto(f"{demo.at('console-supervisor')}/console/board")
        hospital.set_offline(True)
        expect(lost(board)).to_be_visible()
        expect(lost(board).locator("time")).not_to_be_empty()
        made = tickets.make(demo.runtime, "reported")
        hospital.set_offline(False)
        expect(board.locator("tr", has_text=made.number)).to_be_visible()
        expect(lost(board)).to_be_hidden()


def test_who_is_signed_out_is_told(demo: Demo, browser: Browser) -> None:
    with open_desktop(browser) as hospital:
        board = enter_console(hospital, demo, "supervisor")
        board.goto(f"{demo.at('console-supervisor')}/console/board")
        hospital.clear_cookies()
        expect(board.locator("[data-signed-out]")).to_be_visible()


def test_a_step_moves_neither_the_focus_nor_the_page(demo: Demo, browser: Browser) -> None:
    first = tickets.make(demo.runtime, "reported")
    with open_desktop(browser) as hospital:
        board = enter_console(hospital, demo, "supervisor")
        board.goto(f"{demo.at('console-supervisor')}/console/board?order=newest")
        board.get_by_role("link", name=first.number).focus()
        second = tickets.make(demo.runtime, "reported")
        expect(board.locator("tr", has_text=second.number)).to_be_visible()
        expect(board.get_by_role("link", name=first.number)).to_be_focused()


@contextmanager
def looking_twice(page: Page) -> Iterator[None]:
    """From now on the page hears two answers whether anything has changed, and no third."""
    now = clock.now().timestamp() * 1000  # as the browser counts

    def begun_since(answer: Response) -> bool:
        return answer.url.endswith("/console/changes") and answer.request.timing["startTime"] > now

    for _ in range(2):
        with page.expect_response(begun_since):
            pass
    page.route(CHANGES, lambda route: route.abort())
    yield
    page.unroute(CHANGES)


def lost(board: Page) -> Locator:
    return board.locator("[data-lost]")
