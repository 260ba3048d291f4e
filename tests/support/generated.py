"""Requests nobody would send: every door, what stands on its pages, and in each field whatever breaks programs.

The dice are seeded; a request that broke something says of itself all that is needed to send it again.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from io import BytesIO
from random import Random  # noqa: TID251 seeded: the same requests at every run
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode

from app.paths import ROOT
from tests.support.doors import Door

ODD = (
    *("", " ", "0", "-1", "1", "2", "3", "5", "on", "paper", "phone", "approve", "a", "中文", "00017", "W0003", "=1+1"),
    *(str(2**15), str(2**31 - 1), str(2**31), str(2**53), "9" * 18, str(2**63 - 1), str(2**63), str(2**64), "9" * 5000),
    *("1e9", "1.5", "NaN", "٣", "１２", "²", "𝟙", "0x10", "+1", "1_000", " 7 ", "-0"),
    *(
        "\0",
        "a\0b",
        "\n",
        "a\nb",
        "a\r\nSet-Cookie: x=1",
        "\t",
        "\x1b[31m",
        "\x7f",
        "\x85",
        "\u2028",
        "\u202e",
        "\ufeff",
    ),
    *("\ud800", "a\udfffb", "\ufffe", "😀" * 300, "é" * 64, "a" * 65, "a" * 2001, "a" * 70_000, "' OR 1=1 --"),
    *(
        "%",
        "%%s",
        "%(x)s",
        "{0}",
        "{{7*7}}",
        "<b>",
        "]]>",
        "\\",
        "/",
        "//evil.example",
        "/\\evil",
        "/console\n",
        "..",
        ".",
    ),
    *(
        "0001-01-01",
        "9999-12-31",
        "2026-02-30",
        "2026-10-01",
        "1970-01-01",
        "2199-12-31",
        "10000-01-01",
        "12:00",
        "25:00",
    ),
    *("0001-01-01T00:00", "9999-12-31T23:59", "2026-10-01T12:00", "2026-10-01T12:00+23:59", "2026-10-01T12:00:60Z"),
)
# What has broken something before is tried most.
SHARP = (
    "\0",
    "a\0b",
    "\n",
    "a\r\nb",
    "\ud800",
    str(2**31),
    str(2**53),
    "9" * 18,
    str(2**63 - 1),
    str(2**63),
    "9" * 5000,
)
OF_JSON: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 5, 2**31, 2**63, 2**64, 10**400, 1.5, 1e400, float("nan"), [], {}, [[]], {"a": {}}),
    *([1] * 30, ["a"], {"a": 1}, {"": 5}, {"a\0": 5}, {"\ud800": 5}),
)
RAW = (
    *(
        b"",
        b"\0",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 20_000,
        b"\xff\xfe",
        b"a=%",
        b"a=%00",
        b"a=%ff",
        b"=",
        b"&&&",
        b"null",
    ),
    *(
        b"<xml>",
        b"<xml><ToUserName>a</ToUserName></xml>",
        b'"\\ud800"',
        b"1" * 5000,
        b"--x\r\n\r\n",
        b"--x--\r\n",
        b"\r\n",
    ),
)
TYPES = (
    *(
        "application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
    ),
    *(
        "text/xml",
        "text/plain; charset=utf-16",
        "application/json; charset=nonsense",
        "multipart/form-data; boundary=",
        "",
    ),
)
HEADERS = {
    "Range": ("bytes=0-0", "bytes=5-1", "bytes=-" + "9" * 30, "lines=1", "bytes=" + "9" * 5000 + "-"),
    "If-None-Match": ("*", '"a', "W/", '"' + "a" * 3000 + '"'),
    "If-Modified-Since": ("yesterday", "Thu, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT"),
    "If-Range": ("x", "Fri, 99 Dec 9999"),
    "Accept-Language": ("en", "x" * 4000, ";q=", "*;q=nan"),
    "Authorization": ("Bearer", "Bearer \xe4", "Bearer " + "a" * 9000, "Basic OjpA", 'Digest x="', "Bearer a b"),
    "Idempotency-Key": ("12345678", "x" * 64, "ab cd efgh", "\xff" * 8),
    "User-Agent": ("MicroMessenger", "wxwork/ MicroMessenger", "", "\xe4\xb8\xad"),
    "Host": ("", "evil.example", "a b", "[::1", "localhost:99999", "\xe4"),
    "X-Forwarded-For": ("1.2.3.4", "", "a, b", "9" * 5000),
    "X-Forwarded-Proto": ("https", "ftp"),
    "Referer": ("http://localhost/", "\xe4", "//"),
    "Origin": ("null", "http://evil.example"),
    "Cookie": ("mashangping=x", "mashangping=.eJw", "=;;=", "a=\xff", "mashangping_desk=x", "x" * 5000),
    "Transfer-Encoding": ("chunked",),
    "Content-Length": ("0", "3", "99999999", "-1", "x", "9" * 30),
}


@dataclass(frozen=True)
class Sent:
    method: str
    path: bytes
    """As the server decodes it."""
    query: str
    headers: Mapping[str, str]
    body: bytes

    def environ(self, cookies: str) -> dict[str, Any]:
        """What a server makes of it; it never reads more than was sent."""
        told = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in self.headers.items()}
        told["CONTENT_TYPE"] = told.pop("HTTP_CONTENT_TYPE", "")
        told["CONTENT_LENGTH"] = told.pop("HTTP_CONTENT_LENGTH", str(len(self.body)))
        told["HTTP_COOKIE"] = "; ".join(filter(None, [cookies, told.pop("HTTP_COOKIE", "")]))
        return {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": self.path.decode("latin-1"),
            "QUERY_STRING": self.query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "10.0.0.1",
            "HTTP_HOST": "localhost",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(self.body),
            "wsgi.errors": BytesIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **told,
        }


@dataclass
class Form:
    """A form as a page shows it: where it goes, and what a browser would send."""

    action: str
    method: str
    multipart: bool
    fields: list[tuple[str, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            multipart = told.get("enctype") == "multipart/form-data"
            self.found.append(Form(told.get("action", ""), told.get("method", "get").upper(), multipart))
        elif self.found and tag in {"input", "textarea", "select", "button"} and told.get("name"):
            form = self.found[-1]
            if told.get("type") == "file":
                form.files.append(told["name"])
            else:
                form.fields.append((told["name"], told.get("value", "")))


def forms(page: str) -> list[Form]:
    reader = _Forms()
    reader.feed(page)
    return reader.found


@cache
def names(module: str) -> tuple[str, ...]:
    """What fields are called in the views of this module and in the templates, or in the models of the API."""
    source = (ROOT / (module.replace(".", "/") + ".py")).read_text(encoding="utf-8")
    found = set(re.findall(r"""\(["'](\w+)["']""", source)) | set(re.findall(r"""\[["'](\w+)["']\]""", source))
    if module.startswith("app.api"):
        models = (ROOT / "app" / "api" / "mini" / "requests.py").read_text(encoding="utf-8")
        return tuple(sorted(set(re.findall(r"^    (\w+): ", models, re.MULTILINE))))
    return tuple(sorted(found | set(re.findall(r'name="(\w+)"', _templates()))))


