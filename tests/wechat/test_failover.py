"""The second address is for calls the first cannot have seen."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import wechat.http
from tests.wechat.conftest import Canned, World, free_port
from tests.wechat.messages import ENGINEER, FINISHED, SEND, TOKEN, finished
from tests.wechat.test_oauth import code_of
from wechat.errors import Action, WeChatError
from wechat.http import Call, Wire
from wechat.oauth import exchange

Listening = Callable[..., str]


def test_while_the_main_address_is_gone_everything_goes_on_at_the_second(world: World) -> None:
    service = world.new_service(backup_url=world.sandbox.backup_url)
    service.send_template(ENGINEER, **FINISHED)

    world.control("switches", api2_only=True)
    service.send_template(ENGINEER, **finished("notice-8"))

    assert len(world.delivered()) == 2
    assert world.calls(SEND) == 2
    assert world.calls(TOKEN) == 1


def test_a_sign_in_too_goes_to_the_second_address(world: World) -> None:
    code = code_of(world, "nurse")
    world.control("switches", api2_only=True)

    signed_in = exchange(replace(world.account, backup_url=world.sandbox.backup_url), code)

    assert signed_in.openid.startswith("oSandboxNurse")


def test_the_main_address_rests_for_a_while_and_is_then_asked_again(
    canned: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    wire = Wire(f"http://127.0.0.1:{port}", canned({"said by": "backup"}))
    assert wire.ask(Call("/any")) == {"said by": "backup"}

    canned({"said by": "main"}, port=port)
    assert wire.ask(Call("/any")) == {"said by": "backup"}
    monkeypatch.setattr(wechat.http, "time", Later())

    assert wire.ask(Call("/any")) == {"said by": "main"}


class Later:
    """The rest is over."""

    def monotonic(self) -> float:
        return time.monotonic() + wechat.http.MAIN_RESTS_SECONDS


def test_the_main_address_is_asked_earlier_when_the_second_is_gone_too(canned: Canned) -> None:
    main, backup = free_port(), free_port()
    wire = Wire(f"http://127.0.0.1:{main}", f"http://127.0.0.1:{backup}")
    with pytest.raises(WeChatError) as caught:
        wire.ask(Call("/any"))
    assert caught.value.action is Action.RETRY
    assert caught.value.uncertain is False

    canned({"said by": "main"}, port=main)

    assert wire.ask(Call("/any")) == {"said by": "main"}


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{", b"HTTP/1.1 200 OK\r\n", b"SSH-2.0-OpenSSH\r\n\r\n"],
    ids=["hung up", "cut off", "half a head", "no HTTP"],
)
def test_what_the_main_address_may_have_seen_is_never_said_again(
    listening: Listening, canned: Canned, answer: bytes
) -> None:
    wire = Wire(listening(answer), canned({"said by": "backup"}))

    with pytest.raises(WeChatError) as caught:
        wire.ask(Call("/any", body={}))

    assert caught.value.action is Action.RETRY
    assert caught.value.uncertain


def test_a_main_address_that_answers_too_late_is_not_gone(
    world: World, canned: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wechat.http, "CONNECT_AND_READ_SECONDS", (3.0, 0.3))
    world.trouble("/slow", latency_before=1)
    wire = Wire(world.sandbox.url, canned({"said by": "backup"}))

    with pytest.raises(WeChatError, match="ReadTimeout") as caught:
        wire.ask(Call("/slow"))

    assert caught.value.uncertain


@pytest.mark.parametrize("status", [302, 500, 502])
def test_a_main_address_in_trouble_is_not_gone(canned: Canned, status: int) -> None:
    with pytest.raises(WeChatError, match=str(status)):
        Wire(canned({}, status=status), canned({"said by": "backup"})).ask(Call("/any"))


def test_nothing_is_said_to_a_main_address_with_a_false_certificate(
    listening: Listening, canned: Canned, impostor: ssl.SSLContext
) -> None:
    assert Wire(listening(b"", impostor), canned({"said by": "backup"})).ask(Call("/any")) == {"said by": "backup"}


def test_other_trouble_with_tls_may_have_come_after_the_request(listening: Listening, canned: Canned) -> None:
    no_tls = listening(b"HTTP/1.1 400 Bad Request\r\n\r\n").replace("http:", "https:")

    with pytest.raises(WeChatError, match="SSLError") as caught:
        Wire(no_tls, canned({"said by": "backup"})).ask(Call("/any"))

    assert caught.value.uncertain


@pytest.fixture
def listening() -> Iterator[Listening]:
    """Starts something that takes a connection, reads, says these bytes and hangs up; answers its address."""
    sockets: list[socket.socket] = []

    def start(answer: bytes, tls: ssl.SSLContext | None = None) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        sockets.append(server)

        def serve() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = server.accept()
                    with suppress(OSError), tls.wrap_socket(peer, server_side=True) if tls else peer as spoken:
                        spoken.recv(65536)
                        spoken.sendall(answer)

        Thread(target=serve, daemon=True).start()
        scheme = "https" if tls else "http"
        return f"{scheme}://127.0.0.1:{server.getsockname()[1]}"

    yield start
    for server in sockets:
        server.shutdown(socket.SHUT_RDWR)  # ends the wait for the next one
        server.close()


@pytest.fixture
def impostor(tmp_path: Path) -> ssl.SSLContext:
    """Says that it is WeChat, and nobody vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "api.weixin.qq.com")])
    today = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, today, today + timedelta(days=3650))
    written = tmp_path / "impostor.pem"
    written.write_bytes(
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(written)
    return context
