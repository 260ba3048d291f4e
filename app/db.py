"""Engine, session and transaction. Times are aware and UTC; SQLite is opened the way a server needs it."""

import os
import select
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Date,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError, InvalidatePoolError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from app.driver import Line, Lines, Prepared

SQLITE_BUSY_MS = 5_000
WORKER_BUSY_MS = 60_000


class UTCDateTime(TypeDecorator[datetime]):
    """A moment. Refuses naive values; SQLite, which knows no zones, gets and gives UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time was given; an aware one was expected")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class LocalDay(FunctionElement[date]):
    """`LocalDay(moment, utc_offset(at))`: the day on which a moment falls in the zone of `at`.

    A database's own `date()` means UTC on SQLite, and on PostgreSQL whatever its server is set to.
    """

    type = Date()
    inherit_cache = True


@compiles(LocalDay, "sqlite")
def _day_on_sqlite(element: LocalDay, compiler: SQLCompiler, **how: Any) -> str:
    moment, offset = (compiler.process(part, **how) for part in element.clauses)
    return f"date({moment}, {offset})"


@compiles(LocalDay, "postgresql")
def _day_on_postgresql(element: LocalDay, compiler: SQLCompiler, **how: Any) -> str:
    moment, offset = (compiler.process(part, **how) for part in element.clauses)
    return f"CAST(timezone(CAST({offset} AS INTERVAL), {moment}) AS DATE)"


def utc_offset(at: datetime) -> str:
    """How far the zone of `at` is from UTC then, as both databases read it: +08:00."""
    if at.tzinfo is None:
        raise ValueError("a naive time was given; an aware one was expected")
    return at.isoformat()[-6:]


# SQLite numbers rows by itself only for INTEGER PRIMARY KEY.
Id = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UTCDateTime, dict[str, Any]: JSON}  # noqa: RUF012 SQLAlchemy's own name


# How a person is held (FOR NO KEY UPDATE): one after the other, but whoever writes an event or a notice that points to
# them does not wait. docs/decisions/lock-order.md says in which order rows are held.
HELD: dict[str, Any] = {"key_share": True}

# What Core statements need: a session around them, or none.
Executor = Session | Connection
# By what a statement of the hot path is sent: the driver's own line, or as any other.
Writer = Executor | Line
T = TypeVar("T")


class Database:
    """One engine and its two kinds of session: `transaction()` writes, `reading()` only reads.

    `lines` are the driver's own connections, for the few statements of the hot path.
    """

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.engine = _create_engine(url, pool_size)
        self._writer = self.engine.execution_options(writes=True)
        self.lines = Lines(self.engine)
        self.after_commit: list[Callable[[set[str]], None]] = []

    def wait_longer(self) -> None:
        """For a worker on SQLite: nobody looks at a page meanwhile, so its turn to write may come a minute later."""
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _wait_longer)
            self.engine.dispose()  # those that are open would not know

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Commit once at the end, roll back on any error; then tell `after_commit` what was announced.

        A service announces with `announce(session, "notices")`; the hooks run when the row is already there.
        """
        with Session(self._writer, expire_on_commit=False) as session:
            with session.begin():
                yield session
            announced = session.info.get("announced")
        self._announce(announced)

    def on_line(self, work: Callable[[Line], T]) -> T:
        """The same on a line: for what may be done twice (`Lines.run`)."""
        done, announced = self.lines.run(lambda line: line.whole(work))
        self._announce(announced)
        return done

    def _announce(self, announced: set[str] | None) -> None:
        if announced:
            for hook in self.after_commit:
                hook(announced)

    def gather_statistics(self) -> None:
        """What SQLite's planner knows of its tables; PostgreSQL looks by itself. A thousand rows of each index do."""
        if self.engine.dialect.name == "sqlite":
            with self._writer.begin() as connection:
                connection.exec_driver_sql("PRAGMA analysis_limit = 1000")
                connection.exec_driver_sql("ANALYZE")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for a page that only looks; nothing is committed."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session


def announce(db: Session | Line, what: str) -> None:
    """Say that `what` has to be looked at once this transaction has been committed."""
    announced = db.announced if isinstance(db, Line) else db.info.setdefault("announced", set())
    announced.add(what)


