"""Objections: a signed receipt that is missing from the list makes the next version, and nothing else does."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app.errors import Refused
from app.jobs import draws as jobs
from app.models import DrawObjection, Person, Rating, RatingExclusion
from app.runtime import Runtime
from app.services.draws import objections, published_files
from app.services.draws.receipts import Receipt
from tests.draws.story import COMMITTED, DRAW_ID, DRAWN, DURING, OBJECTED, Story, employ
from tests.draws.test_unionids import share
from tests.support.world import ZONE

SECOND = timedelta(seconds=1)
UNTIL = datetime(2027, 1, 3, 12, tzinfo=ZONE)


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
    person = story.raters[1]
    before = story.commit()
    story.rate(person)  # came to light when the list was written
    receipt = story.receipt(person)
    assert receipt
    assert receipt.tickets == 2
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
    employ(story, missing, COMMITTED.date() - timedelta(days=30), None)
    decide(story, number, upheld=False)
    with pytest.raises(Refused, match="objection_decided"):
        decide(story, number, upheld=True)
    with pytest.raises(Refused, match="written_before"):
        story.commit(at=OBJECTED)


def test_an_objection_our_own_records_find_right_cannot_be_refused(
    story: Story, missing: Person, receipt: Receipt
) -> None:
    number = object_(story, receipt, by=missing)
    with pytest.raises(Refused, match="objection_right"):
        decide(story, number, upheld=False)
    decide(story, number, upheld=True)
    assert story.commit(at=OBJECTED)["version"] == 2


def test_an_older_receipt_brings_all_he_has_earned(story: Story) -> None:
    story.people(10)
    story.announce()
    before = story.commit()
    late = story.world.employ("30001", "晚到")
    story.rate(late)
    old = story.receipt(late)
    story.rate(late)
    assert old
    decide(story, object_(story, old, by=late), upheld=True)
    after = story.commit(at=OBJECTED)
    assert (after["entries"], after["tickets"]) == (before["entries"] + 1, before["tickets"] + 2)


def test_a_barred_person_is_not_let_in(story: Story, missing: Person, receipt: Receipt) -> None:
    number = object_(story, receipt, by=missing)
    employ(story, missing, COMMITTED.date() - timedelta(days=30), None)
    with pytest.raises(Refused, match="objector_barred"):
        decide(story, number, upheld=True)


def test_ten_minutes_before_the_end_none_is_taken_and_none_decided(story: Story, receipt: Receipt) -> None:
    late = UNTIL - objections.MARGIN + SECOND
    assert refusal(story, receipt, at=late).code == "objections_over"
    number = object_(story, receipt, at=late - SECOND)
    for upheld in (True, False):
        with pytest.raises(Refused, match="objections_over"):
            decide(story, number, upheld=upheld, at=late)
    decide(story, number, upheld=True, at=late - SECOND)
    assert story.commit(at=UNTIL)["version"] == 2


def test_who_has_a_second_number_is_not_listed_twice(story: Story) -> None:
    """A receipt kept from the time before WeChat told that both are one user."""
    story.people(10)
    story.announce()
    first, second = story.raters[0], story.raters[1]
    kept = story.receipt(second)
    share(story, "u1", first, second)
    assert kept
    assert story.commit()["entries"] == 9
    assert fault(story, object_(story, kept)) == "objector_joined"


def test_a_rating_that_was_set_aside_does_not_come_back_by_its_old_receipt(story: Story) -> None:
    story.people(10)
    story.announce()
    one, two = story.raters[1], story.raters[0]
    kept = [story.receipt(person) for person in (one, two)]
    exclude(story, one, two)
    story.commit()
    for receipt, tickets in zip(kept, (0, 1), strict=True):
        assert receipt
        number = object_(story, receipt, by=one if tickets == 0 else two)
        assert fault(story, number) == "objection_unearned"
        verdict = verdict_of(story, number)
        assert (verdict.tickets, verdict.excluded) == (tickets, 1)


def test_of_a_receipt_for_two_the_one_that_still_counts_is_given(story: Story) -> None:
    story.people(10)
    story.announce()
    commit = story.commit()
    late = story.people(1)[0]
    receipt = story.receipt(late)
    assert receipt
    assert receipt.tickets == 2
    exclude(story, late)
    number = object_(story, receipt)
    decide(story, number, upheld=True)
    assert story.commit(at=OBJECTED)["tickets"] == commit["tickets"] + 1
    with story.drawing() as (session, draw):
        [objection] = objections.of_person(session, draw, late.id)
    assert (objection.tickets, objection.granted, objection.version) == (2, 1, 2)


def test_a_barred_person_is_known_when_somebody_else_brings_his_receipt(
    story: Story, missing: Person, receipt: Receipt
) -> None:
    number = object_(story, receipt)
    employ(story, missing, COMMITTED.date() - timedelta(days=30), None)
    assert fault(story, number) == "objector_barred"


def test_a_receipt_of_nobody_we_know_adds_nobody(story: Story, receipt: Receipt, missing: Person) -> None:
    number = object_(story, receipt)
    story.without_triggers(f"UPDATE counted_rating SET person_id = NULL WHERE person_id = {missing.id}")
    assert fault(story, number) == "objector_unknown"


def test_what_nobody_decided_is_settled_by_the_records_in_time_for_the_last_version(
    story: Story, runtime: Runtime, tmp_path: Path
) -> None:
    story.now_is(UNTIL - timedelta(minutes=5)).people(10)
    story.announce()
    story.commit()
    right, excluded = story.people(2)
    for person in (right, excluded):
        receipt = story.receipt(person)
        assert receipt
        object_(story, receipt, at=OBJECTED + story.shift)
    exclude(story, excluded)
    jobs.look_once(runtime)
    with story.drawing() as (session, draw):
        found = session.scalars(select(DrawObjection).order_by(DrawObjection.id)).all()
        assert published_files.fields(session, draw, "commit-2.json")["entries"] == 11
    assert [(one.state, one.reason, one.version) for one in found] == [
        ("upheld", "", 2),
        ("refused", "objection_unearned", None),
    ]
    assert {one.decided_by_id for one in found} == {None}
    assert story.publish(tmp_path / "draw")[-1].holds


def test_an_objection_nobody_looked_at_holds_no_result_up(story: Story, runtime: Runtime) -> None:
    story.now_is(DRAWN).people(10)
    story.announce()
    story.commit()
    receipt = story.receipt(story.people(1)[0])
    assert receipt
    object_(story, receipt, at=OBJECTED + story.shift)
    story.type_numbers()
    jobs.look_once(runtime)
    with story.drawing() as (session, draw):
        [objection] = session.scalars(select(DrawObjection)).all()
        assert published_files.winners_of(session, draw, 1)
    assert (objection.state, objection.reason) == ("refused", "objection_late")


def test_two_versions_do_not_bear_the_same_second(story: Story, missing: Person, receipt: Receipt) -> None:
    number = object_(story, receipt, by=missing, at=COMMITTED)
    decide(story, number, upheld=True, at=COMMITTED)
    with pytest.raises(Refused, match="version_too_soon"):
        story.commit(at=COMMITTED + SECOND * 0.9)
    assert story.commit(at=COMMITTED + SECOND)["version"] == 2


def test_nothing_is_published_from_damaged_roots_of_subtrees(story: Story, missing: Person, receipt: Receipt) -> None:
    decide(story, object_(story, receipt, by=missing), upheld=True)
    story.type_numbers()
    damaged = {"sqlite": "zeroblob(32)", "postgresql": "decode(repeat('00', 32), 'hex')"}
    story.without_triggers(f"UPDATE draw_tree SET blocks = {damaged[story.database.engine.dialect.name]}")
    with pytest.raises(Refused, match="file_altered"):
        story.commit(at=OBJECTED)
    with pytest.raises(Refused, match="file_altered"):
        story.run()


@pytest.mark.parametrize(
    ("moment", "said"), [(OBJECTED, "等下一版名单"), (DRAWN, "异议期内没有来得及公布新的名单，名单已不能再改。")]
)
def test_what_is_right_and_in_no_list_is_said_in_the_open(
    story: Story, client: FlaskClient, moment: datetime, said: str
) -> None:
    story.now_is(moment).people(10)
    story.announce()
    story.commit()
    receipt = story.receipt(story.people(1)[0])
    assert receipt
    at = OBJECTED + story.shift
    decide(story, object_(story, receipt, at=at), upheld=True, at=at)
    assert said in client.get(f"/draws/{DRAW_ID}").text


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


def decide(story: Story, number: int, *, upheld: bool, at: datetime = OBJECTED) -> None:
    by = story.world.supervisor.id
    with story.drawing() as (session, draw):
        verdict = objections.examined(session, draw, number, zone=ZONE)
        objections.decide(session, draw, number, upheld=upheld, reason="", by=by, at=at, verdict=verdict)


def fault(story: Story, number: int) -> str:
    """Why it cannot be upheld."""
    with pytest.raises(Refused) as raised:
        decide(story, number, upheld=True)
    assert verdict_of(story, number).fault == raised.value.code
    return raised.value.code


def verdict_of(story: Story, number: int) -> objections.Verdict:
    with story.drawing() as (session, draw):
        return objections.examine(session, draw, objections.open_ones(session, draw), zone=ZONE)[number]


def exclude(story: Story, *persons: Person) -> None:
    """One rating of each, in time."""
    with story.database.transaction() as session:
        for person in persons:
            rating = session.scalars(select(Rating.id).where(Rating.person_id == person.id).limit(1)).one()
            by, at = story.world.supervisor.id, DURING + story.shift
            session.add(RatingExclusion(rating_id=rating, reason="malicious", note="", by_id=by, at=at))
