"""The hot path's way to the database: statements compiled once, prepared once, sent by the driver itself.

A session, a connection of SQLAlchemy's and the driver's cursor each cost more than the statement of a tap does. What
goes this way, and why so little does: docs/decisions/driver-lines.md.
"""

import time
from collections import deque, namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

RECYCLED = 1_800  # seconds: something in between may forget a line that is silent for longer
_PARAMETERS = {"sqlite": "qmark", "postgresql": "numeric_dollar"}


class Prepared:
    """A SELECT, or an INSERT that returns something; `statement` makes it for one kind of database.

    `columns` are those an INSERT of plain values is given.
    """

    def __init__(self, statement: Callable[[str], Any], columns: Sequence[str] = ()) -> None:
        self._statement, self._columns = cache(statement), columns
        self._compiled: dict[str, Compiled] = {}

    def statement(self, dialect: Dialect) -> Any:
        """For whoever has a session around it."""
        return self._statement(dialect.name)

    def made_for(self, dialect: Dialect) -> "Compiled":
        if dialect.name not in self._compiled:
            self._compiled[dialect.name] = Compiled(self.statement(dialect), dialect, self._columns)
        return self._compiled[dialect.name]


class Compiled:
    """The text, and what is done to each value that goes in or comes out."""

    def __init__(self, statement: Any, dialect: Dialect, columns: Sequence[str]) -> None:
        kind = cast(Any, type(dialect))(paramstyle=_PARAMETERS[dialect.name])
        compiled = statement.compile(dialect=kind, column_keys=columns or None)
        self.text = str(compiled)
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._fixed |= {column.name: column.default.arg for column in compiled.insert_prefetch or ()}
        types = ((name, compiled.binds[name].type.dialect_impl(kind)) for name in compiled.positiontup or ())
        self._in = [(name, one.bind_processor(kind)) for name, one in types]
        returned = statement.exported_columns
        read = [column.type.dialect_impl(kind).result_processor(kind, None) for column in returned]
        self._out = [(place, convert) for place, convert in enumerate(read) if convert]
        self._row = cast(Any, namedtuple("_row", returned.keys()))

    def values(self, parameters: Mapping[str, Any]) -> list[Any]:
        """In the order in which the text asks for them."""
        known = {**self._fixed, **parameters}
        return [to_driver(known[name]) if to_driver else known[name] for name, to_driver in self._in]

    def row(self, sent: list[Any]) -> Any:
        for place, of_driver in self._out:
            sent[place] = of_driver(sent[place])
        return self._row._make(sent)


class Line:
    """A connection of the driver's, for one thread at a time; outside of `whole` each statement commits by itself."""

    begin = "BEGIN IMMEDIATE"

    def __init__(self, dialect: Dialect, connection: Any) -> None:
        self.dialect, self.connection = dialect, connection
        self.opened = time.monotonic()
        self.announced: set[str] = set()

    def rows(self, statement: Prepared, values: Mapping[str, Any]) -> list[Any]:
        """What is found or written, by the names of its columns."""
        made = statement.made_for(self.dialect)
        return [made.row(list(sent)) for sent in self._rows(made, made.values(values))]

    def first(self, statement: Prepared, values: Mapping[str, Any]) -> Any:
        """The first row, or none."""
        return next(iter(self.rows(statement, values)), None)

    def whole(self, work: "Callable[[Line], T]") -> tuple[T, set[str]]:
        """A transaction, and what it announced. Where anything goes wrong nothing of it stays: the line is closed."""
        self.announced = set()
        self.execute(self.begin)
        done = work(self)
        self.execute("COMMIT")
        return done, self.announced

    def execute(self, text: str) -> None:
        self.connection.execute(text)

    @property
    def died(self) -> bool:
        return False

    def _rows(self, made: Compiled, values: list[Any]) -> Iterable[Sequence[Any]]:
        return cast("list[Any]", self.connection.execute(made.text, values).fetchall())


class Lines:
    """Those of one database: as many as threads ask for one at the same time, kept for the next."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._wrong: Any = cast(Any, engine.dialect).dbapi.Error
        self._free: deque[Line] = deque()
        event.listen(engine, "engine_disposed", self._close)

    def first(self, statement: Prepared, values: Mapping[str, Any]) -> Any:
        return self.run(lambda line: line.first(statement, values))

    def run(self, work: Callable[[Line], T]) -> T:
        """Do something on a line. One that died meanwhile is replaced and it is done again, once: only for what may
        be done twice, as keys keep one of it or nothing is written. Raises what SQLAlchemy would.
        """
        try:
            return self._try(self._take(), work)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return self._try(self._open(), work)

    def _try(self, line: Line, work: Callable[[Line], T]) -> T:
        kept = False
        try:
            done = work(line)
            kept = True
        except self._wrong as error:
            raise self._error(error, died=line.died) from error
        finally:
            if kept:
                self._free.append(line)
            else:  # whatever went wrong: nothing of it stays
                line.connection.close()
        return done

    def _take(self) -> Line:
        while self._free:
            try:
                line = self._free.pop()
            except IndexError:  # another thread was quicker
                break
            if time.monotonic() - line.opened < RECYCLED:
                return line
            line.connection.close()
        return self._open()

    def _open(self) -> Line:
        """Made as the engine makes its own, then taken from its pool for good."""
        try:
            pooled = self._engine.raw_connection()
        except self._wrong as error:
            raise self._error(error) from error
        connection: Any = pooled.driver_connection
        pooled.detach()
        if self._engine.dialect.name == "sqlite":
            return Line(self._engine.dialect, connection)
        from app.driver_postgresql import PostgresqlLine  # not loaded where there is none

        return PostgresqlLine(self._engine.dialect, connection)

    def _error(self, error: Exception, *, died: bool = False) -> Exception:
        """As SQLAlchemy says it, without what people typed."""
        known = {"hide_parameters": True, "connection_invalidated": died, "dialect": self._engine.dialect}
        return cast(Exception, cast(Any, DBAPIError.instance)(None, None, error, self._wrong, **known))

    def _close(self, _engine: Engine) -> None:
        while self._free:
            self._free.pop().connection.close()
