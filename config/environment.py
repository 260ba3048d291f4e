"""Reads settings from an environment: each NAME, or the file that NAME_FILE points to."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_SPANS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1), "s": timedelta(seconds=1)}
_MOST = timedelta(days=3_650)


class Reader:
    """Reads one environment; `faults` collects what is wrong with it, a sentence each."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.faults: list[str] = []

    def text(self, name: str, *, default: str | None = None, check: Callable[[str], str] | None = None) -> str:
        value = self._raw(name)
        if not value:
            if default is None:
                self.faults.append(f"{name} (or {name}_FILE) is missing")
            return default or ""
        if check and (fault := check(value)):
            self.faults.append(f"{name} {fault}")
        return value

    def _raw(self, name: str) -> str:
        path = self.environ.get(f"{name}_FILE")
        if not path:
            return self.environ.get(name, "").strip()
        if name in self.environ:
            self.faults.append(f"{name} and {name}_FILE are both set; one was expected")
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.faults.append(f"{name}_FILE cannot be read: {type(error).__name__}")
            return ""

    def choice(self, name: str, choices: tuple[str, ...], default: str | None = None) -> str:
        expected = f"must be one of {', '.join(choices)}"
        return self.text(name, default=default, check=lambda value: "" if value in choices else expected)

    def subset(self, name: str, choices: tuple[str, ...]) -> frozenset[str]:
        chosen = frozenset(part.strip() for part in self.text(name, default=",".join(choices)).split(","))
        if not chosen <= set(choices):
            self.faults.append(f"{name} must be some of {','.join(choices)}, separated by commas")
        return chosen

    def ordered(self, name: str, choices: tuple[str, ...]) -> tuple[str, ...]:
        chosen = tuple(part.strip() for part in self.text(name, default=",".join(choices)).split(",") if part.strip())
        if not set(chosen) <= set(choices) or len(set(chosen)) != len(chosen):
            self.faults.append(f"{name} must be some of {','.join(choices)}, each once, in the order they are tried")
            return choices
        return chosen

    def files(self, name: str) -> Mapping[str, str]:
        """`name.txt=content` of each file, separated by commas."""
        pairs = [part.strip() for part in self.text(name, default="").split(",") if part.strip()]
        if not all(re.fullmatch(r"[A-Za-z0-9_-]{1,64}\.txt=[A-Za-z0-9_-]{1,128}", pair) for pair in pairs):
            self.faults.append(f"{name} must be name.txt=content of each file, separated by commas")
            return {}
        return dict(pair.split("=", 1) for pair in pairs)

    def address(self, name: str, *, default: str) -> str:
        value = self.text(name, default=default)
        if not re.fullmatch(r"https?://[A-Za-z0-9.:-]+/[A-Za-z0-9./_-]+", value):
            self.faults.append(f"{name} must be http(s)://host/path without user or query")
        return value

    def content(self, name: str, *, most: int, begins: bytes) -> bytes:
        """What lies in the file of this path; empty if none is named."""
        path = self.text(name, default="")
        if not path:
            return b""
        try:
            with Path(path).open("rb") as file:
                found = file.read(most + 1)
        except OSError as error:
            self.faults.append(f"{name} cannot be read: {error.strerror}")
            return b""
        if len(found) > most or not found.startswith(begins):
            self.faults.append(f"{name} must be a PNG of at most {most // 1024} KB")
        return found

    def number(self, name: str, *, default: int, most: int) -> int:
        value = self.text(name, default=str(default))
        if not value.isascii() or not value.isdecimal() or int(value) > most:
            self.faults.append(f"{name} must be a whole number from 0 to {most}")
            return default
        return int(value)

    def url(self, name: str, *, default: str | None = None, https: bool = False) -> str:
        value = self.text(name, default=default).rstrip("/")
        if value and not _plain_origin(value):
            self.faults.append(f"{name} must be http(s)://host[:port] without path, user or query")
        elif value and https and not value.startswith("https://"):
            self.faults.append(f"{name} must be https in production")
        return value

    def span(self, name: str) -> timedelta:
        """Seconds, or a number with d, h, m or s behind it; nothing where it is not set."""
        value = self.text(name, default="0")
        if not re.fullmatch("[0-9]{1,8}[dhms]?", value):
            self.faults.append(f"{name} must be a number of seconds, or a number with d, h, m or s: 8d")
            return timedelta()
        return min(int(value.rstrip("dhms")) * _SPANS.get(value[-1], _SPANS["s"]), _MOST)

    def keys(self, name: str) -> tuple[str, ...]:
        keys = tuple(key.strip() for key in self.text(name).split(",") if key.strip())
        if any(len(key) < 32 or not key.isascii() or not key.isprintable() for key in keys):
            self.faults.append(f"{name} must be comma-separated keys of at least 32 printable characters, newest first")
        if len(set(keys)) != len(keys):
            self.faults.append(f"{name} names a key twice")
        return keys

    def zone(self, name: str, default: str) -> ZoneInfo:
        value = self.text(name, default=default)
        try:
            return ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError):
            self.faults.append(f"{name} must be a time zone such as Asia/Shanghai")
            return ZoneInfo(default)


def _plain_origin(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    plain = not (parts.path or parts.query or parts.fragment or parts.username)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and plain
