"""Killed at any moment of commit and run, nothing or all of it stands; afterwards it is finished, once."""

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.db import Database
from app.errors import Refused
from app.jobs import draws as jobs
from app.models import DrawFile, DrawWinner
from app.runtime import build
from app.services.draws import claims
from config.settings import read_settings
from tests.draws.story import COMMITTED, DRAW_ID, DRAWN, EXPIRED, OBJECTED, REDRAWN, Story
from tests.draws.test_objections import decide, object_
from tests.support.nursery import Nursery, Process

pytestmark = pytest.mark.slow("processes that are killed")

SOON, LATER = 0.01, 1.3  # seconds, and how much longer it is left alone each time
FILES = {
    "commit": {"commit-1.json", "commit-1.json.sig", "leaves-1.bin", "leaves-1.bin.sig"},
    "commit again": {"commit-2.json", "commit-2.json.sig", "leaves-2.bin", "leaves-2.bin.sig"},
    "run_1": {"result-1.json", "result-1.json.sig"},
    "run_2": {"result-2.json", "result-2.json.sig"},
}
TIMES = {"commit": COMMITTED, "commit again": OBJECTED, "run_1": DRAWN, "run_2": REDRAWN}
WINNERS = {"run_1": 6, "run_2": 12}


def prepared(story: Story, step: str) -> None:
    """Everything before this step is done, and now is its time."""
    story.now_is(TIMES[step])
    story.people(60)
    story.announce()
    if step != "commit":
        story.commit()
    if step == "commit again":
        uphold(story)
    if step in WINNERS:
        story.type_numbers()
    if step == "run_2":
        story.run()
        with story.drawing() as (session, draw):
            claims.expire(session, draw, at=EXPIRED + story.shift)
        story.type_numbers(2, at=REDRAWN + story.shift)


def uphold(story: Story) -> None:
    """Of somebody with a ticket that came to light when the list was written."""
    person = story.raters[1]
    story.rate(person)
    receipt = story.receipt(person)
    assert receipt
    number = object_(story, receipt, by=person, at=OBJECTED + story.shift)
    decide(story, number, upheld=True, at=OBJECTED + story.shift)


@pytest.mark.parametrize("step", FILES)
def test_killed_at_any_moment(story: Story, environ: dict[str, str], step: str, tmp_path: Path) -> None:
    prepared(story, step)
    story.database.engine.dispose()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["app.jobs.draws"])
    seen: dict[str, str] = {}
    kills = 0
    while not seen:  # a little later each time, until one is too late
        process = context.Process(target=take, args=(environ, step))
        process.start()
        process.join(SOON * LATER**kills)
        if process.is_alive():
            process.kill()
            kills += 1
        process.join()
        seen = hashes(story, step)
        assert set(seen) in (set(), FILES[step])
    assert kills > 1
    finish(story, environ, step, seen, tmp_path)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("step", "table"),
    [
        ("commit", "draw_file"),
        ("commit", "draw_file_part"),
        ("commit", "draw_tree"),
        ("commit", "event"),
        ("run_1", "draw_file"),
        ("run_1", "event"),
        ("run_1", "draw_winner"),
    ],
)
def test_killed_between_two_statements(
    story: Story, environ: dict[str, str], step: str, table: str, tmp_path: Path, nursery: Nursery
) -> None:
    """The table is locked against writers, so the command stands still just before it writes there."""
    prepared(story, step)
    command = ["flask", "--app", "wsgi", "draw", step.partition("_")[0], DRAW_ID]
    with story.database.transaction() as session:
        session.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
        running = nursery.start(command, environ=environ, log=tmp_path / "log")
        until(lambda: waits_for(session, table) or ended_by_itself(running, tmp_path / "log"))
        running.kill()
    until(lambda: not_waited_for(story.database))
    # Who has won is found out after the result stands.
    done = table == "draw_winner"
    assert set(hashes(story, step)) == (FILES[step] if done else set())
    finish(story, environ, step, hashes(story, step), tmp_path)


def take(environ: dict[str, str], step: str) -> None:
    runtime = build(read_settings(environ))
    jobs.take(runtime, DRAW_ID, step.partition(" ")[0])


def finish(story: Story, environ: dict[str, str], step: str, seen: dict[str, str], folder: Path) -> None:
    """A restart does the rest, and does nothing twice."""
    runtime = build(read_settings(environ))
    jobs.look_once(runtime)
    found = hashes(story, step)
    assert set(found) == FILES[step]
    assert {**found, **seen} == found
    with pytest.raises(Refused, match="written_before"):
        jobs.take(runtime, DRAW_ID, step.partition(" ")[0])
    jobs.look_once(runtime)
    assert hashes(story, step) == found
    assert story.publish(folder / "draw")[-1].holds
    if step in WINNERS:
        with story.database.reading() as session:
            assert session.scalar(select(func.count()).select_from(DrawWinner)) == WINNERS[step]
    runtime.database.engine.dispose()


def hashes(story: Story, step: str) -> dict[str, str]:
    """What is published of this step; each name once, for the database refuses a second."""
    with story.database.reading() as session:
        rows = session.execute(select(DrawFile.name, DrawFile.sha256).where(DrawFile.name.in_(FILES[step]))).all()
    assert len(rows) == len({name for name, _ in rows})
    return {row.name: row.sha256 for row in rows}


def waits_for(session: Session, table: str) -> bool:
    asked = text("SELECT count(*) FROM pg_locks WHERE relation = CAST(:name AS regclass) AND NOT granted")
    return bool(session.scalar(asked, {"name": table}))


def not_waited_for(database: Database) -> bool:
    """Whoever was killed has left nothing behind."""
    with database.reading() as session:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return not session.scalar(text(asked + " AND state <> 'idle'"))


def ended_by_itself(process: Process, log: Path) -> bool:
    if process.poll() is not None:
        pytest.fail(f"it ended by itself: {log.read_text()}")
    return False


def until(true: Callable[[], bool], seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)
