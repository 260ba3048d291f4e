"""`make run` for the browser tests: the demo hospital, alone in its folder and on ports of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from app.cli.processes import dies_with
from app.cli.run import Place, demo_environ
from app.jobs.wakeups import waker
from app.paths import ROOT
from app.runtime import Runtime, build
from config.settings import read_settings
from tests.support.processes import free_port

START_SECONDS, STOP_SECONDS = 120, 20


@dataclass(frozen=True)
class Demo:
    """The running demo; `runtime` is our own way into its database, for arranging and for looking behind the page."""

    place: Place
    runtime: Runtime
    log: Path

    @property
    def url(self) -> str:
        return self.place.url

    def on_phone(self, name: str, path: str = "/") -> str:
        """The address that opens a page of the service on this simulated phone."""
        return f"{self.place.sandbox_url}/phone/{name}/open?url={quote(self.url + path, safe='')}"

    def phone(self, name: str) -> str:
        return f"{self.place.sandbox_url}/phone/{name}"


@contextmanager
def running_demo(folder: Path, database_url: str = "") -> Iterator[Demo]:
    """The demo in this folder, on SQLite unless a database is given; stopped by Ctrl-C, as everybody stops it."""
    place = Place(free_port(), free_port(), folder)
    named = {"PORT": str(place.port), "SANDBOX_PORT": str(place.sandbox_port), "DATA_DIR": str(folder)}
    environ = {**os.environ, **named, **({"DATABASE_URL": database_url} if database_url else {})}
    log = folder.parent / f"{folder.name}.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli.run"],
            cwd=ROOT,
            env=environ,
            stdout=said,
            stderr=said,
            start_new_session=True,
            preexec_fn=dies_with(os.getpid()),
        )
    try:
        _wait(process, log)
        settings = read_settings(demo_environ(environ, place))
        runtime = build(settings)
        runtime.database.after_commit.append(waker(settings))
        yield Demo(place, runtime, log)
        runtime.database.engine.dispose()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(STOP_SECONDS)


def _wait(process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while "Ctrl-C" not in log.read_text("utf-8"):
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the demo did not start:\n{log.read_text('utf-8')}")
        time.sleep(0.1)
