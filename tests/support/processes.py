"""The service as its users meet it: web, worker and sandbox, each a process of its own, on free ports."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.support.nursery import Nursery, Process

START_SECONDS = 30
STOP_SECONDS = 15
# Test processes side by side begin at different places; browsers refuse some ports below, such as 10080.
_ports = iter(range(11_000 + os.getpid() % 200 * 100, 32_768))


class Installation:
    """Starts and stops the processes by name (web, worker, sandbox; "worker 2" is one more) and keeps what they say."""

    def __init__(self, environ: dict[str, str], folder: Path, nursery: Nursery) -> None:
        self._web_port, self._sandbox_port = free_port(), free_port()
        self.url = f"http://localhost:{self._web_port}"
        self.sandbox_url = f"http://localhost:{self._sandbox_port}"
        addresses = {"PUBLIC_URL": self.url, "SANDBOX_URL": self.sandbox_url}
        wechat = {"WECHAT_API_URL": self.sandbox_url, "WECHAT_OPEN_URL": self.sandbox_url}
        self.environ = {"WEB_THREADS": "1", **environ, **addresses, **wechat}
        self._folder = folder
        self._nursery = nursery
        self._running: dict[str, Process] = {}

    def start(self, *names: str) -> None:
        """Start these and wait until each serves; a worker calls the others at once, so it comes when they answer."""
        for name in names:
            if self._address(name) is None:
                self._wait_for_all()
            self._running[name] = self._nursery.start(
                self._command(name), environ={**os.environ, **self.environ}, log=self._log(name)
            )
        self._wait_for_all()

    def kill(self, name: str) -> None:
        """End it as a power cut would."""
        self._running.pop(name).kill()

    def child(self, name: str) -> int:
        """The number of the process that it has started, which serves."""
        parent = self._running[name].pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii").split()
        return max(map(int, children))  # one before it only tracks what multiprocessing holds

    def kill_child(self, name: str) -> int:
        """End that process; its number, so that another can be told from it."""
        serving = self.child(name)
        os.kill(serving, signal.SIGKILL)
        return serving

    def stop(self) -> None:
        """End all, the last first, so that none loses whom it calls; who does not listen is killed: a fault."""
        deaf = [name for name, process in reversed(self._running.items()) if not _ended(process)]
        for name in deaf:
            self.kill(name)
        self._running.clear()
        assert not deaf, f"did not stop when asked: {deaf}"

    def said(self, name: str) -> str:
        """What this process has written so far."""
        return self._log(name).read_text(errors="replace") if self._log(name).exists() else ""

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _command(self, name: str) -> list[str]:
        granian = ["granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self._web_port)]
        return {
            "web": [*granian, "--workers", "1", "--respawn-failed-workers", "wsgi:app"],
            "worker": ["flask", "--app", "wsgi", "worker"],
            "sandbox": ["sandbox", "--port", str(self._sandbox_port), "--app-url", self.url],
        }[name.partition(" ")[0]]

    def _address(self, name: str) -> str | None:
        return {"web": f"{self.url}/healthz", "sandbox": self.sandbox_url}.get(name)

    def _wait_for_all(self) -> None:
        for name in self._running:
            self._wait(name)

    def _wait(self, name: str) -> None:
        address = self._address(name)
        deadline = time.monotonic() + START_SECONDS
        while not (address is None or answers(address)):
            if self._running[name].poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{name} did not start:\n{self.said(name)}")
            time.sleep(0.05)


@contextmanager
def installation(environ: dict[str, str], folder: Path, nursery: Nursery) -> Iterator[Installation]:
    """An installation with nothing running yet; at the end everything it started is stopped."""
    installed = Installation(environ, folder, nursery)
    try:
        yield installed
    finally:
        installed.stop()


def free_port() -> int:
    """A port that is free and stays so: below those the kernel gives to whoever connects, and each but once."""
    for port in _ports:
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    pytest.fail("no port is free")


def answers(address: str) -> bool:
    """Whether somebody serves there, and well."""
    try:
        return requests.get(address, timeout=2).ok
    except requests.RequestException:
        return False


def _ended(process: Process) -> bool:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return True
