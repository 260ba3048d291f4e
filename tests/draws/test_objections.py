"""Objections: a signed receipt that is missing from the list makes the next version, and nothing else does."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app.errors import Refused
from app.models import Person
from app.services.draws import objections
from app.services.draws.receipts import Receipt
from tests.draws.story import COMMITTED, OBJECTED, Story, employ
from tests.world import ZONE

SECOND = timedelta(seconds=1)


@pytest.fixture
def missing(story: Story) -> Person:
    """Somebody with a receipt whom the roster made one of the provider's, by mistake, when the list was taken."""
    story.people(10)
    story.announce()
    return story.raters[3]


@pytest.fixture
def receipt(story: Story, missing: Person) -> Receipt:
    receipt = story.receipt(missing)
    assert receipt
    employ(story, missing, COMMITTED.date() - timedelta(days=30), None)
    story.commit()
    story.without_triggers("DELETE FROM employment WHERE provider_id IS NOT NULL AND person_id = " + str(missing.id))
    return receipt


def test_who_is_missing_stands_in_the_next_version(
    story: Story, missing: Person, receipt: Receipt, tmp_path: Path
) -> None:
    number = object_(story, receipt, by=missing)
    with pytest.raises(Refused, match="objections_open"):
        story.run()
    decide(story, number, upheld=True)
    commit = story.commit(at=OBJECTED)
    assert (commit["version"], commit["entries"]) == (2, 10)
    assert sum(line["entries"] for line in commit["by_department"]) == 10
    story.type_numbers()
    assert story.run()["commit_version"] == 2
    assert story.publish(tmp_path / "draw")[-1].holds


def test_tickets_that_are_missing_are_given(story: Story, tmp_path: Path) -> None:
    story.people(10)
    story.announce()
    person = story.raters[0]
    receipt = story.receipt(person)
    assert receipt
    assert receipt.tickets == 2
    lost = f"SELECT max(rating_id) FROM rating WHERE person_id = {person.id}".replace("rating_id", "id")
    story.without_triggers(f"DELETE FROM counted_rating WHERE rating_id = ({lost})")
    before = story.commit()
    decide(story, object_(story, receipt, by=person), upheld=True)
    after = story.commit(at=OBJECTED)
    assert (after["entries"], after["tickets"]) == (before["entries"], before["tickets"] + 1)
    assert after["by_department"] == before["by_department"]
    assert story.publish(tmp_path / "draw")[-1].holds


def test_who_is_in_the_list_has_nothing_to_object(story: Story) -> None:
    story.people(10)
    story.announce()
    story.commit()
    receipt = story.receipt(story.raters[0])
    assert receipt
    refused = refusal(story, receipt)
    assert refused.code == "nothing_missing"


@pytest.mark.parametrize(
    "change",
    [{"tickets": 3}, {"entry": "0" * 64}, {"entry": "É"}, {"receipt_at": "2026-01-01"}, {"sig": "00"}, {"sig": "x"}],
)
def test_a_receipt_we_never_signed_is_refused(story: Story, receipt: Receipt, change: dict[str, Any]) -> None:
    assert refusal(story, receipt, **change).code == "receipt_not_ours"


def test_an_objection_is_taken_in_once_and_decided_once(story: Story, missing: Person, receipt: Receipt) -> None:
    number = object_(story, receipt, by=missing)
    assert refusal(story, receipt).code == "objected_before"
    decide(story, number, upheld=False)
    with pytest.raises(Refused, match="objection_decided"):
        decide(story, number, upheld=True)
    with pytest.raises(Refused, match="written_before"):
        story.commit(at=OBJECTED)


def test_a_barred_person_is_not_let_in(story: Story, missing: Person, receipt: Receipt) -> None:
    number = object_(story, receipt, by=missing)
    employ(story, missing, COMMITTED.date() - timedelta(days=30), None)
    with pytest.raises(Refused, match="objector_barred"):
        decide(story, number, upheld=True)


@pytest.mark.parametrize("at", ["2027-01-03T12:00:01+08:00"])
def test_after_the_time_for_objections_none_is_taken(story: Story, receipt: Receipt, at: str) -> None:
    from datetime import datetime

    late = datetime.fromisoformat(at)
    assert refusal(story, receipt, at=late).code == "objections_over"
    object_(story, receipt, at=late - SECOND)


def object_(story: Story, receipt: Receipt, **changes: Any) -> int:
    by = changes.pop("by", None)
    told = {"entry": receipt.entry, "tickets": receipt.tickets, "receipt_at": receipt.at, "sig": receipt.sig}
    how: dict[str, Any] = {**told, "by": by.id if by else None, "at": OBJECTED - SECOND, **changes}
    with story.drawing() as (session, draw):
        return objections.object_(session, draw, **how)


def refusal(story: Story, receipt: Receipt, **changes: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        object_(story, receipt, **changes)
    return raised.value


def decide(story: Story, number: int, *, upheld: bool) -> None:
    with story.drawing() as (session, draw):
        objections.decide(
            session, draw, number, upheld=upheld, reason="", by=story.world.supervisor.id, at=OBJECTED, zone=ZONE
        )
