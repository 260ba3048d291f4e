"""A page that shows a few rows of each kind goes through the newest alone, however much somebody has behind them."""

from dataclasses import replace
from datetime import timedelta

from app import clock
from app.services.privacy import personal_data
from app.services.privacy.data.subject import Subject
from tests.support.world import World


def test_the_newest_are_shown_and_counting_ends(world: World) -> None:
    at = clock.now() - timedelta(days=1)
    tickets = [world.ticket("finished", reported_at=at + timedelta(hours=n)) for n in range(4)]
    world.rated(tickets[-1])
    for person in (world.nurse, world.engineer):
        with world.database.reading() as session:
            subject = Subject.of_person(session, person.id)
            every = {group.code: group for group in personal_data.groups(session, subject)}
            few = {group.code: group for group in personal_data.groups(session, replace(subject, last=3), most=2)}
        assert few.keys() == every.keys()
        hers = "tickets" if person is world.nurse else "work"
        assert (every[hers].count, every[hers].at_least) == (4, False)
        assert (few[hers].count, few[hers].at_least) == (3, True)
        assert list(few[hers].rows) == list(every[hers].rows[:2])
        assert list(few["acts"].rows) == list(every["acts"].rows[:2])
        assert few["acts"].at_least
        assert not few["person"].at_least
