"""An answer has an end: in time, and in size."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread

import pytest

import wechat.http
from wechat.errors import Action, WeChatError
from wechat.http import Call, Wire

Dripping = Callable[..., str]
CHUNKED, COUNTED = b"Transfer-Encoding: chunked", b"Content-Length: 1000000000"


@pytest.mark.parametrize(("form", "drop"), [(COUNTED, b" "), (CHUNKED, b"1\r\n \r\n")], ids=["counted", "chunked"])
def test_an_answer_that_comes_drop_by_drop_is_given_up(
    form: bytes, drop: bytes, dripping: Dripping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wechat.http, "WHOLE_SECONDS", 1.0)
    wire = Wire(dripping(form, drop, every=0.2))  # for more than a day
    with pytest.raises(WeChatError, match="too slow") as caught:
        wire.ask(Call("/any"))
    assert (caught.value.action, caught.value.uncertain) == (Action.RETRY, True)


def test_an_answer_without_end_is_given_up(dripping: Dripping) -> None:
    wire = Wire(dripping(COUNTED, b"x" * 100_000, every=0))
    for read in (wire.ask, wire.picture):
        with pytest.raises(WeChatError, match="too long") as caught:
            read(Call("/any"))
        assert (caught.value.action, caught.value.uncertain) == (Action.RETRY, True)


def test_an_answer_that_is_cut_off_in_the_middle_is_no_answer(dripping: Dripping) -> None:
    with pytest.raises(WeChatError, match="ProtocolError") as caught:
        Wire(dripping(COUNTED, b"{}", every=0, most=3)).ask(Call("/any"))
    assert (caught.value.action, caught.value.uncertain) == (Action.RETRY, True)


@pytest.fixture
def dripping() -> Iterator[Dripping]:
    """Starts a server whose answers go on and on; answers its address."""
    servers: list[socket.socket] = []

    def start(form: bytes, drop: bytes, *, every: float, most: int = 10**6) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = server.accept()
                    with suppress(OSError), peer:
                        peer.recv(65536)
                        peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n" + form + b"\r\n\r\n")
                        for _ in range(most):
                            peer.sendall(drop)
                            time.sleep(every)

        Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}"

    yield start
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
