"""A log that holds is found true; what was changed, put in or taken out is named by the first entry that shows it."""

import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from app.paths import ROOT
from ledger import tiles
from ledger.canonical import leaf
from ledger.notes import Checkpoint, sign
from ledger.verify import older, verify
from tests.ledger.logs import ORIGIN, change, checkpoint, events, key, log

Command = Callable[..., int]
KEY = str(key())
SIZE = 600  # two full tiles and one that is not
FULL, PARTIAL = "tile/entries/001", "tile/entries/002.p/88"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a log that holds."""
    folder = log(tmp_path_factory.mktemp("log") / "log", events(SIZE))
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path: Path, whole: dict[str, bytes]) -> Path:
    for name, data in whole.items():
        (tmp_path / "log" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "log" / name).write_bytes(data)
    return tmp_path / "log"


def lie(folder: Path, *since: str) -> str:
    """The name of the first check that does not hold."""
    checks = verify(folder, key=key(), olders=[one for text in since for one in older(text)])
    assert [check.holds for check in checks] == [True] * (len(checks) - 1) + [False]
    return checks[-1].name


def holds(folder: Path, *since: str) -> bool:
    return all(one.holds for one in verify(folder, key=key(), olders=[one for text in since for one in older(text)]))


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 513])
def test_a_log_of_each_size_holds(tmp_path: Path, size: int) -> None:
    assert holds(log(tmp_path / "log", events(size)))


def test_a_log_of_three_levels_holds(tmp_path: Path) -> None:
    folder = log(tmp_path / "log", (b"%d" % number for number in range(256 * 257)))
    assert (folder / "tile/2/000.p/1").stat().st_size == 32
    assert holds(folder)
    change(folder / "tile/2/000.p/1", lambda data: bytes(32))
    assert lie(folder) == "tile/2/000.p/1"


def test_its_files_are_named_as_other_tools_expect(folder: Path, whole: dict[str, bytes]) -> None:
    assert sorted(whole) == [
        "checkpoint",
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/88",
    ]
    assert tiles.tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tiles.tile_path("entries", 1_000, 3) == "tile/entries/x001/000.p/3"


def test_a_full_tile_stands_in_for_one_that_is_not(tmp_path: Path, folder: Path) -> None:
    """The log has grown since the checkpoint."""
    grown = log(tmp_path / "grown", events(768))
    (grown / "checkpoint").write_bytes((folder / "checkpoint").read_bytes())
    (grown / "tile/1/000.p/3").rename(grown / "tile/1/000.p/2")
    assert holds(grown)


def test_entries_of_another_log_count_by_their_hashes(tmp_path: Path) -> None:
    found = verify(log(tmp_path / "log", [b"one", b"", b"\xff three"]), key=key())
    assert all(check.holds for check in found)
    assert any("no numbers" in check.name for check in found)
    assert lie(log(tmp_path / "log", [b"one", *events(2)])) == "entry 2: seq"


class TestOneRow:
    def test_changed(self, folder: Path) -> None:
        change(folder / FULL, lambda data: data.replace(b'"ticket":2100', b'"ticket":2101'))
        assert lie(folder) == "entry 300"

    def test_changed_with_its_hash(self, tmp_path: Path, folder: Path) -> None:
        changed = [data.replace(b'"ticket":2100', b'"ticket":2101') for data in events(SIZE)]
        other = log(tmp_path / "other", changed)
        for name in (FULL, "tile/0/001"):
            (folder / name).write_bytes((other / name).read_bytes())
        assert lie(folder) == "tile/1/000.p/2"
        (folder / "tile/1/000.p/2").write_bytes((other / "tile/1/000.p/2").read_bytes())
        assert lie(folder) == "checkpoint: root"

    def test_inserted(self, folder: Path, tmp_path: Path) -> None:
        rows = events(SIZE)
        assert lie(log(tmp_path / "log", [*rows[:300], leaf(300, {"kind": "urged"}), *rows[300:]])) == "entry 301: seq"

    def test_deleted(self, tmp_path: Path) -> None:
        rows = events(SIZE)
        assert lie(log(tmp_path / "log", rows[:299] + rows[300:])) == "entry 300: seq"

    @pytest.mark.parametrize(
        "data",
        [
            b'{"seq":2, "event":{}}',
            b'{"event":{},"seq":2,"seq":2}',
            b'{"seq":2,"event":{}}',
            b'{"event":{}}',
            b'{"event":{},"seq":2.5}',
            b"[2]",
            b"{",
            b"\xff",
            b"[" * 5_000,
            b'{"event":NaN,"seq":2}',
        ],
    )
    def test_written_in_another_way(self, tmp_path: Path, data: bytes) -> None:
        rows = events(3)
        assert lie(log(tmp_path / "log", [rows[0], data, rows[2]])).startswith("entry 2: ")


class TestFiles:
    @pytest.mark.parametrize("name", ["tile/entries/000", PARTIAL, "tile/0/001", "tile/1/000.p/2"])
    @pytest.mark.parametrize("how", [None, lambda data: data[:-1], lambda data: b""])
    def test_missing_or_cut_short(self, folder: Path, name: str, how: Callable[[bytes], bytes] | None) -> None:
        change(folder / name, how) if how else (folder / name).unlink()
        assert lie(folder) == f"{name}: form"

    def test_an_entry_longer_than_its_file(self, folder: Path) -> None:
        change(folder / PARTIAL, lambda data: data + b"\xff")
        assert lie(folder) == f"{PARTIAL}: form"

    @pytest.mark.parametrize(
        "data", [b"", b"\xff", b"a note\n\n- without a signature\n", b"origin\n1\n\n\xe2\x80\x94 a AAAAAAAA\n"]
    )
    def test_no_checkpoint(self, folder: Path, data: bytes) -> None:
        change(folder / "checkpoint", lambda _: data)
        assert lie(folder) == "checkpoint: form"
        (folder / "checkpoint").unlink()
        assert lie(folder) == "checkpoint: form"

    def test_a_checkpoint_of_more_than_there_is(self, folder: Path) -> None:
        text = Checkpoint(ORIGIN, 10**18, bytes(32)).text
        (folder / "checkpoint").write_text(sign(text, ORIGIN, bytes(range(32))), "utf-8")
        assert lie(folder) == "tile/entries/002: form"

    def test_signed_by_somebody_else(self, tmp_path: Path) -> None:
        assert lie(log(tmp_path / "log", events(3), private=bytes(32))) == "checkpoint: signature"
        assert lie(log(tmp_path / "log", events(3), origin="elsewhere.example.com")) == "checkpoint: origin"

    def test_signed_before_it_was_changed(self, folder: Path) -> None:
        change(folder / "checkpoint", lambda data: data.replace(b"\n600\n", b"\n599\n"))
        assert lie(folder) == "checkpoint: signature"
        assert not all(check.holds for check in verify(folder, key=None))

    def test_an_entry_has_at_most_65535_bytes(self, tmp_path: Path) -> None:
        log(tmp_path / "log", [b"x" * 65_535])
        with pytest.raises(ValueError, match="65,535"):
            log(tmp_path / "log", [b"x" * 65_536])


class TestSince:
    """The owner has rewritten everything he alone holds, with a new tree and a new signature."""

    @pytest.fixture
    def copies(self, tmp_path: Path) -> list[Path]:
        return [log(tmp_path / f"copy-{size}", events(size)) for size in (0, 100, 300, 512)]

    @pytest.fixture
    def rewritten(self, tmp_path: Path) -> Path:
        changed = [data.replace(b'"ticket":2100', b'"ticket":2101') for data in events(SIZE)]
        return log(tmp_path / "rewritten", changed)

    def test_what_has_only_grown_holds(self, folder: Path, copies: list[Path]) -> None:
        assert holds(folder, *(str(copy) for copy in copies))
        assert holds(folder, *(str(copy / "checkpoint") for copy in copies))
        assert holds(folder, str(folder))

    def test_alone_it_looks_true(self, rewritten: Path, copies: list[Path]) -> None:
        assert holds(rewritten)
        assert holds(rewritten, str(copies[1]))

    def test_an_older_copy_names_the_entry(self, rewritten: Path, copies: list[Path]) -> None:
        assert lie(rewritten, str(copies[3])) == f"since {copies[3]}: entry 300"

    def test_checkpoints_name_the_stretch(self, rewritten: Path, copies: list[Path]) -> None:
        names = [str(copy / "checkpoint") for copy in copies]
        assert lie(rewritten, *reversed(names)) == f"since {names[2]}: entries 101 to 300"
        assert lie(rewritten, names[3]) == f"since {names[3]}: entries 1 to 512"

    def test_lines_that_were_copied_do_as_well(self, rewritten: Path, copies: list[Path], tmp_path: Path) -> None:
        lines = [checkpoint(copy).line for copy in copies]
        kept = tmp_path / "kept.txt"
        kept.write_text("\n\n".join(lines).replace("\n\n", "\n") + "\n", "utf-8")
        assert lie(rewritten, str(kept)) == f"since {lines[2]}: entries 101 to 300"
        assert lie(rewritten, lines[3]) == f"since {lines[3]}: entries 1 to 512"

    def test_a_log_never_shrinks(self, folder: Path, copies: list[Path]) -> None:
        assert lie(copies[2], str(folder)) == f"since {folder}: size"

    def test_it_is_of_the_same_log_and_signed(self, folder: Path, tmp_path: Path) -> None:
        other = log(tmp_path / "other", events(3), origin="elsewhere.example.com")
        assert lie(folder, str(other)) == f"since {other}: origin"
        unsigned = log(tmp_path / "other", events(3), private=bytes(32))
        assert lie(folder, str(unsigned)) == f"since {unsigned}: signature"

    def test_a_copy_with_a_gap_is_named(self, folder: Path, copies: list[Path]) -> None:
        (copies[3] / "tile/0/001").unlink()
        assert lie(folder, str(copies[3])) == f"since {copies[3]}: tile/0/001"


class TestCommand:
    def test_it_prints_every_check(self, folder: Path, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
        assert command("verify", str(folder), "--key", KEY) == 0
        assert capsys.readouterr().out.splitlines() == [
            "真 true   checkpoint: form",
            "真 true   checkpoint: origin",
            "真 true   checkpoint: signature",
            "真 true   entries",
            "真 true   tiles",
            "真 true   checkpoint: root",
            "6 项核对，全部为真。 6 checks, all true.",
        ]

    def test_it_says_what_was_expected_and_found(
        self, folder: Path, command: Command, capsys: pytest.CaptureFixture[str]
    ) -> None:
        kept = Checkpoint(ORIGIN, 700, bytes(32)).line
        assert command("verify", str(folder), "--key", KEY, "--since", kept) == 1
        said = capsys.readouterr().out
        assert f"假 FALSE  since {kept}: size\n  应为 expected: at least 700\n  实为 found:    600\n" in said

    def test_without_a_key_it_refuses(self, folder: Path, command: Command, capsys: pytest.CaptureFixture[str]) -> None:
        assert command("verify", str(folder)) == 2
        assert "Name the key" in capsys.readouterr().err
        assert command("verify", str(folder), "--no-signature") == 0
        assert "No signature was judged" in capsys.readouterr().out

    def test_without_cryptography_it_refuses(
        self, folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
        assert command("verify", str(folder), "--key", KEY) == 2
        assert "Install it, or judge no signature" in capsys.readouterr().err

    def test_a_key_in_the_folder_is_shown(
        self, folder: Path, command: Command, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (folder / "vkey").write_text(f"{KEY}\n")
        assert command("verify", str(folder)) == 0
        assert f"compare it with the handbook:\n  {KEY}" in capsys.readouterr().out

    @pytest.mark.parametrize("since", ["nothing", "", "none.txt", "notes.txt"])
    def test_wrong_use(
        self, folder: Path, command: Command, since: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        Path("none.txt").write_text("\n")
        Path("notes.txt").write_bytes(b"\xff")
        assert command("verify", str(folder), "--no-signature", "--since", since) == 2

    def test_a_key_or_a_folder_that_is_none_is_wrong_use(self, folder: Path, command: Command) -> None:
        assert command("verify", str(folder), "--key", "none") == 2
        assert command("verify", str(folder / "none"), "--no-signature") == 2

    def test_a_terminal_is_told_how_far_it_is(
        self, folder: Path, command: Command, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        monkeypatch.setattr("ledger.verify.EACH", 256)
        assert command("verify", str(folder), "--no-signature") == 0
        assert capsys.readouterr().err == "256…\n512…\n"

    @pytest.mark.parametrize("more", [["--no-signature"], ["--key", KEY]])
    def test_it_runs_on_a_bare_interpreter_and_never_says_true_of_a_signature(
        self, folder: Path, more: list[str]
    ) -> None:
        bare = f"import runpy, sys; sys.path.append({str(ROOT)!r}); runpy.run_module('ledger', run_name='__main__')"
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", bare, "verify", str(folder), *more],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if more == ["--no-signature"]:
            assert (done.returncode, done.stderr) == (0, "")
        else:
            assert done.returncode == 2
            assert "cryptography" in done.stderr
            assert "all true" not in done.stdout


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> Command:
    """`python -m ledger` in this process; answers its exit status."""

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["ledger", *arguments])
        with pytest.raises(SystemExit) as ended:
            runpy.run_module("ledger", run_name="__main__")
        return int(str(ended.value))

    return run
