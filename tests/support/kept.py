"""What is dear to make and the same for every test: made once in a process, handed on as if it were new."""

import pickle
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import CodeType
from typing import Any, cast

from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import text

from app import clock, create_app
from app.db import Base, Database
from app.http.context import EXTENSION
from app.jobs import wakeups
from app.runtime import Runtime, build
from config.logging import configure
from config.settings import Settings
from tests.support import world
from tests.support.world import World
from wechat.account import wire_of

MOST_APPS = 12
"""A file's tests come one after the other and need two or three."""


class Databases:
    """One engine an address: what it compiled, and PostgreSQL's connections, serve the next test too."""

    def __init__(self) -> None:
        self._opened: dict[str, Database] = {}

    def of(self, url: str) -> Database:
        if url not in self._opened:
            self._opened[url] = Database(url)
        return self._opened[url]

    def put_back(self, database: Database) -> None:
        database.after_commit.clear()
        if database.engine.dialect.name == "sqlite":
            database.engine.dispose()  # the next test has another file at this address

    def close(self) -> None:
        for database in self._opened.values():
            database.engine.dispose()


@dataclass
class _Made:
    settings: Settings
    app: Flask
    database: Database
    config: dict[str, Any] = field(init=False)
    extensions: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.config, self.extensions = dict(self.app.config), dict(self.app.extensions)

    def as_new(self) -> Flask:
        """Only the routes, the templates and the engine are old."""
        configure(self.settings)
        clock.run_ahead(self.settings.clock_ahead)
        wire_of.cache_clear()  # what an earlier test learned of an address
        self.app.config.clear()
        self.app.config.update(self.config)
        self.app.extensions.clear()
        self.app.extensions.update(self.extensions)
        runtime = build(self.settings, self.database)
        runtime.mark.looks_at = datetime.max.replace(tzinfo=UTC)  # what comes by itself is counted in no test
        self.app.extensions[EXTENSION] = runtime
        self.database.after_commit[:] = [wakeups.waker(self.settings)]
        return self.app


class _Compiled(BytecodeCache):
    """A template is compiled once for all applications."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code


class Apps:
    """An application for each settings."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases
        self._made: list[_Made] = []
        self._compiled = _Compiled()

    def of(self, settings: Settings) -> Flask:
        made = next((made for made in self._made if made.settings == settings), None) or self._make(settings)
        self._made = [made, *(other for other in self._made if other is not made)]
        for forgotten in self._made[MOST_APPS:]:
            forgotten.database.engine.dispose()
        del self._made[MOST_APPS:]
        return made.as_new()

    def _make(self, settings: Settings) -> _Made:
        app = create_app(settings)
        app.jinja_env.bytecode_cache = self._compiled
        return _Made(settings, app, cast(Runtime, app.extensions[EXTENSION]).database)

    def put_back(self, app: Flask) -> None:
        clock.run_ahead(timedelta())
        made = next(made for made in self._made if made.app is app)
        self._databases.put_back(made.database)

    def close(self) -> None:
        for made in self._made:
            made.database.engine.dispose()


class Worlds:
    """The small hospital, written row by row once for each kind of database, then as one script."""

    def __init__(self) -> None:
        self._written: dict[str, tuple[str, bytes]] = {}

    def build(self, database: Database) -> World:
        kind = database.engine.dialect.name
        if kind not in self._written:
            built = world.build(database)
            self._written[kind] = script_of(database), pickle.dumps(replace(built, database=cast(Database, None)))
            return built
        script, people = self._written[kind]
        run(database, script)
        return replace(cast(World, pickle.loads(people)), database=database)


def script_of(database: Database) -> str:
    """Every row of this database as SQL that writes it into an empty one."""
    postgresql = database.engine.dialect.name == "postgresql"
    quoted = 'quote_nullable("{}"::text)' if postgresql else 'quote("{}")'
    lines = ["BEGIN;"]
    with database.reading() as session:
        for table in Base.metadata.sorted_tables:
            names = [column.name for column in table.columns]
            rows = session.execute(text(f'SELECT {", ".join(map(quoted.format, names))} FROM "{table.name}"')).all()
            if rows:
                into = ", ".join(f'"{name}"' for name in names)
                lines.append(f'INSERT INTO "{table.name}" ({into}) VALUES')
                lines.append(",\n".join(f"({', '.join(row)})" for row in rows) + ";")
    if postgresql:
        lines[1:1] = ["SET LOCAL session_replication_role = replica;"]
        with database.reading() as session:
            counted = session.execute(text("SELECT sequencename, last_value FROM pg_sequences WHERE last_value > 0"))
            lines += [f"SELECT setval('{name}', {last});" for name, last in counted]
    return "\n".join([*lines, "COMMIT;"])


def run(database: Database, script: str) -> None:
    connection = database.engine.raw_connection()
    driver = cast(Any, connection.driver_connection)
    if database.engine.dialect.name == "postgresql":
        driver.execute(script, prepare=False)
    else:
        driver.executescript(script)
    connection.close()
