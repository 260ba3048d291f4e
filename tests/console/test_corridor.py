"""The customer corridor's pages: picture and table say the same, filters, what lies behind, what is done about it."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from structlog.testing import capture_logs

from app import clock
from app.db import Database
from app.jobs import rollups as job
from app.models import CorridorDay, CorridorMeasure, Event, Person, Ticket
from app.runtime import Runtime
from app.services.indicators.quarters import Quarter
from app.services.ratings.rating import Detail
from tests.conftest import Console
from tests.console.conftest import Rate
from tests.support.console_forms import send
from tests.support.exports import columns
from tests.support.world import ZONE, World

Roll = Callable[[], None]


@pytest.fixture
def supervisor(console: Console, world: World) -> FlaskClient:
    return console(world.supervisor)


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)


@pytest.fixture
def roll(runtime: Runtime) -> Roll:
    def it() -> None:
        while job.roll(runtime, at=clock.now()):
            pass

    return it


@pytest.fixture
def felt(world: World, rate: Rate, roll: Roll) -> list[Ticket]:
    """Six tickets of the ward, as the nurse felt them: at arrival she is furious five times."""
    with world.database.transaction() as session:
        session.execute(update(Person).where(Person.id == world.nurse.id).values(job_type="护士"))
    tickets = [world.ticket("finished", reported_at=clock.now() - timedelta(minutes=50)) for _ in range(6)]
    for ticket in tickets[:5]:
        rate(ticket, 4, Detail(reasons=["quick"], faces={"arrived": 1, "handled": 5}))
    roll()
    return tickets


def test_picture_and_table_say_the_same(supervisor: FlaskClient, felt: list[Ticket]) -> None:
    shown = supervisor.get("/console/corridor").text
    picture, table = (re.search(rf"<{tag} .*?</{tag}>", shown, re.S) for tag in ("figure", "table"))
    assert picture is not None
    assert table is not None
    assert [text for text in ("到场", "1.00", "5 条", "弥补", "5 分钟") if text not in picture[0]] == []
    told = ("到场", "1.00", "100.00%", "56.6–100.0%", "来得快 5", "5 分钟")
    assert [text for text in told if text not in table[0]] == []
    assert picture[0].count('class="truth"') == 3 + 1  # with the legend's


def test_a_filter_that_nothing_fits_shows_nothing(supervisor: FlaskClient, world: World, felt: list[Ticket]) -> None:
    both = f"department={world.ward.id}&category={world.printers.id}"
    asked = {"job=护士": 5, "job=医生": 0, both: 5, f"department={world.pharmacy.id}": 0, "quarter=2020Q1": 0}
    for wanted, many in {**asked, f"team={world.team.id}&job=护士": 5}.items():
        shown = supervisor.get(f"/console/corridor?{wanted}").text
        assert f"{many} 条</text>" in shown, wanted
        assert ("1.00</text>" in shown) is bool(many), wanted


def test_a_click_opens_the_tickets_and_the_persons_own_way(
    supervisor: FlaskClient, world: World, felt: list[Ticket]
) -> None:
    quarter = Quarter.at(clock.now().astimezone(ZONE).date())
    behind = "/console/corridor/tickets?quarter={}&touchpoint={}&department={}"
    shown = supervisor.get(behind.format(quarter, "arrived", world.ward.id)).text
    assert [ticket.number in shown for ticket in felt] == [True] * 5 + [False]
    assert f'href="/console/corridor/people/{world.nurse.id}"' in shown
    assert felt[0].number not in supervisor.get(behind.format(quarter, "handled", world.ward.id) + "&low=1").text
    assert felt[0].number not in supervisor.get(behind.format(quarter, "arrived", world.pharmacy.id)).text
    filed = columns(supervisor, behind.format(quarter, "arrived", world.ward.id) + "&as=csv")
    assert [row["工单"] for row in filed] == re.findall(r'class="id"><a [^>]+>([^<]+)<', shown)
    own = supervisor.get(f"/console/corridor/people/{world.nurse.id}").text
    assert all(text in own for text in (world.nurse.name, felt[0].number, "非常不满意", "5 分钟"))


def test_a_hot_spot_is_taken_up_done_and_told(
    supervisor: FlaskClient, database: Database, world: World, felt: list[Ticket]
) -> None:
    shown = supervisor.get("/console/corridor").text
    assert "上季度没有可比的" in shown
    (first, *_) = re.findall(r'href="(/console/corridor/measures/new\?[^"]+)"', shown)
    due = clock.now().date() + timedelta(days=9)
    plan = {"cause": "一个人跑两栋楼", "action": "加一班", "owner": str(world.supervisor.id), "due": str(due)}
    page = first.replace("&amp;", "&")
    to = "/console/corridor/measures/new"
    assert send(supervisor, page, to, **{**plan, "cause": ""}).status_code == 422
    assert send(supervisor, page, to, **{**plan, "owner": str(world.desk.id)}).status_code == 422
    assert send(supervisor, page, to, **plan).status_code == 303
    assert all(text in supervisor.get("/console/corridor").text for text in ("一个人跑两栋楼", "加一班", str(due)))
    with database.reading() as session:
        (measure,) = session.scalars(select(CorridorMeasure))
        assert session.scalars(select(Event.kind).where(Event.subject == "corridor")).all() == ["measure_taken_up"]
    done = {"said": "来得太慢", "did": "每栋楼有人", "publish": "yes"}
    at = f"/console/corridor/measures/{measure.id}/done"
    assert send(supervisor, "/console/corridor", at, **{**done, "did": ""}).status_code == 422
    assert send(supervisor, "/console/corridor", at, **done).status_code == 303
    assert "每栋楼有人" in supervisor.get("/console/corridor").text


def test_what_came_since_is_there_after_the_next_round(
    supervisor: FlaskClient, world: World, felt: list[Ticket], rate: Rate, roll: Roll
) -> None:
    rate(felt[5], 1, Detail(faces={"arrived": 5}))
    roll()
    shown = supervisor.get("/console/corridor").text
    assert "1.67</text>" in shown
    assert "低分 1" in shown


def test_the_daily_proof_takes_nothing_for_a_mistake_that_only_came_since(
    runtime: Runtime, felt: list[Ticket], rate: Rate, database: Database
) -> None:
    rate(felt[5], 1, Detail(faces={"arrived": 5}))
    with capture_logs() as logged:
        job.prove(runtime)
    assert not logged
    while job.roll(runtime, at=clock.now()):
        pass
    with database.transaction() as session:
        session.execute(update(CorridorDay).values(figures={"parts": []}))
    with capture_logs() as logged:
        job.prove(runtime)
    assert [entry["event"] for entry in logged] == ["the corridor's roll-up is not what its rows say"]


def test_nobody_of_the_provider_comes_in(desk: FlaskClient, felt: list[Ticket]) -> None:
    for way in ("", "/tickets", "/people/1", "/measures/new"):
        assert desk.get(f"/console/corridor{way}").status_code == 403
    assert "走廊" not in desk.get("/console").text
