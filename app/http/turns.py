"""Who sends slowly keeps a thread waiting that does nothing else, never one of the turns in which we work.

The server gives a request a thread as soon as its head is here; the body is fetched from inside, and the server knows
no limit of time for that. So it has many threads, and there are few turns: a body is here before a turn is taken.
Nothing ends a fetch that hangs. Where half of the threads hang, the process ends; whoever started it starts it again.
"""

import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from io import BytesIO
from queue import Empty, SimpleQueue
from tempfile import SpooledTemporaryFile
from typing import IO, Any, cast

import structlog

Wsgi = Callable[..., Iterable[bytes]]

LATE = 10.0  # seconds a body may take where many take as long
LOOK = 0.5
LEAVING = 5.0  # seconds for what is at work when the process ends
IN_MEMORY = 256 * 1024
PART = 64 * 1024


class Turns:
    """In front of the program: so many requests at once, each of them whole."""

    def __init__(self, program: Wsgi, *, turns: int, threads: int, largest: int) -> None:
        self._program = program
        self._count = turns
        self._turns: SimpleQueue[None] = SimpleQueue()  # what lies in it is free
        for _ in range(turns):
            self._turns.put(None)
        self._largest = largest
        self._bodies = Bodies(most=max(1, threads // 2), full=self._leave)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        size = self._size(environ)
        if not size:
            return self._in_turn(environ, start_response)
        with self._bodies:
            whole = _fetch(environ["wsgi.input"], size)
        with whole:
            environ["wsgi.input"] = whole
            return self._in_turn(environ, start_response)

    def _in_turn(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self._turns.get()
        try:
            return self._program(environ, start_response)
        finally:
            self._turns.put(None)

    def _size(self, environ: dict[str, Any]) -> int:
        """How much to fetch at most; nothing of what is too large for every door, which is refused unread."""
        length = environ.get("CONTENT_LENGTH") or ""
        if length.isdecimal():
            return int(length) if int(length) <= self._largest else 0
        # HTTP/2 says nowhere whether there is a body.
        untold = "HTTP_TRANSFER_ENCODING" in environ or environ.get("SERVER_PROTOCOL", "").startswith("HTTP/2")
        return self._largest + 1 if untold and environ.get("wsgi.input_terminated") else 0

    def _leave(self, late: int) -> None:
        structlog.get_logger().error("the process ends: too many requests do not arrive whole", late=late)
        until = time.monotonic() + LEAVING
        for _ in range(self._count):
            with suppress(Empty):
                self._turns.get(timeout=max(0.0, until - time.monotonic()))
        os._exit(1)


class Bodies:
    """Those on their way; from when they first are many, somebody looks whether they arrive."""

    def __init__(self, *, most: int, full: Callable[[int], None]) -> None:
        self._most, self._full = most, full
        self._since: dict[int, float] = {}
        self._looking = threading.Lock()

    def __enter__(self) -> None:
        """This thread begins to fetch one."""
        self._since[threading.get_ident()] = time.monotonic()
        if len(self._since) >= self._most and self._looking.acquire(blocking=False):
            threading.Thread(target=self._look, name="bodies", daemon=True).start()

    def __exit__(self, *_raised: object) -> None:
        del self._since[threading.get_ident()]

    def _look(self) -> None:
        while (late := self._late()) < self._most:
            time.sleep(LOOK)
        self._full(late)

    def _late(self) -> int:
        now = time.monotonic()
        return sum(now - since > LATE for since in tuple(self._since.values()))


def _fetch(sent: IO[bytes], size: int) -> IO[bytes]:
    """What was cut off on its way is shorter than announced, which whoever reads it sees."""
    part = sent.read(min(size, PART))
    if len(part) == size:
        return BytesIO(part)  # a form, mostly
    kept = SpooledTemporaryFile(IN_MEMORY) if size > IN_MEMORY else BytesIO()  # noqa: SIM115 the caller closes it
    whole = cast("IO[bytes]", kept)
    while part:
        whole.write(part)
        size -= len(part)
        part = sent.read(min(size, PART)) if size else b""
    whole.seek(0)
    return whole
