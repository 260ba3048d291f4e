"""Ratings for the hospital; for the provider not a trace of them."""

import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock
from app.db import Database
from app.models import Employment, Event, Notice, RatingDetail, Ticket
from app.services.ratings import praise, search
from app.services.ratings.rating import Detail
from app.services.ratings.search import Figure, RatingFilter
from app.texts.codes import WORDS
from tests.conftest import Console, Phone
from tests.console.conftest import Rate
from tests.support.console_forms import offers, send
from tests.support.minutes import begin_a_minute
from tests.support.world import World

RATED = f"<b>{WORDS['event']['rated']}</b>"
TELLING = ("评价", "非常不满意", "计入", "低分", "表扬", "辛苦了", "rating")


def test_the_supervisor_reads_who_said_what_about_whom(supervisor: FlaskClient, world: World, rate: Rate) -> None:
    ticket = world.ticket("finished")
    rate(ticket, 2, Detail(reasons=["late"], quality={"speed": 1}, comment="等了两小时<b>", pressed=True))
    shown = supervisor.get("/console/ratings").text
    expected = (ticket.number, "不满意", "计入", "等太久", "速度 1/5", "等了两小时&lt;b&gt;", "有人要求改评价")
    assert not [text for text in expected if text not in shown]
    assert world.nurse.name in shown
    assert world.engineer.name in shown


def test_both_levels_of_a_correction_stay_readable(supervisor: FlaskClient, world: World, rate: Rate) -> None:
    rate(world.ticket("finished"), 1, corrected=4)
    shown = supervisor.get("/console/ratings").text
    assert '<span class="level level-4">满意</span>' in shown
    assert "原为非常不满意" in shown


@pytest.mark.parametrize("way", ["/console", "/console/tickets", "/console/notices", "{ticket}", "{ticket}?lang=en"])
def test_the_desk_finds_no_trace_of_a_rating(
    way: str, desk: FlaskClient, world: World, rate: Rate, database: Database
) -> None:
    begin_a_minute()
    ticket = world.ticket("finished")
    page = f"/console/tickets/{ticket.number}"
    before = desk.get(way.format(ticket=page)).text
    given = rate(ticket, 1, Detail(comment="辛苦了", praise=True), corrected=5)
    with database.transaction() as session:
        praise.decide(session, given, approve=True, by=world.supervisor.id, at=clock.now(), channel="console")
    after = desk.get(way.format(ticket=page)).text
    assert without_tokens(after) == without_tokens(before)
    assert not [text for text in TELLING if text in after.replace("扫码查看进度、评价", "").replace("不参与评价", "")]


def test_the_supervisor_sees_the_rating_in_the_timeline(supervisor: FlaskClient, world: World, rate: Rate) -> None:
    ticket = world.ticket("finished")
    rate(ticket, 1)
    assert RATED in supervisor.get(f"/console/tickets/{ticket.number}").text


def test_a_role_does_not_help_whom_the_provider_employs(
    supervisor: FlaskClient, world: World, rate: Rate, database: Database
) -> None:
    ticket = world.ticket("finished")
    rate(ticket, 1)
    with database.transaction() as session:
        job = {"department_id": None, "provider_id": world.provider.id}
        session.execute(update(Employment).where(Employment.person_id == world.supervisor.id).values(**job))
    assert supervisor.get("/console/ratings").status_code == 403
    assert supervisor.get("/console/people").status_code == 403
    assert RATED not in supervisor.get(f"/console/tickets/{ticket.number}").text
    assert "低分" not in supervisor.get("/console").text


def test_the_figure_counts_verified_answers_by_the_level_that_stands(
    database: Database, world: World, rate: Rate, unverified: Callable[[Ticket, int], None]
) -> None:
    tickets = [world.ticket("finished") for _ in range(5)]
    for ticket, level in zip(tickets, (5, 4, 3), strict=False):
        rate(ticket, level)
    rate(tickets[3], 1, corrected=4)
    unverified(tickets[4], 1)  # kept, never counted
    world.ticket("finished")  # silence is missing
    with database.reading() as session:
        assert search.figure(session, RatingFilter()) == Figure(satisfied=3, counted=4)
        assert search.figure(session, RatingFilter(level=5)) == Figure(satisfied=3, counted=4)
        assert search.figure(session, RatingFilter(department_id=world.pharmacy.id)).hundredths is None


SHARES = [(1, 3, 3333), (2, 3, 6667), (1, 1, 10000), (0, 7, 0), (1, 800, 13)]


@pytest.mark.parametrize(("satisfied", "counted", "shown"), SHARES)
def test_the_figure_is_rounded_half_up_to_hundredths(satisfied: int, counted: int, shown: int) -> None:
    assert Figure(satisfied, counted).hundredths == shown


