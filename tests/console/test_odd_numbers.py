"""Tickets of other systems are numbered as they like: every page of theirs opens, by the address we give out."""

import html
import re
from urllib.parse import quote

import pytest

from app.db import Database
from app.models import Ticket
from app.services import links
from tests.conftest import Console, Phone
from tests.support.world import World

ODD = [
    *("A/1", "A#1", "A?x=1", "100%", "%41", "new", ".", "..", "~a", "~bmV3", "A B", "A\\1", "工单/1", "A//1", "a&b"),
    *("<\"'>", "/", "+", "A/code"),
]


@pytest.mark.parametrize("number", [*ODD, "INC-1", "工单-1", "20261120-0001"])
def test_an_address_names_one_number(number: str) -> None:
    part = links.in_path(number)
    assert re.fullmatch(r"[\w.~%-]+", part, re.ASCII)
    assert part not in {".", "..", "new"}
    assert links.from_path(part) == number or not part.startswith("~")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_pages_of_an_odd_number_open(world: World, database: Database, console: Console, phone: Phone) -> None:
    desk, engineer = console(world.desk), phone(world.engineer_identity)
    for number in ("A/1", "new", "..", "%41#?"):
        ticket = world.ticket("accepted")
        with database.transaction() as session:
            session.get_one(Ticket, ticket.id).number = number
        listed = re.findall(r'class="id"><a href="(/console/tickets/[^"]+)"', desk.get("/console/tickets").text)
        page = next(one for one in listed if links.from_path(one.rpartition("/")[2]) == number)
        shown = desk.get(page)
        assert (shown.status_code, f"{page}/code.svg" in shown.text) == (200, True), number
        assert desk.get(f"{page}/code.svg").status_code == 200, number
        theirs = re.findall(r'href="(/engineer/[^"]+)"', engineer.get("/engineer").text)
        mine = next(one for one in theirs if links.from_path(one.rpartition("/")[2]) == number)
        assert engineer.get(mine).status_code == engineer.get(f"{mine}/code").status_code == 200, number
        assert f'action="{mine}/arrive"' in engineer.get(mine).text
        with database.transaction() as session:
            session.get_one(Ticket, ticket.id).number = f"done-{ticket.id}"


@pytest.mark.parametrize("number", ["A#1", "A?x=1", "100%", "a&b", "A/1", "2026/11/7", "A//1", "/1"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_quoted_number_opens_too(
    number: str, world: World, database: Database, console: Console, phone: Phone
) -> None:
    """As somebody types or copies it, with `%2F` for a slash."""
    ticket = world.ticket("accepted")
    with database.transaction() as session:
        session.get_one(Ticket, ticket.id).number = number
    desk = console(world.desk)
    assert desk.get(f"/console/tickets/{quote(number, safe='')}").status_code == 200
    assert desk.get(f"/console/tickets/{quote(number, safe='')}/code.svg").status_code == 200
    engineer = phone(world.engineer_identity)
    assert f"<dd>{html.escape(number)}" in engineer.get(f"/engineer/{quote(number, safe='')}").text
    assert engineer.get(f"/engineer/{quote(number, safe='')}/code").status_code == 200


def test_the_notice_of_an_odd_number_leads_to_its_page() -> None:
    address = links.Links("https://h", ("k" * 32,)).engineer_ticket_url("A/1?")
    assert address == "https://h/engineer/~QS8xPw"
