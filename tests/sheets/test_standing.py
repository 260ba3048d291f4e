"""How a contract stands: what costs points, for whom; the provider by teams, without what was rated."""

import re
from datetime import timedelta

import pytest

from app import clock
from app.models import Completion, Contract
from app.services.dashboards import standing
from app.services.dashboards.standing import TeamFigures, losses
from app.services.indicators.counting import Count
from app.services.indicators.quarters import Quarter
from app.services.reports import monthly
from app.services.sheets import pages
from app.services.sheets.terms import Term
from app.texts.sheets import points
from tests.conftest import Console
from tests.sheets.conftest import Story
from tests.support.world import ZONE, World


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def line(code: str, points: int, weight: int, **how: object) -> dict[str, object]:
    return {
        "code": code,
        "points": points,
        "weight_spread": weight,
        "measure": "remote",
        "rule": {},
        "figure": {},
        **how,
    }


def test_the_dearest_comes_first_with_what_is_missing_to_the_target() -> None:
    rising = {"target": [9, 10], "floor": [3, 4]}
    falling = {"target": [3, 100], "floor": [1, 10]}
    lines = [
        line("A", 100, 100),
        line("B", 50, 100, rule=rising, figure={"num": 80, "den": 100}),
        line("C", 0, 300, rule=falling, figure={"num": 9, "den": 101}),
        line("D", 50, 100, figure={"count": 1}),
        {**line("E", 0, 0), "points": None},
    ]
    found = losses({"lines": lines})
    assert [(one.line["code"], one.lost, one.missing) for one in found] == [
        ("C", 300, 6),
        ("B", 50, 10),
        ("D", 50, None),
    ]


def test_every_lost_point_of_the_sheet_is_somebodys(story: Story) -> None:
    story.finish()
    story.count()
    with story.world.database.reading() as session:
        found = standing.standing(session, story.term, at=story.at, for_provider=False)
    content = found.view.content
    assert content is not None
    whole = sum(one["weight_spread"] for one in content["lines"] if one["points"] is not None)
    assert sum(loss.lost for loss in found.losses) == whole - (content["total"] - content["bonus_counted"])
    assert [one.lost for one in found.losses] == sorted((one.lost for one in found.losses), reverse=True)
    assert len(found.reasons) == min(3, len(found.losses))


def test_teams_are_shown_by_what_no_rating_moves(story: Story) -> None:
    world = story.world
    done = [story.finish(10 + n % 3) for n in range(6)]
    story.count()

    def shown() -> list[TeamFigures]:
        with world.database.reading() as session:
            return standing.teams(session, story.term)

    before = shown()
    for completion in done:
        story.rate(completion, 1, world.nurse_identity, after=timedelta(hours=1))
    assert shown() == before == [TeamFigures(world.team.name, 6, Count(before[0].in_time.num, 6))]


def this_quarter(world: World) -> Term:
    with world.database.reading() as session:
        contract = session.get_one(Contract, world.contract.id)
    return Term(contract, Quarter.at(clock.now().astimezone(ZONE).date()), ZONE)


def test_the_pages_by_role(world: World, console: Console) -> None:
    term = this_quarter(world)
    world.ticket("finished")
    Story(world, term).count()
    shown = console(world.supervisor).get("/console/standing").text
    assert "现在丢分的" in shown
    assert "今天" in shown
    assert console(world.auditor).get("/console/director").status_code == 200
    director = console(world.admin).get("/console/director").text
    reasons = re.findall(r"<li><b>[^<]+</b>：(.*)</li>", director)
    assert len(reasons) == 3
    assert all(re.fullmatch(r"[^%÷=]+，丢 \d+\.\d\d 分。", one) for one in reasons), reasons
    assert console(world.desk).get("/console/director").status_code == 403


def test_the_list_of_sheets_says_each_score_as_its_reader_may_know_it(world: World, console: Console) -> None:
    term = this_quarter(world)
    world.rated(world.ticket("finished"), 1)
    Story(world, term).count()
    with world.database.reading() as session:
        shown = [pages.load(session, term, for_provider=provider).content for provider in (False, True)]
    for reader, content in zip((world.supervisor, world.desk), shown, strict=True):
        assert content is not None
        page = console(reader).get("/console/sheets").text
        assert re.findall(rf">{term.quarter}\s+<b>(.*)</b>", page) == [points(content["total"])]


def test_the_provider_reads_its_own_and_what_would_cost_points(world: World, console: Console) -> None:
    term, late = this_quarter(world), clock.now() - timedelta(days=9)
    open_ = world.ticket("accepted", reported_at=late)
    world.rated(world.ticket("finished"), 1)
    Story(world, term).count()
    page = console(world.desk).get("/console/standing").text
    assert open_.number in page
    assert "会丢分的事" in page
    assert "各组的区间" in page
    assert "诚信" not in page
    assert "?show=other" in page
    assert "/C7.1" not in page
    with world.database.reading() as session:
        assert session.query(Completion).count() == 1


def test_the_month_as_a_table_and_on_paper(world: World, console: Console) -> None:
    """The provider's has nothing of what was rated or complained of; both are what the sheet would count."""
    term = this_quarter(world)
    world.rated(world.ticket("finished"), 1)
    Story(world, term).count()
    path = f"/console/standing/{term.contract.id}/{clock.now().astimezone(ZONE):%Y-%m}"
    with world.database.reading() as session:
        contract = session.get_one(Contract, term.contract.id)
        first = monthly.read(path[-7:])
        ours, theirs = (
            monthly.of_month(session, contract, first, zone=ZONE, for_provider=one) for one in (False, True)
        )
    rows = {row[0]: row for row in ours.rows}
    assert rows["C7.1"][3:] == (0, 1, "0.00%")
    assert rows["C1.1"][4] == 1
    assert {row[0] for row in ours.rows} - {row[0] for row in theirs.rows} == {
        "P7",
        "C7.1",
        "C7.2",
        "C7.3",
        "C7.4",
        "C7.5",
    }
    for person, form, begins in ((world.supervisor, "xlsx", b"PK"), (world.desk, "pdf", b"%PDF")):
        client = console(person)
        assert f"{path}.{form}" in client.get("/console/standing").text
        assert client.get(f"{path}.{form}").data.startswith(begins)
    wrong = console(world.desk).get("/console/standing/1/2026-13.pdf")
    assert wrong.status_code == 404
    assert "没有这个月" in wrong.text
    assert console(world.desk).get("/console/standing/99/2026-10.pdf").status_code == 404
