"""Worked examples through the whole house: rows written into the database, points on the sheet, worked out by hand."""

import json
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from app import clock
from app.models import Contract, RuleSetVersion
from app.services.sheets import contracts, rule_sets
from app.services.sheets.entries import Value
from tests.sheets.conftest import Story
from tests.sheets.test_registered import write


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def half_up(exact: Fraction) -> int:
    return (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)


def points(story: Story, code: str) -> tuple[Any, Any]:
    """Its points, and the weight it carries."""
    story.count()
    line = story.line(code)
    return line["points"], line["weight_spread"]


# Passed of 200 in a test whose target is 95 % and whose floor is 80 %; the share of the weight, by hand.
@pytest.mark.parametrize(
    ("passed", "share"),
    [
        (200, Fraction(1)),
        (190, Fraction(1)),
        (189, Fraction(29, 30)),
        (180, Fraction(2, 3)),
        (175, Fraction(1, 2)),
        (161, Fraction(1, 30)),
        (160, Fraction(0)),
        (0, Fraction(0)),
    ],
)
def test_linear_from_a_register(story: Story, passed: int, share: Fraction) -> None:
    write(story, "training", due=10, done=10, what="test", people=200, passed=passed)
    got, weight = points(story, "P4")
    assert got == half_up(weight * share)


def test_deducted_for_each_event_and_never_below_nothing(story: Story) -> None:
    for events, left in ((0, 2), (1, 1), (2, 0), (3, 0)):
        if events:
            write(story, "changes", due=5, done=6, result="success", approval="no")
        else:
            write(story, "changes", due=5, done=6, result="success", approval="yes")
        got, weight = points(story, "C6.2")  # 1.00 off its own 2.00 each
        assert got == half_up(Fraction(weight * left, 2))


# Answered of 1,000 calls, 0.50 of 3.00 off for each whole point short of 90 %.
@pytest.mark.parametrize(("answered", "steps"), [(900, 0), (899, 0), (891, 0), (890, 1), (876, 2), (840, 6), (100, 6)])
def test_deducted_by_whole_steps(story: Story, answered: int, steps: int) -> None:
    entered = story.enter("R2", Value(num=answered, den=1000))
    if steps:
        story.check(entered)
    got, weight = points(story, "R2")
    assert got == half_up(weight * Fraction(max(0, 300 - 50 * steps), 300))


def test_yes_or_no(story: Story) -> None:
    assert points(story, "T3") == (None, None)
    write(story, "drills", due=10, done=10)
    got, weight = points(story, "T3")
    assert got == weight


@pytest.mark.slow("a hundred tickets, each rated")
def test_small_samples_at_their_edges(story: Story) -> None:
    """Every fifth dissatisfied; drawn towards the target of 90 %, for nobody rated the quarter before."""
    expected = {
        29: None,
        30: Fraction(2, 3),  # (24 + 27) / 60 = 85 %
        99: (Fraction(80 + 27, 129) - Fraction(3, 4)) / Fraction(3, 20),
        100: (Fraction(80 + 27, 130) - Fraction(3, 4)) / Fraction(3, 20),
    }
    world = story.world
    for n in range(1, 101):
        identity = world.bind(world.employ(f"H{n:03}", "护士"))
        done = story.finish(10 + n % 60, served=world.ward)
        story.rate(done, 2 if n % 5 == 0 else 4, identity, after=timedelta(hours=1))
        if n in expected:
            share = expected[n]
            got, weight = points(story, "C7.1")
            assert got == (None if share is None else half_up(weight * share)), n


def put_in_force(story: Story, weights: dict[str, str]) -> None:
    """Rules by which these indicators alone have a weight."""
    with story.world.database.transaction() as session:
        content = json.loads(json.dumps(rule_sets.standing(session, story.term.contract, story.term.quarter.first)))
        for one in content["indicators"]:
            one["weight"] = weights.get(one["code"], "0.00")
        assert rule_sets.wrong(content, content) == {}
        values = {"contract_id": story.term.contract.id, "version": 1, "name": "own", "reason": "x", "digest": ""}
        since, who = story.term.quarter.first, story.world.admin.id
        session.add(RuleSetVersion(**values, since=since, content=json.dumps(content), by_id=who, at=story.at))


@pytest.mark.parametrize(
    ("weight", "rest", "total", "grade", "k", "fee"),
    [
        ("90.00", "10.00", 90_00, "优", 100, 50),
        ("89.99", "10.01", 89_99, "良", 97, 49),  # 48.50 fen: the half goes up
        ("85.00", "15.00", 85_00, "良", 97, 49),
        ("84.99", "15.01", 84_99, "良-", 94, 47),
        ("75.00", "25.00", 75_00, "中", 90, 45),
        ("74.99", "25.01", 74_99, "合格", 80, 40),
        ("60.00", "40.00", 60_00, "合格", 80, 40),
        ("59.99", "40.01", 59_99, "不合格", 60, 30),
    ],
)
def test_bands_at_their_edges_and_the_fee(
    story: Story, weight: str, rest: str, total: int, grade: str, k: int, fee: int
) -> None:
    """A drill was held, all who were tested failed; of 50 fen."""
    put_in_force(story, {"T3": weight, "P4": rest})
    with story.world.database.transaction() as session:
        contract = session.get_one(Contract, story.term.contract.id)
        contracts.set_base(session, contract, 50, by=story.world.admin.id, at=clock.now(), channel="console")
    story.term.contract.quarterly_base_fen = 50
    write(story, "drills", due=10, done=10)
    write(story, "training", due=10, done=10, what="test", people=10, passed=0)
    story.count()
    content = story.view().content
    assert content is not None
    money = content["settlement"]
    assert (content["total"], money["grade"], money["k"], money["fee"]) == (total, grade, k, fee)
