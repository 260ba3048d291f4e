"""A folder that holds is found true by every check; each lie is named by the check that it breaks first."""

import json
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.paths import ROOT
from lottery.verify import verify
from tests.lottery.bundles import DLT, KL8, Bundle, Fields, announcement
from tests.lottery.lies import SPOILT

Command = Callable[..., int]
QUICKNET = {"id": "drand-quicknet", "issue": "35428732", "drawn_at": "2027-01-05T03:06:00+08:00", "rule": "该轮"}


def test_a_whole_draw_holds(bundle: Bundle) -> None:
    checks = verify(bundle.folder)
    assert all(check.holds for check in checks)
    assert {check.name.partition(":")[0] for check in checks} == {
        "files",
        "announcement.json",
        "commit-1.json",
        "leaves-1.bin",
        "result-1.json",
        "claims.json",
        "result-2.json",
    }


@pytest.mark.parametrize("later", [["result-2.json"], ["result-2.json", "claims.json", "result-1.json"]])
def test_what_is_still_to_come_may_be_absent(bundle: Bundle, later: list[str]) -> None:
    for name in later:
        (bundle.folder / name).unlink()
    assert all(check.holds for check in verify(bundle.folder))


def test_signatures_lie_beside_the_files(bundle: Bundle) -> None:
    (bundle.folder / "announcement.json.sig").write_text("00")
    assert all(check.holds for check in verify(bundle.folder))


def test_a_second_version_counts_from_then_on(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path)
    bundle.announce()
    bundle.commit()
    bundle.commit(2, at="2027-01-02T09:00:00+08:00")
    bundle.draw(1, [("cn-kl8", "2027004", KL8), ("cn-dlt", "2027002", DLT)], version=2)
    assert all(check.holds for check in verify(tmp_path))
    bundle.change("result-1.json", lambda result: result.update(commit_version=1))
    assert lie(bundle) == "result-1.json: commit_version"


def test_fewer_people_than_prizes_leave_tiers_without_winners(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path, people=2)
    bundle.announce()
    bundle.commit()
    bundle.draw(1, [("cn-kl8", "2027004", KL8), ("cn-dlt", "2027002", DLT)])
    assert all(check.holds for check in verify(tmp_path))
    assert bundle.read("result-1.json")["tiers"][2] == {"tier": 3, "cutoff": "", "winners": []}


@pytest.mark.parametrize("said", SPOILT)
def test_a_lie_is_named(bundle: Bundle, said: str) -> None:
    name, change, check = SPOILT[said]
    bundle.change(name, change)
    assert lie(bundle) == check


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda data: data[:-1], "commit-1.json: leaves_sha256"),
        (lambda data: data[34:], "commit-1.json: leaves_sha256"),
        (lambda data: data[34:68] + data[:34] + data[68:], "commit-1.json: leaves_sha256"),
    ],
)
def test_a_list_that_was_changed_later(bundle: Bundle, change: Callable[[bytes], bytes], check: str) -> None:
    path = bundle.folder / "leaves-1.bin"
    path.write_bytes(change(path.read_bytes()))
    assert lie(bundle) == check


