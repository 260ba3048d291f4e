"""A small HTTP client on keep-alive connections: requests ready as bytes, one thread, every answer looked at."""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import takewhile

CONNECTIONS = 16
_PATIENCE = 30.0

Answer = tuple[int, int]  # status, length of the body


class NoAnswer(Exception):
    """A server closed the connection or kept silent; the text says which."""


@dataclass(frozen=True)
class Volley:
    seconds: float
    answers: Counter[Answer]

    @property
    def per_second(self) -> float:
        return self.answers.total() / self.seconds


def fire(port: int, requests: Iterable[bytes], *, seconds: float) -> Volley:
    """Send them as fast as the server takes them, no more after so many seconds, and wait for the last answer."""
    answers: Counter[Answer] = Counter()
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        lines = [stack.enter_context(_connect(port)) for _ in range(CONNECTIONS)]
        for line in lines:
            selector.register(line, selectors.EVENT_READ, (line, bytearray()))
        started = time.perf_counter()
        waiting = takewhile(lambda _request: time.perf_counter() < started + seconds, requests)
        busy = sum(_send(line, waiting) for line in lines)
        while busy:
            ready = selector.select(_PATIENCE)
            if not ready:
                raise NoAnswer(f"no answer within {_PATIENCE:.0f} s")
            for key, _events in ready:
                line, received = key.data
                answer = _receive(line, received)
                if answer is None:
                    continue
                answers[answer] += 1
                busy -= not _send(line, waiting)
        return Volley(time.perf_counter() - started, answers)


def fetch(port: int, request: bytes) -> tuple[int, str]:
    """One request, its status and its body."""
    with _connect(port) as line:
        line.sendall(request)
        received = bytearray()
        while (answer := _receive(line, received, keep=True)) is None:
            pass
        return answer[0], bytes(received).partition(b"\r\n\r\n")[2].decode()


def _connect(port: int) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def _send(line: socket.socket, waiting: Iterable[bytes]) -> bool:
    for request in waiting:
        line.sendall(request)
        return True
    return False


def _receive(line: socket.socket, received: bytearray, *, keep: bool = False) -> Answer | None:
    """The answer, once it is here as a whole."""
    chunk = line.recv(65536)
    if not chunk:
        raise NoAnswer("the connection was closed before the answer was complete")
    received += chunk
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = received[:end].lower()
    length = int(head.split(b"\r\ncontent-length:", 1)[1].split(b"\r\n", 1)[0])
    if len(received) < end + 4 + length:
        return None
    if not keep:
        received.clear()
    return int(head[9:12]), length