def test_the_page_prints_the_figure_its_numbers_and_its_formula(
    supervisor: FlaskClient, world: World, rate: Rate
) -> None:
    for level in (5, 4, 1):
        rate(world.ticket("finished"), level)
    shown = supervisor.get("/console/ratings").text
    assert "66.67%" in shown
    assert "2 ÷ 3 条" in shown
    assert "没有评价的工单、未核验的评价不在其中" in shown


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ("", [0, 1, 2]),
        ("level=5", [0]),
        ("show=low", [1]),
        ("show=unverified", [2]),
        ("show=counted", [0, 1]),
        ("show=praise", [0]),
        ("engineer={second}", [1]),
        ("department={pharmacy}", []),
        ("to=2020-01-01&from=", []),
    ],
)
def test_a_filter_shows_what_was_asked_for(
    asked: str,
    numbers: list[int],
    supervisor: FlaskClient,
    world: World,
    rate: Rate,
    unverified: Callable[[Ticket, int], None],
) -> None:
    tickets = [world.ticket("finished"), world.ticket("finished", lead=world.second_engineer), world.ticket("finished")]
    rate(tickets[0], 5, Detail(comment="谢谢", praise=True))
    rate(tickets[1], 2)
    unverified(tickets[2], 3)
    question = asked.format(second=world.second_engineer.id, pharmacy=world.pharmacy.id)
    shown = supervisor.get(f"/console/ratings?{question}").text
    assert [place for place, ticket in enumerate(tickets) if ticket.number in shown] == numbers


def test_praise_reaches_the_engineer_once_approved(
    supervisor: FlaskClient, world: World, rate: Rate, database: Database
) -> None:
    given = rate(world.ticket("finished"), 5, Detail(comment="辛苦了", praise=True))
    with database.reading() as session:
        assert not praise.approved_of(session, world.engineer.id)
    to = f"/console/ratings/{given}/praise"
    assert send(supervisor, "/console/ratings", to, decision="approve").status_code == 303
    with database.reading() as session:
        assert [one.comment for one in praise.approved_of(session, world.engineer.id)] == ["辛苦了"]
        event = session.scalars(select(Event).where(Event.kind == "praise_approved")).one()
    assert (event.actor_id, event.data) == (world.supervisor.id, {"rating": given})


def test_refused_praise_stays_with_the_hospital(
    supervisor: FlaskClient, world: World, rate: Rate, database: Database
) -> None:
    given = rate(world.ticket("finished"), 5, Detail(comment="辛苦了", praise=True))
    send(supervisor, "/console/ratings", f"/console/ratings/{given}/praise", decision="refuse")
    with database.reading() as session:
        assert session.get_one(RatingDetail, given).praise == "refused"
        assert not praise.approved_of(session, world.engineer.id)


def test_praise_is_decided_once_and_never_by_the_auditor(
    supervisor: FlaskClient, console: Console, world: World, rate: Rate
) -> None:
    given = rate(world.ticket("finished"), 5, Detail(comment="辛苦了", praise=True))
    to = f"/console/ratings/{given}/praise"
    assert not offers(console(world.auditor), "/console/ratings", to)
    page = supervisor.get("/console/ratings").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    answers = [
        supervisor.post(to, data={"csrf_token": token, "decision": word}).status_code for word in ("approve", "refuse")
    ]
    assert answers == [303, 409]


def test_the_overview_counts_what_the_hospital_has_to_look_at(
    supervisor: FlaskClient, world: World, rate: Rate
) -> None:
    rate(world.ticket("finished"), 1)
    rate(world.ticket("finished"), 5, Detail(comment="好", praise=True))
    shown = supervisor.get("/console").text
    assert "<b>1</b>未结案件，0 件超时" in shown
    assert "<b>1</b>待审核的表扬" in shown


def without_tokens(page: str) -> str:
    """The page without what differs at every look."""
    return re.sub(r'(csrf_token" value=)"[^"]*"', r"\1", page)


@pytest.fixture
def supervisor(console: Console, world: World) -> FlaskClient:
    return console(world.supervisor)


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)


def test_approved_praise_reaches_the_engineer_at_once_and_names_no_ticket(
    world: World, rate: Rate, database: Database, phone: Phone
) -> None:
    ticket = world.ticket("finished")
    given = rate(ticket, 5, Detail(comment="辛苦了", praise=True))
    refused = rate(world.ticket("finished"), 5, Detail(comment="还行", praise=True))
    at = clock.now()
    with database.transaction() as session:
        praise.decide(session, given, approve=True, by=world.supervisor.id, at=at, channel="console")
        praise.decide(session, refused, approve=False, by=world.supervisor.id, at=at, channel="console")
    with database.reading() as session:
        (told,) = session.scalars(select(Notice).where(Notice.kind == "praised"))
    assert (told.person_id, told.ticket_id, told.event_id) == (world.engineer.id, None, None)
    assert "有人表扬了您" in phone(world.engineer_identity).get("/my").text