@pytest.mark.parametrize(
    ("change", "check"),
    [
        (lambda data: data[:-1], "leaves-1.bin: whole records of 34 bytes"),
        (lambda data: data[34:68] + data[:34] + data[68:], "leaves-1.bin: entries ascend"),
        (lambda data: data[:34] + data, "leaves-1.bin: entries ascend"),
        (lambda data: data[:32] + b"\0\0" + data[34:], "leaves-1.bin: 1 to cap tickets each"),
        (lambda data: data[:32] + b"\0\4" + data[34:], "leaves-1.bin: 1 to cap tickets each"),
        (lambda data: data[34:], "commit-1.json: entries"),
        (lambda data: data[:33] + bytes([data[33] % 3 + 1]) + data[34:], "commit-1.json: tickets"),
        (lambda data: b"\0" + data[1:], "commit-1.json: root"),
    ],
)
def test_a_list_that_was_changed_with_its_hash(bundle: Bundle, change: Callable[[bytes], bytes], check: str) -> None:
    path = bundle.folder / "leaves-1.bin"
    path.write_bytes(change(path.read_bytes()))
    bundle.change("commit-1.json", lambda commit: commit.update(leaves_sha256=bundle.sha256("leaves-1.bin")))
    assert lie(bundle) == check


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"cap": 0}, "cap from 1 to 65535"),
        ({"tiers": []}, "there is a prize"),
        ({"tiers": [{"tier": 2, "name": "二", "prize": "伞", "value_fen": 1, "count": 1}]}, "tiers ascend from 1"),
        ({"tiers": [{"tier": 1, "name": "一", "prize": "伞", "value_fen": 1, "count": 0}]}, "every tier has a count"),
        (
            {"tiers": [{"tier": 1, "name": "一", "prize": "车", "value_fen": 50_000_01, "count": 1}]},
            "no prize above 50,000 yuan",
        ),
        ({"redraw_rounds_max": 2}, "redraw_rounds_max is 0 or 1"),
        ({"redraw_rounds_max": 0}, "redraw_sources without a redraw"),
        ({"sources": announcement()["sources"][1:]}, "sources carry 60 bits"),
        ({"sources": announcement()["sources"] * 2}, "sources are named once"),
        ({"sources": [{**QUICKNET, "id": "cn-3d"}]}, "sources are known"),
        ({"sources": [{**QUICKNET, "issue": "35428733"}]}, "time of the quicknet round"),
        ({"redraw_sources": []}, "redraw_sources carry 60 bits"),
        ({"closes": "2026-09-01T00:00:00+08:00"}, "opens, closes, commit_by, objections_until in this order"),
        ({"objections_until": "2027-01-04T12:00:00+08:00"}, "objections end 24 hours before the first source"),
        ({"claim_until": "2027-01-04T12:00:00+08:00"}, "claims end after the last source"),
        ({"claim_until": "2027-02-04T12:00:00+08:00"}, "redraw sources come after claim_until"),
        ({"scheme": "xlot/0"}, "scheme"),
    ],
)
def test_an_announcement_that_leaves_something_to_choose_is_refused(
    tmp_path: Path, changes: Fields, check: str
) -> None:
    bundle = Bundle(tmp_path, told=announcement(**changes))
    bundle.announce()
    assert lie(bundle) == f"announcement.json: {check}"


def test_one_quicknet_round_alone_is_enough(tmp_path: Path) -> None:
    bundle = Bundle(tmp_path, told=announcement(sources=[QUICKNET]))
    bundle.announce()
    assert all(check.holds for check in verify(tmp_path))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "announcement.json"),
        ("{", "announcement.json"),
        ("[" * 100_000, "announcement.json"),
        ("[]", "announcement.json"),
        ('{"scheme": 1}', "announcement.json"),
        ('{"scheme": "xlot/1", "scheme": "xlot/1"}', "announcement.json"),
        (json.dumps({**announcement(), "cap": 1.5}), "announcement.json"),
        (json.dumps({**announcement(), "cap": 10**20}), "announcement.json"),
        (json.dumps({**announcement(), "cap": 10**20 - 1}), "announcement.json cap"),
        (json.dumps({**announcement(), "cap": True}), "announcement.json cap"),
        (json.dumps({**announcement(), "cap": -1}), "announcement.json cap"),
        (json.dumps({**announcement(), "secret_rule": "x"}), "announcement.json"),
        (json.dumps(announcement(sources=[{**QUICKNET, "issue": "035428732"}])), "announcement.json sources 0 issue"),
        (json.dumps(announcement(sources=[{**QUICKNET, "issue": "0"}])), "announcement.json sources 0 issue"),
        (json.dumps({**announcement(), "tiers": {}}), "announcement.json tiers"),
        (json.dumps({**announcement(), "tiers": [1]}), "announcement.json tiers 0"),
        (json.dumps({**announcement(), "tax": "\ud800"}), "announcement.json tax"),
        (json.dumps({**announcement(), "opens": "2026-13-01T00:00:00+08:00"}), "announcement.json opens"),
        (json.dumps({**announcement(), "opens": "2026-10-01T00:00:00"}), "announcement.json opens"),
        (json.dumps({**announcement(), "opens": "2026-10-01T24:00:00+08:00"}), "announcement.json opens"),
        (json.dumps({**announcement(), "opens": "2026-10-01T00:00:00+08:60"}), "announcement.json opens"),
        (
            json.dumps({**announcement(), "objections_until": "9999-12-31T23:59:59Z"}),
            "announcement.json objections_until",
        ),
    ],
)
def test_what_is_malformed_is_a_lie_and_never_a_traceback(tmp_path: Path, text: str, where: str) -> None:
    (tmp_path / "announcement.json").write_text(text, "utf-8")
    assert lie(Bundle(tmp_path)) == f"{where}: form"


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (lambda folder: (folder / "extra.txt").touch(), "files: only known ones"),
        (lambda folder: (folder / "announcement.json").unlink(), "files: announcement.json"),
        (lambda folder: (folder / "leaves-1.bin").unlink(), "files: a list for each version"),
        (lambda folder: (folder / "commit-1.json").unlink(), "files: a list for each version"),
        (
            lambda folder: shutil.copy(folder / "commit-1.json", folder / "commit-3.json"),
            "files: versions without a gap",
        ),
        (lambda folder: (folder / "claims.json").unlink(), "files: nothing is missing in between"),
        (lambda folder: no_file(folder / "announcement.json"), "files: can be read"),
        (lambda folder: no_file(folder / "leaves-1.bin"), "files: can be read"),
        (lambda folder: nowhere(folder / "result-2.json"), "files: can be read"),
        (lambda folder: nowhere(folder / "claims.json"), "files: can be read"),
        (lambda folder: no_file(folder / "result-1.json"), "files: can be read"),
        (lambda folder: no_file(folder / "claims.json"), "files: can be read"),
    ],
)
def test_a_gap_or_something_unknown_is_a_lie(bundle: Bundle, spoil: Callable[[Path], object], check: str) -> None:
    spoil(bundle.folder)
    assert lie(bundle) == check


