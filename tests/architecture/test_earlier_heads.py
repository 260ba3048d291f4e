"""A database made by an earlier head, with data in every table, is brought to today's form and works."""

import gzip
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest
from flask import Flask
from sqlalchemy import func, inspect, select, text

from app import clock, schema
from app.db import Base, Database
from app.http.context import EXTENSION
from app.models import (
    Completion,
    Contract,
    CountedRating,
    Department,
    Event,
    Person,
    Rating,
    Ticket,
    WeChatIdentity,
    append_only,
)
from app.paths import ROOT
from app.runtime import Runtime
from tests.conftest import Console, Phone, migrate
from tests.support.doors import doors, real_parts
from tests.support.kept import run
from tests.support.schema import described, programs
from tests.support.world import World

DUMPS = ROOT / "tests" / "data" / "earlier_heads"
HEADS = sorted({path.name.partition(".")[0] for path in DUMPS.iterdir()})
STAFF = {"nurse": "00017", "supervisor": "00042", "admin": "00043", "auditor": "00044", "desk": "W0001"}

pytestmark = pytest.mark.slow("a database loaded and taken through its migrations")


@pytest.fixture(params=HEADS)
def earlier(request: pytest.FixtureRequest, bare_url: str) -> Iterator[Database]:
    """A database as that head left it."""
    database = Database(bare_url)
    dump = DUMPS / f"{request.param}.{database.engine.dialect.name}.sql.gz"
    run(database, gzip.decompress(dump.read_bytes()).decode())
    database.engine.dispose()  # the dump has set its own connection up for itself
    yield database
    database.engine.dispose()


@pytest.fixture
def database_url(earlier: Database) -> str:
    """What the app of these tests works on: upgraded."""
    url = earlier.engine.url.render_as_string(hide_password=False)
    migrate(url)
    return url


@pytest.fixture
def new(request: pytest.FixtureRequest, bare_url: str) -> Iterator[Database]:
    """An empty database of the same kind, made by today's migrations alone."""
    name = "postgresql_url" if bare_url.startswith("postgresql") else "sqlite_url"
    database = Database(request.getfixturevalue(name))
    yield database
    database.engine.dispose()


def test_it_has_todays_form_and_every_row(earlier: Database, bare_url: str, new: Database) -> None:
    before = counts(earlier)
    earlier.engine.dispose()
    migrate(bare_url)
    after = counts(earlier)
    assert differences(earlier) == []
    steps = before.pop("draw_event", 0)
    assert after["service_case"] == before.pop("complaint", 0) + before.pop("recovery_case")
    assert described(earlier.engine) == described(new.engine)
    assert programs(earlier.engine) == programs(new.engine)
    assert after["event"] - before.pop("event") == steps
    assert {table: after[table] for table in before} == before


def test_every_page_opens_and_a_tap_is_kept(app: Flask, phone: Phone, console: Console) -> None:
    runtime = cast(Runtime, app.extensions[EXTENSION])
    with runtime.database.reading() as session:
        people = {name: session.scalars(select(Person).filter_by(staff_number=STAFF[name])).one() for name in STAFF}
        ward = session.scalars(select(Department).filter_by(code="N07")).one()
        openids = select(WeChatIdentity).where(WeChatIdentity.person_id.is_not(None)).order_by(WeChatIdentity.id)
        phones = session.scalars(openids).all()
        contract = session.scalars(select(Contract).order_by(Contract.id)).first()
        ticket = session.scalars(select(Ticket).where(Ticket.state == "finished").order_by(Ticket.id)).first()
    assert ticket
    assert contract
    assert app.test_client().get("/readyz").text == "ready\n"
    small = cast(World, SimpleNamespace(ward=ward, nurse=people["nurse"], contract=contract))
    visitors = [app.test_client(), *map(phone, phones), *(console(one) for one in people.values())]
    wrong = [
        (door.address, answer.status_code)
        for door in doors(app, "GET", real=real_parts(runtime, small, ticket))
        for visitor in visitors
        if (answer := visitor.get(door.address)).status_code >= 500
    ]
    assert wrong == []
    assert rate(runtime.database, ticket, people["nurse"]) == (people["nurse"].id, "rated")


def rate(database: Database, ticket: Ticket, nurse: Person) -> tuple[int | None, str]:
    """For whom a new rating counts, and the event it brought."""
    with database.transaction() as session:
        completion = session.scalars(select(Completion).filter_by(ticket_id=ticket.id)).one()
        identity = session.scalars(select(WeChatIdentity).filter_by(person_id=nurse.id)).one()
        given = {"completion_id": completion.id, "identity_id": identity.id, "person_id": nurse.id, "source": "scan"}
        rating = Rating(**given, level=5, counts=True, at=clock.now())
        session.add(rating)
        session.flush()
        person_id = session.scalars(select(CountedRating.person_id).filter_by(rating_id=rating.id)).one()
        query = select(Event.kind).where(Event.subject == "rating", Event.subject_id == rating.id)
        return person_id, session.scalars(query).one()


def differences(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        return list(schema.differences(connection, Base.metadata, append_only.triggers(connection.dialect.name)))


def counts(database: Database) -> dict[str, int]:
    tables = set(inspect(database.engine).get_table_names()) - {"alembic_version"}
    with database.reading() as session:
        return {table: session.scalar(select(func.count()).select_from(text(f'"{table}"'))) or 0 for table in tables}
