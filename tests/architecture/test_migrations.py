"""What the migrations make is what the models say, on both databases, there and back."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from app import clock
from app.db import Base, Database
from app.models import Completion, CountedRating, Draw, Event, Person, Rating, RatingCorrection, Ticket
from app.paths import ROOT
from app.services import events
from app.services.events import About
from app.services.organisation.spellings import misspelt
from app.web import health
from tests.conftest import migrate
from tests.support.schema import described, programs
from tests.support.world import World

MERGED = ROOT / "tests" / "data" / "merged_migrations.sha256"
APPEND_ONLY = ("event", "rating", "counted_rating", "rating_correction")


def test_there_is_one_head() -> None:
    assert ScriptDirectory.from_config(alembic("unused")).get_heads() == [health._head()]  # noqa: SLF001


def test_what_was_merged_is_never_changed() -> None:
    """All but the newest: `sha256sum` of the file that was newest goes into the list with the next one."""
    held = {path: digest for digest, path in map(str.split, MERGED.read_text("utf-8").splitlines())}
    parts = [*ROOT.glob("migrations/versions/[0-9]*.py"), *ROOT.glob("migrations/sql/*")]
    merged = [path for path in parts if path.name[:4] < health._head()]  # noqa: SLF001
    merged.append(ROOT / "migrations" / "forms.py")  # of revision 0010
    now = {str(path.relative_to(ROOT)): sha256(path.read_bytes()).hexdigest() for path in merged}
    assert held == now, "a merged revision was changed, or is not in the list; the next revision mends it"


@pytest.mark.slow("two processes")
def test_of_two_migrations_at_once_one_waits(bare_url: str) -> None:
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    environ = {**os.environ, "DATABASE_URL": bare_url}
    both = [subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate(timeout=100)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    with engine_of(bare_url) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_heads() == (health._head(),)  # noqa: SLF001


def test_migrations_make_what_the_models_say(bare_url: str) -> None:
    migrate(bare_url)
    with engine_of(bare_url) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


@pytest.mark.slow("a database taken through every migration")
def test_checks_and_partial_indexes_are_the_models_too(bare_url: str) -> None:
    with engine_of(bare_url) as engine:
        Base.metadata.create_all(engine)
        said = described(engine)
        Base.metadata.drop_all(engine)
        migrate(bare_url)
        assert described(engine) == said


@pytest.mark.slow("a database taken through every migration")
def test_every_migration_can_be_taken_back_and_made_again(bare_url: str) -> None:
    migrate(bare_url)
    with engine_of(bare_url) as engine:
        made = described(engine)
        command.downgrade(alembic(bare_url), "base")
        assert described(engine) == {}
        assert programs(engine) == {}
        migrate(bare_url)
        assert described(engine) == made


@pytest.mark.slow("a database taken through every migration")
def test_what_counted_before_counts_for_the_same_person_after(world: World) -> None:
    everything_that_happens(world)
    bound_later = world.ticket("finished")
    with world.database.transaction() as session:
        completion = session.query(Completion).filter_by(ticket_id=bound_later.id).one()
        told = {"completion_id": completion.id, "identity_id": world.supervisor_identity.id, "source": "wechat"}
        rating = Rating(**told, level=5, counts=False, at=clock.now())
        session.add(rating)
        session.flush()
        slot = {"completion_id": completion.id, "rating_id": rating.id, "person_id": world.supervisor.id}
        session.add(CountedRating(**slot, at=clock.now()))
    config = alembic(world.database.engine.url.render_as_string(hide_password=False))
    command.downgrade(config, "0007")
    command.upgrade(config, "head")
    with world.database.reading() as session:
        found = session.scalars(select(CountedRating.person_id)).all()
        assert (len(found), {*found}) == (2, {world.nurse.id, world.supervisor.id})


def test_the_steps_of_draws_and_the_rows_of_ratings_are_carried_into_the_one_history(world: World) -> None:
    everything_that_happens(world)
    at = clock.now()
    with world.database.transaction() as session:
        named = {"draw_id": "2026Q4", "pid_prefix": "p", "announcement_sha256": "0" * 64}
        draw = Draw(**named, opens=at, closes=at, announced_at=at)
        session.add(draw)
        session.flush()
        events.append(session, About(draw.id), "key_read", by=world.auditor.id, at=at, channel="draw", data={})
    before = history(world)
    assert {"ticket", "rating", "draw"} == {subject for _kind, subject, *_ in before}
    config = alembic(world.database.engine.url.render_as_string(hide_password=False))
    command.downgrade(config, "0008")
    command.upgrade(config, "head")
    assert history(world) == before


def test_numbers_are_spelled_plainly_and_one_that_is_taken_stays(world: World) -> None:
    odd = {
        "taken": world.employ("\uff2e\uff10\uff11", "同号"),
        "free": world.employ("\uff2e\uff10\uff12\u200b", "全角"),
        "twin": world.employ("N\uff103", "一"),
        "other": world.employ("\uff2e03", "二"),
        "plain": world.employ("N01", "正常"),
    }
    ticket, clashing, number = world.ticket(), world.ticket(), world.ticket().number
    config = alembic(world.database.engine.url.render_as_string(hide_password=False))
    with world.database.transaction() as session:
        session.get_one(Person, odd["free"].id).telephone = "\uff11\uff13\uff1800138000.0"
        session.get_one(Ticket, ticket.id).number = "\u2060\uff21/1"
        session.get_one(Ticket, clashing.id).number = f"{number}\ufeff"
    command.downgrade(config, "0017")
    command.upgrade(config, "head")
    with world.database.reading() as session:
        numbers = {name: session.get_one(Person, one.id).staff_number for name, one in odd.items()}
        left = list(misspelt(session))
        assert session.get_one(Person, odd["free"].id).telephone == "13800138000"
        assert session.get_one(Ticket, ticket.id).number == "A/1"
    assert numbers == {
        **{name: odd[name].staff_number for name in ("taken", "twin", "other")},
        "free": "N02",
        "plain": "N01",
    }
    assert sorted((one.what, one.id) for one in left) == sorted(
        [("person", odd[name].id) for name in ("taken", "twin", "other")] + [("ticket", clashing.id)]
    )
    with pytest.raises(DBAPIError, match="append-only"), world.database.transaction() as session:
        session.get_one(Person, odd["plain"].id).staff_number = "N09"


def history(world: World) -> list[tuple[object, ...]]:
    columns = (Event.kind, Event.subject, Event.subject_id, Event.ticket_id, Event.actor_id, Event.at)
    with world.database.reading() as session:
        return sorted(tuple(row) for row in session.execute(select(*columns)))


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_the_database_itself_refuses_to_change_what_happened(world: World, table: str) -> None:
    everything_that_happens(world)
    changes = [f"UPDATE {table} SET at = at", f"DELETE FROM {table}"]
    if world.database.engine.dialect.name == "postgresql":
        changes.append(f"TRUNCATE {table} CASCADE")
    for change in changes:
        with pytest.raises(DBAPIError, match="append-only"), world.database.transaction() as session:
            session.execute(text(change))


def everything_that_happens(world: World) -> None:
    ticket = world.ticket("finished")
    now = clock.now()
    with world.database.transaction() as session:
        completion = session.query(Completion).filter_by(ticket_id=ticket.id).one()
        rating = Rating(
            completion_id=completion.id,
            level=5,
            identity_id=world.nurse_identity.id,
            person_id=world.nurse.id,
            counts=True,
            source="wechat",
            at=now,
        )
        session.add(rating)
        session.flush()
        session.add(RatingCorrection(rating_id=rating.id, level=4, at=now))


def alembic(url: str) -> Config:
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = url
    return config


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = Database(url).engine
    yield engine
    engine.dispose()
