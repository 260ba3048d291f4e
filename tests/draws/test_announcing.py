"""An announcement is checked before it is locked; each refusal says which rule."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.errors import Refused
from app.models import Draw, DrawSecret, Event
from app.services.draws import announcement, keys, public_page
from lottery import rule
from tests.draws.story import ANNOUNCED, CLOSED, DRAW_ID, Fields, Story, draft
from tests.support.world import ZONE

QUARTER = timedelta(days=92)
Change = Callable[[Fields], object]


def test_an_announcement_is_locked_with_its_keys(story: Story) -> None:
    story.announce()
    with story.drawing() as (session, draw):
        told = public_page.page(session, draw, at=ANNOUNCED).announcement
        kept = session.scalars(select(DrawSecret)).one()
        assert told["key_commitment"] == rule.key_commitment(kept.key).hex()
        assert kept.key.hex() not in repr(public_page.page(session, draw, at=ANNOUNCED))
        assert draw.pid_prefix == "h001:emp:"
    assert list(told) == list(draft_order(told))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: told["sources"].pop(0), "sources carry 60 bits"),
        (lambda told: told.update(sources=[{**told["sources"][0], "id": "cn-3d"}]), "sources are known"),
        (lambda told: told["tiers"][0].update(value_fen=50_000_01), "no prize above 50,000 yuan"),
        (lambda told: told["tiers"][0].update(count=0), "every tier has a count"),
        (lambda told: told["tiers"].clear(), "there is a prize"),
        (lambda told: told.update(objections_until="2027-01-03T21:25:01+08:00"), "24 hours before the first source"),
        (lambda told: told.update(opens="2027-01-01T00:00:00+08:00"), "in this order"),
        (lambda told: told.update(claim_until="2027-01-04T21:00:00+08:00"), "claims end after the last source"),
        (lambda told: told.update(cap=0), "cap from 1"),
        (lambda told: told.update(draw_id="Q4"), "form"),
        (lambda told: told.update(bonus="x"), "form"),
        (lambda told: told.pop("tax"), "form"),
        (lambda told: told.update(closes="2026-12-31 18:00"), "form"),
    ],
)
def test_a_wrong_announcement_is_refused_with_the_rule(story: Story, change: Change, said: str) -> None:
    told = draft()
    change(told)
    refused = refusal(story, told)
    assert refused.code == "announcement_wrong"
    assert said in str(refused.facts["check"])


def test_one_lottery_with_sixty_bits_is_enough(story: Story) -> None:
    story.announce(sources=[draft()["sources"][0]])


@pytest.mark.parametrize("issue", ["2020004", "20004", "2025366", "2028001"])
@pytest.mark.parametrize("key", ["sources", "redraw_sources"])
def test_an_issue_that_was_drawn_long_ago_is_no_source(story: Story, key: str, issue: str) -> None:
    told = draft()
    told[key][0].update(issue=issue)
    refused = refusal(story, told)
    assert (refused.code, refused.facts) == ("issue_of_another_year", {"issue": issue})


@pytest.mark.parametrize("issue", ["2027001", "27001", "2026358"])
def test_around_new_year_an_issue_may_be_of_either_year(story: Story, issue: str) -> None:
    told = draft()
    told["sources"][0].update(issue=issue)
    announce(story, told)


@pytest.mark.parametrize(
    ("key", "moment", "code"),
    [
        ("commit_by", "2026-12-31T19:00:00+08:00", "commit_by_early"),
        ("objections_until", "2027-01-02T12:00:00+08:00", "objections_short"),
        ("claim_until", "2027-01-05T21:30:00+08:00", "claims_short"),
    ],
)
def test_there_is_time_to_lock_to_object_and_to_claim(story: Story, key: str, moment: str, code: str) -> None:
    second_before = (datetime.fromisoformat(moment) - timedelta(seconds=1)).isoformat()
    assert refusal(story, {**draft(), key: second_before}).code == code
    announce(story, {**draft(), key: moment})


@pytest.mark.parametrize("key", ["scheme", "key_commitment", "operator_key"])
def test_a_draft_does_not_choose_the_keys(story: Story, key: str) -> None:
    assert refusal(story, {**draft(), key: "0" * 64}).code == "draft_says_ours"


def test_the_last_seven_days_are_too_late(story: Story) -> None:
    last = CLOSED - timedelta(days=7)
    refused = refusal(story, draft(), at=last + timedelta(seconds=1))
    assert (refused.code, refused.facts) == ("announced_late", {"until": "2026-12-24 18:00"})
    announce(story, draft(), at=last)


def test_an_id_is_used_once(story: Story) -> None:
    story.announce()
    assert refusal(story, draft()).code == "draw_id_taken"


def test_only_an_admin_announces(story: Story) -> None:
    assert refusal(story, draft(), by=story.world.supervisor.id).code == "not_the_admin"


def test_the_committee_is_of_the_hospital(story: Story) -> None:
    assert refusal(story, draft(), committee=[]).code == "no_committee"
    assert refusal(story, draft(), committee=[story.world.engineer.id]).code == "provider_in_committee"
    assert refusal(story, draft(), committee=[4711]).code == "no_such_person"


def test_the_committee_is_small_and_can_do_its_work(story: Story) -> None:
    many = [story.world.employ(f"3{n:05d}", f"监督{n}", "supervisor").id for n in range(10)]
    refused = refusal(story, draft(), committee=many)
    assert (refused.code, refused.facts) == ("committee_too_large", {"most": 9})
    assert refusal(story, draft(), committee=[many[0], story.world.nurse.id]).code == "committee_without_role"
    announce(story, draft(), committee=[*many[:9], many[0]])


def test_a_rating_takes_part_in_one_draw(story: Story) -> None:
    story.announce()
    begins = CLOSED.isoformat()
    refused = refusal(story, {**later(), "opens": begins})
    assert (refused.code, refused.facts) == ("period_taken", {"draw_id": DRAW_ID})
    announce(story, {**later(), "opens": (CLOSED + timedelta(seconds=1)).isoformat()}, at=ANNOUNCED + QUARTER)


def test_the_key_of_one_draw_serves_no_other(story: Story) -> None:
    made = keys.make()
    announce(story, draft(), secret=made)
    assert refusal(story, later(), secret=made).code == "page_expired"


def later() -> Fields:
    """The quarter after it."""
    return draft(QUARTER, draw_id="h001-2027q1")


def announce(story: Story, told: Fields, **changes: Any) -> None:
    world = story.world
    how: dict[str, Any] = {"committee": [world.supervisor.id], "by": world.admin.id, "at": ANNOUNCED, **changes}
    by, at = how.pop("by"), how.pop("at")
    with story.database.transaction() as session:
        announcement.announce(session, announcement.Draft(told, **how), tenant="h001", zone=ZONE, by=by, at=at)


def refusal(story: Story, told: Fields, **changes: Any) -> Refused:
    """Nothing is left behind by what is refused."""
    with story.database.reading() as session:
        before = len(session.scalars(select(Draw.id)).all())
    with pytest.raises(Refused) as raised:
        announce(story, told, **changes)
    with story.database.reading() as session:
        assert len(session.scalars(select(Draw.id)).all()) == before
        assert len(session.scalars(select(Event.id).where(Event.subject == "draw")).all()) == before
    return raised.value


def draft_order(told: Fields) -> list[str]:
    from lottery.files import ANNOUNCEMENT

    assert told["draw_id"] == DRAW_ID
    return list(ANNOUNCEMENT)
