"""Processes that need no start-up: one warm process has done the product's imports, and each server is a fork of it.

`python -m granian …` takes two seconds of processor time before it runs a line of ours, nearly all of it imports; a
fork takes twenty milliseconds. In everything else a fork is what `python -m …` would be: a process with its own
environment, session, output files and exit status, killed by kill -9 and ended when the tests end.
"""

import gc
import importlib
import json
import os
import pkgutil
import runpy
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.cli.processes import dies_with
from app.paths import ROOT

PACKAGES = ("app", "config", "ledger", "lottery", "qr", "sandbox", "supervision", "wechat")
PROGRAMS = ("flask.cli", "granian.cli", "granian.server.mp", "granian.wsgi", "jinja2.ext")
STOP_SECONDS = 10
LOOK_SECONDS = 0.01


class Process:
    """What `subprocess.Popen` is for a fork of the nursery."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self._nursery = nursery
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit status, minus the signal that ended it; none while it runs."""
        if self.returncode is None:
            self.returncode = self._nursery.ask(poll=self.pid)
        return self.returncode

    def wait(self, timeout: float) -> int:
        deadline = time.monotonic() + timeout
        while (status := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"fork {self.pid}", timeout)
            time.sleep(LOOK_SECONDS)
        return status

    def send_signal(self, number: signal.Signals) -> None:
        # Until its status is asked for it keeps its number, also when it has ended.
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """It and what it has started, as a power cut would."""
        if self.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.wait(STOP_SECONDS)


class Nursery:
    """Our end of the line to the warm process."""

    def __init__(self, door: socket.socket) -> None:
        self._door = door.makefile("rw", encoding="utf-8")

    def start(self, command: Sequence[str], *, environ: Mapping[str, str], log: Path, folder: Path = ROOT) -> Process:
        """What `python -m` runs with this command; all it writes goes to the end of the log."""
        return Process(self, self.ask(command=list(command), environ=dict(environ), log=str(log), folder=str(folder)))

    def close(self) -> None:
        """Who hears nothing more ends."""
        self._door.close()

    def ask(self, **wanted: object) -> Any:
        self._door.write(json.dumps(wanted) + "\n")
        self._door.flush()
        return json.loads(self._door.readline())


@contextmanager
def running_nursery() -> Iterator[Nursery]:
    ours, its = socket.socketpair()
    with ours:
        with its:
            warm = subprocess.Popen(
                [sys.executable, "-m", __name__, str(its.fileno())],
                cwd=ROOT,
                # NumPy starts a thread for each core, and who has threads cannot fork.
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                pass_fds=[its.fileno()],
                start_new_session=True,  # Ctrl-C reaches the tests first; they end this in order
                preexec_fn=dies_with(os.getpid()),
            )
        nursery = Nursery(ours)
        yield nursery
        nursery.close()
    warm.wait(STOP_SECONDS)


def main() -> None:
    door = socket.socket(fileno=int(sys.argv[1]))
    for package in PACKAGES:
        for module in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    for name in PROGRAMS:
        importlib.import_module(name)
    gc.freeze()  # else a fork that ends goes through all of it, for most of a second
    if wanted := _serve(door):
        _become(wanted)


def _serve(door: socket.socket) -> dict[str, Any] | None:
    """Fork whenever asked; comes back in each fork with what it is to run, and in the nursery itself with nothing."""
    nursery = os.getpid()
    line = door.makefile("rw", encoding="utf-8")
    for asked in line:
        wanted: dict[str, Any] = json.loads(asked)
        answer: int | None
        if "poll" in wanted:
            answer = _status(wanted["poll"])
        elif os.fork():
            continue
        else:
            os.setsid()
            if ask := dies_with(nursery):
                ask()
            answer = os.getpid()
        line.write(f"{json.dumps(answer)}\n")
        line.flush()
        if "command" in wanted:
            return wanted
    return None


def _status(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _become(wanted: dict[str, Any]) -> None:
    """Go on as `python -m` with this command."""
    log = os.open(wanted["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, log + 1)
    os.chdir(wanted["folder"])
    os.environ.clear()
    os.environ.update(wanted["environ"])
    module, *arguments = wanted["command"]
    sys.argv = [module, *arguments]
    sys.path[0] = wanted["folder"]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
