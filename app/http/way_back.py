"""From an error page back to where one was, with what was typed there."""

from urllib.parse import urlsplit

from flask import request
from werkzeug.exceptions import HTTPException

from app.http.context import runtime
from app.http.phone_gate import local_path

# Nothing somebody typed to be read: tokens of forms, and what nobody else may see.
_APART = frozenset({"visit", "csrf_token", "password", "sealed", "sha256", "seen", "next", "confirm", "form", "code"})
_PROSE = ("description", "comment", "answer", "note", "reason", "receipt", "text")


def came_from() -> str | None:
    """The page of ours this request was sent from; only its path is used, and that leads nowhere else."""
    came, settings = urlsplit(request.referrer or ""), runtime().settings
    posted = request.method == "POST"
    if came.netloc not in {
        request.host,
        *(urlsplit(url).netloc for url in (settings.public_url, settings.console_url)),
    }:
        # A browser that does not say it: the page of a slip is at least known.
        return "/".join(request.path.split("/")[:3]) if posted and request.path.startswith("/r/") else None
    here = local_path(f"{came.path}?{came.query}" if came.query else came.path)
    return here if here != "/" and (posted or came.path != request.path) else None


def typed() -> dict[str, str]:
    """The form that was sent, as far as it was typed."""
    try:
        sent = request.form
    except HTTPException:
        return {}  # too large, or no form at all
    return {name: text for name, text in sent.items() if text.strip() and name not in _APART}


def prose(fields: dict[str, str]) -> list[str]:
    """Of that, what nobody likes to write twice."""
    return [fields[name] for name in _PROSE if name in fields]
