"""A WeChat user who is bound to two staff numbers is one person: one entry, one receipt, one claim."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app.models import Person, WeChatIdentity
from app.services.draws import claims, duplicate_people, eligibility, public_page
from app.services.draws.receipts import Receipt
from tests.draws.story import ANNOUNCED, CLOSED, Story, employ
from tests.support.world import ZONE


@pytest.fixture
def draw(story: Story) -> None:
    story.people(4)
    story.announce()


@pytest.mark.usefixtures("draw")
def test_two_numbers_of_one_user_are_one_entry_with_the_tickets_of_both(story: Story) -> None:
    first, second, third, fourth = story.raters
    before = listed(story)
    assert before == {first.id: 2, second.id: 1, third.id: 1, fourth.id: 2}
    share(story, "u1", first, fourth)
    assert listed(story) == {first.id: 3, second.id: 1, third.id: 1}  # four ratings, the cap is three
    receipts = [story.receipt(person) for person in (first, fourth)]
    assert receipts[0] == receipts[1]
    assert told(receipts[0]).tickets == 3
    assert sum(departments(story).values()) == 3


@pytest.mark.usefixtures("draw")
def test_who_shares_with_one_who_shares_is_the_same_person(story: Story) -> None:
    first, second, third, fourth = story.raters
    share(story, "u1", third, fourth)
    share(story, "u2", second, fourth, appid="mini")
    assert listed(story) == {first.id: 2, second.id: 3}
    with story.drawing() as (session, drawn):
        assert duplicate_people.doubles(session, drawn) == {third.id: second.id, fourth.id: second.id}
        for one in (second, third, fourth):
            assert duplicate_people.persons(session, drawn, one.id) == [second.id, third.id, fourth.id]
        assert duplicate_people.persons(session, drawn, first.id) == [first.id]


@pytest.mark.usefixtures("draw")
def test_a_unionid_of_one_person_alone_joins_nobody(story: Story) -> None:
    before = listed(story)
    share(story, "u1", story.raters[0])
    share(story, "u1", story.raters[0], appid="mini")
    assert listed(story) == before


@pytest.mark.usefixtures("draw")
def test_who_binds_after_the_close_changes_no_list_and_no_receipt(story: Story) -> None:
    first, fourth = story.raters[0], story.raters[3]
    before, receipt = listed(story), story.receipt(fourth)
    share(story, "u1", first, fourth, late=True)
    assert listed(story) == before
    assert story.receipt(fourth) == receipt


@pytest.mark.usefixtures("draw")
@pytest.mark.parametrize("barred", [0, 3])
def test_who_may_not_take_part_by_one_number_may_not_by_the_other(story: Story, barred: int) -> None:
    first, fourth = story.raters[0], story.raters[3]
    share(story, "u1", first, fourth)
    employ(story, story.raters[barred], date(2026, 11, 1), None)
    assert set(listed(story)) == {person.id for person in story.raters[1:3]}
    assert story.receipt(first) is None
    assert story.receipt(fourth) is None


def test_a_prize_is_claimed_by_whichever_number_even_if_the_lower_never_rated(story: Story, tmp_path: Path) -> None:
    with story.database.transaction() as session:
        lower = Person(staff_number="100001", name="两个工号")
        session.add(lower)
    story.people(2)
    for rater in story.raters[1:]:
        share(story, f"u{rater.id}", rater)
    share(story, "u1", lower, story.raters[0])
    story.announce()
    story.commit()
    story.type_numbers()
    story.run()
    with story.drawing() as (session, drawn):
        codes = {claims.claim_code(session, drawn, one.id) for one in (lower, story.raters[0])}
        places = {public_page.place_of(session, drawn, one.id) for one in (lower, story.raters[0])}
        prizes = [public_page.prizes_of(session, one.id) for one in (lower, story.raters[0])]
        assert public_page.place_of(session, drawn, story.raters[1].id) not in places
    assert None not in codes
    assert len(codes) == len(places) == 1
    assert [len(won) for won in prizes] == [1, 1]
    assert story.publish(tmp_path / "draw")[-1].holds


@pytest.mark.usefixtures("draw")
def test_a_unionid_learned_after_the_list_joins_nobody(story: Story) -> None:
    """Bound before the close, told by WeChat after the commit: the list is written, and so is who is who."""
    first, fourth = story.raters[0], story.raters[3]
    story.commit()
    before = [story.receipt(person) for person in (first, fourth)]
    share(story, "u1", first, fourth)
    assert [story.receipt(person) for person in (first, fourth)] == before
    with story.drawing() as (session, drawn):
        assert duplicate_people.doubles(session, drawn) == {}
        assert duplicate_people.persons(session, drawn, fourth.id) == [fourth.id]


@pytest.mark.usefixtures("draw")
def test_who_was_one_person_in_the_list_stays_one_when_his_phones_are_unbound(story: Story) -> None:
    first, fourth = story.raters[0], story.raters[3]
    share(story, "u1", first, fourth)
    story.commit()
    before = [story.receipt(person) for person in (first, fourth)]
    unbind(story, "u1")
    assert [story.receipt(person) for person in (first, fourth)] == before
    assert before[0] == before[1]
    with story.drawing() as (session, drawn):
        assert duplicate_people.persons(session, drawn, first.id) == [first.id, fourth.id]
        assert duplicate_people.doubles(session, drawn) == {fourth.id: first.id}


@pytest.mark.usefixtures("draw")
def test_a_phone_unbound_before_the_list_does_not_make_two_of_one(story: Story) -> None:
    """The ratings were given by it: they say whose it is."""
    second, third = story.raters[1], story.raters[2]
    with story.database.transaction() as session:
        session.execute(
            update(WeChatIdentity).where(WeChatIdentity.person_id.in_([second.id, third.id])).values(unionid="u1")
        )
        session.execute(update(WeChatIdentity).where(WeChatIdentity.person_id == third.id).values(person_id=None))
    assert listed(story) == {story.raters[0].id: 2, second.id: 2, story.raters[3].id: 2}
    assert story.receipt(third) == story.receipt(second)


def share(story: Story, unionid: str, *persons: Person, appid: str = "", late: bool = False) -> None:
    """One WeChat user, as accounts of the hospital see them, bound to each of these."""
    bound = CLOSED + timedelta(hours=1) if late else ANNOUNCED
    with story.database.transaction() as session:
        session.add_all(
            WeChatIdentity(
                appid=appid or f"wx{person.id}",
                openid=f"{unionid}-{person.id}-{appid}",
                unionid=unionid,
                person_id=person.id,
                bound_at=bound,
                first_seen_at=bound,
            )
            for person in persons
        )


def unbind(story: Story, unionid: str) -> None:
    with story.database.transaction() as session:
        unbound = update(WeChatIdentity).where(WeChatIdentity.unionid == unionid)
        session.execute(unbound.values(person_id=None, bound_at=None))


def listed(story: Story) -> dict[int, int]:
    with story.drawing() as (session, draw):
        found = eligibility.find(session, draw, cap=3, zone=ZONE).people
    return dict(zip(found.ids.tolist(), found.tickets.tolist(), strict=True))


def departments(story: Story) -> dict[str, int]:
    with story.drawing() as (session, draw):
        return eligibility.find(session, draw, cap=3, zone=ZONE).departments


def told(receipt: Receipt | None) -> Receipt:
    assert receipt
    return receipt
