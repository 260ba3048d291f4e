"""Conditions of a list kept under a name: one's own, one click away."""

import pytest
from sqlalchemy import select

from app.models import SavedFilter
from app.services.organisation.saved_filters import MOST
from tests.conftest import Console
from tests.support.console_forms import offers, send
from tests.support.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LIST = "/console/tickets?state=reported&q=打印&after=17-1"


def kept(world: World) -> list[tuple[int, str, str, str]]:
    with world.database.reading() as session:
        found = session.scalars(select(SavedFilter).order_by(SavedFilter.id))
        return [(one.person_id, one.page, one.name, one.query) for one in found]


def test_a_filter_is_kept_under_its_name_replaced_and_removed(world: World, console: Console) -> None:
    supervisor, desk = console(world.supervisor), console(world.desk)
    answer = send(supervisor, LIST, "/console/filters/tickets", name="打印待派")
    query = "state=reported&q=%E6%89%93%E5%8D%B0"
    assert (answer.status_code, answer.location) == (303, f"/console/tickets?{query}")
    assert kept(world) == [(world.supervisor.id, "tickets", "打印待派", query)]
    page = supervisor.get("/console/tickets").text
    assert f'href="/console/tickets?{query.replace("&", "&amp;")}">打印待派</a>' in page
    assert "打印待派" not in desk.get("/console/tickets").text

    send(supervisor, "/console/tickets?state=finished", "/console/filters/tickets", name="打印待派")
    [(_, _, _, replaced)] = kept(world)
    assert replaced == "state=finished"
    with world.database.reading() as session:
        one = session.scalars(select(SavedFilter)).one()
    remove = f"/console/filters/tickets/{one.id}/remove"
    assert send(supervisor, "/console/tickets", remove).status_code == 303
    assert kept(world) == []


def test_another_s_filter_stays(world: World, console: Console) -> None:
    supervisor, desk = console(world.supervisor), console(world.desk)
    for client, name in ((supervisor, "我的"), (desk, "我的")):
        send(client, "/console/tickets?state=closed", "/console/filters/tickets", name=name)
    with world.database.reading() as session:
        own, other = session.scalars(select(SavedFilter).order_by(SavedFilter.id)).all()
    form = f"/console/filters/tickets/{other.id}/remove"
    send(desk, "/console/tickets", form)
    assert [row[0] for row in kept(world)] == [world.supervisor.id]
    assert not offers(desk, "/console/tickets", f"/console/filters/tickets/{own.id}/remove")


@pytest.mark.parametrize(
    ("name", "address"), [("", "?state=closed"), ("字" * 41, "?state=closed"), ("全部", "?after=1-1")]
)
def test_what_cannot_be_kept_is_said(name: str, address: str, world: World, console: Console) -> None:
    answer = send(console(world.supervisor), f"/console/tickets{address}", "/console/filters/tickets", name=name)
    assert answer.status_code == 422
    assert kept(world) == []


def test_so_many_and_no_more(world: World, console: Console) -> None:
    supervisor = console(world.supervisor)
    answers = [
        send(supervisor, "/console/people?q=a", "/console/filters/people", name=str(number)).status_code
        for number in range(MOST + 1)
    ]
    assert answers == [303] * MOST + [409]


def test_who_changes_nothing_keeps_none(world: World, console: Console) -> None:
    assert not offers(console(world.auditor), "/console/tickets?state=closed", "/console/filters/tickets")
