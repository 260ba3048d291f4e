"""A pgbouncer before the test session's PostgreSQL, in transaction mode, where one is installed."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.processes import dies_with
from tests.support.postgres import Postgres, not_root

NO_POOLER = "NO PGBOUNCER: install it (apt install pgbouncer)"
PATIENCE = 10.0
_SOCKET = ".s.PGSQL.6432"


def pgbouncer() -> str | None:
    """The program to start, if there is one."""
    return shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


@contextmanager
def running_pgbouncer(program: str, postgres: Postgres, folder: Path, *, servers: int) -> Iterator[str]:
    """The folder of its socket. All clients together get so many of PostgreSQL's processes, a transaction at a time."""
    somebody = not_root(folder)
    settings = {
        "listen_addr": "",
        "unix_socket_dir": folder,
        "auth_type": "any",
        "pool_mode": "transaction",
        "default_pool_size": servers,
        "logfile": folder / "log",
    }
    lines = ["[databases]", f"* = host={postgres.folder} user=postgres", "[pgbouncer]"]
    lines += [f"{name} = {value}" for name, value in settings.items()]
    (folder / "pgbouncer.ini").write_text("\n".join(lines), "utf-8")
    running = subprocess.Popen(
        [program, "-q", folder / "pgbouncer.ini"],
        preexec_fn=dies_with(os.getpid(), signal.SIGKILL),
        start_new_session=True,
        stderr=subprocess.DEVNULL,
        **somebody,
    )
    try:
        _wait(folder / _SOCKET)
        yield str(folder)
    finally:
        running.kill()
        running.wait(timeout=PATIENCE)


def _wait(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with socket.socket(socket.AF_UNIX) as client:
            if client.connect_ex(str(path)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"pgbouncer did not start: {path.with_name('log').read_text('utf-8')}")
