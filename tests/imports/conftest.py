"""The import command as somebody types it."""

import csv
import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.db import Database
from app.http.context import EXTENSION
from config.settings import read_settings
from tests.conftest import plain_environ
from tests.imports.log import FEW, SAMPLE, Outcome, as_bytes, sample

Import = Callable[..., Outcome]
Snapshot = dict[str, list[tuple[object, ...]]]
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+")

# Everything a log leaves behind, told without ids, so that two databases can be compared.
QUESTIONS = {
    "tickets": """
        SELECT t.number, t.state, t.cycle, t.source, t.priority, t.description, t.reported_at, t.finished_at,
               t.closed_at, t.updated_at, lead.staff_number, served.staff_number, team.code, category.code, place.code
        FROM ticket t LEFT JOIN person lead ON lead.id = t.lead_id
        LEFT JOIN person served ON served.id = t.served_person_id LEFT JOIN team ON team.id = t.team_id
        LEFT JOIN category ON category.id = t.category_id LEFT JOIN place ON place.id = t.place_id
        ORDER BY t.number""",
    "nodes": """
        SELECT t.number, e.source_key, e.kind, e.state, e.at, e.channel, actor.staff_number
        FROM event e JOIN ticket t ON t.id = e.ticket_id LEFT JOIN person actor ON actor.id = e.actor_id
        ORDER BY t.number, e.at, e.source_key""",
    "completions": """
        SELECT t.number, c.cycle, c.finished_at, c.rateable, lead.staff_number, team.code, category.code
        FROM completion c JOIN ticket t ON t.id = c.ticket_id LEFT JOIN person lead ON lead.id = c.lead_id
        LEFT JOIN team ON team.id = c.team_id LEFT JOIN category ON category.id = c.category_id
        ORDER BY t.number, c.cycle""",
}


@pytest.fixture
def tickets_import(app: Flask, tmp_path: Path) -> Import:
    """`tickets_import(path)` or `tickets_import(b"...")`, with further options; the profile is servicenow."""
    return importer(app, tmp_path)


@pytest.fixture
def people_import(app: Flask, tmp_path: Path) -> Import:
    """`people_import(path)`, with further options."""
    return lambda path, *options: import_file(app, tmp_path, "people", path, *options)


@pytest.fixture
def snapshot(database: Database) -> Callable[[], Snapshot]:
    """Everything the imports have left in the database, in an order of its own."""
    return lambda: look(database)


@pytest.fixture(scope="session")
def whole_sample(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """What the sample log as it is leaves behind."""
    return left_behind(SAMPLE, sqlite_template, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="session")
def few_rows(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """What the sample's first rows leave behind."""
    header, rows = sample()
    return left_behind(as_bytes(header, rows[:FEW]), sqlite_template, tmp_path_factory.mktemp("few"))


def left_behind(file: Path | bytes, template: Path, folder: Path) -> Snapshot:
    url = f"sqlite:///{shutil.copy(template, folder / 'test.sqlite')}"
    app = create_app(read_settings(plain_environ(url, folder)))
    importer(app, folder)(file)
    database = app.extensions[EXTENSION].database
    taken = look(database)
    database.engine.dispose()
    return taken


def importer(app: Flask, folder: Path) -> Import:
    def run(file: Path | bytes, *options: str, profile: str = "servicenow") -> Outcome:
        if isinstance(file, bytes):
            (folder / "log.csv").write_bytes(file)
            file = folder / "log.csv"
        return import_file(app, folder, "tickets", file, "--profile", profile, *options)

    return run


def import_file(app: Flask, folder: Path, group: str, file: Path, *options: str) -> Outcome:
    """`flask GROUP import FILE`, as somebody types it; the reject file goes into the folder."""
    rejects = folder / "rejects.csv"
    rejects.unlink(missing_ok=True)
    args = [group, "import", str(file), "--rejects", str(rejects), *options]
    result = app.test_cli_runner().invoke(args=args)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Outcome(result.exit_code, result.stdout, result.stderr, read_rejects(rejects))


def look(database: Database) -> Snapshot:
    with database.reading() as session:
        return {name: [tuple(map(plain, row)) for row in session.execute(text(sql))] for name, sql in QUESTIONS.items()}


def plain(value: object) -> object:
    """Times alike from both databases: SQLite gives a text in UTC."""
    if isinstance(value, str) and TIME.fullmatch(value):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    return value


def read_rejects(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    assert path.read_bytes().startswith(b"\xef\xbb\xbf"), "Excel needs the mark to show Chinese"
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    return [dict(zip(("line", "column", "value", "expected"), row, strict=True)) for row in rows[1:]]
