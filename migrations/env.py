"""Migrations run against DATABASE_URL: in one transaction, one process at a time."""

import os

from alembic import context
from alembic.operations import Operations
from sqlalchemy import Connection

import app.models  # noqa: F401 the tables
from app.db import Base, Database
from migrations.forms import mend

# Whoever comes second waits for as long as the first one takes, and then finds nothing left to do.
LOCK = 0x4D5350  # among PostgreSQL's advisory locks; the feed has another
SQLITE_WAITS_MS = 24 * 3_600_000  # at BEGIN IMMEDIATE

MENDS_ITSELF = "0009"  # what stands here or later is mended by revision 0010


def _migrate(connection: Connection) -> None:
    on_sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_as_batch=on_sqlite, transactional_ddl=True
    )
    with context.begin_transaction():
        if not on_sqlite:
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        _mend_earlier_forms()
        context.run_migrations()
        if on_sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
            raise SystemExit(f"after the migration rows point to nothing, so it is not done: {broken[:5]}")


def _mend_earlier_forms() -> None:
    """Before any step up or down, which relies on what the revisions before it make today."""
    migration = context.get_context()
    at = migration.get_current_revision()
    if at and at < MENDS_ITSELF and "destination_rev" in migration.opts:
        with Operations.context(migration):
            mend(at)


url = context.config.attributes.get("database_url") or os.environ.get("DATABASE_URL")
if not url:
    raise SystemExit("DATABASE_URL is missing: the address of the database to migrate was expected")
_database = Database(url)
with _database.engine.execution_options(writes=True).connect() as _connection:
    if _connection.dialect.name == "sqlite":
        # A table that is made anew is dropped in between; SQLite looks away only if told so outside a transaction.
        for _pragma in ("foreign_keys=OFF", f"busy_timeout={SQLITE_WAITS_MS}"):
            _connection.connection.cursor().execute(f"PRAGMA {_pragma}")
    _migrate(_connection)
_database.engine.dispose()
