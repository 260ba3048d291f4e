"""Praise in the bonus: approved, of a rating that counts, by somebody the hospital knows; signed or not."""

from datetime import timedelta

from sqlalchemy import select

from app.models import CountedRating, RatingDetail, RatingExclusion
from app.services.ratings import praise
from tests.sheets.conftest import Story
from tests.support.world import World


def test_approved_praise_earns_a_fifth_each_up_to_one_point_whether_signed_or_not(story: Story, world: World) -> None:
    ratings = [praised(story, world, signed=number % 2 == 0) for number in range(7)]
    assert bonus(story) == (7, 100)
    with world.database.transaction() as session:
        why = {"reason": "mistaken", "note": "点错", "by_id": world.supervisor.id, "at": story.at}
        session.add_all(RatingExclusion(rating_id=rating, **why) for rating in ratings[:3])
    assert bonus(story) == (4, 80)


def test_praise_nobody_is_known_to_have_given_earns_nothing(story: Story, world: World) -> None:
    praised(story, world)
    praised(story, world, approve=False)
    stranger = story.finish()
    story.rate(stranger, 5, world.stranger_identity, after=timedelta(hours=2))
    told(story, world, stranger)
    with world.database.reading() as session:
        query = select(CountedRating.person_id).where(CountedRating.completion_id == stranger)
        assert session.execute(query).one() == (None,)
    assert bonus(story) == (1, 20)


def praised(story: Story, world: World, **how: bool) -> int:
    completion = story.finish()
    story.rate(completion, 5, world.nurse_identity, after=timedelta(hours=2))
    return told(story, world, completion, **how)


def told(story: Story, world: World, completion: int, *, signed: bool = False, approve: bool = True) -> int:
    said = {"reasons": {}, "quality": {}, "faces": {}, "pressed": False, "at": story.at}
    with world.database.transaction() as session:
        rating = session.scalars(select(CountedRating.rating_id).where(CountedRating.completion_id == completion)).one()
        session.add(RatingDetail(rating_id=rating, comment="快", praise="asked", signed=signed, **said))
        session.flush()
        praise.decide(session, rating, approve=approve, by=world.supervisor.id, at=story.at, channel="console")
    return rating


def bonus(story: Story) -> tuple[int, int]:
    story.count()
    content = story.view().content
    assert content is not None
    return content["bonus"]["praises"], content["bonus"]["praise"]
