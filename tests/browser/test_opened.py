"""The engineer's page says by itself that it is looked at, and says so once."""

import time

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from app.models import Event
from app.services.tickets import lifecycle as services
from tests.browser import tickets
from tests.browser.steps import agree
from tests.support.browser import open_phone
from tests.support.demo import Demo

pytestmark = pytest.mark.slow("a browser")


def test_opening_the_notice_is_seen_at_the_desk(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "dispatched")
    with open_phone(browser) as engineer:
        page = engineer.new_page()
        page.goto(demo.on_phone("engineer", f"/engineer/{ticket.number}"))
        agree(page)
        wait_for_opened(demo, ticket.number)
        page.goto(f"{demo.at('engineer')}/engineer/{ticket.number}")
        assert page.locator("form[data-opened]").count() == 0


def wait_for_opened(demo: Demo, number: str) -> None:
    deadline = time.monotonic() + 10
    while True:
        with demo.runtime.database.transaction() as session:
            ticket = services.locked(session, number=number)
            query = select(Event.kind).where(Event.ticket_id == ticket.id, Event.kind == "opened")
            if session.scalars(query).all() == ["opened"]:
                return
        assert time.monotonic() < deadline
        time.sleep(0.1)
