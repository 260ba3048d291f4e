import os
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from types import TracebackType
from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.authorize import authorization
from sandbox.callback_control import callback_control
from sandbox.clock import Clock, system_clock
from sandbox.control import control
from sandbox.environment import check_environment
from sandbox.phone_acts import phone_acts
from sandbox.phone_pages import phone_pages
from sandbox.pushes import Pushes
from sandbox.state import State, state
from sandbox.store import Store
from sandbox.wire_api import wire
from sandbox.wire_errors import WireError, refusal


class _QuietRequests(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class Running:
    """A sandbox that serves until stopped; also a context manager."""

    def __init__(self, app: Flask, port: int, here: State) -> None:
        self._server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_QuietRequests)
        self._here = here
        # The interval is how long stopping takes; tests stop often.
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="sandbox", daemon=True)
        self._thread.start()
        self.port: int = self._server.server_port
        self.url = f"http://localhost:{self.port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._here.pushes.stop()
        self._here.store.close()

    def __enter__(self) -> "Running":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(
    *,
    port: int = 0,
    app_url: str,
    data_dir: Path | None = None,
    clock: Clock = system_clock,
    environ: Mapping[str, str] = os.environ,
) -> Running:
    """Start on this machine only; port 0 takes a free one. Raises NotASandboxPlace."""
    check_environment(environ)
    app_url = app_url.rstrip("/")
    here = State(app_url, Store(data_dir), clock, Pushes(app_url, clock))
    return Running(create_app(here), port, here)


def create_app(sandbox: State) -> Flask:
    app = Flask(__name__)
    app.extensions["sandbox"] = sandbox
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for blueprint in (wire, authorization, phone_pages, phone_acts, control, callback_control):
        app.register_blueprint(blueprint)
    app.before_request(_trouble_before)
    app.after_request(_trouble_after)
    app.after_request(_harden)
    app.register_error_handler(WireError, _refuse)
    app.register_error_handler(NotFound, _unknown)
    app.register_error_handler(MethodNotAllowed, _unknown)
    return app


def _trouble_before() -> Response | None:
    return state().knobs.before(request.path)


def _trouble_after(response: Response) -> Response:
    return state().knobs.after(request.path, response)


def _harden(response: Response) -> Response:
    app = urlsplit(state().app_url)
    # A scanned link is a form whose answer leads to the app, and browsers hold form-action to that too.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self';"
        f" form-action 'self' {app.scheme}://{app.netloc}; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _refuse(error: WireError) -> Response:
    return refusal(request.path, error, now=state().clock())


def _unknown(_: NotFound | MethodNotAllowed) -> Response:
    return _refuse(WireError(40066))
