"""What the migrations make is what the models say, on both databases, there and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, select, text
from sqlalchemy.engine.interfaces import ReflectedIndex
from sqlalchemy.exc import DBAPIError

from app import clock
from app.db import Base, Database
from app.models import Completion, CountedRating, Draw, Event, Rating, RatingCorrection
from app.paths import ROOT
from app.services import events
from app.services.events import About
from app.web import health
from tests.conftest import migrate
from tests.support.world import World

APPEND_ONLY = ("event", "rating", "counted_rating", "rating_correction")


def test_there_is_one_head() -> None:
    assert ScriptDirectory.from_config(alembic("unused")).get_heads() == [health._head()]  # noqa: SLF001


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
        assert leftovers(engine) == []
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
        assert session.scalars(select(CountedRating.person_id)).all() == [world.nurse.id, world.supervisor.id]


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


def described(engine: Engine) -> dict[str, dict[str, Any]]:
    """Tables as the database itself tells them, in an order that does not depend on how they were made."""
    seen = inspect(engine)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in seen.get_columns(table)
            },
            "key": seen.get_pk_constraint(table)["constrained_columns"],
            "checks": sorted((check["name"] or "", check["sqltext"]) for check in seen.get_check_constraints(table)),
            "indexes": sorted(map(index_told, seen.get_indexes(table))),
            "uniques": sorted(
                (unique["name"], unique["column_names"]) for unique in seen.get_unique_constraints(table)
            ),
            "references": sorted(map(str, seen.get_foreign_keys(table))),
        }
        for table in seen.get_table_names()
        if table != "alembic_version"
    }


def index_told(index: ReflectedIndex) -> str:
    where = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return f"{index['name']} {index['column_names']} unique={bool(index['unique'])} {where}"


def leftovers(engine: Engine) -> list[str]:
    """Triggers and functions of ours that outlived their tables."""
    query = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    }[engine.dialect.name]
    with engine.connect() as connection:
        return list(connection.scalars(text(query)))
