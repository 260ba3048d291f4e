"""A file or a profile that cannot be used is refused in words that say what to do."""

import os
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.db import Database
from app.models import Ticket
from app.services.imports.ticket_log import profile
from tests.imports.conftest import Import
from tests.imports.log import SAMPLE, as_bytes, counts, sample
from tests.support.world import World

HEADER, ALL = sample()
ROWS = ALL[:12]

FILES = {
    "old Excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xlsx"),
    "UTF-16": ("number,state".encode("utf-16"), "UTF-16"),
    "empty": (b"", "空"),
    "a PNG": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "是图片，不是表格，应为带表头的 XLSX 或 CSV"),
    "a JPEG": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "是图片"),
    "a broken XLSX": (b"PK\x03\x04 not a sheet", "XLSX"),
    "only blank lines": (b"\r\n\r\n", "表头"),
    "a column twice": (b"number,number,incident_state,sys_updated_at,sys_mod_count\r\n1,2,3,4,5\r\n", "number"),
}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize("kind", FILES)
def test_a_file_that_is_no_table_is_refused_by_name_and_reason(kind: str, tickets_import: Import) -> None:
    content, reason = FILES[kind]
    outcome = tickets_import(content)
    assert outcome.status == 1
    assert reason in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_file_that_is_not_there_is_refused(tickets_import: Import, tmp_path: Path) -> None:
    outcome = tickets_import(tmp_path / "nowhere.csv")
    assert outcome.status == 1
    assert "nowhere.csv" in outcome.stderr


def test_a_header_without_a_needed_column_is_refused_and_the_column_named(tickets_import: Import) -> None:
    header = ["incident" if name == "incident_state" else name for name in HEADER]
    outcome = tickets_import(as_bytes(header, ROWS))
    assert outcome.status == 1
    assert "incident_state" in outcome.stderr


def test_an_optional_column_that_is_not_there_is_named_and_counts_as_missing(tickets_import: Import) -> None:
    header = ["symptom" if name == "u_symptom" else name for name in HEADER]
    outcome = tickets_import(as_bytes(header, ROWS))
    assert outcome.counts == counts(len(ROWS), imported=len(ROWS))
    assert "u_symptom" in outcome.stderr


def test_an_unknown_profile_is_a_usage_error_that_lists_those_there_are(tickets_import: Import) -> None:
    outcome = tickets_import(SAMPLE, profile="remedy")
    assert outcome.status == 2
    assert "default, servicenow" in outcome.stderr


def test_the_reject_file_never_replaces_the_file_itself(app: Flask, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(as_bytes(HEADER, ROWS))
    result = app.test_cli_runner().invoke(args=["tickets", "import", str(path), "--rejects", str(path)])
    assert result.exit_code == 1 or result.exit_code == 2
    assert path.read_bytes() == as_bytes(HEADER, ROWS)


def test_a_number_of_our_own_ticket_is_rejected_and_the_ticket_stays(
    tickets_import: Import, world: World, database: Database
) -> None:
    own = world.ticket("accepted")
    outcome = tickets_import(as_bytes(HEADER, [[own.number, *row[1:]] for row in ROWS]))
    assert outcome.counts == counts(len(ROWS), rejected=len(ROWS))
    assert {reject["value"] for reject in outcome.rejects} == {own.number}
    with database.reading() as session:
        assert session.scalars(select(Ticket.state)).all() == ["accepted"]


def test_a_database_without_tables_is_said_in_words(app: Flask, database: Database, tmp_path: Path) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE person RENAME TO nobody")
    result = app.test_cli_runner().invoke(
        args=["tickets", "import", str(SAMPLE), "--profile", "servicenow", "--rejects", str(tmp_path / "r.csv")]
    )
    assert result.exit_code == 1
    assert "alembic upgrade head" in result.stderr


def test_the_address_of_a_ticket_is_printed_and_an_unknown_number_refused(
    app: Flask, tickets_import: Import, database: Database
) -> None:
    tickets_import(as_bytes(HEADER, ROWS))
    runner = app.test_cli_runner()
    address = runner.invoke(args=["tickets", "url", "INC0000045"])
    assert address.exit_code == 0
    page = app.test_client().get(address.stdout.strip().removeprefix("http://localhost"))
    assert address.stdout.startswith("http://localhost/r/")
    assert page.status_code != 404
    unknown = runner.invoke(args=["tickets", "url", "INC9"])
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "INC9" in unknown.stderr
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Ticket)) == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("finished", "done"), "done"),
        (('prefix = "servicenow"', ""), "prefix"),
        (('number = "number"', ""), "number"),
        (('lead = "assigned_to"', 'chief = "assigned_to"'), "chief"),
        (('"iso"', '"%Q"'), "%Q"),
        (("missing = ", "missing : "), "servicenow"),
    ],
)
@pytest.mark.usefixtures("database_url")
def test_a_profile_with_a_mistake_is_refused_and_the_mistake_named(
    change: tuple[str, str], reason: str, tmp_path: Path
) -> None:
    told = (profile.FOLDER / "servicenow.toml").read_text(encoding="utf-8")
    assert change[0] in told
    (tmp_path / "servicenow.toml").write_text(told.replace(*change), encoding="utf-8")
    with pytest.raises(profile.BadProfile) as refused:
        profile.load("servicenow", tmp_path)
    assert reason in str(refused.value.facts)


@pytest.mark.parametrize(("locale", "word"), [("en_US.UTF-8", "nowhere"), ("C.UTF-8", "打不开")])
def test_the_language_follows_the_terminal(
    locale: str, word: str, tickets_import: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "LC_ALL", locale)
    assert word in tickets_import(Path("nowhere.csv")).stderr
