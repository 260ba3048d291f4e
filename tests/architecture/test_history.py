"""One history: one writer, every kind declared once, and what the database writes by itself follows the same table."""

import ast
import re
from typing import get_args

import pytest
from sqlalchemy import select, text

from app import clock
from app.db import Database
from app.models import Completion, Event, Rating, WeChatIdentity
from app.models.kinds import EVENTS, NOTICES, PROVIDER_SEES_EVENTS, PROVIDER_SEES_NOTICES, Subject
from app.models.ticket import MOVES
from app.paths import ROOT
from app.services import events
from app.services.events import About
from app.services.identity import binding, first_admin
from app.services.organisation import settings_history
from app.services.privacy import wechat_erasure
from app.texts.history import WORDS as HISTORY
from app.texts.tickets import WORDS
from config.notices import ALERTS, FOR_ENGINEERS, FOR_SUPERVISION, FOR_USERS, KINDS
from tests.support.tree import files
from tests.support.world import World

WRITER = ROOT / "app" / "services" / "events.py"
SQL = ROOT / "migrations" / "sql" / "0009_rating_given.sql"


def test_nothing_but_the_writer_writes_events() -> None:
    writers = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files(".py", under="app")
        if path != WRITER
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and made_by(node)
    }
    assert writers == set()


def made_by(call: ast.Call) -> bool:
    """`Event(...)` or `insert(Event...)`; a thread's Event comes without arguments."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    first = ast.unparse(call.args[0]) if call.args else ""
    return (name == "Event" and bool(call.args or call.keywords)) or (name == "insert" and first.startswith("Event"))


def test_every_step_of_a_ticket_has_a_word_on_its_page() -> None:
    shown = {name for name, kind in EVENTS.items() if kind.subject in {"ticket", "rating", "case", "complaint"}}
    assert WORDS["event"].keys() == shown, "app/texts/tickets.py says what the timeline calls each"


def test_every_event_and_its_subject_have_a_word_for_the_auditor() -> None:
    assert HISTORY["history_event"].keys() == EVENTS.keys(), "app/texts/history.py says what the audit calls each"
    assert HISTORY["history_subject"].keys() == set(get_args(Subject))


def test_an_undeclared_kind_cannot_be_written(world: World) -> None:
    with pytest.raises(KeyError, match="invented"), world.database.transaction() as session:
        events.append(session, About(1), "invented", by=None, at=clock.now(), channel="test")


def test_every_state_is_an_event_and_what_moves_leaves_a_known_state() -> None:
    assert {name for name, kind in EVENTS.items() if kind.leaves == name} == set(MOVES)
    moved_by_another = {name: kind.leaves for name, kind in EVENTS.items() if kind.moves and kind.leaves != name}
    assert moved_by_another == {"declined": "reported", "handed_over": "dispatched"}


def test_what_speaks_of_a_rating_a_complaint_or_a_person_is_not_for_the_provider() -> None:
    assert {EVENTS[name].subject for name in PROVIDER_SEES_EVENTS} == {"ticket"}
    assert "rating_entered" not in PROVIDER_SEES_EVENTS
    assert PROVIDER_SEES_NOTICES.isdisjoint(
        {"rate_reminder", "complaint_answered", "recovered", "case_opened", "case_overdue", "won"}
    )


def test_the_hospital_words_every_kind_that_is_sent_for_the_same_reader() -> None:
    readers = {"engineer": FOR_ENGINEERS, "supervision": FOR_SUPERVISION, "user": FOR_USERS}
    worded = {name: reader for reader, names in readers.items() for name in names}
    worded |= {name: NOTICES[name].to for name in ALERTS}  # what is about no ticket is for anybody
    declared = {name: kind.to for name, kind in NOTICES.items() if not kind.inbox_only}
    assert declared == worded, "app/models/kinds.py and config/notices.py name the same kinds, each for the same reader"
    assert worded.keys() == KINDS


def test_what_the_database_writes_with_a_rating_is_a_declared_event(world: World) -> None:
    ticket = world.ticket("finished")
    with world.database.transaction() as session:
        completion = session.query(Completion).filter_by(ticket_id=ticket.id).one()
        by = {"identity_id": world.nurse_identity.id, "person_id": world.nurse.id}
        rating = Rating(completion_id=completion.id, level=5, counts=True, source="scan", at=clock.now(), **by)
        session.add(rating)
        session.flush()
        [event] = session.scalars(select(Event).where(Event.kind == "rated")).all()
        assert (event.subject, event.subject_id) == (EVENTS["rated"].subject, rating.id)
        assert (event.ticket_id, event.cycle, event.state) == (ticket.id, 1, None)
        assert (event.actor_id, event.channel, event.data) == (world.nurse.id, "scan", {"rating": rating.id})
        assert event.at == event.recorded_at == rating.at


def test_the_sql_file_is_what_the_database_has(database: Database) -> None:
    kept = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name IN ('rating_slot', 'rating_event')",
        "postgresql": "SELECT prosrc FROM pg_proc WHERE proname = 'rating_given'",
    }[database.engine.dialect.name]
    said = squeezed(SQL.read_text("utf-8"))
    with database.reading() as session:
        found = [squeezed(one) for one in session.scalars(text(kept))]
    assert found
    assert all(one in said for one in found)


def squeezed(sql: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"(?m)^--.*$", "", sql)).strip()


def test_settings_are_on_record_whenever_they_differ(database: Database) -> None:
    for told, fresh in (({"days": 14}, True), ({"days": 14}, False), ({"days": 7}, True), ({"days": 14}, True)):
        with database.transaction() as session:
            assert settings_history.record(session, told, at=clock.now()) is fresh
    with database.reading() as session:
        assert [event.data for event in session.scalars(select(Event).order_by(Event.id))] == [
            {"days": 14},
            {"days": 7},
            {"days": 14},
        ]


def test_who_binds_lets_go_changes_roles_or_is_erased_is_in_the_history(world: World) -> None:
    at = clock.now()
    with world.database.transaction() as session:
        identity = session.get_one(WeChatIdentity, world.stranger_identity.id)
        binding.attach(session, identity, world.doctor.id, at=at)
        wechat_erasure.forget(session, identity, keys=("k" * 32,), at=at)
        first_admin.create(session, world.admin.staff_number, world.admin.name, "a long password", at=at)
    with world.database.reading() as session:
        rows = session.execute(select(Event.kind, Event.subject, Event.subject_id, Event.data).order_by(Event.id)).all()
    told = {"identity": world.stranger_identity.id}
    assert [tuple(row) for row in rows] == [
        ("bound", "person", world.doctor.id, told),
        ("unbound", "person", world.doctor.id, told),
        ("roles_changed", "person", world.admin.id, {"roles": ["admin"]}),
    ]
