"""The public numbers: two people have to read the same, in the announced form, after the drawing."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.errors import Refused
from app.services.draws import public_numbers
from lottery.sources import quicknet_time
from tests.draws.story import DRAWN, Story
from tests.draws.test_drand import ROUNDS
from tests.draws.test_unionids import share
from tests.lottery.bundles import DLT, KL8


@pytest.fixture
def committed(story: Story) -> Story:
    story.people(10)
    story.announce()
    story.commit()
    return story


def test_a_number_stands_when_two_people_have_read_the_same(committed: Story) -> None:
    world = committed.world
    assert committed.type("cn-kl8", "2027004", KL8, by=world.admin) is None
    assert committed.type("cn-kl8", "2027004", KL8, by=world.admin) is None  # one person, however often
    stands = committed.type("cn-kl8", "2027004", f" {KL8} ", by=world.supervisor)
    assert stands
    assert stands.value == KL8
    assert refusal(committed, "cn-kl8", "2027004", KL8, by=world.admin).code == "number_stands"


def test_a_misprint_decides_nothing_and_stays(committed: Story) -> None:
    world, wrong = committed.world, KL8.replace("80", "79")
    assert committed.type("cn-kl8", "2027004", wrong, by=world.admin) is None
    assert committed.type("cn-kl8", "2027004", KL8, by=world.supervisor) is None
    assert committed.type("cn-kl8", "2027004", KL8, by=world.admin)


def test_who_has_typed_something_else_since_repeats_nothing(committed: Story) -> None:
    world, wrong = committed.world, KL8.replace("80", "79")
    for value in (KL8, wrong):
        assert committed.type("cn-kl8", "2027004", value, by=world.admin) is None
    assert committed.type("cn-kl8", "2027004", KL8, by=world.supervisor) is None
    assert committed.type("cn-kl8", "2027004", KL8, by=world.admin)


def test_two_staff_numbers_of_one_wechat_user_are_one_reader(committed: Story) -> None:
    world = committed.world
    share(committed, "u1", world.admin, world.supervisor)
    for by in (world.admin, world.supervisor):
        assert committed.type("cn-kl8", "2027004", KL8, by=by) is None


def test_what_stands_stays_whatever_is_learned_about_its_readers(committed: Story) -> None:
    committed.type_numbers()
    result = committed.run()
    share(committed, "u1", committed.world.admin, committed.world.supervisor)
    with committed.drawing() as (session, draw):
        found = public_numbers.agreed(session, draw, 1)
    assert found
    assert [one.fields() for one in found] == result["sources"]


def test_no_result_before_every_number_stands(committed: Story) -> None:
    for by in (committed.world.admin, committed.world.supervisor):
        committed.type("cn-kl8", "2027004", KL8, by=by)
    with pytest.raises(Refused, match="numbers_missing"):
        committed.run()


@pytest.mark.parametrize(
    ("source", "issue", "value", "code"),
    [
        ("cn-kl8", "2027004", KL8.replace(" ", ","), "wrong_form"),
        ("cn-kl8", "2027004", " ".join(KL8.split()[::-1]), "wrong_form"),
        ("cn-dlt", "2027002", DLT.replace("+", " "), "wrong_form"),
        ("cn-ssq", "2027002", DLT, "not_a_source"),
        ("cn-kl8", "2027003", KL8, "not_the_next_issue"),
        ("cn-kl8", "2027006", KL8, "not_the_next_issue"),
        ("cn-kl8", "next", KL8, "wrong_issue"),
        ("cn-kl8", "02027004", KL8, "wrong_issue"),
    ],
)
def test_what_was_not_announced_or_is_written_otherwise_is_refused(
    committed: Story, source: str, issue: str, value: str, code: str
) -> None:
    assert refusal(committed, source, issue, value, by=committed.world.admin).code == code


def test_no_number_before_it_is_drawn_and_none_without_a_list(story: Story) -> None:
    story.announce()
    assert refusal(story, "cn-kl8", "2027004", KL8, by=story.world.admin).code == "round_not_open"
    story.commit()
    early = datetime(2027, 1, 4, 13, 29, 59, tzinfo=UTC)
    assert refusal(story, "cn-kl8", "2027004", KL8, by=story.world.admin, at=early).code == "not_drawn_yet"
    story.type("cn-kl8", "2027004", KL8, by=story.world.admin, at=early + timedelta(seconds=1))


@pytest.mark.parametrize("who", ["nurse", "engineer", "desk", "auditor"])
def test_only_admin_and_committee_type_numbers(committed: Story, who: str) -> None:
    somebody = getattr(committed.world, who)
    assert refusal(committed, "cn-kl8", "2027004", KL8, by=somebody).code == "not_the_committee"


def test_another_issue_stands_in_the_result_beside_the_announced_one(committed: Story, tmp_path: Path) -> None:
    for by in (committed.world.admin, committed.world.supervisor):
        committed.type("cn-kl8", "2027005", KL8, by=by)
        committed.type("cn-dlt", "2027002", DLT, by=by)
    assert committed.run()["sources"][0] == {
        "id": "cn-kl8",
        "issue": "2027005",
        "value": KL8,
        "replaces": "2027004",
    }
    assert committed.publish(tmp_path / "draw")[-1].holds


def test_a_beacons_signature_proves_itself(story: Story, tmp_path: Path) -> None:
    beacon, later = ROUNDS[-2:]
    drawn = datetime.fromtimestamp(quicknet_time(beacon["round"]), UTC)
    source = {"id": "drand-quicknet", "issue": str(beacon["round"]), "drawn_at": drawn.isoformat(), "rule": "-"}
    shifted = shift(drawn)
    story.people(10)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tests.draws.story.ANNOUNCED", drawn - timedelta(days=60))
        story.announce(**shifted, sources=[source], redraw_sources=[], redraw_rounds_max=0)
    story.commit(at=drawn - timedelta(days=3))
    admin = story.world.admin
    wrong = refusal(story, "drand-quicknet", source["issue"], ROUNDS[0]["signature"], by=admin, at=drawn)
    assert wrong.code == "beacon_not_signed"
    at = datetime.fromtimestamp(quicknet_time(later["round"]), UTC)
    waited = refusal(story, "drand-quicknet", str(later["round"]), later["signature"], by=admin, at=at)
    assert waited.code == "beacon_never_replaced"
    stands = story.type("drand-quicknet", source["issue"], beacon["signature"], by=admin, at=drawn)
    assert stands
    assert stands.value == beacon["randomness"]
    story.run(at=drawn)
    assert story.publish(tmp_path / "draw")[-1].holds


def shift(drawn: datetime) -> dict[str, Any]:
    """A calendar that ends with this drawing."""
    days = {"opens": 90, "closes": 5, "commit_by": 2, "objections_until": 1, "claim_until": -14}
    return {key: (drawn - timedelta(days=count)).isoformat() for key, count in days.items()}


def refusal(story: Story, source: str, issue: str, value: str, **how: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        story.type(source, issue, value, **{"at": DRAWN, **how})
    return raised.value
