"""Who is in a draw: everybody who rated, once, whatever they answered; and nobody who may not."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.models import CountedRating, Person, WeChatIdentity
from app.services.draws import commitment, eligibility, merkle_list
from app.services.draws import keys as secret
from app.services.draws.eligibility import OTHERS, merged
from app.services.privacy import wechat_erasure
from tests.draws.story import CLOSED, COMMITTED, DURING, OPENS, Given, Story, employ, write_ratings
from tests.support.world import ZONE

SECOND = timedelta(seconds=1)


@pytest.fixture
def draw(story: Story) -> None:
    story.people(3)
    story.announce()


@pytest.mark.usefixtures("draw")
def test_what_was_answered_changes_nothing(story: Story) -> None:
    receipts = [story.receipt(person) for person in story.raters]
    before, found = listed(story), excluded(story)
    for level in range(1, 6):
        story.without_triggers(f"UPDATE rating SET level = {level}")
        assert listed(story) == before
        assert excluded(story) == found
        assert [story.receipt(person) for person in story.raters] == receipts


@pytest.mark.usefixtures("draw")
def test_the_question_does_not_even_name_the_level(story: Story) -> None:
    asked: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    from sqlalchemy import event

    event.listen(story.database.engine, "before_cursor_execute", hear)
    listed(story)
    story.receipt(story.raters[0])
    assert any("counted_rating" in statement for statement in asked)
    assert not [statement for statement in asked if "level" in statement]


@pytest.mark.usefixtures("draw")
@pytest.mark.parametrize(
    ("at", "counts"), [(OPENS - SECOND, False), (OPENS, True), (CLOSED, True), (CLOSED + SECOND, False)]
)
def test_a_rating_counts_from_the_opening_to_the_close(story: Story, at: Any, counts: bool) -> None:
    person = story.raters[1]
    story.rate(person, at=at)
    assert tickets(story)[person.id] == 1 + counts
    receipt = story.receipt(person)
    assert receipt
    assert receipt.tickets == 1 + counts


@pytest.mark.usefixtures("draw")
def test_nobody_has_more_tickets_than_the_cap(story: Story) -> None:
    person = story.raters[0]
    for minute in range(5):
        story.rate(person, at=DURING + timedelta(hours=1, minutes=minute))
    receipt = story.receipt(person)
    assert receipt
    assert (tickets(story)[person.id], receipt.tickets) == (3, 3)
    assert receipt.at == "2026-11-02T11:00:00+08:00"  # of the third, whatever came after


@pytest.mark.usefixtures("draw")
@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"counts": False}, None),
        ({"rateable": False}, None),
        ({"source": "paper"}, "由他人代录的评价（条）"),
        ({"source": "console"}, "由他人代录的评价（条）"),
    ],
)
def test_a_rating_that_does_not_count_earns_nothing(story: Story, how: dict[str, Any], reason: str | None) -> None:
    newcomer = story.world.employ("30001", "新人")
    story.rate(newcomer, **how)
    assert newcomer.id not in tickets(story)
    assert story.receipt(newcomer) is None
    assert excluded(story) == ([{"reason": reason, "count": 1}] if reason else [])


@pytest.mark.usefixtures("draw")
def test_an_unverified_rating_is_out_even_where_everybody_is_trusted(story: Story) -> None:
    before = tickets(story)
    story.rate(None, counts=True)
    assert tickets(story) == before
    assert excluded(story) == [{"reason": "未核验身份的评价（条）", "count": 1}]


@pytest.mark.usefixtures("draw")
@pytest.mark.parametrize(
    ("since", "until", "out"),
    [
        (date(2026, 12, 31), None, True),
        (date(2020, 1, 1), date(2026, 10, 1), True),
        (date(2020, 1, 1), date(2026, 9, 30), False),
        (date(2027, 1, 1), None, False),
    ],
)
def test_provider_staff_of_any_day_of_the_period_are_out(story: Story, since: date, until: date, out: bool) -> None:
    person = story.raters[0]
    employ(story, person, since, until)
    assert (person.id not in tickets(story)) is out
    assert (story.receipt(person) is None) is out
    assert excluded(story) == ([{"reason": "服务商人员（人）", "count": 1}] if out else [])


@pytest.mark.usefixtures("draw")
def test_the_committee_is_out(story: Story) -> None:
    story.rate(story.world.supervisor)
    assert story.world.supervisor.id not in tickets(story)
    assert story.receipt(story.world.supervisor) is None
    assert excluded(story) == [{"reason": "抽奖监督小组成员（人）", "count": 1}]


@pytest.mark.usefixtures("draw")
@pytest.mark.parametrize(("late", "counts"), [(timedelta(), True), (SECOND, False)])
def test_who_binds_after_rating_is_in_if_he_did_by_the_close(story: Story, late: timedelta, counts: bool) -> None:
    person = story.world.employ("30002", "后绑定")
    with story.database.transaction() as session:
        session.add(WeChatIdentity(appid="wx", openid="late", first_seen_at=DURING))
    with story.database.transaction() as session:
        identity = session.scalars(select(WeChatIdentity).where(WeChatIdentity.openid == "late")).one()
        at = CLOSED - timedelta(days=1)
        (rating,) = write_ratings(session, [Given(None, at, counts=False, identity=identity)])
        identity.person_id = person.id
        late_slot = {"completion_id": rating.completion_id, "rating_id": rating.id, "person_id": person.id}
        session.add(CountedRating(**late_slot, at=CLOSED + late))
    assert (person.id in tickets(story)) is counts
    assert excluded(story) == ([] if counts else [{"reason": "未核验身份的评价（条）", "count": 1}])


@pytest.mark.usefixtures("draw")
def test_two_phones_of_one_person_are_one_entry(story: Story) -> None:
    person = story.raters[1]
    with story.database.transaction() as session:
        second = WeChatIdentity(appid="another", openid="second", person_id=person.id, first_seen_at=DURING)
        write_ratings(session, [Given(person, at=DURING, identity=second)])
    assert tickets(story)[person.id] == 2


@pytest.mark.usefixtures("draw")
def test_who_has_left_wechat_keeps_his_entry(story: Story) -> None:
    before = listed(story)
    with story.database.transaction() as session:
        query = select(WeChatIdentity).where(WeChatIdentity.person_id == story.raters[0].id)
        wechat_erasure.forget(session, session.scalars(query).one(), keys=("k" * 32,), at=DURING)
    assert listed(story) == before


def test_departments_with_few_people_are_one_line(story: Story) -> None:
    story.people(7)
    story.people(4, department=story.world.pharmacy)
    story.announce()
    assert story.commit()["by_department"] == [{"department": OTHERS, "entries": 11}]
    assert merged({"a": 4, "b": 9, "c": 3}) == [
        {"department": "b", "entries": 9},
        {"department": OTHERS, "entries": 7},
    ]
    assert merged({"a": 5, OTHERS: 6}) == [{"department": "a", "entries": 5}, {"department": OTHERS, "entries": 6}]
    assert merged({}) == []


def listed(story: Story) -> bytes:
    with story.drawing() as (session, draw):
        return bytes(commitment.prepare(session, draw, zone=ZONE, at=COMMITTED).leaves.data)


def excluded(story: Story) -> list[dict[str, Any]]:
    with story.drawing() as (session, draw):
        return commitment.prepare(session, draw, zone=ZONE, at=COMMITTED).excluded


def tickets(story: Story) -> dict[int, int]:
    """By person, out of the list itself."""
    found = merkle_list.Leaves(listed(story), [])
    with story.drawing() as (session, draw):
        keys = secret.load(session, draw)
        persons = session.scalars(select(Person.id)).all()
        places = {person: found.find(keys.entry(draw, person)) for person in persons}
        assert eligibility.raters(session, draw)
    return {
        person: int.from_bytes(found.leaf(place)[32:], "big") for person, place in places.items() if place is not None
    }
