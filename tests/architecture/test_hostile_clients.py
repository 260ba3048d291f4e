"""The running service, behind the documented nginx and without: slow clients and a killed process stop nobody."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.conftest import plain_environ
from tests.support.nginx import NO_NGINX, nginx, running_nginx
from tests.support.nursery import Nursery
from tests.support.processes import Installation, answers, installation

pytestmark = pytest.mark.slow("a server, slow clients, and a process that is killed")

SLOW_BODY = (
    b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 500\r\n\r\nstaff_number="
)
SLOW_HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
AGAIN_WITHIN = 40
FEW = 6


MANY = pytest.mark.parametrize(("sent", "clients"), [(SLOW_BODY, 200), (SLOW_HEAD, 500)], ids=["bodies", "heads"])


@MANY
def test_pages_go_on_while_many_clients_are_slow(sent: bytes, clients: int, service: Installation) -> None:
    go_on(service.url, sent, clients)


@MANY
def test_behind_nginx_pages_go_on_while_many_clients_are_slow(sent: bytes, clients: int, front: str) -> None:
    go_on(front, sent, clients)


def go_on(address: str, sent: bytes, clients: int) -> None:
    with ExitStack() as slow:
        for _ in range(clients):
            slow.enter_context(send(address, sent))
        waits = [wait_for_a_page(address) for _ in range(10)]
    assert max(waits) < 3, waits


def test_where_slow_bodies_have_taken_every_thread_the_process_is_started_again(few_threads: Installation) -> None:
    before = few_threads.child("web")
    with ExitStack() as slow:
        for _ in range(FEW):
            slow.enter_context(send(few_threads.url, SLOW_BODY))
        until(lambda: "do not arrive whole" in few_threads.said("web"), few_threads)
        until_it_answers(few_threads)
    assert few_threads.child("web") != before


def test_a_process_that_dies_is_started_again(service: Installation) -> None:
    service.kill_child("web")
    until_it_answers(service)


def until_it_answers(service: Installation) -> None:
    until(lambda: answers(f"{service.url}/healthz"), service)


def until(holds: Callable[[], bool], service: Installation) -> None:
    deadline = time.monotonic() + AGAIN_WITHIN
    while not holds():
        assert time.monotonic() < deadline, service.said("web")
        time.sleep(0.1)


def send(address: str, sent: bytes) -> "closing[socket.socket]":
    client = socket.create_connection(("127.0.0.1", urlsplit(address).port or 0))
    client.sendall(sent)
    return closing(client)


def wait_for_a_page(url: str) -> float:
    began = time.monotonic()
    assert requests.get(f"{url}/healthz", timeout=30).ok
    return time.monotonic() - began


@pytest.fixture
def front(service: Installation, tmp_path: Path) -> Iterator[str]:
    """What stands in front of the service."""
    program = nginx()
    if program is None:
        pytest.skip(NO_NGINX)
    tmp_path.chmod(0o755)
    with running_nginx(program, tmp_path, web=urlsplit(service.url).port or 0) as address:
        yield address


@pytest.fixture
def service(sqlite_url: str, tmp_path: Path, nursery: Nursery) -> Iterator[Installation]:
    yield from started(sqlite_url, tmp_path, nursery, threads=512)


@pytest.fixture
def few_threads(sqlite_url: str, tmp_path: Path, nursery: Nursery) -> Iterator[Installation]:
    yield from started(sqlite_url, tmp_path, nursery, threads=FEW)


def started(database: str, folder: Path, nursery: Nursery, *, threads: int) -> Iterator[Installation]:
    crew = {"GRANIAN_BLOCKING_THREADS": str(threads), "WEB_THREADS": "2", "GRANIAN_RESPAWN_INTERVAL": "0.2"}
    with installation({**plain_environ(database, folder), **crew}, folder, nursery) as installed:
        installed.start("web")
        yield installed
