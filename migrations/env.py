"""Migrations run against DATABASE_URL, or on a connection the caller hands over."""

import os

from alembic import context
from sqlalchemy import Connection

import app.models  # noqa: F401 the tables
from app.db import Base, Database


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_as_batch=connection.dialect.name == "sqlite"
    )
    with context.begin_transaction():
        context.run_migrations()


url = context.config.attributes.get("database_url") or os.environ.get("DATABASE_URL")
if not url:
    raise SystemExit("DATABASE_URL is missing: the address of the database to migrate was expected")
_database = Database(url)
with _database.engine.execution_options(writes=True).connect() as _connection:
    _on_sqlite = _connection.dialect.name == "sqlite"
    if _on_sqlite:
        # A table that is made anew is dropped in between; SQLite looks away only if told so outside a transaction.
        _connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    _migrate(_connection)
    if _on_sqlite and (_broken := _connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise SystemExit(f"after the migration rows point to nothing: {_broken[:5]}")
_database.engine.dispose()
