"""Killed with -9 while it freezes, signs or seals: nothing of it stands, and the next does it whole."""

import multiprocessing
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, text

from app.db import Base
from app.jobs import history
from app.models import SealedBatch, Sheet, SheetRows, SheetSignature
from app.runtime import Runtime, build
from app.services.indicators.quarters import Quarter
from app.services.sheets import agreeing, freezing, pages
from config.settings import read_settings
from tests.draws.test_kill import not_waited_for, until, waits_for
from tests.sheets.conftest import WINDOW, Story
from tests.support.world import ZONE

pytestmark = pytest.mark.slow("processes that are killed")


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    return postgresql_url


def freeze(runtime: Runtime, story: dict[str, str], by: int) -> None:
    with runtime.database.transaction() as session:
        term = pages.term(session, story["contract"], Quarter.read(story["quarter"]), zone=ZONE)
        freezing.freeze(session, term, version=1, reason="", window=WINDOW, by=by, at=runtime.now())


def sign(runtime: Runtime, story: dict[str, str], by: int) -> None:
    with runtime.database.transaction() as session:
        sheet = session.scalars(select(Sheet.id)).one()
        agreeing.sign(session, sheet, "hospital", way="paper", note="x", by=by, at=runtime.now(), zone=ZONE)


def seal(runtime: Runtime, story: dict[str, str], by: int) -> None:
    history.take_all(runtime)


ACTS: dict[str, Callable[[Runtime, dict[str, str], int], None]] = {"freeze": freeze, "sign": sign, "seal": seal}
WRITES = {"freeze": (Sheet, SheetRows), "sign": (SheetSignature,), "seal": (SealedBatch,)}


def take(environ: dict[str, str], act: str, story: dict[str, str], by: int) -> None:
    ACTS[act](build(read_settings(environ)), story, by)


@pytest.mark.parametrize(
    ("act", "table"),
    [
        ("freeze", "sheet"),
        ("freeze", "sheet_rows"),
        ("freeze", "event"),
        ("sign", "sheet_signature"),
        ("sign", "event"),
        ("seal", "sealed_batch"),
        ("seal", "seal_checkpoint"),
    ],
)
def test_killed_just_before_it_writes_there_it_has_written_nothing(
    story: Story, environ: dict[str, str], act: str, table: str
) -> None:
    """The table is locked against writers, so the process stands still just before it."""
    told = {"contract": story.term.contract.number, "quarter": str(story.term.quarter)}
    by, database = story.world.supervisor.id, story.world.database
    story.finish()
    story.count()
    if act != "freeze":
        story.freeze()
    before = rows(story, act)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["app.jobs.history", "app.services.sheets.pages"])
    process = context.Process(target=take, args=(environ, act, told, by))
    with database.transaction() as session:
        session.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
        process.start()
        until(lambda: waits_for(session, table) or not process.is_alive())
        assert process.is_alive(), "it ended by itself"
        process.kill()
        process.join()
    until(lambda: not_waited_for(database))
    assert rows(story, act) == before
    runtime = build(read_settings(environ))
    ACTS[act](runtime, told, by)
    runtime.database.engine.dispose()
    assert all(many > 0 for many in rows(story, act))


def rows(story: Story, act: str) -> list[int]:
    with story.world.database.reading() as session:
        tables = [Base.metadata.tables[one.__tablename__] for one in WRITES[act]]
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]
