"""A request is here whole before it takes one of the turns in which the service works."""

import io
import threading
from collections.abc import Iterable
from typing import Any

import pytest

from app.http.turns import IN_MEMORY, Turns

LARGEST = 2 * IN_MEMORY
SECONDS = 10


class Slow(io.BytesIO):
    """A body that comes when it is let."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.asked, self.let = threading.Event(), threading.Event()

    def read(self, size: int | None = -1) -> bytes:
        self.asked.set()
        assert self.let.wait(SECONDS)
        return super().read(size)


def test_who_sends_slowly_takes_no_turn() -> None:
    turns, body = one_turn(), Slow(b"number=1")
    answers: list[bytes] = []
    slow = threading.Thread(target=lambda: answers.extend(turns(sent(body, 8), None)))
    slow.start()
    assert body.asked.wait(SECONDS)
    assert list(turns(sent(io.BytesIO(), 0), None)) == [b""]
    body.let.set()
    slow.join(SECONDS)
    assert answers == [b"number=1"]


def test_what_comes_is_what_was_sent_and_no_more_than_was_announced() -> None:
    large = b"x" * (IN_MEMORY + 1)
    for content, told, read in ((b"number=1&more", 8, b"number=1"), (b"numb", 8, b"numb"), (large, len(large), large)):
        assert list(one_turn()(sent(io.BytesIO(content), told), None)) == [read]


@pytest.mark.parametrize("untold", [{"HTTP_TRANSFER_ENCODING": "chunked"}, {"SERVER_PROTOCOL": "HTTP/2"}])
def test_a_body_of_untold_length_is_fetched_where_the_server_says_where_it_ends(untold: dict[str, str]) -> None:
    in_parts = {**sent(io.BytesIO(b"number=1"), 0), **untold, "wsgi.input_terminated": True}
    del in_parts["CONTENT_LENGTH"]
    assert list(one_turn()(in_parts, None)) == [b"number=1"]
    endless = {**in_parts, "wsgi.input": io.BytesIO(b"x" * LARGEST * 2)}
    assert [len(part) for part in one_turn()(endless, None)] == [LARGEST + 1]


def test_what_is_too_large_for_every_door_is_not_fetched() -> None:
    body = io.BytesIO(b"x" * (LARGEST + 1))
    list(Turns(lambda _environ, _start: [b""], turns=1, threads=2, largest=LARGEST)(sent(body, LARGEST + 1), None))
    assert body.tell() == 0


def one_turn() -> Turns:
    return Turns(answer_what_came, turns=1, threads=4, largest=LARGEST)


def answer_what_came(environ: dict[str, Any], _start: Any) -> Iterable[bytes]:
    return [environ["wsgi.input"].read()]


def sent(body: io.BytesIO, told: int) -> dict[str, Any]:
    return {"CONTENT_LENGTH": str(told), "wsgi.input": body}
