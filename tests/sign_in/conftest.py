from collections.abc import Callable, Iterator
from threading import Thread
from wsgiref.types import WSGIApplication

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.server import Running
from tests.sign_in.trip import WECHAT, Trip
from tests.support.wechat import Sandbox, renewed
from tests.support.world import World

TakePhone = Callable[..., Trip]
_nobody: WSGIApplication = NotFound()


class Site:
    """A port of our own that serves whichever app it is given; its address is the same for all tests."""

    def __init__(self) -> None:
        self._server = make_server("127.0.0.1", 0, _nobody, threaded=True, request_handler=_Quiet)
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.address = f"http://localhost:{self._server.server_port}"

    def serve(self, app: WSGIApplication) -> None:
        self._server.app = app

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


@pytest.fixture(scope="session")
def kept_site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture
def address(kept_site: Site) -> str:
    return kept_site.address


@pytest.fixture
def wechat(kept_sandbox: Running, address: str) -> Sandbox:
    return renewed(kept_sandbox, address)


@pytest.fixture
def environ(environ: dict[str, str], address: str, wechat: Sandbox) -> dict[str, str]:
    return {**environ, "PUBLIC_URL": address, "WECHAT_API_URL": wechat.url, "WECHAT_OPEN_URL": wechat.url}


@pytest.fixture
def site(app: Flask, kept_site: Site, world: World) -> Iterator[str]:
    """The app on a port of its own, in front of the small hospital; its address."""
    kept_site.serve(app)
    yield kept_site.address
    kept_site.serve(_nobody)


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
