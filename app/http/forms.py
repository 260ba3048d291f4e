"""What somebody typed: a line end is one character, as in the box that counted it, and nothing is ever cut."""

from typing import IO, Any

from flask import Request, abort, request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.formparser import FormDataParser

from app.errors import Refused

LONGEST = 100  # of a line
REASON_MOST = 200
Parsed = tuple[IO[bytes], MultiDict[str, str], MultiDict[str, FileStorage]]


def line_ends(text: Any) -> Any:
    """A browser sends two characters for each line end of a box, and counts one; other clients send either."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if isinstance(text, str) else text


class _OneLineEnd(FormDataParser):
    def parse(self, *sent: Any, **more: Any) -> Parsed:
        stream, form, files = super().parse(*sent, **more)
        names = [text for pair in form.items(multi=True) for text in pair]
        if any("\0" in text for text in [*names, *files, *(file.filename or "" for file in files.values())]):
            for file in files.values():
                file.close()
            abort(400)  # PostgreSQL cannot keep one, and nobody types one
        typed = MultiDict((name, line_ends(value)) for name, value in form.items(multi=True))
        return stream, self.cls(typed), files


class FormRequest(Request):
    """Every form is read with line ends as its page counted them."""

    form_data_parser_class = _OneLineEnd


def clean(text: str, most: int = LONGEST) -> str:
    """Trimmed; longer than the page allows is refused, never cut. Raises Refused."""
    trimmed = text.strip()
    if len(trimmed) > most:
        raise Refused("too_long", most=most)
    return trimmed


def reason(most: int = REASON_MOST) -> str:
    """Why somebody does what cannot be undone, or weighs on another: always asked for (`parts.danger`), kept beside it.

    Raises Refused.
    """
    text = typed("reason", most)
    if not text:
        raise Refused("why_missing")
    return text


def typed(name: str, most: int = LONGEST) -> str:
    """A field of the form that was sent. Raises Refused."""
    return clean(request.form.get(name, ""), most)
