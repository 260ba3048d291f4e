from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.sign_in.trip import WECHAT, Trip
from tests.support.processes import free_port
from tests.support.wechat import Sandbox, running_sandbox
from tests.support.world import World

TakePhone = Callable[..., Trip]


@pytest.fixture
def address() -> str:
    return f"http://localhost:{free_port()}"


@pytest.fixture
def wechat(address: str) -> Iterator[Sandbox]:
    with running_sandbox(address) as running:
        yield running


@pytest.fixture
def environ(environ: dict[str, str], address: str, wechat: Sandbox) -> dict[str, str]:
    return {**environ, "PUBLIC_URL": address, "WECHAT_API_URL": wechat.url, "WECHAT_OPEN_URL": wechat.url}


@pytest.fixture
def site(app: Flask, address: str, world: World) -> Iterator[str]:
    """The app on a port of its own, in front of the small hospital; its address."""
    port = int(address.rsplit(":", 1)[1])
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield address
    server.shutdown()
    thread.join()
    server.server_close()


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture
def take_phone(site: str, wechat: Sandbox) -> Iterator[TakePhone]:
    """`take_phone("nurse")`: her WeChat, as a browser with its own cookies; or another browser of hers."""
    trips: list[Trip] = []

    def take(name: str, agent: str = WECHAT) -> Trip:
        trips.append(Trip(site, name, agent))
        return trips[-1]

    yield take
    for trip in trips:
        trip.close()
