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
    _migrate(_connection)
_database.engine.dispose()
