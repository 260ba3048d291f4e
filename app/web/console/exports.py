"""A list of the console as a file: the same conditions, every page of it, streamed with a session for each part."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Protocol

from flask import Response, request, stream_with_context
from sqlalchemy.orm import Session

from app.http.context import now, runtime
from app.http.i18n import gettext
from app.services.tables import writer
from app.services.tables.writer import Cell

FORMS = {"csv": (writer.CSV, writer.as_csv), "xlsx": (writer.XLSX, writer.as_xlsx)}
Columns = dict[str, Callable[[Any], Cell]]


class Part(Protocol):
    """Some rows of a list; `after` continues it and is None at its end."""

    @property
    def rows(self) -> Sequence[Any]: ...

    @property
    def after(self) -> Any: ...


@dataclass(frozen=True)
class Whole:
    """A list that is never long: all of it is one part."""

    rows: Sequence[Any]
    after: None = None


Find = Callable[[Session, Any], Part]


def requested() -> bool:
    """Whether the list was asked for as a file."""
    return request.args.get("as", "") in FORMS


def yes(value: object) -> str:
    return gettext("是") if value else gettext("否")


def export(name: str, columns: Columns, find: Find) -> Response:
    """The list from its beginning to its end, as it was asked for; how many rows it has nobody knows before."""
    media_type, write = FORMS[request.args["as"]]
    head: Sequence[Cell] = list(columns)
    body = stream_with_context(write(chain([head], _rows(columns, find))))
    answer = Response(body, mimetype=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{now():%Y%m%d-%H%M}.{request.args["as"]}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _rows(columns: Columns, find: Find) -> Iterator[Sequence[Cell]]:
    after: Any = None
    zone, left = runtime().settings.timezone, writer.MOST_ROWS
    while left > 0:
        with runtime().database.reading() as session:
            page = find(session, after)
        for row in page.rows:
            cells = [read(row) for read in columns.values()]
            yield [cell.astimezone(zone) if isinstance(cell, datetime) else cell for cell in cells]
        left -= len(page.rows)
        if page.after is None:
            return
        after = page.after
    yield [gettext("后面还有：一个文件最多 %(most)s 行，请缩小条件再下载。", most=writer.MOST_ROWS)]
