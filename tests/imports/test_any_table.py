"""Whatever the file holds, the counts add up; whatever its length, it is read a batch at a time."""

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app.db import Database
from app.models import Event
from app.paths import ROOT
from app.services.tables.lines import Overlong, numbered
from tests.conftest import plain_environ
from tests.imports.conftest import Import
from tests.imports.log import NODES, SAMPLE, counts, sample
from tests.support.nursery import Nursery

HEADER, ROWS = sample()
USUAL = {name: sorted({row[place] for row in ROWS[:200]}) for place, name in enumerate(HEADER)}
ODD = st.sampled_from(
    ["", "?", "31-02-2016 01:16", "\0", '"', '""', "a,b", "-100", "一", "9" * 70, "x\ny", "\ufffd", "'"]
)

cell = {name: st.one_of(st.sampled_from(values), st.sampled_from(values), ODD) for name, values in USUAL.items()}
row = st.tuples(*cell.values()).map(list)
table = st.lists(st.one_of(row, row, st.lists(st.text(max_size=5), min_size=1, max_size=40)), min_size=1, max_size=12)
quoting = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
bounded = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.slow("hundreds of imports")
@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
@bounded
@given(rows=table, quoting=quoting, noise=st.binary(max_size=30), place=st.floats(0, 1))
def test_imported_unchanged_and_rejected_together_are_what_was_read(
    tickets_import: Import, rows: list[list[str]], quoting: int, noise: bytes, place: float
) -> None:
    text = StringIO()
    csv.writer(text, quoting=quoting).writerows(rows)  # type: ignore[arg-type]
    body = text.getvalue().encode("utf-8", "surrogatepass")
    at = int(len(body) * place)
    outcome = tickets_import(",".join(HEADER).encode() + b"\r\n" + body[:at] + noise + body[at:])
    # Of a file that ends where its structure is no longer certain, or has no row at all, the reason is said.
    assert outcome.status == 0 or (outcome.status == 1 and "Traceback" not in outcome.stderr and outcome.stderr.strip())
    found = outcome.counts
    assert found["imported"] + found["unchanged"] + found["rejected"] == found["read"]
    assert len(outcome.rejects) == found["rejected"]
    assert found["read"] >= 1 or outcome.status == 1 or not (body + noise).strip(b"\r\n")


@pytest.mark.slow("processes that are killed")
def test_an_import_that_is_killed_loses_nothing_and_the_next_one_completes_it(
    database: Database, database_url: str, tickets_import: Import, tmp_path: Path, nursery: Nursery
) -> None:
    environ = {**os.environ, **plain_environ(database_url, tmp_path)}
    command = ["flask", "--app", "wsgi", "tickets", "import", str(SAMPLE)]
    command += ["--profile", "servicenow", "--rejects", str(tmp_path / "killed.csv")]
    process = nursery.start(command, environ=environ, log=tmp_path / "log")
    while process.poll() is None and recorded(database) == 0:
        time.sleep(0.02)
    process.kill()
    kept = recorded(database)
    assert 0 < kept <= NODES
    outcome = tickets_import(SAMPLE)
    assert outcome.counts == counts(NODES, imported=NODES - kept, unchanged=kept)


@pytest.mark.slow("a long log in processes of its own")
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
def test_a_file_five_times_as_long_takes_no_more_memory(
    sqlite_template: Path, tmp_path: Path, long_file: Callable[[int], Path]
) -> None:
    short, long = (peak(long_file(copies), sqlite_template, tmp_path) for copies in (1, 5))
    assert long - short < 12 * 1024  # kilobytes; the rows of the longer file alone would take some 80 MB


def test_a_line_break_inside_an_endless_line_ends_it(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(b"a\n" + b"x" * 1_000_000 + b"\nb\n" + b"y" * 600_000)
    assert list(numbered(path)) == [(1, b"a\n"), (2, Overlong(False)), (3, b"b\n"), (4, Overlong(False))]


def recorded(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


def peak(path: Path, template: Path, folder: Path) -> int:
    """The most memory, in kilobytes, that a process of its own ever held while it imported this file."""
    url = f"sqlite:///{shutil.copy(template, folder / 'peak.sqlite')}"
    code = (
        "import sys; from wsgi import app; args = ['tickets', 'import', sys.argv[1], '--profile', 'servicenow']\n"
        "result = app.test_cli_runner().invoke(args=args); assert result.exit_code == 0, result.output\n"
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))"
    )
    environ = {**os.environ, **plain_environ(url, folder), "PYTHONPATH": str(ROOT)}
    told = subprocess.run([sys.executable, "-c", code, str(path)], env=environ, cwd=folder, capture_output=True)
    assert told.returncode == 0, told.stderr
    return int(told.stdout)


@pytest.fixture
def long_file(tmp_path: Path) -> Callable[[int], Path]:
    def write(copies: int) -> Path:
        path = tmp_path / f"{copies}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for copy in range(copies):
                writer.writerows([f"{row[0]}-{copy}", *row[1:]] for row in ROWS)
        return path

    return write
