"""Ready is whoever finds the tables this code was written for, not only their number."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from app import schema
from app.db import Base, Database
from app.models import append_only
from app.web import health


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


SPOILT = {
    "DROP INDEX ix_rating_at": "rating.ix_rating_at",
    "ALTER TABLE person ADD COLUMN shoe_size INTEGER": "person.shoe_size",
    "ALTER TABLE ticket RENAME COLUMN location TO place": "ticket.location, ticket.place",
    "DROP TABLE feed_mark": "feed_mark",
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_database_with_the_right_number_and_other_tables_is_not_ready(
    client: FlaskClient, database: Database, spoilt: str
) -> None:
    with database.transaction() as session:
        session.execute(text(spoilt))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.text == f"the database is at {health._head()}, but it differs in {SPOILT[spoilt]}\n"  # noqa: SLF001


def test_a_missing_trigger_is_named(database: Database) -> None:
    with database.transaction() as session:
        connection = session.connection()
        connection.execute(text("DROP TRIGGER rating_slot"))
        triggers = append_only.triggers("sqlite")
        assert list(schema.differences(connection, Base.metadata, triggers)) == ["rating_slot"]


def test_what_was_found_is_kept_until_the_next_revision(client: FlaskClient, database: Database) -> None:
    assert client.get("/readyz").text == "ready\n"
    with database.transaction() as session:
        session.execute(text("DROP INDEX ix_rating_at"))
    assert client.get("/readyz").text == "ready\n"
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert client.get("/readyz").text.endswith("run alembic upgrade head\n")
