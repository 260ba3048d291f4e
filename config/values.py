"""The kinds of value a setting may have: each is read from a text, or says what was expected instead."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator

_SPANS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
_LONGEST_SPAN = timedelta(days=3_650)
_LARGEST_PICTURE = 64 * 1024


def read_by(parse: Callable[[str], Any]) -> BeforeValidator:
    """Whatever the environment says is a text and goes through `parse`; a default is what it is."""
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) and value else value)


def like(pattern: str, expected: str) -> BeforeValidator:
    def parse(text: str) -> str:
        _expect(bool(re.fullmatch(pattern, text)), expected)
        return text

    return read_by(parse)


def whole(most: int) -> BeforeValidator:
    return read_by(lambda text: _number(text, most))


def days(most: int) -> BeforeValidator:
    return read_by(lambda text: timedelta(days=_number(text, most)))


def some_of(choices: tuple[str, ...]) -> BeforeValidator:
    def parse(text: str) -> frozenset[str]:
        chosen = frozenset(part.strip() for part in text.split(","))
        _expect(chosen <= set(choices), f"must be some of {','.join(choices)}, separated by commas")
        return chosen

    return read_by(parse)


def order_of(choices: tuple[str, ...]) -> BeforeValidator:
    expected = f"must be some of {','.join(choices)}, each once, in the order they are tried"

    def parse(text: str) -> tuple[str, ...]:
        chosen = tuple(part.strip() for part in text.split(",") if part.strip())
        _expect(set(chosen) <= set(choices) and len(set(chosen)) == len(chosen), expected)
        return chosen

    return read_by(parse)


def _hosts(text: str) -> tuple[str, ...]:
    found = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    known = re.compile(r"[0-9a-z]([0-9a-z.-]*[0-9a-z])?|[0-9a-f.:]+(/[0-9]{1,3})?")
    _expect(all(known.fullmatch(one) for one in found), "must be hosts, addresses or networks, separated by commas")
    return found


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ValueError("must be networks such as 10.0.0.0/8, separated by commas") from error


def _number(text: str, most: int) -> int:
    right = text.isascii() and text.isdecimal() and int(text) <= most
    _expect(right, f"must be a whole number from 0 to {most}")
    return int(text)


def _switch(text: str) -> bool:
    _expect(text in {"on", "off"}, "must be one of on, off")
    return text == "on"


def _origin(text: str) -> str:
    address = text.rstrip("/")
    _expect(_plain(address), "must be http(s)://host[:port] without path, user or query")
    return address


def _plain(address: str) -> bool:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return False
    bare = not (parts.path or parts.query or parts.fragment or parts.username)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and bare


def _files(text: str) -> Mapping[str, str]:
    pairs = [part.strip() for part in text.split(",") if part.strip()]
    right = all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}\.txt=[A-Za-z0-9_-]{1,128}", pair) for pair in pairs)
    _expect(right, "must be name.txt=content of each file, separated by commas")
    return dict(pair.split("=", 1) for pair in pairs)


def _picture(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST_PICTURE + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from error
    right = len(content) <= _LARGEST_PICTURE and content.startswith(b"\x89PNG")
    _expect(right, f"must be a PNG of at most {_LARGEST_PICTURE // 1024} KB")
    return content


def _span(text: str) -> timedelta:
    right = re.fullmatch("[0-9]{1,8}[dhms]?", text)
    _expect(bool(right), "must be a number of seconds, or a number with d, h, m or s: 8d")
    return min(int(text.rstrip("dhms")) * _SPANS.get(text[-1], _SPANS["s"]), _LONGEST_SPAN)


def _database(url: str) -> str:
    known = url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://"))
    _expect(known, "must begin with sqlite:/// or postgresql://")
    poolers = parse_qs(urlsplit(url).query, keep_blank_values=True).get("pooler", [])
    _expect(poolers in ([], ["transaction"]), "may say pooler=transaction and nothing else of a pooler")
    return url


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.split(",") if key.strip())
    right = keys and all(len(key) >= 32 and key.isascii() and key.isprintable() for key in keys)
    _expect(bool(right), "must be comma-separated keys of at least 32 printable characters, newest first")
    _expect(len(set(keys)) == len(keys), "names a key twice")
    return keys


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("must be a time zone such as Asia/Shanghai") from error


def _expect(right: bool, expected: str) -> None:
    if not right:
        raise ValueError(expected)


Switch = Annotated[bool, read_by(_switch)]
Origin = Annotated[str, read_by(_origin)]
Hosts = Annotated[tuple[str, ...], read_by(_hosts)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], read_by(_networks)]
Files = Annotated[Mapping[str, str], read_by(_files)]
Picture = Annotated[bytes, read_by(_picture)]
Span = Annotated[timedelta, read_by(_span)]
Keys = Annotated[tuple[str, ...], read_by(_keys)]
Zone = Annotated[ZoneInfo, read_by(_zone)]
Address = Annotated[
    str, like(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9./_-]+", "must be http(s)://host/path without user or query")
]
DatabaseUrl = Annotated[str, read_by(_database)]
RedisUrl = Annotated[str, like("(?s)(rediss?|unix)://.*", "must begin with redis://, rediss:// or unix://")]
HospitalId = Annotated[str, like("[a-z0-9]{1,20}", "must be 1 to 20 lower-case letters and digits")]
SealKey = Annotated[
    str, like("[0-9a-f]{64}", "must be 64 hexadecimal digits drawn by lot, as openssl rand -hex 32 gives")
]
SealOrigin = Annotated[str, like(r"[^\s+]{1,128}", "must be a name without spaces and plus signs")]
CallbackToken = Annotated[str, like("[A-Za-z0-9]{3,32}", "must be 3 to 32 letters and digits")]
CallbackKey = Annotated[str, like("[A-Za-z0-9]{43}", "must be the 43 letters and digits of the EncodingAESKey")]
# The whole webhook address is what people paste.
RobotKey = Annotated[str, like("[A-Za-z0-9-]{8,64}", "must be the key alone, not the webhook's address")]
