"""`flask draw`: every step from the command line, with words or JSON, 0 done, 1 refused, 2 wrong use."""

import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask

from app import clock
from app.services.draws import claims
from lottery.verify import verify
from tests.draws.story import (
    CLAIMED,
    COMMITTED,
    DRAW_ID,
    DRAWN,
    DURING,
    EXPIRED,
    NUMBERS,
    OBJECTED,
    Story,
    draft,
    employ,
)


@pytest.fixture
def environ(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    return environ


def test_a_draft_is_announced_and_a_wrong_one_is_not(app: Flask, story: Story, tmp_path: Path) -> None:
    story.now_is(DURING)
    file = tmp_path / "draft.json"
    file.write_text(json.dumps(draft(story.shift, cap=0)), "utf-8")
    refused = draw(app, "announce", str(file), "--committee", "00042", "--by", "00043")
    assert (refused.exit_code, "cap from 1" in refused.output) == (1, True)
    file.write_text(json.dumps(of_year("2020", draft(story.shift))), "utf-8")
    refused = draw(app, "announce", str(file), "--committee", "00042", "--by", "00043")
    assert (refused.exit_code, "年份和开奖时间对不上" in refused.output) == (1, True)
    file.write_text(json.dumps(of_year("", draft(story.shift))), "utf-8")
    told = spoken(draw(app, "announce", str(file), "--committee", "00042", "--by", "00043", "--json"))
    assert told["draw_id"] == DRAW_ID
    again = draw(app, "announce", str(file), "--committee", "00042", "--by", "00043")
    assert (again.exit_code, DRAW_ID in again.output) == (1, True)


@pytest.mark.parametrize("content", ["", "[]", "\xff", "{"])
def test_what_is_no_draft_is_refused(app: Flask, story: Story, tmp_path: Path, content: str) -> None:
    assert story
    file = tmp_path / "draft.json"
    file.write_bytes(content.encode("latin-1"))
    assert draw(app, "announce", str(file), "--committee", "00042", "--by", "00043").exit_code == 1


def test_the_days_count_and_the_list(app: Flask, story: Story) -> None:
    story.now_is(DURING + timedelta(days=20)).people(10)
    story.announce()
    first = spoken(draw(app, "checkpoint", DRAW_ID, "--json"))
    assert (first["entries"], first["tickets"]) == (10, 14)
    story.people(1)
    assert spoken(draw(app, "checkpoint", DRAW_ID, "--json")) == first
    refused = draw(app, "commit", DRAW_ID)
    assert (refused.exit_code, "截止" in refused.output) == (1, True)


def test_commit_object_numbers_run_claims_and_bundle(app: Flask, story: Story, tmp_path: Path) -> None:
    story.now_is(COMMITTED).people(10)
    story.announce()
    assert "10 人 14 张" in draw(app, "commit", DRAW_ID).output
    assert draw(app, "commit", DRAW_ID).exit_code == 1
    archive = tmp_path / "draw.zip"
    assert draw(app, "bundle", DRAW_ID, str(archive)).exit_code == 0
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(tmp_path / "unpacked")
    assert verify(tmp_path / "unpacked" / "draw")[-1].holds
    early = draw(app, "numbers", DRAW_ID, *NUMBERS[1][0], "--by", "00042")
    assert (early.exit_code, "开奖" in early.output) == (1, True)


def test_numbers_run_and_claims(app: Flask, story: Story) -> None:
    story.now_is(DRAWN).people(10)
    story.announce()
    story.commit()
    assert draw(app, "run", DRAW_ID).exit_code == 1
    for source in NUMBERS[1]:
        assert "等另一人" in draw(app, "numbers", DRAW_ID, *source, "--by", "00042").output
        assert spoken(draw(app, "numbers", DRAW_ID, *source, "--by", "00043", "--json"))["stands"] is True
    won = spoken(draw(app, "run", DRAW_ID, "--json"))["winners"]
    assert [len(entries) for entries in won.values()] == [1, 2, 3]
    assert draw(app, "run", DRAW_ID).exit_code == 1
    code = code_of(story)
    assert won["1"][0] in draw(app, "claims", DRAW_ID, code, "--by", "00042", "--show-name", "--signed").output
    assert draw(app, "claims", DRAW_ID, code, "--by", "00042", "--signed").exit_code == 1
    assert draw(app, "claims", DRAW_ID, "NOTACODE", "--by", "00042", "--ineligible", "不是职工").exit_code == 1
    told = spoken(draw(app, "claims", DRAW_ID, "--json"))["claims"]
    assert [(claim["tier"], claim["state"]) for claim in told] == [(1, "claimed")]
    assert draw(app, "claims", DRAW_ID, "--expire").exit_code == 1


def test_an_objection_is_handed_in_and_decided(app: Flask, story: Story, tmp_path: Path) -> None:
    story.now_is(OBJECTED).people(10)
    story.announce()
    person = story.raters[0]
    receipt = story.receipt(person)
    assert receipt
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(receipt.fields()), "utf-8")
    employ(story, person, clock.now().date() - timedelta(days=30), None)
    story.commit()
    story.without_triggers("DELETE FROM employment WHERE id = (SELECT max(id) FROM employment)")
    told = spoken(draw(app, "object", DRAW_ID, str(file), "--by", person.staff_number, "--json"))
    assert told["state"] == "open"
    decided = draw(app, "object", DRAW_ID, "--decide", str(told["objection"]), "--uphold", "--by", "00042")
    assert decided.exit_code == 0
    assert spoken(draw(app, "commit", DRAW_ID, "--json"))["version"] == 2
    file.write_text("{}", "utf-8")
    assert draw(app, "object", DRAW_ID, str(file), "--by", person.staff_number).exit_code == 1


