"""Knowledge and parts where the work is done: found by the fault's words, picked on finishing, counted afterwards."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock
from app.models import RegisterEntry, Ticket
from app.services.registers import stock, uses
from app.services.registers.access import Reader
from app.services.registers.records import Act
from tests.conftest import Console, Phone
from tests.registers.conftest import AT, Write, stands
from tests.support.console_forms import send
from tests.support.world import World


@pytest.fixture
def engineer(world: World, phone: Phone) -> FlaskClient:
    return phone(world.engineer_identity)


def article(write: Write, title: str, **said: str) -> int:
    return write("knowledge", title=title, **{"solution": "照做", "state": "published", "contract": "", **said})


def part(world: World, write: Write, count: int) -> int:
    record = write("spares", title="硒鼓")
    act = Act(Reader(world.supervisor.id, hospital=True, acts=True), AT)
    with world.database.transaction() as session:
        stock.move(session, record, "spares", act, movement="in", count=count)
    return record


def finish(engineer: FlaskClient, ticket: Ticket, **chosen: str) -> int:
    page = f"/engineer/{ticket.number}"
    return send(engineer, page, f"{page}/finish", **chosen).status_code


def test_an_article_and_a_part_are_picked_on_finishing(
    world: World, write: Write, engineer: FlaskClient, console: Console
) -> None:
    helps, spare, ticket = article(write, "打印机卡纸"), part(world, write, 2), world.ticket("arrived")
    shown = engineer.get(f"/engineer/{ticket.number}").text
    assert re.search(rf'name="article" value="{helps}"', shown)
    assert f'<option value="{spare}">硒鼓 · 余 2' in shown
    assert finish(engineer, ticket, article=str(helps), part=str(spare)) == 303
    assert stands(world, spare).stock == 1
    supervisor = console(world.supervisor)
    assert "解决过 1 次" in supervisor.get(f"/console/registers/knowledge/{helps}").text
    for record, kind in ((helps, "knowledge"), (spare, "spares")):
        assert ticket.number in supervisor.get(f"/console/registers/{kind}/{record}").text
        assert f"/console/registers/{kind}/{record}" in supervisor.get(f"/console/tickets/{ticket.number}").text
    with world.database.reading() as session:
        now = clock.now()
        assert session.scalars(uses.linked_tickets(now - timedelta(hours=1), now)).all() == [ticket.id]


def test_nothing_needs_to_be_picked(world: World, write: Write, engineer: FlaskClient) -> None:
    article(write, "打印机卡纸")
    assert finish(engineer, world.ticket("arrived"), article="", part="") == 303
    with world.database.reading() as session:
        assert session.scalars(select(RegisterEntry).where(RegisterEntry.kind != "written")).all() == []


def test_a_tap_that_waited_finishes_though_the_part_is_gone_and_the_article_retired(
    world: World, write: Write, engineer: FlaskClient
) -> None:
    spare, retired = part(world, write, 1), article(write, "旧办法", state="retired")
    for left, kind in ((0, "moved"), (0, "used")):
        ticket = world.ticket("arrived")
        assert finish(engineer, ticket, part=str(spare), article=str(retired)) == 303
        assert stands(world, spare).stock == left
        with world.database.reading() as session:
            [entry] = session.scalars(select(RegisterEntry).where(RegisterEntry.ticket_id == ticket.id)).all()
            assert (entry.kind, entry.record_id) == (kind, spare)


def test_knowledge_is_found_by_the_words_of_the_fault(world: World, write: Write, engineer: FlaskClient) -> None:
    paper, dark = article(write, "打印机卡纸"), article(write, "显示器不亮", keywords="黑屏")
    article(write, "打印机旧说明", state="draft")
    for text, found in (("打印机卡纸了怎么办", [paper]), ("黑屏", [dark]), ("洗衣机", []), ("", [dark, paper])):
        page = engineer.get("/engineer/knowledge", query_string={"q": text}).text
        assert [int(one) for one in re.findall(r"/engineer/knowledge/(\d+)\"", page)] == found, text


def test_what_was_found_for_a_ticket_is_chosen_there(world: World, write: Write, engineer: FlaskClient) -> None:
    dark, ticket = article(write, "显示器不亮"), world.ticket("arrived")
    page = engineer.get(f"/engineer/knowledge/{dark}", query_string={"ticket": ticket.number}).text
    back = re.search(rf'href="(/engineer/{ticket.number}[^"]*)"', page)
    assert back
    assert re.search(rf'name="article" value="{dark}" checked', engineer.get(back[1]).text)


def test_articles_of_the_faults_words_are_offered_and_those_of_its_service(world: World, write: Write) -> None:
    own, words = article(write, "换新搓纸轮", category="printer"), article(write, "卡纸的原因")
    article(write, "显示器不亮")
    ticket = world.ticket("arrived", category=world.printers, description="卡纸")
    with world.database.reading() as session:
        who = Reader(world.engineer.id, hospital=False, provider_id=world.provider.id)
        offered = uses.offered(session, who, session.get_one(Ticket, ticket.id))
        assert [row.id for row in offered] == [words, own]


def test_another_providers_articles_and_drafts_are_nobodys_help(
    world: World, write: Write, engineer: FlaskClient
) -> None:
    draft = article(write, "草稿", state="draft")
    assert engineer.get(f"/engineer/knowledge/{draft}").status_code == 404
    assert "草稿" not in engineer.get("/engineer/knowledge").text
