"""The auditor makes the published list again, with a key nobody else has, also long after; and is told what differs."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app.models import Event
from app.services.draws import published_files
from lottery import rule
from tests.draws.story import DRAW_ID, DURING, OBJECTED, Story, employ
from tests.draws.test_commands import draw, spoken


@pytest.fixture
def environ(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    return environ


def test_the_file_makes_the_published_list_again(app: Flask, story: Story, tmp_path: Path) -> None:
    story.now_is(OBJECTED).people(10)
    story.announce()
    story.commit()
    told = spoken(take(app, tmp_path / "k.json", "--json"))
    assert (told["people"], told["version"], told["differing"], told["unknown"]) == (10, 1, [], [])
    assert made_again(tmp_path / "k.json") == published(story, 1)
    assert (tmp_path / "k.json").stat().st_mode & 0o777 == 0o600
    with story.database.reading() as session:
        readers = session.scalars(select(Event.actor_id).where(Event.kind == "key_read")).all()
    assert readers == [story.world.admin.id]


def test_it_is_the_version_that_counts_with_the_objections_in_it(app: Flask, story: Story, tmp_path: Path) -> None:
    second_version(app, story, tmp_path)
    assert spoken(take(app, tmp_path / "k.json", "--json"))["version"] == 2
    assert made_again(tmp_path / "k.json") == published(story, 2) != published(story, 1)


def test_what_the_roster_says_later_is_told_and_the_list_is_made_again_all_the_same(
    app: Flask, story: Story, tmp_path: Path
) -> None:
    story.now_is(OBJECTED).people(10)
    story.announce()
    story.commit()
    receipt = story.receipt(story.raters[0])
    assert receipt
    employ(story, story.raters[0], (DURING + story.shift).date(), None)
    answer = take(app, tmp_path / "k.json")
    assert (answer.exit_code, f"{receipt.entry}：名单 2 张，今天的记录 0 张" in answer.stdout) == (1, True)
    assert answer.stdout.count("今天的记录") == 1
    assert made_again(tmp_path / "k.json") == published(story, 1)


def test_an_entry_behind_which_nobody_is_found_is_named(app: Flask, story: Story, tmp_path: Path) -> None:
    story.now_is(OBJECTED).people(10)
    story.announce()
    receipt = story.receipt(story.raters[1])
    story.commit()
    assert receipt
    story.without_triggers(
        f"DELETE FROM counted_rating WHERE rating_id IN (SELECT id FROM rating WHERE person_id = {story.raters[1].id})"
    )
    answer = take(app, tmp_path / "k.json")
    assert (answer.exit_code, f"{receipt.entry}：找不到是谁的" in answer.stdout) == (1, True)


def test_before_the_list_is_committed_nobody_gets_the_key(app: Flask, story: Story, tmp_path: Path) -> None:
    story.now_is(DURING).people(3)
    story.announce()
    refused(story, take(app, tmp_path / "k.json"), tmp_path / "k.json", "名单还没有锁定")


def test_the_auditor_may_and_the_committee_may_not(app: Flask, story: Story, tmp_path: Path) -> None:
    story.now_is(OBJECTED).people(3)
    story.announce()
    story.commit()
    committee = story.world.supervisor.staff_number
    refused(story, take(app, tmp_path / "k.json", by=committee), tmp_path / "k.json", "审计员")
    assert take(app, tmp_path / "k.json", by=story.world.auditor.staff_number).exit_code == 0


def test_a_file_that_lies_there_is_not_overwritten(app: Flask, story: Story, tmp_path: Path) -> None:
    story.now_is(OBJECTED).people(3)
    story.announce()
    story.commit()
    (tmp_path / "k.json").write_text("mine")
    assert take(app, tmp_path / "k.json").exit_code == 2
    assert (tmp_path / "k.json").read_text() == "mine"


def refused(story: Story, answer: Result, file: Path, words: str) -> None:
    assert (answer.exit_code, words in answer.output, file.exists()) == (1, True, False)
    with story.database.reading() as session:
        assert session.scalars(select(Event.id).where(Event.kind == "key_read")).all() == []


def second_version(app: Flask, story: Story, folder: Path) -> None:
    """Of one whose rating came to light after the first list."""
    story.now_is(OBJECTED).people(10)
    story.announce()
    story.commit()
    missing = story.world.nurse
    story.rate(missing)
    receipt = story.receipt(missing)
    assert receipt
    (folder / "receipt.json").write_text(json.dumps(receipt.fields()), "utf-8")
    told = spoken(draw(app, "object", DRAW_ID, str(folder / "receipt.json"), "--by", missing.staff_number, "--json"))
    assert draw(app, "object", DRAW_ID, "--decide", str(told["objection"]), "--uphold", "--by", "00042").exit_code == 0
    assert spoken(draw(app, "commit", DRAW_ID, "--json"))["version"] == 2


def take(app: Flask, file: Path, *more: str, by: str = "00043") -> Result:
    return draw(app, "audit", DRAW_ID, str(file), "--by", by, *more)


def made_again(file: Path) -> bytes:
    """By the rule in the open, from what the file tells."""
    told: dict[str, Any] = json.loads(file.read_bytes())
    key, draw_id = bytes.fromhex(told["key"]), told["draw_id"]
    made = [
        rule.leaf(rule.entry(rule.salt(key, draw_id, one["pid"]), draw_id, one["pid"]), one["tickets"])
        for one in told["people"]
    ]
    return b"".join(sorted(made))


def published(story: Story, version: int) -> bytes:
    with story.drawing() as (session, found):
        return bytes(published_files.whole(session, published_files.get(session, found, f"leaves-{version}.bin")))
