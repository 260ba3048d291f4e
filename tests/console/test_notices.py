"""Every notice with its state and, where it did not arrive, the reason in words."""

import html
import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock, pagination
from app.db import Database
from app.models import Notice
from app.services.notices import outbox
from app.texts.codes import WORDS
from tests.conftest import Console
from tests.support.world import World


def test_a_notice_that_failed_says_why(desk: FlaskClient, world: World, database: Database) -> None:
    ticket = world.ticket("dispatched")
    fail(database, "not_bound")
    shown = desk.get("/console/notices?state=failed").text
    for text in (ticket.number, world.engineer.name, "未送达", "收件人还没有绑定微信"):
        assert text in shown
    assert "收件人还没有绑定微信" in desk.get(f"/console/tickets/{ticket.number}").text


def test_a_state_shows_only_its_own(desk: FlaskClient, world: World, database: Database) -> None:
    failed = world.ticket("dispatched")
    fail(database, "refused")
    waiting = world.ticket("dispatched")
    shown = desk.get("/console/notices?state=waiting").text
    assert (failed.number in shown, waiting.number in shown) == (False, True)


def test_the_overview_counts_this_weeks_failures(desk: FlaskClient, world: World, database: Database) -> None:
    world.ticket("dispatched")
    world.ticket("dispatched", reported_at=clock.now() - timedelta(days=8))
    fail(database, "not_bound")
    assert "<b>1</b>7 天内没有送达的通知" in desk.get("/console").text


@pytest.mark.parametrize("reason", sorted(WORDS["notice_reason"]))
def test_every_reason_has_words(reason: str, desk: FlaskClient, world: World, database: Database) -> None:
    world.ticket("dispatched")
    fail(database, reason)
    assert WORDS["notice_reason"][reason] in desk.get("/console/notices").text


@pytest.mark.parametrize("who", ["supervisor", "auditor", "admin", "desk"])
def test_who_has_won_a_draw_is_told_to_nobody_else(who: str, console: Console, world: World) -> None:
    """Not even that they won: neither in the list nor among what they themselves were told."""
    world.ticket("dispatched")
    with world.database.transaction() as session:
        outbox.add_inbox_only(session, "won", about="h001-2026q4", to=world.nurse.id, at=clock.now())
    client = console(getattr(world, who))
    shown = client.get("/console/notices").text
    assert world.engineer.name in shown
    assert world.nurse.name not in shown
    assert WORDS["notice"]["won"] not in client.get(f"/console/notices?person={world.nurse.staff_number}").text


def test_where_a_list_goes_on_tells_nothing_of_what_is_hidden(
    desk: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An id in the address would count what is written meanwhile; an id that is asked for, find it."""
    monkeypatch.setattr(pagination.newest_first, "__kwdefaults__", {"size": 3, "oldest": False})
    at = clock.now() - timedelta(hours=1)
    with world.database.transaction() as session:
        for number in range(14):  # some at one moment, every second one hidden
            kind = ("channel_stopped", "complaint_answered")[number % 2]
            moment = at + timedelta(minutes=number // 6)
            outbox.add_alert(session, kind, about=f"a-{number}", to=world.supervisor.id, at=moment)
        ids = {notice.id for notice in session.scalars(select(Notice))}
    shown, address = 0, "/console/notices"
    while address:
        assert re.fullmatch(r"/console/notices(\?after=[0-9]{16}-[1-6])?", address)
        page = desk.get(address).text
        shown += page.count("通知渠道停用")
        found = re.search(r'href="([^"]+)" rel="next"', page)
        address = html.unescape(found[1]) if found else ""
    assert shown == 7
    asked = {desk.get(f"/console/notices?after={number}").text for number in (*ids, max(ids) + 1)}
    assert len({re.sub('after=[0-9]+|value="[^"]+"', "", page) for page in asked}) == 1


def test_no_id_of_a_notice_stands_on_a_page_for_the_provider(desk: FlaskClient, world: World) -> None:
    """From two of them the provider would count what was written between, and so who was reminded or answered."""
    ticket = world.ticket("finished")
    with world.database.transaction() as session:
        session.add(Notice(id=987_654, **_like(session.scalars(select(Notice)).first())))
    for page in ("/console/notices", f"/console/notices?ticket={ticket.number}", f"/console/tickets/{ticket.number}"):
        assert "987654" not in desk.get(page).text


def _like(notice: Notice | None) -> dict[str, object]:
    apart = {"id", "event_id"}
    return {column.key: getattr(notice, column.key) for column in Notice.__table__.columns if column.key not in apart}


def fail(database: Database, reason: str) -> None:
    with database.transaction() as session:
        waiting = update(Notice).where(Notice.state == "waiting")
        session.execute(waiting.values(state="failed", reason=reason, settled_at=clock.now()))


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)
