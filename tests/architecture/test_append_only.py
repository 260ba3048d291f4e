"""What happened stays: the database itself refuses to change, delete or replace it, whoever asks and however."""

import gzip
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from app import clock
from app.db import Base, Database, insert_first
from app.models import RatingCorrection, RatingDetail
from app.models.append_only import CURRENT, FROZEN, KEPT, STAYS
from app.paths import ROOT
from app.services.audit import seal, verify
from app.services.audit.seal import Signer
from tests.conftest import migrate
from tests.support.kept import run
from tests.support.world import World

FULL = ROOT / "tests" / "data" / "earlier_heads"

_AT = "'2026-10-20 01:00:00+00'"
SHEET = (
    (
        "INSERT INTO indicator_entry (id, contract_id, quarter, code, evidence, source, at) "
        f"SELECT 1, min(id), '2026Q3', 'P4', 'x', '', {_AT} FROM contract"
    ),
    f"INSERT INTO indicator_check (entry_id, by_id, at) SELECT 1, min(id), {_AT} FROM person",
    (
        "INSERT INTO sheet (id, contract_id, quarter, version, content, digest, reason, by_id, at) "
        f"SELECT 1, min(contract.id), '2026Q3', 1, '{{}}', '', '', min(person.id), {_AT} FROM contract, person"
    ),
    "INSERT INTO sheet_rows (sheet_id, code, ids) SELECT 1, 'remote', hashes FROM sealed_batch",
    (
        "INSERT INTO sheet_objection (id, sheet_id, code, text, by_id, at) "
        f"SELECT 1, 1, '', 'x', min(id), {_AT} FROM person"
    ),
    f"INSERT INTO sheet_answer (objection_id, upheld, text, by_id, at) SELECT 1, true, 'x', min(id), {_AT} FROM person",
    (
        "INSERT INTO sheet_signature (sheet_id, side, way, note, by_id, at) "
        f"SELECT 1, 'hospital', 'paper', 'x', min(id), {_AT} FROM person"
    ),
    (
        "INSERT INTO rule_set (id, contract_id, version, name, since, content, digest, reason, by_id, at) "
        f"SELECT 1, min(contract.id), 1, 'x', '2026-10-01', '', '', 'x', min(person.id), {_AT} FROM contract, person"
    ),
    f"INSERT INTO sheet_settlement (sheet_id, fee_fen, by_id, at) SELECT 1, 5, min(id), {_AT} FROM person",
)

REGISTER = (
    (
        "INSERT INTO register_record (id, kind, code, form, title, state, closed, void, period, data, words, searched, "
        "revision, created_at, written_at) "
        "VALUES (1, 'tools', 'TL-0001', 1, 'x', 'used', false, false, '', '{}', '{}', '', 1, :at, :at)"
    ),
    (
        "INSERT INTO register_entry (id, record_id, event_id, kind, revision, form, data, words, at) "
        """VALUES (1, 1, 1, 'written', 1, 1, '{"a": 1}', '{"title": "x"}', :at)"""
    ),
    (
        "INSERT INTO register_file (id, record_id, name, media_type, size, content, at) "
        "VALUES (1, 1, 'x', 'image/jpeg', 1, 'x', :at)"
    ),
)

