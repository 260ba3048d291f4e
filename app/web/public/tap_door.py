"""A small door before Flask for the one act that thousands do within minutes: the plainest tap.

It refuses nobody and says nothing of its own. What it does not know at once, a tap that got no row, any trouble with
the database: the request goes on as it came, and Flask decides. Its answer is Flask's own, made once; the statement is
`services/ratings/tap.py`, as in the view. docs/decisions/tap-door.md says what it may skip, and why.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BytesIO
from time import monotonic
from typing import Any, cast

from flask import Flask, Request, redirect
from flask import session as cookie
from sqlalchemy.exc import SQLAlchemyError

from app.errors import Refused
from app.http import session
from app.http.context import EXTENSION
from app.runtime import Runtime
from app.services.ratings import tap
from app.services.ratings.tap import Tap
from qr.token import TOKEN_LENGTH

Environ = dict[str, Any]
Start = Callable[..., Any]
Wsgi = Callable[[Environ, Start], Iterable[bytes]]

LONGEST = 1_024
STEPS_ASIDE = 5.0  # seconds, after trouble with the database: nobody waits for it twice
_PATH = re.compile(rf"/r/([\w-]{{{TOKEN_LENGTH}}})/rate", re.ASCII)
_SIGNED = r"[\w.-]+"
_FORM = re.compile(rf"(?:visit=({_SIGNED})&)?level=([1-5])(?:&visit=({_SIGNED}))?".encode(), re.ASCII)
_FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class _TapRequest:
    """What stands in the request itself: `form` is the token of its form."""

    token: str
    level: int
    form: str
    cookie: str


class _Cookies:
    """As much of a request as Flask's session is read from."""

    def __init__(self, name: str, value: str) -> None:
        self.cookies = {name: value}


class TapDoor:
    """In front of Flask, behind what tells who asks: ProxyFix and the like."""

    def __init__(self, app: Flask, program: Wsgi) -> None:
        self._app, self._program = app, program
        self._name: str = app.config["SESSION_COOKIE_NAME"]
        self._cookie = re.compile(rf"(?:.*; ?)?{re.escape(self._name)}=({_SIGNED})(?:;.*)?", re.ASCII)
        self._closed_until = 0.0
        self._page: tuple[str, list[tuple[str, str]], str] | None = None

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        found = _PATH.fullmatch(environ.get("PATH_INFO", ""))
        sent = self._read(environ, found[1]) if found else None
        if sent is None or not self._take(sent):
            return self._program(environ, start)
        status, headers, body = self._answer()
        start(status, [(name, value.replace(_ANY, sent.token)) for name, value in headers])
        return [body.replace(_ANY, sent.token).encode()]

    def _read(self, environ: Environ, token: str) -> _TapRequest | None:
        """The plainest request there is, or none; its body can be read again."""
        if environ["REQUEST_METHOD"] != "POST" or environ.get("QUERY_STRING") or "HTTP_TRANSFER_ENCODING" in environ:
            return None
        value = self._cookie_of(environ.get("HTTP_COOKIE", ""))
        length = environ.get("CONTENT_LENGTH") or ""
        if not value or environ.get("CONTENT_TYPE") != _FORM_TYPE or not re.fullmatch("[0-9]{1,4}", length):
            return None
        if int(length) > LONGEST:
            return None
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = BytesIO(body)
        sent = _FORM.fullmatch(body)
        if sent is None or len(body) != int(length) or (sent[1] is None) == (sent[3] is None):
            return None
        return _TapRequest(token, int(sent[2]), (sent[1] or sent[3]).decode(), value)

    def _cookie_of(self, header: str) -> str:
        """That of the session, where there is exactly one and no other is written in a way of its own."""
        found = self._cookie.fullmatch(header) if header.isascii() and '"' not in header else None
        return found[1] if found and header.count(self._name) == 1 else ""

    def _take(self, sent: _TapRequest) -> bool:
        """Whether the tap is written."""
        if monotonic() < self._closed_until:
            return False
        runtime: Runtime = self._app.extensions[EXTENSION]
        try:
            tapped = self._tap(sent, runtime)
            window = runtime.settings.rating_window
            return (
                tapped is not None and tap.record(runtime.database, tapped, at=runtime.now(), window=window) is not None
            )
        except Refused:
            return False
        except SQLAlchemyError:
            self._closed_until = monotonic() + STEPS_ASIDE
            return False

    def _tap(self, sent: _TapRequest, runtime: Runtime) -> Tap | None:
        """By a phone that is known, with a form of this visit and this slip. Raises Refused."""
        request = cast(Request, _Cookies(self._name, sent.cookie))
        visitor = self._app.session_interface.open_session(self._app, request)
        if not visitor or "console" in visitor or visitor.permanent:
            return None
        identity, visit = visitor.get("identity"), visitor.get("visit")
        if not isinstance(identity, int) or not isinstance(visit, str):
            return None
        ticket_id = runtime.links.ticket_id(sent.token)
        cycle = session.last_fact(runtime.settings.secret_keys, sent.form, visit, sent.token)
        return Tap(ticket_id, cycle, identity, sent.level, source="scan") if isinstance(cycle, int) else None

    def _answer(self) -> tuple[str, list[tuple[str, str]], str]:
        """What the view and all that stands behind it answer, with another token."""
        if self._page is None:
            with self._app.test_request_context(f"/r/{_ANY}/rate", method="POST") as context:
                cookie.get("identity")  # as the view does, so that the answer says that it depends on the cookie
                answer = self._app.process_response(cast(Any, redirect(f"/r/{_ANY}", 303)))
                body, status, headers = answer.get_wsgi_response(context.request.environ)
                self._page = status, list(headers), b"".join(body).decode()
        return self._page


_ANY = "0" * TOKEN_LENGTH  # in the place of the token
