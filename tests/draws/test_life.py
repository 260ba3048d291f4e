"""The whole life of a draw, held to the public verifier at every step."""

import json
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app.errors import Refused
from app.models import Event
from app.services.draws import bundle, claims, public_page, published_files
from app.services.draws.events import of_draw as events_of
from app.services.draws.receipts import receipt_of
from tests.draws.story import ANNOUNCED, CLAIMED, EXPIRED, REDRAWN, Story
from tests.support.world import ZONE


def test_every_step_holds_before_the_verifier(story: Story, tmp_path: Path) -> None:
    story.people(20)
    story.announce()
    assert holds(story, tmp_path / "1")
    commit = story.commit()
    assert commit["entries"] == 20
    assert commit["tickets"] == 27
    assert holds(story, tmp_path / "2")
    story.type_numbers()
    winners = [winner for tier in story.run()["tiers"] for winner in tier["winners"]]
    assert len(winners) == 6
    assert holds(story, tmp_path / "3")
    for winner in winners[:4]:
        story.claim(winner)
        assert holds(story, tmp_path / "4")
    with story.drawing() as (session, draw):
        assert claims.expire(session, draw, at=EXPIRED) == 2
    story.type_numbers(2, at=REDRAWN)
    again = story.run(2, at=REDRAWN)
    assert sum(len(tier["winners"]) for tier in again["tiers"]) == 2
    assert not {win["entry"] for tier in again["tiers"] for win in tier["winners"]} & {win["entry"] for win in winners}
    assert holds(story, tmp_path / "5")


def test_every_file_is_signed_by_the_operator(story: Story, tmp_path: Path) -> None:
    story.claim(story.drawn()["tiers"][0]["winners"][0])
    tmp_path /= "draw"
    story.publish(tmp_path)
    told = json.loads((tmp_path / "announcement.json").read_text("utf-8"))
    operator = Ed25519PublicKey.from_public_bytes(bytes.fromhex(told["operator_key"]))
    names = sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".sig")
    assert names == ["announcement.json", "claims.json", "commit-1.json", "leaves-1.bin", "result-1.json"]
    for name in names:
        signature = (tmp_path / f"{name}.sig").read_text("ascii")
        operator.verify(bytes.fromhex(signature), (tmp_path / name).read_bytes())


def test_the_archive_checks_itself_on_a_bare_interpreter(story: Story, tmp_path: Path) -> None:
    story.drawn()
    archive = BytesIO()
    with story.drawing() as (session, draw):
        bundle.write(session, draw, archive)
        again = BytesIO()
        bundle.write(session, draw, again)
    assert again.getvalue() == archive.getvalue()
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path)
    command = [sys.executable, "-S", "-E", "-m", "lottery", "verify", "draw"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "result-1.json: tier 3: proof" in ran.stdout
    result = tmp_path / "draw" / "result-1.json"
    result.write_text(result.read_text("utf-8").replace('"rank": 2', '"rank": 3'), "utf-8")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True).returncode == 1


def test_every_step_is_an_event_of_ids_and_codes(story: Story) -> None:
    story.claim(story.drawn()["tiers"][0]["winners"][0])
    with story.drawing() as (session, draw):
        events = session.scalars(select(Event).where(events_of(draw)).order_by(Event.id)).all()
    kinds = [event.kind for event in events]
    assert kinds[:2] == ["announced", "committed"]
    assert kinds[2:8] == ["number_typed", "number_typed", "number_stands"] * 2
    assert kinds[8:] == ["decided", "named_1", "claimed"]
    assert [event.actor_id for event in events[:2]] == [story.world.admin.id, None]
    assert (events[0].at, events[-1].at) == (ANNOUNCED, CLAIMED)


def test_a_list_is_kept_in_parts_and_looked_up_without_reading_all(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published_files, "PART", 100)  # not even a whole number of people
    story.drawn(people=40)
    assert holds(story, tmp_path / "parts")
    with story.drawing() as (session, draw):
        receipts = [receipt_of(session, draw, person.id, zone=ZONE) for person in story.raters]
        found = [public_page.proof_of(session, draw, receipt.entry) for receipt in receipts if receipt]
        stored = published_files.Stored(session, published_files.get(session, draw, "leaves-1.bin"))
        whole = bytes(published_files.whole(session, published_files.get(session, draw, "leaves-1.bin")))
        assert all(
            stored[start:stop] == whole[start:stop] for start in range(0, 300, 43) for stop in (start, 299, 1360)
        )
    assert sorted(proof.index for proof in found if proof) == list(range(40))


def test_what_the_database_gives_back_otherwise_is_not_drawn_from(story: Story) -> None:
    story.people(5)
    story.announce()
    story.commit()
    story.type_numbers()
    part = "SELECT id FROM draw_file WHERE name = 'leaves-1.bin'"
    story.without_triggers(f"UPDATE draw_file_part SET content = substr(content, 1, 136) WHERE file_id = ({part})")
    with pytest.raises(Refused, match="file_altered"):
        story.run()


@pytest.mark.parametrize("table", ["draw", "draw_secret", "draw_file", "draw_file_part", "draw_number", "draw_claim"])
def test_the_database_itself_refuses_to_change_a_draw(story: Story, table: str) -> None:
    story.claim(story.drawn()["tiers"][0]["winners"][0])
    column = {"draw_secret": "key", "draw_file_part": "content"}.get(table, "draw_id")
    for change in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
        with pytest.raises(DBAPIError, match="append-only"), story.database.transaction() as session:
            session.execute(text(change))


def test_nobody_rated_and_the_draw_is_still_true(story: Story, tmp_path: Path) -> None:
    story.drawn(people=0)
    assert holds(story, tmp_path / "empty")


def test_fewer_people_than_prizes_fill_the_tiers_in_order(story: Story, tmp_path: Path) -> None:
    result = story.drawn(people=2)
    assert [len(tier["winners"]) for tier in result["tiers"]] == [1, 1, 0]
    assert holds(story, tmp_path / "few")


def holds(story: Story, folder: Path) -> bool:
    last = story.publish(folder)[-1]
    assert last.holds, last
    return True
