import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Flask, Response, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

from sandbox.authorize import authorization
from sandbox.callback_control import callback_control
from sandbox.clock import Clock, TurnedClock, system_clock
from sandbox.control import control
from sandbox.database import Database
from sandbox.environment import check_environment
from sandbox.page_script import page_script
from sandbox.phone_acts import phone_acts
from sandbox.phone_pages import phone_pages
from sandbox.state import State, new_state, state
from sandbox.wire_codes import wire_codes
from sandbox.wire_errors import WireError, refusal
from sandbox.wire_messages import wire_messages
from sandbox.wire_people import wire_people
from sandbox.wire_sign_in import wire_sign_in
from sandbox.wire_tokens import wire_tokens
from sandbox.wire_wecom import wire_wecom

_BLUEPRINTS = (
    wire_tokens,
    wire_sign_in,
    wire_messages,
    wire_wecom,
    wire_codes,
    wire_people,
    authorization,
    page_script,
    phone_pages,
    phone_acts,
    control,
    callback_control,
)


class Running:
    """A sandbox that serves until stopped, at two addresses; also a context manager."""

    def __init__(self, here: State, port: int, backup_port: int) -> None:
        self._here = here
        self._app = create_app(here)
        self.port, self.backup_port = here.doors.open(self._app, port, backup_port)
        self.url = f"http://localhost:{self.port}"
        self.backup_url = f"http://localhost:{self.backup_port}"

    def api2_only(self, only: bool = True) -> None:
        """The main address refuses connections; pages and control live on the other one."""
        self._here.switches.set("api2_only", only)
        self._here.doors.shut_main(only)

    def renew(self, app_url: str, clock: Clock = system_clock) -> None:
        """At the same addresses another one, which remembers nothing; the tests' way to start one a hundred times."""
        old = self._here
        old.doors.shut_main(False)
        self._here = replace(_fresh(app_url, None, clock), doors=old.doors, zone=old.zone)
        self._app.extensions["sandbox"] = self._here
        old.pushes.stop()
        old.database.close()

    def stop(self) -> None:
        self._here.doors.close()
        self._here.pushes.stop()
        self._here.database.close()

    def __enter__(self) -> "Running":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def serve(
    *,
    port: int = 0,
    backup_port: int = 0,
    app_url: str,
    data_dir: Path | None = None,
    clock: Clock = system_clock,
    environ: Mapping[str, str] = os.environ,
) -> Running:
    """Start on this machine only; port 0 takes a free one. Raises NotASandboxPlace."""
    check_environment(environ)
    here = _fresh(app_url, data_dir, clock)
    if zone := environ.get("HOSPITAL_TZ"):
        here = replace(here, zone=ZoneInfo(zone))
    return Running(here, port, backup_port)


def _fresh(app_url: str, data_dir: Path | None, clock: Clock) -> State:
    return new_state(app_url.rstrip("/"), Database(data_dir), TurnedClock(clock))


def create_app(sandbox: State) -> Flask:
    app = Flask(__name__)
    app.extensions["sandbox"] = sandbox
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    for blueprint in _BLUEPRINTS:
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
        f" frame-src 'self' {app.scheme}://{app.netloc}; frame-ancestors 'self'; base-uri 'none';"
        f" form-action 'self' {app.scheme}://{app.netloc}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _refuse(error: WireError) -> Response:
    return refusal(request.path, error, now=state().clock())


def _unknown(_: NotFound | MethodNotAllowed) -> Response:
    return _refuse(WireError(40066))
