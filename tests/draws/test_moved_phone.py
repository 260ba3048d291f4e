"""Who rated while unknown and bound later keeps what they earned, whoever holds their phone afterwards."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import CountedRating, Person, WeChatIdentity
from app.services.draws import duplicate_people
from app.services.privacy import wechat_erasure
from tests.draws.story import DURING, Given, Story, write_ratings


@pytest.fixture
def first(story: Story) -> Person:
    """They tapped unknown, then bound that phone, and so the rating counts."""
    story.people(10)
    story.announce()
    person = story.world.employ("30002", "甲")
    with story.database.transaction() as session:
        phone = WeChatIdentity(appid="wx", openid="moved", unionid="u1", first_seen_at=DURING)
        (rating,) = write_ratings(session, [Given(None, at=DURING, counts=False, identity=phone)])
        phone.person_id = person.id
        slot = {"completion_id": rating.completion_id, "rating_id": rating.id, "person_id": person.id}
        session.add(CountedRating(**slot, at=DURING))
    return person


def test_who_unbinds_before_the_list_is_written_stays_in_it(story: Story, first: Person) -> None:
    kept = story.receipt(first)
    assert kept
    hold(story, None)
    assert story.receipt(first) == kept
    assert story.commit()["entries"] == 11


def test_who_leaves_wechat_before_the_list_is_written_stays_in_it(story: Story, first: Person) -> None:
    kept = story.receipt(first)
    with story.database.transaction() as session:
        wechat_erasure.forget(session, phone_in(session), keys=("k" * 32,), at=DURING)
    assert story.receipt(first) == kept
    assert story.commit()["entries"] == 11


def test_who_binds_the_phone_afterwards_has_earned_nothing_by_it(story: Story, first: Person) -> None:
    second = story.world.employ("30003", "丙")
    story.commit()
    hold(story, second)
    assert story.receipt(second) is None
    assert story.receipt(first)


def test_a_unionid_joins_who_has_rated_with_the_phone(story: Story, first: Person) -> None:
    second = story.world.employ("30003", "丙")
    hold(story, second)
    with story.drawing() as (session, draw):
        assert duplicate_people.persons(session, draw, second.id) == [first.id, second.id]
        assert duplicate_people.doubles(session, draw) == {second.id: first.id}


def hold(story: Story, person: Person | None) -> None:
    """This person, or nobody, holds the phone from now on."""
    with story.database.transaction() as session:
        phone = phone_in(session)
        phone.person_id, phone.bound_at = (person.id, DURING) if person else (None, None)


def phone_in(session: Session) -> WeChatIdentity:
    return session.scalars(select(WeChatIdentity).where(WeChatIdentity.unionid == "u1")).one()