# Each would rewrite what happened: whose it was, who decided, what was said, what was taken for what it was.
REFUSED = (
    "UPDATE service_case SET person_id = 7",
    "UPDATE service_case SET reason = 'urge'",
    "UPDATE service_case SET hidden = NOT hidden",
    "UPDATE service_case SET answered_at = '2030-01-01 00:00:00+00:00' WHERE answered_at IS NOT NULL",
    "UPDATE case_note SET text = 'nothing was wrong'",
    "UPDATE case_note SET by_id = by_id + 1",
    "UPDATE case_handover SET plan = 'nothing'",
    "UPDATE case_appeal SET state = 'upheld'",
    "UPDATE appeal_photo SET content = 'y'",
    "UPDATE completion SET lead_id = lead_id + 1",
    "UPDATE completion SET provider_id = NULL",
    "UPDATE completion SET ticket_id = ticket_id + 1000",
    "UPDATE draw_objection SET tickets = tickets + 1",
    "UPDATE draw_objection SET state = 'refused'",
    "UPDATE draw_objection SET granted = 9",
    "UPDATE rating_detail SET comment = 'excellent'",
    "UPDATE rating_detail SET quality = '{\"speed\": 5}'",
    "UPDATE rating_detail SET praise = 'approved'",
    "UPDATE rating_detail SET signed = NOT signed",
    "UPDATE rating_detail SET public = NOT public",
    """UPDATE register_entry SET words = '{"title": "y"}'""",
    """UPDATE register_entry SET data = '{"a": 2}'""",
    "UPDATE register_entry SET by_id = 1",
    "UPDATE register_file SET content = 'y'",
    "UPDATE register_file SET content = ''",
    "UPDATE register_file SET digest = 'another'",
    "UPDATE register_file SET taken_out_why = 'personal'",
    "UPDATE event_note SET text = 'another'",
    "UPDATE event_note SET event_id = event_id + 1",
    "UPDATE ticket_note SET text = 'another'",
    "UPDATE ticket_note SET person_id = person_id + 1",
    "UPDATE identity_claim SET person_id = person_id + 1",
    "UPDATE erasure_request SET identity_id = identity_id + 1",
    "UPDATE bind_invitation SET person_id = person_id + 1",
    "UPDATE bind_invitation SET number = number + 1",
    "UPDATE binding_try SET staff_number = 'other'",
    "UPDATE notice_try SET outcome = 'failed'",
    "UPDATE entered_rating_photo SET content = 'another picture'",
    "UPDATE ticket_asset SET ticket_id = ticket_id + 1",
    "UPDATE wechat_identity SET openid = openid || 'x'",
    "UPDATE wechat_identity SET appid = 'wx-other'",
    "UPDATE person SET staff_number = staff_number || 'x'",
)


@pytest.fixture
def full(bare_url: str) -> Iterator[Database]:
    """A database with a row in every table, and foreign keys asleep: nothing but the triggers refuses."""
    database = Database(bare_url)
    kind = database.engine.dialect.name
    run(database, gzip.decompress((FULL / f"0009-fa09fed.{kind}.sql.gz").read_bytes()).decode())
    database.engine.dispose()
    migrate(bare_url)
    with database.transaction() as session:
        now = clock.now()
        session.execute(text("INSERT INTO feed_entry (seq, event_id) VALUES (1, 1)"))
        seal.seal(session, Signer("log"), at=clock.now())
        seal.daily(session, Signer("log"), day=clock.now().date(), at=clock.now())
        verify.record(session, verify.verify(session), by=None, at=clock.now())
        for statement in SHEET:
            session.execute(text(statement))
        flag = "INSERT INTO integrity_flag (id, quarter, signal, found, out_of, usual, numbers, evidence, day, at) "
        session.execute(
            text(f"{flag} VALUES (1, '2026Q3', 'x', 1, 1, 0, '{{}}', '{{}}', '2026-09-30', :at)"), {"at": now}
        )
        decided = "INSERT INTO integrity_decision (flag_id, outcome, note, by_id, at)"
        session.execute(text(f"{decided} SELECT 1, 'watched', 'x', min(id), :at FROM person"), {"at": now})
        days = "INSERT INTO holiday_notice (year, notice, off, work, at) VALUES (2027, 'x', '[]', '[]', :at)"
        session.execute(text(days), {"at": clock.now()})
        note = "INSERT INTO ticket_note (ticket_id, person_id, kind, text, at) VALUES (1, 1, 'noted', 'a', :at)"
        session.execute(text(note), {"at": clock.now()})
        session.execute(text("INSERT INTO event_note (event_id, text) VALUES (1, 'a')"))
        rated = "INSERT INTO case_rating (case_id, recovery, level, at)"
        session.execute(text(f"{rated} SELECT min(id), 1, 5, min(opened_at) FROM service_case"))
        for statement in REGISTER:
            session.execute(text(statement), {"at": now})
        for table, columns, values in (
            ("case_finding", "kind, upheld, contract_id, by_id", "'discipline', true, 1, 1"),
            ("case_handover", "provider_id, by_id, plan", "1, 1, 'go again'"),
            ("case_appeal", "by_id, reason, text, state", "1, 'mistaken', 'a slip', 'refused'"),
            ("appeal_photo", "media_type, content", "'image/jpeg', 'x'"),
        ):
            session.execute(
                text(f"INSERT INTO {table} (case_id, at, {columns}) VALUES (1, :at, {values})"), {"at": now}
            )
    yield database
    database.engine.dispose()


