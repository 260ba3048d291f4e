"""The demo hospital for the browser tests: what `make run` starts, alone in its folder and on ports of its own."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from app.cli import run
from app.cli.run import Place
from app.jobs.wakeups import waker
from app.runtime import Runtime, build
from config.settings import read_settings
from tests.support.nursery import Nursery, Process
from tests.support.processes import answers, free_port

START_SECONDS, STOP_SECONDS = 120, 20


@dataclass(frozen=True)
class Demo:
    """The running demo; `runtime` is our own way into its database, for arranging and for looking behind the page."""

    place: Place
    runtime: Runtime
    log: Path
    processes: dict[str, Process]
    start: Callable[[str], None]
    """Anew, after it has ended."""

    @property
    def url(self) -> str:
        return self.place.url

    def on_phone(self, name: str, path: str = "/") -> str:
        """The address that opens a page of the service on this simulated phone."""
        return f"{self.place.sandbox_url}/phone/{name}/open?url={quote(self.url + path, safe='')}"

    def at(self, seat: str) -> str:
        """Where this phone, or place at the console, has its visit."""
        return f"{self.url}/seat/{seat}"

    def phone(self, name: str) -> str:
        return f"{self.place.sandbox_url}/phone/{name}"


@contextmanager
def running_demo(folder: Path, nursery: Nursery, database_url: str = "", redis_url: str = "") -> Iterator[Demo]:
    """The demo in this folder, on SQLite and without Redis unless others are given; its processes are asked to stop at
    the end.
    """
    place = Place(free_port(), free_port(), folder)
    folder.mkdir(exist_ok=True)
    given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    environ = run.demo_environ({**os.environ, **given}, place)
    settings = read_settings(environ)
    run.prepare(settings)
    log = folder.parent / f"{folder.name}.log"
    processes: dict[str, Process] = {}
    commands = run.commands(place, settings)

    def start(name: str) -> None:
        processes[name] = nursery.start(commands[name], environ=environ, log=log)

    try:
        for name in commands:
            start(name)
        until = _patience(list(processes.values()), log)
        until(lambda: answers(f"{place.url}/readyz") and answers(place.sandbox_url))
        until(lambda: place.sandbox_url in log.read_text("utf-8"))  # with that it has said all it has to say
        runtime = build(settings)
        runtime.database.after_commit.append(waker(settings))
        yield Demo(place, runtime, log, processes, start)
        runtime.database.engine.dispose()
    finally:
        for process in processes.values():
            process.send_signal(signal.SIGTERM)
        for process in processes.values():
            process.wait(STOP_SECONDS)


def _patience(processes: list[Process], log: Path) -> Callable[[Callable[[], bool]], None]:
    deadline = time.monotonic() + START_SECONDS

    def until(true: Callable[[], bool]) -> None:
        while not true():
            if any(process.poll() is not None for process in processes) or time.monotonic() > deadline:
                pytest.fail(f"the demo did not start:\n{log.read_text('utf-8')}")
            time.sleep(0.1)

    return until
