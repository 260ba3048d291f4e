"""A line to PostgreSQL: libpq's own calls, which cost a third of what the driver's cursor does."""

import json
from typing import Any

from psycopg import Connection, errors
from psycopg.adapt import Transformer
from psycopg.pq import ConnStatus, ExecStatus
from psycopg.types.json import Json
from sqlalchemy import Dialect

from app.driver import Compiled, Line


class PostgresqlLine(Line):
    begin = "BEGIN"

    def __init__(self, dialect: Dialect, connection: Connection) -> None:
        super().__init__(dialect, connection)
        connection.rollback()
        connection.autocommit = True
        self._libpq = connection.pgconn
        self._reader = Transformer(connection)
        # Behind a pooler the next statement may have another server process, which knows none that was prepared.
        self._prepares = connection.prepare_threshold is not None
        connection.prepare_threshold = None  # the driver would forget what it has not prepared itself
        if self._prepares:  # once: the server would make some plans anew each time, which costs more than they do
            connection.execute("SET plan_cache_mode = force_generic_plan")
        self._names: dict[str, bytes] = {}

    @property
    def died(self) -> bool:
        return self._libpq.status != ConnStatus.OK

    def execute(self, text: str) -> None:
        self._check(self._libpq.exec_(text.encode()))

    def _rows(self, made: Compiled, values: list[Any]) -> list[list[Any]]:
        sent: list[Any] = [None if value is None else _sent(value) for value in values]
        if self._prepares:
            result = self._libpq.exec_prepared(self._name(made.text), sent)
        else:
            result = self._libpq.exec_params(made.text.encode(), sent)
        self._check(result)
        self._reader.set_pgresult(result)
        return self._reader.load_rows(0, result.ntuples, list)

    def _name(self, text: str) -> bytes:
        if text not in self._names:
            name = b"line_%d" % len(self._names)
            self._check(self._libpq.prepare(name, text.encode()))
            self._names[text] = name
        return self._names[text]

    def _check(self, result: Any) -> None:
        if result.status not in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
            raise errors.error_from_result(result)


def _sent(value: Any) -> bytes:
    if type(value) is str:
        return value.encode()
    return (json.dumps(value.obj) if isinstance(value, Json) else str(value)).encode()
