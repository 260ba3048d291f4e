"""A rating the hospital excludes leaves the score and, in time, the draw; it stays, and so does who decided."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app import clock
from app.errors import Missing, Refused
from app.models import Event, Rating, RatingExclusion
from app.services.draws import eligibility
from app.services.ratings import exclusions, search
from app.services.ratings.search import Figure, RatingFilter
from tests.conftest import Console
from tests.console.conftest import Rate, rate  # noqa: F401 a fixture
from tests.draws.story import CLOSED, DURING, Story
from tests.support.console_forms import offers, send
from tests.support.world import ZONE, World

SECOND = timedelta(seconds=1)


def test_in_time_it_earns_no_ticket_and_is_counted_by_reason(story: Story) -> None:
    first, second = story.people(2)
    story.announce()
    exclude(story, second.id, at=CLOSED)
    exclude(story, first.id, at=DURING)
    assert listed(story) == {first.id: 1}
    assert excluded(story) == {eligibility.REASONS["excluded"]: 2}
    assert story.receipt(second) is None


def test_after_the_close_it_changes_no_list_and_no_receipt_and_the_winner_is_found(
    story: Story, tmp_path: Path
) -> None:
    first, second = story.people(2)
    story.announce()
    receipt = story.receipt(second)
    for one in (first, second):
        exclude(story, one.id, at=CLOSED + SECOND)
    assert listed(story) == {first.id: 2, second.id: 1}
    assert excluded(story) == {}
    assert story.receipt(second) == receipt
    story.commit()
    story.type_numbers()
    for tier in story.run()["tiers"]:
        for winner in tier["winners"]:
            story.claim(winner)
    assert story.publish(tmp_path / "draw")[-1].holds


@pytest.mark.parametrize("who", ["nurse", "engineer", "desk", "auditor"])
def test_only_supervisor_and_admin_decide(story: Story, who: str) -> None:
    [person] = story.people(1)
    assert refusal(story, person.id, by=getattr(story.world, who).id).code == "not_a_supervisor"
    for allowed in (story.world.supervisor, story.world.admin):
        exclude(story, story.people(1)[0].id, by=allowed.id)


@pytest.mark.parametrize(("reason", "note"), [("", "x"), ("low", "x"), ("mistaken", "  "), ("mistaken", "长" * 501)])
def test_without_reason_and_ground_nothing_is_excluded(story: Story, reason: str, note: str) -> None:
    [person] = story.people(1)
    assert refusal(story, person.id, reason=reason, note=note).code == "exclusion_unfounded"


def test_once_and_of_a_rating_there_is(story: Story) -> None:
    [person] = story.people(1)
    exclude(story, person.id)
    with pytest.raises(Refused, match="excluded_before"):
        exclude(story, person.id)
    with pytest.raises(Missing), story.database.transaction() as session:
        decide(session, 999_999, story)


def test_it_is_an_event_of_the_ticket_without_the_words(story: Story) -> None:
    [person] = story.people(1)
    exclude(story, person.id, note="本人来电说点错了")
    with story.database.reading() as session:
        kept = session.scalars(select(RatingExclusion)).one()
        event = session.scalars(select(Event).where(Event.kind == "rating_excluded")).one()
    assert (kept.reason, kept.note, kept.by_id) == ("mistaken", "本人来电说点错了", story.world.supervisor.id)
    assert event.data == {"rating": kept.rating_id, "reason": "mistaken"}
    assert event.actor_id == story.world.supervisor.id


def test_the_console_excludes_and_prints_both_figures(world: World, console: Console, rate: Rate) -> None:  # noqa: F811
    kept, wrong = (world.ticket("finished") for _ in range(2))
    rate(kept, 5)
    rating = rate(wrong, 1)
    supervisor, page = console(world.supervisor), f"/console/ratings/{rating}/exclude"
    assert page in supervisor.get("/console/ratings").text
    answer = send(supervisor, page, page, reason="mistaken", note="  ")
    assert (answer.status_code, "请选一个原因" in answer.text) == (422, True)
    assert send(supervisor, page, page, reason="mistaken", note="本人说点错了").status_code == 303
    shown = supervisor.get("/console/ratings?show=excluded").text
    for words in ("50.00%", "1 ÷ 2 条", "100.00%", "1 ÷ 1 条", "排除了 1 条", "本人说点错了", world.supervisor.name):
        assert words in shown
    assert not offers(supervisor, page, page)
    with world.database.reading() as session:
        assert search.figure(session, RatingFilter()) == Figure(1, 2, 0, 1)


def test_the_provider_and_the_auditor_cannot_exclude_at_the_console(
    world: World,
    console: Console,
    rate: Rate,  # noqa: F811
) -> None:
    rating = rate(world.ticket("finished"), 1)
    page = f"/console/ratings/{rating}/exclude"
    assert console(world.desk).get(page).status_code == 403
    assert not offers(console(world.auditor), page, page)
    assert page not in console(world.auditor).get("/console/ratings").text


def exclude(story: Story, person_id: int, **how: Any) -> None:
    """The first rating of this person."""
    with story.database.transaction() as session:
        query = select(Rating.id).where(Rating.person_id == person_id).order_by(Rating.id).limit(1)
        decide(session, session.scalars(query).one(), story, **how)


def decide(session: Any, rating_id: int, story: Story, **how: Any) -> None:
    told = {"reason": "mistaken", "note": "点错了", "by": story.world.supervisor.id, "at": clock.now(), **how}
    exclusions.exclude(session, rating_id, channel="test", **told)


def refusal(story: Story, person_id: int, **how: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        exclude(story, person_id, **how)
    return raised.value


def listed(story: Story) -> dict[int, int]:
    with story.drawing() as (session, draw):
        found = eligibility.find(session, draw, cap=3, zone=ZONE).people
    return dict(zip(found.ids.tolist(), found.tickets.tolist(), strict=True))


def excluded(story: Story) -> dict[str, int]:
    with story.drawing() as (session, draw):
        return {line["reason"]: line["count"] for line in eligibility.find(session, draw, cap=3, zone=ZONE).excluded}
