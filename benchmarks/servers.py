"""The servers of one run: ours and the bare view on granian as in production, the ordinary stack on gunicorn."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.paths import ROOT
from tests.support.processes import free_port

_START_SECONDS = 120  # of a machine that has much else to do


class ServerFailed(Exception):
    """A server did not start or fell; the text is what it said."""


@dataclass(frozen=True)
class Server:
    port: int
    pid: int


def granian(*app: str, sqlite: bool) -> list[str]:
    # As production: SQLite has one writer, more threads would only sleep in its busy handler.
    crew = ["--workers", "1" if sqlite else "2", "--blocking-threads", "1" if sqlite else "2"]
    serve = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", "{}", "--log-level", "warning"]
    return [*serve, *crew, *app]


def gunicorn(app: str, *, sqlite: bool) -> list[str]:
    # As many processes as granian gets, and the usual handful of threads.
    crew = ["--worker-class", "gthread", "--workers", "1" if sqlite else "2", "--threads", "4"]
    return ["gunicorn", *crew, "--log-level", "warning", "--bind", "127.0.0.1:{}", app]


@contextmanager
def serving(command: list[str], environ: dict[str, str], log: Path) -> Iterator[Server]:
    """Runs `python -m command` with a free port for `{}`, and says where and who it is."""
    port = free_port()
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", *(part.format(port) for part in command)],
            cwd=ROOT,
            env={**os.environ, **environ},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait(server, port, log)
        yield Server(port, server.pid)
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError as silent:
            if server.poll() is not None or time.monotonic() > deadline:
                raise ServerFailed(log.read_text(errors="replace")) from silent
            time.sleep(0.05)
        else:
            return
