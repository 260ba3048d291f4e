"""Somebody fetches a long list and does not read it: everybody else is served as before."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import sha256
from os import urandom
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from flask.testing import FlaskClient

from app.models import DrawFile, DrawFilePart
from app.services.draws import published_files
from app.services.draws.published_files import PART
from config.settings import Settings
from tests.conftest import plain_environ
from tests.draws.story import ANNOUNCED, DRAW_ID, Story
from tests.support.nursery import Nursery
from tests.support.processes import installation

LONG = f"/draws/{DRAW_ID}/files/leaves-1.bin"
BUNDLE = f"/draws/{DRAW_ID}/bundle.zip"
SHORT = f"/draws/{DRAW_ID}/files/leaves-2.bin"


@pytest.mark.slow("servers and slow downloads")
def test_readers_who_do_not_read_keep_nobody_waiting_and_make_room_when_they_go(
    story: Story, database_url: str, tmp_path: Path, nursery: Nursery
) -> None:
    story.announce()
    publish(story, "leaves-1.bin", parts=8)
    publish(story, "leaves-2.bin", parts=1)
    environ = {**plain_environ(database_url, tmp_path), "WEB_THREADS": "2"}
    with installation(environ, tmp_path, nursery) as installed:
        installed.start("web")
        for path, busy in ((LONG, 503), (BUNDLE, 503), (SHORT, 200)):
            crowd(installed.url, path, busy=busy)


def test_who_comes_when_all_turns_are_taken_is_told_when_to_come_again(
    story: Story, client: FlaskClient, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(published_files, "PART", 100)
    story.people(20)
    story.announce()
    story.commit()
    for address in (LONG, BUNDLE):
        with ExitStack() as others:
            for _ in range(settings.web_threads // 2):
                others.enter_context(client.get(address))
            busy = client.get(address)
            assert (busy.status_code, busy.headers["Retry-After"], "过一会儿" in busy.text) == (503, "30", True)
            assert client.head(address).status_code == 200
            assert client.get(f"/draws/{DRAW_ID}").status_code == 200
        again = client.get(address, buffered=True)
        assert again.status_code == 200
        unchanged = {"If-None-Match": again.headers["ETag"]}
        with ExitStack() as others:
            for _ in range(settings.web_threads // 2):
                others.enter_context(client.get(address))
            assert client.get(address, headers=unchanged).status_code == 304


def crowd(url: str, path: str, *, busy: int) -> None:
    with ExitStack() as readers:
        for _ in range(6):
            readers.enter_context(waits(url, path))
        time.sleep(0.2)
        for _ in range(3):  # who had to wait for the readers would do so for ever
            assert requests.get(f"{url}/healthz", timeout=60).ok
        answer = requests.get(url + path, timeout=10)
        assert (answer.status_code, answer.headers.get("Retry-After")) == (busy, "30" if busy == 503 else None)
    deadline = time.monotonic() + 10
    while (answer := requests.get(url + path, timeout=30)).status_code == 503:
        assert time.monotonic() < deadline, "the turn was not given back"
        time.sleep(0.2)
    assert answer.status_code == 200


def publish(story: Story, name: str, *, parts: int) -> None:
    content = [urandom(PART) for _ in range(parts)]
    with story.drawing() as (session, draw):
        digest, size = sha256(b"".join(content)).hexdigest(), PART * parts
        file = DrawFile(draw_id=draw.id, name=name, edition=1, sha256=digest, size=size, at=ANNOUNCED)
        session.add(file)
        session.flush()
        session.add_all(DrawFilePart(file_id=file.id, number=n, content=part) for n, part in enumerate(content))


@contextmanager
def waits(url: str, path: str) -> Iterator[None]:
    """A reader who takes the first bytes and then nothing."""
    where = urlsplit(url)
    with socket.create_connection((where.hostname or "", where.port or 0), timeout=10) as reader:
        reader.sendall(f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
        assert reader.recv(12).startswith(b"HTTP/1.1")
        yield