def test_every_table_is_on_one_of_the_lists() -> None:
    lists = (FROZEN, STAYS, KEPT, CURRENT)
    assert sorted(table for tables in lists for table in tables) == sorted(Base.metadata.tables)


@pytest.mark.slow("a database loaded and taken through its migrations")
def test_nothing_that_happened_is_changed_or_deleted(full: Database) -> None:
    done = []
    for table in sorted(FROZEN | STAYS):
        column = inspect(full.engine).get_columns(table)[-1]["name"]
        changes = [f'UPDATE {table} SET "{column}" = "{column}"'] if table in FROZEN else []
        changes.append(f"DELETE FROM {table}")
        if full.engine.dialect.name == "postgresql":
            changes.append(f"TRUNCATE {table} CASCADE")
        done += [change for change in changes if not refused(full, change)]
    done += [change for change in REFUSED if not refused(full, change)]
    assert done == []


@pytest.mark.slow("a database loaded and taken through its migrations")
def test_nothing_is_replaced_by_who_opens_the_file_without_us(full: Database) -> None:
    if full.engine.dialect.name == "postgresql":
        assert refused(full, "INSERT INTO rating SELECT * FROM rating ON CONFLICT (id) DO UPDATE SET level = 1")
        return
    full.engine.dispose()
    connection = sqlite3.connect(Path(full.engine.url.database or ""), isolation_level=None)
    replaced = [f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}" for table in FROZEN | STAYS | KEPT]
    # By another of its keys, under a number of its own.
    told = ", ".join(row[1] for row in connection.execute("PRAGMA table_info(rating)") if row[1] != "id")
    replaced.append(f"INSERT OR REPLACE INTO rating ({told}) SELECT {told} FROM rating")
    done = []
    for statement in replaced:
        try:
            connection.execute(statement)
            done.append(statement)
        except sqlite3.IntegrityError as error:
            assert "append-only" in str(error)  # noqa: PT017 the others are collected
    connection.close()
    assert done == []


def test_the_second_under_a_key_gets_nothing_and_a_row_of_nobody_is_refused(world: World) -> None:
    rating = world.rated(world.ticket("finished"))
    values = {"rating_id": rating, "level": 1, "at": clock.now()}
    with world.database.transaction() as session:
        assert insert_first(session, RatingCorrection, **values) == rating
        assert insert_first(session, RatingCorrection, **values) is None
    with pytest.raises(IntegrityError), world.database.transaction() as session:
        insert_first(session, RatingCorrection, **{**values, "rating_id": rating + 1})


def test_what_was_said_can_be_erased_and_no_more(world: World) -> None:
    rating = world.rated(world.ticket("finished"))
    said = {
        "reasons": {},
        "quality": {},
        "faces": {},
        "pressed": False,
        "praise": "asked",
        "signed": True,
        "at": clock.now(),
    }
    with world.database.transaction() as session:
        session.add(RatingDetail(rating_id=rating, comment="慢", **said))
        session.flush()
        session.execute(text("UPDATE rating_detail SET comment = '', praise = 'approved', signed = false"))
    assert refused(world.database, "UPDATE rating_detail SET comment = 'x'")
    assert refused(world.database, "UPDATE rating_detail SET signed = true")


def test_what_an_import_brought_may_be_corrected_until_it_is_rated(world: World) -> None:
    ticket = world.ticket("finished")
    change = f"UPDATE completion SET team_id = NULL WHERE ticket_id = {ticket.id}"
    assert refused(world.database, change)
    world.brought(ticket)
    assert not refused(world.database, change)
    world.rated(ticket)
    assert refused(world.database, change)


def refused(database: Database, change: str) -> bool:
    """Whether the database itself says no; what it lets through is taken back."""
    with database.engine.execution_options(writes=True).connect() as connection:
        try:
            connection.execute(text(change))
        except DBAPIError as error:
            return "append-only" in str(error.orig)
        finally:
            connection.rollback()
    return False
