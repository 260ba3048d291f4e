"""`make run`: one command up, one key down, nothing left behind, what was there is kept."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sqlalchemy import select

from app import clock
from app.cli import run
from app.db import Database
from app.demo import roles, sandbox_codes
from app.models import Draw, DrawWinner, Person, ServiceCase
from app.paths import ROOT
from app.services.draws import public_page
from config.settings import read_settings
from tests.support.processes import free_port

pytestmark = pytest.mark.slow("servers")
START_SECONDS, STOP_SECONDS = 60, 20


class Started:
    """`make run` in a folder, with the ports of this test."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.port, self.sandbox_port = free_port(), free_port()
        self._log = data_dir.parent / f"run-{self.port}.log"
        environ = {**os.environ, "PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port)}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli.run"],
                cwd=ROOT,
                env={**environ, "DATA_DIR": str(data_dir), "WECHAT_MINI_APPID": "wx0123456789abcdef"},
                stdout=log,
                stderr=log,
                start_new_session=True,
                # These tests themselves may run where the hang-up is ignored.
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
            )

    @property
    def said(self) -> str:
        return self._log.read_text("utf-8")

    def until_welcome(self) -> "Started":
        until = time.monotonic() + START_SECONDS
        while "Ctrl-C" not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < until, self.said
            time.sleep(0.1)
        return self

    def left(self) -> list[str]:
        """Command lines of the processes that work on this folder or these ports."""
        marks = (str(self.data_dir), f"--port\0{self.port}\0")
        return [line.replace("\0", " ") for _, line in _processes() if any(mark in line for mark in marks)]

    def child(self, part: str) -> int:
        return next(number for number, line in _processes() if part in line and _parent(number) == self.process.pid)

    def gone(self) -> bool:
        until = time.monotonic() + STOP_SECONDS
        while time.monotonic() < until:
            if not self.left():
                return True
            time.sleep(0.1)
        return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_serves_and_leaves_nothing_behind(demo: Started, number: signal.Signals) -> None:
    assert requests.get(f"http://localhost:{demo.port}/", timeout=5).status_code == 200
    assert requests.get(f"http://localhost:{demo.sandbox_port}/phone/nurse", timeout=5).status_code == 200
    assert demo.said.index(f"http://localhost:{demo.port}/\n") < demo.said.index(
        f"http://localhost:{demo.sandbox_port}/"
    )
    assert len(demo.left()) >= 2
    demo.process.send_signal(number)
    assert demo.process.wait(STOP_SECONDS) == 0
    assert demo.left() == []
    assert "Traceback" not in demo.said
    assert "[WARNING]" not in demo.said  # granian's, of our many threads


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_killed_outright_it_still_leaves_nothing_behind(demo: Started) -> None:
    demo.process.kill()
    demo.process.wait()
    assert demo.gone(), demo.left()


@pytest.mark.parametrize(("child", "name"), [("granian", "web"), ("wsgi\0worker", "worker")])
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_when_one_of_them_dies_all_end_and_it_is_named(demo: Started, child: str, name: str) -> None:
    os.kill(demo.child(child), signal.SIGKILL)
    assert demo.process.wait(STOP_SECONDS) == 1
    assert demo.left() == []
    assert f"{name} ended by itself" in demo.said.splitlines()[-1]


def test_the_keys_are_made_once_and_only_the_owner_reads_them(demo_home: Path) -> None:
    place = run.Place(1, 2, demo_home)
    path = Path(run.demo_settings(place)["SECRET_KEYS_FILE"])
    keys = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert run.demo_settings(place)["SECRET_KEYS_FILE"] == str(path)
    assert path.read_text() == keys
    assert keys.strip() not in (demo_home / "demo.env").read_text()


def test_existing_data_is_kept(demo_home: Path) -> None:
    settings = read_settings(run.demo_environ({}, run.Place(1, 2, demo_home)))
    database = Database(settings.database_url)
    with database.transaction() as session:
        session.add(Person(staff_number="kept", name="留下的人"))
        people = session.query(Person).count()
    run.prepare(settings)
    with database.reading() as session:
        assert session.query(Person).count() == people > 100
    database.engine.dispose()


