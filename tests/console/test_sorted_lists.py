"""Lists in another order: by links in their headings, page after page, each answered by an index."""

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import text

from app import clock, pagination
from app.db import Database
from app.models import Ticket
from app.models.ticket import OPEN_STATES
from app.services.notices import delivery_log
from app.services.tickets import search
from app.services.tickets.search import OPEN, TicketFilter
from tests.conftest import Console
from tests.support.exports import columns
from tests.support.plans import plans
from tests.support.world import World

ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def some(world: World) -> list[Ticket]:
    """Open ones of each priority, with due moments that have no order of their own; two have none, one is closed."""
    now = clock.now().replace(microsecond=0)
    made = [world.ticket("reported", reported_at=now - timedelta(hours=9 - number // 2)) for number in range(9)]
    made.append(world.ticket("closed", reported_at=now - timedelta(hours=5)))
    with world.database.transaction() as session:
        for number, one in enumerate(made):
            ticket = session.get_one(Ticket, one.id)
            ticket.priority = 1 + number * 5 % 4
            ticket.due_at = None if number in {2, 6} else now + timedelta(minutes=number * 7 % 5)
    with world.database.reading() as session:
        return [session.get_one(Ticket, one.id) for one in made]


def keyed(order: str, ticket: Ticket) -> tuple[int, datetime, int]:
    if order.startswith("priority"):
        return ticket.priority, ticket.reported_at, ticket.id
    return ticket.due_at is None, ticket.due_at or ticket.reported_at, ticket.id


@pytest.mark.parametrize("order", ["due", "due_last", "priority", "priority_last"])
def test_page_after_page_is_the_whole_in_order(world: World, order: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tickets = [one for one in some(world) if one.state in OPEN_STATES]
    whole = [one.number for one in sorted(tickets, key=lambda one: keyed(order, one), reverse=order.endswith("_last"))]
    defaults = pagination.in_sections.__kwdefaults__ or {}
    for size in (1, 2, 3, 50):
        monkeypatch.setattr(pagination.in_sections, "__kwdefaults__", {**defaults, "size": size})
        found, after = list[str](), None
        with world.database.reading() as session:
            for _page in range(len(whole)):
                page = search.find(session, TicketFilter(state=OPEN, order=order), after=after)
                assert len(page.rows) <= size
                found += [row.number for row in page.rows]
                if page.after is None:
                    break
                after = pagination.Cursor.read(str(page.after))
        assert found == whole


@ONE
def test_a_heading_turns_the_list_and_everything_else_stays(world: World, console: Console) -> None:
    some(world)
    desk = console(world.desk)

    def heads(query: str) -> dict[str, tuple[str, str]]:
        page = desk.get(f"/console/tickets?{query}").text
        found = re.findall(r'<th(?: aria-sort="(\w+)")?><a href="([^"]+)">([^<]+)</a></th>', page)
        return {label: (sort, unescape(address)) for sort, address, label in found}

    kept = f"state=open&department={world.ward.id}&q="
    first = heads(kept)
    assert {label: sort for label, (sort, _address) in first.items()} == {
        "报修时间": "descending",
        "最迟": "",
        "优先级": "",
    }
    address = first["最迟"][1]
    assert "order=due" in address
    assert f"department={world.ward.id}" in address
    turned = heads(address.partition("?")[2])
    assert turned["最迟"][0] == "ascending"
    assert "order=due_last" in turned["最迟"][1]
    page = desk.get(f"/console/tickets?{kept}&order=due").text
    assert '<input type="hidden" name="order" value="due">' in page
    assert "order=due&after=&as=csv" in unescape(page)
    assert set(heads("")) == set(heads("state=closed&order=due")) == {"报修时间"}  # for what is open alone
    assert heads("state=closed&order=due")["报修时间"][0] == "descending"
    assert desk.get("/console/tickets?order=number").status_code == 400


@ONE
def test_a_file_has_the_order_of_its_list(world: World, console: Console) -> None:
    tickets = {one.number: one for one in some(world)}
    found = [row["编号"] for row in columns(console(world.desk), "/console/tickets?state=open&order=priority&as=csv")]
    assert found == sorted(found, key=lambda number: keyed("priority", tickets[number]))
    assert len(found) == len(tickets) - 1


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        (TicketFilter(state=OPEN, order="due"), "ix_ticket_open_due"),
        (TicketFilter(state=OPEN, order="due_last"), "ix_ticket_open_due"),
        (TicketFilter(state="reported", order="priority"), "ix_ticket_open_priority"),
        (TicketFilter(state=OPEN, order="priority_last"), "ix_ticket_open_priority"),
        (None, "ix_notice_due"),
    ],
)
@POSTGRESQL
def test_each_order_is_that_of_an_index(database: Database, wanted: TicketFilter | None, index: str) -> None:
    """Of an empty table everything is read; where that is dear, the index gives the rows in order.

    Rows of one moment are put in order of their ids as they come, which is an incremental sort.
    """
    with database.reading() as session:
        for dear in ("seqscan", "sort", "bitmapscan"):
            session.execute(text(f"SET LOCAL enable_{dear} = off"))
        with plans(session) as found:
            if wanted is None:
                delivery_log.find(session, for_provider=True, state="waiting", order="next")
            else:
                search.find(session, wanted)
    assert found
    for plan in found:
        assert f"using {index}" in plan, plan
        assert not re.search(r"(?<!Incremental )Sort  \(", plan), plan
