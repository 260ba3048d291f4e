"""One browser, many people: in the demo every simulated phone and every place at the console has a visit of its own.

A seat is a path in front of all others, `/seat/nurse/r/...`, with cookies of its own. Pages know nothing of it: where
they lead to without it, one is led to the seat one came from.
"""

import re
from collections.abc import Callable, Iterable
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote, urlsplit

Wsgi = Callable[..., Iterable[bytes]]

SEAT = re.compile(r"/seat/([a-z-]{1,32})(?=/|$)")
_NO_PAGE = ("/static/", "/bootstrap/", "/seat/", "/demo/codes", "/healthz", "/readyz")


def console(role: str) -> str:
    """The name of the seat at the console for this role; a phone's is the phone's."""
    return f"console-{role}"


class Seats:
    """In front of the demo's program."""

    def __init__(self, program: Wsgi, public_url: str) -> None:
        self._program, self._public_url = program, public_url

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if found := SEAT.match(path):
            environ["SCRIPT_NAME"], environ["PATH_INFO"] = found[0], path[found.end() :] or "/"
            environ["HTTP_COOKIE"] = _own(environ.get("HTTP_COOKIE", ""), found[1])
            return self._program(environ, self._seated(start_response, found[0], found[1]))
        came_from = SEAT.match(urlsplit(environ.get("HTTP_REFERER", "")).path)
        if came_from is None or path == "/" or path.startswith(_NO_PAGE):
            return self._program(environ, start_response)
        query = environ.get("QUERY_STRING", "")
        there = came_from[0] + quote(path.encode("latin-1"), safe="/:@!$&'()*+,;=~") + (f"?{query}" if query else "")
        start_response(
            "307 Temporary Redirect", [("Location", there), ("Content-Length", "0"), ("Cache-Control", "no-store")]
        )
        return [b""]

    def _seated(self, start: Callable[..., Any], prefix: str, seat: str) -> Callable[..., Any]:
        def answer(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start(status, [self._header(name, value, prefix, seat) for name, value in headers], *more)

        return answer

    def _header(self, name: str, value: str, prefix: str, seat: str) -> tuple[str, str]:
        if name.lower() == "set-cookie":
            return name, f"{seat}.{value}".replace("Path=/", f"Path={prefix}", 1)
        return name, self._there(value, prefix) if name.lower() == "location" else value

    def _there(self, location: str, prefix: str) -> str:
        """Within the seat; and whoever is sent away to sign in comes back to it."""
        if location.startswith("/") and not location.startswith(("//", f"{prefix}/")):
            return prefix + location
        home = quote(self._public_url + "/", safe="")
        return location.replace(home, home + quote(prefix[1:] + "/", safe=""), 1)


def _own(cookies: str, seat: str) -> str:
    named = [(name.removeprefix(f"{seat}."), name, one.coded_value) for name, one in SimpleCookie(cookies).items()]
    return "; ".join(f"{own}={value}" for own, name, value in named if own != name)
