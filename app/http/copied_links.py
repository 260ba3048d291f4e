"""Links as people copy them: a full stop behind, a bracket, a blank, `&from=singlemessage` without its `?`.

A token has 22 characters, so what it is stands in the address whatever hangs on to it. Of other addresses nobody can
say that: they are tried as they came, and shortened only where they lead nowhere.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from app.http.phone_gate import local_path
from qr.token import TOKEN_LENGTH

Wsgi = Callable[..., Iterable[bytes]]

# A file that WeChat looks for beside the codes is no token; a further segment is a page of its own.
_TOKEN = re.compile(
    rf"/+(r|w|a|s|bind|api/v1/scan|api/v1/ward)/+[^/\w-]*([\w-]{{{TOKEN_LENGTH}}})(?![\w-])"
    r"(?:/*|/*[^/\w].*|[^/].*)(?<!\.txt)",
    re.ASCII | re.DOTALL,
)
# Blanks, quotes, and the marks of a Chinese sentence.
_ENDS = re.compile(
    r"[&\s\"'<>"
    r"\uff08\uff09\u3010\u3011\u300a\u300b\u300c\u300d\u201c\u201d"
    r"\u2018\u2019\uff0c\u3002\uff1b\uff1a\u3001\uff01\uff1f\u2026\u200b-\u200f\u2060\ufeff]"
)
_HANGING = ".,;:!?*|~)]}"


class CopiedLinks:
    """In front of the program: a token's address without what hangs on to it."""

    def __init__(self, program: Wsgi) -> None:
        self._program = program

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if found := _TOKEN.fullmatch(environ.get("PATH_INFO", "")):
            environ["PATH_INFO"] = f"/{found[1]}/{found[2]}"
        return self._program(environ, start_response)


def shortened(path: str) -> str | None:
    """Where a link that leads nowhere may have led before it was copied."""
    if "/." in path:
        return None  # somebody looks for another folder
    short = _ENDS.split(path)[0].rstrip(_HANGING)
    better = local_path(short.rstrip("/"))
    return better if short != path and better != "/" else None