def test_what_is_left_expires(app: Flask, story: Story) -> None:
    story.now_is(EXPIRED).drawn(10)
    assert draw(app, "claims", DRAW_ID, "--expire").output.count("expired") == 6


@pytest.mark.parametrize(
    "wrong",
    [
        ["object", DRAW_ID, "--by", "00042"],
        ["object", DRAW_ID, "--decide", "1", "--by", "00042"],
        ["claims", DRAW_ID, "CODE"],
        ["claims", DRAW_ID, "CODE", "--by", "00042"],
        ["claims", DRAW_ID, "CODE", "--by", "00042", "--expire"],
        ["numbers", DRAW_ID, "cn-kl8"],
        ["run", DRAW_ID, "--round", "3"],
    ],
)
def test_wrong_use_is_two(app: Flask, wrong: list[str]) -> None:
    assert draw(app, *wrong).exit_code == 2


@pytest.mark.parametrize("step", ["checkpoint", "commit", "run", "claims"])
def test_a_draw_nobody_knows_is_refused(app: Flask, step: str) -> None:
    refused = draw(app, step, "q9")
    assert (refused.exit_code, "没有这次抽奖" in refused.output) == (1, True)


def test_an_unknown_staff_number_is_named(app: Flask, story: Story) -> None:
    story.now_is(CLAIMED).announce()
    refused = draw(app, "numbers", DRAW_ID, *NUMBERS[1][0], "--by", "99")
    assert (refused.exit_code, "99" in refused.output) == (1, True)


def of_year(year: str, told: dict[str, Any]) -> dict[str, Any]:
    """Its issues of this year, or else of the year each is drawn in."""
    for source in (*told["sources"], *told["redraw_sources"]):
        source["issue"] = (year or source["drawn_at"][:4]) + source["issue"][4:]
    return told


def code_of(story: Story) -> str:
    with story.drawing() as (session, found):
        codes = [claims.claim_code(session, found, person.id) for person in story.raters]
        winners = {claims._of_code(session, found, code)[1]["rank"]: code for code in codes if code}  # noqa: SLF001
    return winners[1]


def draw(app: Flask, *args: str) -> Result:
    return app.test_cli_runner().invoke(args=["draw", *args])


def spoken(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told
