"""Numbers of rows and of tickets, as addresses and forms bring them."""

from flask import Flask
from werkzeug.routing import BaseConverter, IntegerConverter

from app.services import links

LONGEST = 18  # digits that fit 64 bits


class RowId(IntegerConverter):
    """A number in an address that a database can hold; a longer one leads nowhere."""

    regex = rf"\d{{1,{LONGEST}}}"


class TicketNumber(BaseConverter):
    """The number of a ticket, whatever stands in it. In our own addresses a slash is coded, for it could be taken for
    one of the address; typed or copied as `%2F` it comes as one, which a server has unquoted before we see it.
    """

    part_isolating = False
    regex = ".+?"

    def to_python(self, value: str) -> str:
        return links.from_path(value)

    def to_url(self, value: str) -> str:
        return links.in_path(value)


def install(app: Flask) -> None:
    """`<id:name>` and `<ticket:name>` in an address, `number|in_path` in a template; `<int:name>` is an id as well, for
    Python reads no number of thousands of digits.
    """
    app.url_map.converters.update({"id": RowId, "int": RowId, "ticket": TicketNumber})
    app.jinja_env.filters["in_path"] = links.in_path


def parse_id(text: str) -> int | None:
    """A number that fits a database's id, or None."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else None