def test_there_is_a_prize_to_claim_a_complaint_to_answer_and_draws_in_three_stages(demo_home: Path) -> None:
    database = Database(f"sqlite:///{demo_home / 'mashangping.sqlite'}")
    with database.reading() as session:
        nurse = session.scalars(select(Person.id).where(Person.staff_number == roles.NURSE.staff_number)).one()
        waiting = session.scalars(
            select(ServiceCase.stage).where(ServiceCase.person_id == nurse, ServiceCase.reason == "complaint")
        ).all()
        draws = session.scalars(select(Draw).order_by(Draw.id)).all()
        stages = [public_page.state(session, draw, at=clock.now()) for draw in draws]
        won = session.scalars(select(DrawWinner.draw_id).where(DrawWinner.person_id == nurse)).all()
        own = sandbox_codes.first_to_rate(session, roles.STRANGER, at=clock.now())
        urged = sandbox_codes.to_urge(session)
    database.engine.dispose()
    assert (waiting, stages) == (["received"], ["redrawn", "collecting", "drawn"])
    assert draws[2].id in won
    assert own is not None
    assert urged is not None


def test_the_shell_settings_let_flask_work_on_the_demo(demo_home: Path) -> None:
    with Database(f"sqlite:///{demo_home / 'mashangping.sqlite'}").reading() as session:
        number = session.connection().exec_driver_sql("SELECT number FROM ticket LIMIT 1").scalar_one()
    shell = f"set -a; . {demo_home / 'demo.env'}; set +a; {sys.executable} -m flask tickets url {number}"
    told = subprocess.run(["sh", "-c", shell], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "/r/" in told.stdout


def test_a_database_given_from_outside_is_used_and_not_written_down(tmp_path: Path) -> None:
    place, url = run.Place(1, 2, tmp_path), "postgresql://demo:secret@localhost/demo"
    environ = run.demo_environ({"DATABASE_URL": url}, place)
    assert environ["DATABASE_URL"] == url
    assert "DATABASE_URL" not in run.write_shell_settings(place, environ).read_text()
    assert "sqlite:" in run.write_shell_settings(place, run.demo_environ({}, place)).read_text()


@pytest.mark.parametrize("name", ["PORT", "SANDBOX_PORT"])
@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_a_port_in_use_is_named_before_anything_is_started(
    tmp_path: Path, name: str, family: socket.AddressFamily, host: str
) -> None:
    with socket.socket(family) as taken:
        taken.bind((host, 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port()), name: str(port)}
        with pytest.raises(run.CannotRun, match=rf"{port} .*{name}="):
            run.read_place({**ports, "DATA_DIR": str(tmp_path / "var")})
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("text", ["x", "0", "70000", "-1", "８０００"])
def test_a_port_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(run.CannotRun, match="PORT must be a number from 1 to 65535"):
        run.read_place({"PORT": text})


def test_both_ports_cannot_be_one() -> None:
    with pytest.raises(run.CannotRun, match="two were expected"):
        run.read_place({"PORT": "9000", "SANDBOX_PORT": "9000"})


def test_a_refusal_is_one_sentence_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("PORT", "x")
    assert run.main() == 1
    monkeypatch.setenv("PORT", str(free_port()))
    monkeypatch.setenv("SANDBOX_PORT", str(free_port()))
    (tmp_path / "file").touch()
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "file" / "var"))
    assert run.main() == 1
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("DATABASE_URL", f"postgresql:///nothing?host={tmp_path}")
    assert run.main() == 1
    said = capsys.readouterr().err
    assert "DATA_DIR" in said
    assert "The database cannot be used" in said
    assert "Traceback" not in said


def test_nothing_of_the_callers_settings_reaches_the_demo(tmp_path: Path) -> None:
    callers = {
        "PATH": "/bin",
        "WECHAT_SERVICE_APPID": "wx0123456789abcdef",
        "WECOM_SECRET": "theirs",
        "SECRET_KEYS": "theirs",
        "APP_ENV": "production",
        "http_proxy": "http://proxy.example",
        "REDIS_URL": "redis://localhost",
    }
    environ = run.demo_environ(callers, run.Place(1, 2, tmp_path))
    assert environ["PATH"] == "/bin"
    assert environ["REDIS_URL"] == "redis://localhost"
    assert not {"theirs", "wx0123456789abcdef", "production", "http://proxy.example"} & set(environ.values())
    assert read_settings(environ).env == "demo"


def _processes() -> Iterator[tuple[int, str]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            yield int(folder.name), (folder / "cmdline").read_text(errors="replace")
        except OSError:
            continue


def _parent(number: int) -> int:
    return int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.fixture
def demo(demo_home: Path) -> Iterator[Started]:
    """Serving, and ended whatever the test finds."""
    started = Started(demo_home)
    try:
        yield started.until_welcome()
    finally:
        started.process.kill()
        started.process.wait()
        assert started.gone()


@pytest.fixture(scope="module")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DATA_DIR that has been served once."""
    home = tmp_path_factory.mktemp("home") / "var"
    demo = Started(home).until_welcome()
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(STOP_SECONDS) == 0
    return home
