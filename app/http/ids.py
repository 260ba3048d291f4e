"""Numbers of rows, as addresses and forms bring them."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

LONGEST = 18  # digits that fit 64 bits


class RowId(IntegerConverter):
    """A number in an address that a database can hold; a longer one leads nowhere."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**63 - 1)


def install(app: Flask) -> None:
    """`<id:name>` in an address."""
    app.url_map.converters["id"] = RowId


def parse_id(text: str) -> int | None:
    """A number that fits a database's id, or None."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else None
