"""The provider's reports on a quarter and on its months: held against ours, late or not, each once."""

from datetime import timedelta

import pytest

from app.services.sheets import pages
from tests.conftest import Console
from tests.sheets import plain, plain_registers
from tests.sheets.conftest import Story
from tests.sheets.test_registered import A_DAY, line, write


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def month(story: Story, number: int = 0) -> str:
    first = story.term.quarter.first
    return f"{first.year}-{first.month + number:02}"


def month_before(story: Story) -> str:
    return f"{story.term.quarter.first - A_DAY:%Y-%m}"


# Four tickets in the first month, five in the quarter. What reports say of either; whole steps of two points beyond
# two, of the one that is furthest off: 1 of 4 is 25 points, 23 beyond; 1 of 5 is 20, 18 beyond; 4 of 5 is 80, 78.
@pytest.mark.parametrize(
    ("of_month", "of_quarter", "steps"),
    [(4, 5, 0), (5, 5, 11), (3, None, 11), (4, 6, 9), (5, 6, 11), (None, 4, 9), (4, 1, 39), (8, 5, 49), (None, 5, 0)],
)
def test_the_figure_furthest_off_costs_once(
    story: Story, of_month: int | None, of_quarter: int | None, steps: int
) -> None:
    for day in (3, 5, 7, 9, 40):
        story.finish(day)
    for period, said in ((month(story), of_month), (str(story.term.quarter), of_quarter)):
        if said is not None:
            write(story, "reports", due=80, done=80, tickets=said, period=period)
    write(story, "reports", due=80, done=80, tickets=99, period=month_before(story))
    found = line(story, "C2.2")
    assert found["figure"] == {"count": steps}
    assert found["figure"]["count"] == plainly(story)


def test_a_report_is_held_to_what_was_rated_when_it_was_handed_in(story: Story) -> None:
    """Two of three rated within a day of the service, the third ten days after it."""
    for number, level, days in ((5, 5, 1), (6, 2, 1), (7, 5, 10)):
        story.rate(story.finish(number), level, story.world.nurse_identity, after=timedelta(days=days))
    write(story, "reports", due=12, done=12, ratings=2, satisfied=1, period=month(story))
    assert line(story, "C2.2")["figure"] == {"count": 0}
    assert plainly(story) == 0
    write(story, "reports", due=20, done=20, ratings=2, satisfied=1, period=month(story))
    assert line(story, "C2.2")["figure"] == {"count": 24}  # of three and two: a half is missing of two
    assert plainly(story) == 24


def test_a_late_report_on_a_month_counts_in_the_quarter_it_was_due_in(story: Story) -> None:
    days = story.term.quarter.days
    write(story, "reports", due=9, done=11, period=month_before(story))
    write(story, "reports", due=40, done=40, period=month(story))
    write(story, "reports", due=days + 8, done=days + 20, period=month(story, 2))
    assert line(story, "C2.1")["figure"] == {"count": 1}


def test_its_page_lists_what_each_says_beside_ours_for_the_hospital_alone(story: Story, console: Console) -> None:
    for day in (5, 6, 7):
        story.finish(day)
    write(story, "reports", due=40, done=40, tickets=2, response=3, period=month(story))
    with story.world.database.transaction() as session:
        pages.refresh(session, story.term, at=story.at)
    path = f"/console/sheets/{story.term.contract.id}/{story.term.quarter}"
    shown = console(story.world.supervisor).get(f"{path}/C2.2").text
    assert "33.33% ⚠" in shown
    assert '"/console/registers/reports/1">X-1</a>' in shown
    assert "我们计的" not in console(story.world.supervisor).get(f"{path}/C2.1").text
    assert "我们计的" not in console(story.world.desk).get(f"{path}/C2.2").text


def plainly(story: Story) -> int | None:
    """Counted once more over the raw rows; limits are not asked for."""
    with story.world.database.reading() as session:
        contract = story.term.contract.id
        rows = plain.load(
            session, kept={}, since=story.term.scope.since, until=story.term.scope.until, contract=contract
        )
        rows.kept = {done["id"]: {"response": None, "solution": None} for done in rows.each}
        return plain_registers.report_steps(rows)