def rows(db: Writer, statement: Prepared, values: Mapping[str, Any]) -> Sequence[Any]:
    """What a statement finds or writes."""
    if isinstance(db, Line):
        return db.rows(statement, values)
    connection = core(db)
    return connection.execute(statement.statement(connection.dialect), values).all()


def first(db: Writer, statement: Prepared, values: Mapping[str, Any]) -> Any:
    """The first row of it, or none."""
    return next(iter(rows(db, statement, values)), None)


def core(db: Executor) -> Connection:
    """The connection below a session, which has written what it held; a connection as it is."""
    if isinstance(db, Session):
        db.flush()
        return db.connection()
    return db


def upsert(session: Session, table: type[Base]) -> Any:
    """An INSERT that may be given `on_conflict_do_nothing` or `_do_update`; Core, without the unit of work."""
    return insert_into(table, session.get_bind().dialect.name)


def insert_first(db: Writer, table: type[Base], **values: object) -> Any:
    """Insert a row unless one of its unique keys is taken; its primary key, or None for whoever came second.

    The way of the hot path: the statement is built once, and neither the unit of work nor the ORM sees it.
    """
    try:
        row = first(db, _insert_first(table, tuple(values)), values)
    except IntegrityError as error:
        if not _refused_as_second(error):
            raise
        return None
    return None if row is None else row[0]


def _refused_as_second(error: IntegrityError) -> bool:
    """SQLite asks an append-only table's trigger, which refuses a key that is taken, before it comes to ON CONFLICT."""
    return "is append-only" in str(error.orig)


@cache
def _insert_first(table: type[Base], columns: tuple[str, ...]) -> Prepared:
    def statement(dialect: str) -> Any:
        return insert_into(table, dialect).on_conflict_do_nothing().returning(*table.__table__.primary_key)

    return Prepared(statement, columns)


def insert_into(table: type[Base], dialect: str) -> Any:
    """An INSERT that may be given `on_conflict_do_nothing`, for this kind of database."""
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(cast("Table", table.__table__))


def _create_engine(url: str, pool_size: int) -> Engine:
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    # An error's text goes to the log; what people typed does not.
    shared: dict[str, Any] = {"pool_size": pool_size, "hide_parameters": True}
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed, connect_args={"timeout": SQLITE_BUSY_MS / 1000}, **shared)
        if parsed.database and parsed.database != ":memory:":
            event.listen(engine, "do_connect", partial(_make_private, Path(parsed.database)))
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    pooler = parsed.query.get("pooler")
    # Behind a pooler the next transaction may have another server process, which knows no statement prepared before.
    prepared = {"prepare_threshold": None} if pooler == "transaction" else {}
    engine = create_engine(
        parsed.difference_update_query(["pooler"]), pool_recycle=1800, connect_args=prepared, **shared
    )
    event.listen(engine, "checkout", partial(_look_before_use, engine))
    return engine


def _make_private(path: Path, *_connecting: object) -> None:
    """A file that is made now is for its owner alone; what SQLite puts beside it has the same rights.

    One that is there is not opened: closing it again would drop every lock this process holds on it (POSIX), and the
    next process to leave would take itself for the last one and delete the log the others write to.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _look_before_use(engine: Engine, connection: Any, _record: Any, _fairy: Any) -> None:
    """Replaces connections whose server was started again meanwhile, as `pool_pre_ping` does, without asking each time.

    Asking is a round trip for each request. A server that goes says so or closes the socket: only where something lies
    there unread is it asked whether it lives.
    """
    poll = select.poll()
    try:
        poll.register(connection.fileno(), select.POLLIN)
        if poll.poll(0):
            engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as error:
        raise InvalidatePoolError from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own BEGIN is deferred and late; we say it ourselves in _begin_sqlite.
    connection.isolation_level = None
    cursor = connection.cursor()
    pragmas = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "recursive_triggers=ON")
    for pragma in (*pragmas, f"busy_timeout={SQLITE_BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _wait_longer(connection: Any, _record: object) -> None:
    connection.execute(f"PRAGMA busy_timeout={WORKER_BUSY_MS}")


def _begin_sqlite(connection: Any) -> None:
    # A deferred transaction that reads and then writes fails at once when another writer came between;
    # IMMEDIATE waits its turn at the door instead.
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