def test_no_second_round_where_none_was_announced(bundle: Bundle) -> None:
    told = announcement(redraw_rounds_max=0, redraw_sources=[])
    other = Bundle(bundle.folder, told=told)
    other.announce()
    other.commit()
    other.draw(1, [("cn-kl8", "2027004", KL8), ("cn-dlt", "2027002", DLT)])
    other.claim(leaving=1)
    assert lie(other) == "result-2.json: the round was announced"


@pytest.mark.parametrize("spoilt", [False, True])
def test_the_command_runs_on_a_bare_interpreter(bundle: Bundle, spoilt: bool) -> None:
    if spoilt:
        bundle.change("commit-1.json", lambda commit: commit.update(root="0" * 64))
    bare = f"import runpy, sys; sys.path.append({str(ROOT)!r}); runpy.run_module('lottery', run_name='__main__')"
    command = [sys.executable, "-I", "-S", "-c", bare, "verify", str(bundle.folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    assert done.returncode == int(spoilt)
    assert ("假 FALSE  commit-1.json: root" in done.stdout) is spoilt


def test_the_command_prints_every_check(bundle: Bundle, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("verify", str(bundle.folder)) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == len(verify(bundle.folder)) + 1
    assert told[-1].endswith("checks, all true.")


def test_the_command_says_what_was_expected_and_what_was_found(
    bundle: Bundle, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle.change("commit-1.json", lambda commit: commit.update(entries=19))
    assert command("verify", str(bundle.folder)) == 1
    assert "假 FALSE  commit-1.json: entries\n  应为 expected: 20\n  实为 found:    19\n" in capsys.readouterr().out


def test_a_folder_that_is_none_is_wrong_use(
    tmp_path: Path, command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("verify", str(tmp_path / "none")) == 2
    assert "It is not a folder" in capsys.readouterr().err


def nowhere(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nothing"))


def no_file(path: Path) -> None:
    path.unlink()
    path.mkdir()


def lie(bundle: Bundle) -> str:
    """The name of the first check that does not hold."""
    last = verify(bundle.folder)[-1]
    assert not last.holds
    return last.name


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """`python -m lottery` in this process; answers its exit status."""

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["lottery", *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module("lottery", run_name="__main__")
        return int(str(ended.value))

    return run


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    return Bundle(tmp_path).whole()
