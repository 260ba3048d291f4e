"""The ground itself: what the other tests stand on does what they believe."""

import os
import signal
from pathlib import Path

import pytest
import redis
import requests
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from sqlalchemy import func, select

from app.db import Database
from app.models import Completion, Event, Notice
from app.web import health
from tests.conftest import setting_names
from tests.support.browser import open_phone
from tests.support.nursery import Nursery
from tests.support.processes import Installation
from tests.support.world import WAYS, World


def test_a_fresh_database_is_ready_for_the_app(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (200, "ready\n")


def test_being_ready_is_asked_often_and_reads_the_migrations_once(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr(health, "ROOT", tmp_path)
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("state", WAYS)
def test_a_ticket_of_the_world_really_walked_to_its_state(world: World, state: str) -> None:
    ticket = world.ticket(state)
    with world.database.reading() as session:
        moves = select(Event.kind).where(Event.ticket_id == ticket.id, Event.state.is_not(None)).order_by(Event.id)
        kinds = session.scalars(moves).all()
    assert ticket.state == state
    assert kinds[-1] == state
    assert len(kinds) == 1 + len(WAYS[state])


def test_a_finished_ticket_has_its_attribution_and_its_notices(world: World) -> None:
    ticket = world.ticket("finished", helpers=(world.second_engineer,))
    with world.database.reading() as session:
        completion = session.scalars(select(Completion)).one()
        notices = session.scalars(select(Notice.person_id).order_by(Notice.id)).all()
    assert completion.ticket_id == ticket.id
    assert completion.contract_id == world.contract.id
    assert notices == [world.engineer.id, world.nurse.id]


def test_nobody_is_served_by_a_ticket_from_monitoring(world: World) -> None:
    assert not world.ticket(source="monitoring").rateable
    assert world.ticket(served=world.ward).served_department_id == world.ward.id


@pytest.mark.parametrize("_time", [1, 2])
def test_what_one_test_wrote_the_next_does_not_see(world: World, _time: int) -> None:
    world.ticket()
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 1


@pytest.mark.parametrize("_time", [1, 2])
def test_redis_begins_empty(redis_url: str, _time: int) -> None:
    with redis.Redis.from_url(redis_url) as connection:
        assert connection.dbsize() == 0
        connection.set("left", "over")


def test_the_settings_of_the_developer_are_unknown_here() -> None:
    assert {"APP_ENV", "DATABASE_URL", "REDIS_URL", "DATA_DIR"} <= setting_names()
    assert not setting_names() & os.environ.keys()


def test_a_database_of_a_test_lies_in_a_folder_of_the_tests(sqlite_url: str, tmp_path: Path) -> None:
    assert sqlite_url == f"sqlite:///{tmp_path.parent}/sqlite0/test.sqlite"


def test_both_kinds_of_database_are_real(database: Database, database_url: str) -> None:
    assert database_url.startswith(f"{database.engine.dialect.name}:")


@pytest.mark.slow("servers")
def test_web_worker_and_sandbox_start_and_stop_as_processes(installed: Installation) -> None:
    installed.start("sandbox", "web", "worker")
    ready = requests.get(f"{installed.url}/readyz", timeout=5)
    phones = requests.get(installed.sandbox_url, timeout=5)
    installed.stop()
    assert (ready.status_code, ready.text) == (200, "ready\n")
    assert "/handset/nurse" in phones.text
    assert installed.said("worker") == ""
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{installed.url}/healthz", timeout=5)


ONLOOKER = """
import os, threading
try: held = os.fstat(3)
except OSError: held = None
print(*sorted(os.environ), os.getsid(0) == os.getpid(), threading.active_count(), held)
"""


@pytest.mark.slow("servers")
def test_a_fork_of_the_nursery_has_nothing_but_its_own(nursery: Nursery, tmp_path: Path) -> None:
    log = tmp_path / "log"
    seen = nursery.start(["timeit", "-n1", "-r1", ONLOOKER], environ={"ONLY": "this"}, log=log)
    assert seen.wait(20) == 0
    assert log.read_text().startswith("ONLY True 1 None\n")
    failed = nursery.start(["timeit", "nothing"], environ={}, log=log)
    assert failed.wait(20) == 1
    assert "NameError" in log.read_text()


@pytest.mark.slow("servers")
def test_a_fork_of_the_nursery_is_ended_by_a_signal_as_any_process(nursery: Nursery, tmp_path: Path) -> None:
    asleep = ["timeit", "import time; time.sleep(60)"]
    asked, killed = (nursery.start(asleep, environ={}, log=tmp_path / "log") for _ in range(2))
    assert (asked.poll(), killed.poll()) == (None, None)
    asked.send_signal(signal.SIGTERM)
    killed.kill()
    assert (asked.wait(20), killed.wait(20)) == (-signal.SIGTERM, -signal.SIGKILL)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="the threads of another process stand in /proc")
@pytest.mark.slow("servers")
def test_the_nursery_has_one_thread_for_a_fork_of_several_is_half_a_process(nursery: Nursery, tmp_path: Path) -> None:
    warm = nursery.start(["timeit", "-n1", "-r1", "import os; print(os.getppid())"], environ={}, log=tmp_path / "log")
    assert warm.wait(20) == 0
    parent = (tmp_path / "log").read_text().split()[0]
    assert len(list(Path(f"/proc/{parent}/task").iterdir())) == 1


@pytest.mark.slow("servers")
def test_a_browser_shows_a_page(browser: Browser, installed: Installation) -> None:
    installed.start("sandbox")
    with open_phone(browser) as phone:
        page = phone.new_page()
        page.goto(f"{installed.sandbox_url}/phone/nurse")
        assert page.locator("h1").is_visible()
