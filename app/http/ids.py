"""Numbers of rows, as addresses and forms bring them."""

from flask import Flask
from werkzeug.routing import IntegerConverter

LONGEST = 18  # digits that fit 64 bits


class RowId(IntegerConverter):
    """A number in an address that a database can hold; a longer one leads nowhere."""

    regex = rf"\d{{1,{LONGEST}}}"


def install(app: Flask) -> None:
    """`<id:name>` in an address; `<int:name>` as well, for Python reads no number of thousands of digits."""
    app.url_map.converters.update({"id": RowId, "int": RowId})


def parse_id(text: str) -> int | None:
    """A number that fits a database's id, or None."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else None