@cache
def _templates() -> str:
    folder = ROOT / "app" / "templates"
    return "".join(path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.html")))


class Maker:
    """Makes one request after the other out of what is real, with some of it spoilt."""

    def __init__(self, dice: Random, values: tuple[str, ...]) -> None:
        self._dice = dice
        self._values = (*ODD, *values)

    def of_door(self, door: Door, module: str) -> Sent:
        """With fields as the views of that module know them."""
        dice, known = self._dice, names(module)
        path = self._path(door) if dice.random() < 0.4 else unquote_to_bytes(door.address)
        fields = [(dice.choice(known), self._value()) for _ in range(dice.randrange(6))]
        query = self._query(fields) if door.method == "GET" or dice.random() < 0.1 else ""
        kind, body = ("", b"") if door.method == "GET" else self._body(door, fields)
        method = (
            door.method if dice.random() < 0.95 else dice.choice(("HEAD", "PUT", "DELETE", "OPTIONS", "POST", "GET"))
        )
        return Sent(method, path, query, {**({"Content-Type": kind} if kind else {}), **self._headers()}, body)

    def of_form(self, form: Form) -> Sent:
        dice = self._dice
        fields = [(name, self._value() if dice.random() < 0.3 else value) for name, value in form.fields]
        if dice.random() < 0.3 and fields:
            fields.pop(dice.randrange(len(fields)))
        address, _, asked = form.action.partition("?")
        if form.method == "GET":
            return Sent("GET", unquote_to_bytes(address or "/"), self._query(fields), {}, b"")
        if form.multipart or form.files or dice.random() < 0.4:
            kind, body = self._multipart(fields, form.files)
        else:
            kind, body = "application/x-www-form-urlencoded", self._query(fields).encode()
        return Sent("POST", unquote_to_bytes(address or "/"), asked, {"Content-Type": kind}, body)

    def _value(self) -> str:
        return self._dice.choice(SHARP if self._dice.random() < 0.3 else self._values)

    def _path(self, door: Door) -> bytes:
        """One part of the address is another."""
        parts = door.address.split("/")
        at = self._dice.randrange(1, max(2, len(parts)))
        odd = quote(self._value().encode("utf-8", "surrogatepass"), safe="%")[:6000]
        parts[at : at + 1] = [parts[at] + odd if self._dice.random() < 0.3 else odd]
        return unquote_to_bytes("/".join(parts))

    def _query(self, fields: list[tuple[str, str]]) -> str:
        return urlencode([(name.encode(), value.encode("utf-8", "surrogatepass")) for name, value in fields])

    def _headers(self) -> dict[str, str]:
        some = self._dice.random() < 0.25
        return (
            {name: self._dice.choice(HEADERS[name]) for name in self._dice.sample(sorted(HEADERS), 2)} if some else {}
        )

    def _body(self, door: Door, fields: list[tuple[str, str]]) -> tuple[str, bytes]:
        dice = self._dice
        if dice.random() < 0.2:
            return dice.choice(TYPES), dice.choice(RAW)
        if door.rule.startswith("/api/"):
            told = {name: dice.choice(OF_JSON) if dice.random() < 0.5 else value for name, value in fields}
            return "application/json", json.dumps(told).encode()
        if dice.random() < 0.4:
            return self._multipart(fields, ["photo"] if dice.random() < 0.5 else [])
        return "application/x-www-form-urlencoded", self._query(fields).encode()

    def _multipart(self, fields: list[tuple[str, str]], files: list[str]) -> tuple[str, bytes]:
        parts = [(f'name="{name}"', value.encode("utf-8", "surrogatepass")) for name, value in fields]
        for name in files:
            called = self._value().replace('"', "").encode("utf-8", "replace").decode()[:300]
            parts.append((f'name="{name}"; filename="{called}"', self._dice.choice(RAW)))
        body = b"".join(
            f"--xXx\r\nContent-Disposition: form-data; {about}\r\n\r\n".encode("utf-8", "replace") + value + b"\r\n"
            for about, value in parts
        )
        return "multipart/form-data; boundary=xXx", body + b"--xXx--\r\n"
