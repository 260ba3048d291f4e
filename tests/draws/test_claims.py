"""Claims: a code only the winner has, confirmed once by the committee, never by the provider."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from app.errors import Refused
from app.models import DrawClaim, DrawClaimPhoto, DrawFile, DrawWinner, Person
from app.services.draws import claims, public_page, published_files
from app.services.draws.receipts import receipt_of
from lottery import rule, tree
from tests.draws.story import CLAIMED, EXPIRED, REDRAWN, Story
from tests.draws.test_unionids import share
from tests.support.world import ZONE


@pytest.fixture
def winner(story: Story) -> dict[str, Any]:
    found: dict[str, Any] = story.drawn()["tiers"][0]["winners"][0]
    return found


def test_the_winner_has_a_code_and_nobody_else(story: Story, winner: dict[str, Any]) -> None:
    with story.drawing() as (session, draw):
        won = set(session.scalars(select(DrawWinner.person_id)))
        codes = {person.id: claims.claim_code(session, draw, person.id) for person in story.raters}
    assert {person for person, code in codes.items() if code} == won
    assert len({code for code in codes.values() if code}) == len(won) == 6
    assert winner["entry"]


def test_a_claim_is_confirmed_once_and_published(story: Story, winner: dict[str, Any]) -> None:
    code = code_of(story, winner)
    assert confirm(story, f" {code.lower()} ")["entry"] == winner["entry"]
    assert refusal(story, code).code == "claimed_before"
    with story.drawing() as (session, draw):
        told = published_files.fields(session, draw, published_files.CLAIMS)["claims"]
        assert claims.claim_code(session, draw, story.person_of(session, winner).id) is None
    assert [(claim["entry"], claim["state"], claim["tier"]) for claim in told] == [(winner["entry"], "claimed", 1)]


def test_the_claims_grow_and_every_edition_stays(story: Story, winner: dict[str, Any]) -> None:
    confirm(story, code_of(story, winner))
    with story.drawing() as (session, draw):
        second = published_files.winners_of(session, draw, 1)[1]
    confirm(story, code_of(story, second))
    with story.drawing() as (session, draw):
        query = select(DrawFile.edition).where(DrawFile.name == published_files.CLAIMS).order_by(DrawFile.edition)
        assert session.scalars(query).all() == [1, 2]
        assert len(published_files.fields(session, draw, published_files.CLAIMS)["claims"]) == 2


@pytest.mark.parametrize("who", ["engineer", "desk", "admin", "nurse"])
def test_neither_the_provider_nor_just_anybody_confirms(story: Story, winner: dict[str, Any], who: str) -> None:
    by = getattr(story.world, who)
    assert refusal(story, code_of(story, winner), by=by.id).code == "not_of_the_committee"


def test_a_made_up_code_is_refused(story: Story, winner: dict[str, Any]) -> None:
    assert winner
    for code in ("", "AAAAAAAA", winner["entry"]):
        assert refusal(story, code).code == "no_such_claim_code"


def test_a_name_is_shown_masked_and_with_consent_only(story: Story, winner: dict[str, Any]) -> None:
    with story.drawing() as (session, draw):
        second = published_files.winners_of(session, draw, 1)[1]
    confirm(story, code_of(story, winner), show_name=True, photo=("image/png", b"signed"))
    confirm(story, code_of(story, second))
    with story.drawing() as (session, draw):
        page = public_page.page(session, draw, at=CLAIMED)
        person = story.person_of(session, winner)
        assert session.scalars(select(DrawClaimPhoto.content)).all() == [b"signed"]
    assert page.names == {(1, winner["entry"]): public_page.masked(person.name)}
    assert person.name not in repr(page)
    assert [public_page.masked(name) for name in ("王丽", "欧阳小明", "李")] == ["王*", "欧**明", "李*"]


def test_too_late_is_too_late(story: Story, winner: dict[str, Any]) -> None:
    code = code_of(story, winner)
    assert refusal(story, code, at=EXPIRED).code == "claim_over"
    with story.drawing() as (session, draw), pytest.raises(Refused, match="claims_open"):
        claims.expire(session, draw, at=CLAIMED)
    with story.drawing() as (session, draw):
        assert claims.expire(session, draw, at=EXPIRED) == 6
    assert refusal(story, code, at=CLAIMED).code == "claimed_before"


def test_what_is_waived_or_ineligible_is_drawn_again(story: Story, winner: dict[str, Any]) -> None:
    with story.drawing() as (session, draw):
        rest = published_files.winners_of(session, draw, 1)[1:]
        claims.waive(session, draw, story.person_of(session, winner).id, at=CLAIMED)
    code = code_of(story, rest[0])
    with story.drawing() as (session, draw), pytest.raises(Refused, match="reason_missing"):
        claims.refuse(session, draw, code, reason="", by=story.world.supervisor.id, at=CLAIMED)
    with story.drawing() as (session, draw):
        claims.refuse(session, draw, code, reason="不是本院职工", by=story.world.supervisor.id, at=CLAIMED)
    for one in rest[1:]:
        confirm(story, code_of(story, one))
    story.type_numbers(2, at=REDRAWN)
    result = story.run(2, at=REDRAWN)
    assert [(tier["tier"], len(tier["winners"])) for tier in result["tiers"]] == [(1, 1), (2, 1)]
    again = result["tiers"][0]["winners"][0]
    confirm(story, code_of(story, again), at=REDRAWN)
    with story.database.reading() as session:
        states = session.execute(select(DrawClaim.round, DrawClaim.state).order_by(DrawClaim.id)).all()
    assert [tuple(state) for state in states[:2]] == [(1, "waived"), (1, "ineligible")]
    assert tuple(states[-1]) == (2, "claimed")


def test_nothing_is_left_to_draw_when_all_is_claimed(story: Story, winner: dict[str, Any]) -> None:
    assert winner
    with story.drawing() as (session, draw):
        won = published_files.winners_of(session, draw, 1)
    for one in won:
        confirm(story, code_of(story, one))
    with story.drawing() as (session, draw), pytest.raises(Refused, match="nothing_to_redraw"):
        claims.check_final(session, draw, at=EXPIRED)


def test_a_loser_sees_his_place_and_a_winner_his(story: Story, winner: dict[str, Any]) -> None:
    with story.drawing() as (session, draw):
        places = {person.id: public_page.place_of(session, draw, person.id) for person in story.raters}
        best = story.person_of(session, winner).id
        chances = public_page.chances_of(session, draw, best, zone=ZONE)
        outsider = public_page.place_of(session, draw, story.world.doctor.id)
    assert sorted(place.place or 0 for place in places.values() if place) == list(range(1, 21))
    assert (places[best].place, places[best].score) == (1, winner["score"])  # type: ignore[union-attr]
    assert outsider is None
    assert (chances.entries, chances.prizes, chances.people_for_a_prize) == (20, 6, 3)


def test_an_entry_is_proved_from_the_root_alone(story: Story, winner: dict[str, Any]) -> None:
    with story.drawing() as (session, draw):
        commit = public_page.page(session, draw, at=CLAIMED).commit
        receipt = receipt_of(session, draw, story.raters[5].id, zone=ZONE)
        assert receipt
        assert commit
        found = public_page.proof_of(session, draw, receipt.entry)
        assert [public_page.proof_of(session, draw, nobody) for nobody in ("0" * 64, "", "x" * 64)] == [None] * 3
    assert found
    assert found.tickets == receipt.tickets
    leaf = tree.leaf_hash(rule.leaf(bytes.fromhex(receipt.entry), receipt.tickets))
    path, root = [bytes.fromhex(step) for step in found.proof], bytes.fromhex(commit["root"])
    assert tree.proves(path, leaf, index=found.index, size=commit["entries"], root=root)
    assert winner


def test_who_could_not_be_found_as_a_winner_claims_all_the_same(story: Story) -> None:
    """What counts for whom has been damaged when the winners are looked for; the list and the receipt are there."""
    story.people(3)
    story.announce()
    everybody = ", ".join(str(person.id) for person in story.raters)
    kept = [story.receipt(person) for person in story.raters]
    story.commit()
    story.without_triggers(f"UPDATE counted_rating SET person_id = NULL WHERE person_id IN ({everybody})")
    story.type_numbers()
    story.run()
    with story.drawing() as (session, draw):
        assert session.scalars(select(DrawWinner)).all() == []
        codes = [claims.claim_code(session, draw, person.id) for person in story.raters]
        assert [len(public_page.prizes_of(session, person.id)) for person in story.raters] == [1, 1, 1]
        assert claims.claim_code(session, draw, story.world.nurse.id) is None
    first, second = kept[:2]
    assert first
    assert second
    assert codes[0]
    assert confirm(story, codes[0])["entry"] == first.entry
    forged = {**second.fields(), "tickets": 3}
    for text in (json.dumps(forged), "{", json.dumps({**second.fields(), "entry": "é"})):
        assert refusal(story, text).code == "no_such_claim_code"
    assert confirm(story, json.dumps(second.fields()))["entry"] == second.entry


def test_nobody_of_the_committee_hands_a_prize_to_himself(story: Story, winner: dict[str, Any]) -> None:
    code = code_of(story, winner)
    with story.drawing() as (session, _draw):
        second_number = story.person_of(session, winner)
    share(story, "u1", second_number, story.world.supervisor)
    assert refusal(story, code).code == "own_prize"
    with story.drawing() as (session, draw), pytest.raises(Refused, match="own_prize"):
        claims.refuse(session, draw, code, reason="无", by=story.world.supervisor.id, at=CLAIMED)


def test_a_winner_finds_what_he_has_won(story: Story, winner: dict[str, Any]) -> None:
    confirm(story, code_of(story, winner))
    with story.drawing() as (session, draw):
        person: Person = story.person_of(session, winner)
        [(found, won, claim)] = public_page.prizes_of(session, person.id)
        receipts = public_page.receipts_of(session, person.id, zone=ZONE)
    assert (found.draw_id, won.tier, won.rank) == (draw.draw_id, 1, 1)
    assert claim is not None
    assert [receipt.entry for receipt in receipts] == [winner["entry"]]


def code_of(story: Story, winner: dict[str, Any]) -> str:
    with story.drawing() as (session, draw):
        code = claims.claim_code(session, draw, story.person_of(session, winner).id)
    assert code
    return code


def confirm(story: Story, code: str, **how: Any) -> dict[str, Any]:
    with story.drawing() as (session, draw):
        return claims.confirm(session, draw, code, **{"by": story.world.supervisor.id, "at": CLAIMED, **how})


def refusal(story: Story, code: str, **how: Any) -> Refused:
    with pytest.raises(Refused) as raised:
        confirm(story, code, **how)
    return raised.value
