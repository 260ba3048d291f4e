"""A hospital with a past, with finished tickets nobody has rated yet, and the requests of those who will."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

from alembic import command
from alembic.config import Config
from flask import Flask, session
from sqlalchemy import insert, select, text

from app import clock
from app.db import Database
from app.http import session as visit
from app.http.context import EXTENSION
from app.models import Completion, Person, Rating, Ticket, WeChatIdentity
from app.paths import ROOT
from app.runtime import Runtime
from benchmarks.bare import FORM, BareTicket, Base
from tests.support.world import World, build

NURSES = 50
LOOKED_AT = 500  # tickets whose page is opened again and again
# Rated before anything is measured: PostgreSQL would read a table it knows as empty from end to end, however it grows.
PAST = 5_000
LEVELS = (5, 5, 4, 5, 3, 5, 4, 5, 2, 5)  # one in ten opens a case
_AGENT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile MicroMessenger/8.0.50 Language/zh_CN"


@dataclass(frozen=True)
class Slip:
    """A ticket's code in the hand of the one who was served."""

    ticket_id: int
    token: str
    cookie: str
    form: str


def fill(database: Database, database_url: str, tickets: int) -> list[WeChatIdentity]:
    """Migrate and write; ticket n + 1 served the nurse of the n-th identity, round and round."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = database_url
    command.upgrade(config, "head")
    world = build(database)
    nurses = [world.employ(f"2{number:04}", f"护士{number}") for number in range(NURSES)]
    identities = [world.bind(nurse) for nurse in nurses]
    done = clock.now() - timedelta(hours=2)
    _write_tickets(database, world, nurses, range(1, tickets + 1), done)
    past = range(tickets + 1, tickets + PAST + 1)
    _write_tickets(database, world, nurses, past, done - timedelta(days=60))
    _rate(database, identities, past, done - timedelta(days=59))
    _write_bare_tickets(database, world)
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
    return identities


def slips(app: Flask, identities: list[WeChatIdentity], tickets: int) -> list[Slip]:
    """Cookies and form tokens, made by the app's own functions before anything is timed."""
    runtime: Runtime = app.extensions[EXTENSION]
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    visits = {identity.id: secrets.token_urlsafe(12) for identity in identities}
    made = []
    for ticket_id, identity in zip(range(1, tickets + 1), cycle(identities), strict=False):
        token = runtime.links.ticket_path(ticket_id).removeprefix("/r/")
        kept = {"identity": identity.id, "visit": visits[identity.id]}
        with app.test_request_context():
            session.update(kept)
            form = visit.form_token(token, 1)
        made.append(Slip(ticket_id, token, f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps(kept)}", form))
    return made


def our_get(slip: Slip) -> bytes:
    return _request("GET", f"/r/{slip.token}", slip)


def our_post(slip: Slip) -> bytes:
    return _request("POST", f"/r/{slip.token}/rate", slip, f"level={_level(slip)}&visit={slip.form}")


def bare_get(slip: Slip) -> bytes:
    return _request("GET", f"/bare/{slip.ticket_id % LOOKED_AT + 1}/{slip.token}", slip)


def bare_post(slip: Slip) -> bytes:
    return _request("POST", f"/bare/{slip.ticket_id}/{slip.token}", slip, f"level={_level(slip)}&visit={FORM}")


def _level(slip: Slip) -> int:
    return LEVELS[slip.ticket_id % len(LEVELS)]


def _request(verb: str, path: str, slip: Slip, form: str = "") -> bytes:
    lines = [f"{verb} {path} HTTP/1.1", "Host: localhost", f"User-Agent: {_AGENT}", f"Cookie: {slip.cookie}"]
    if verb == "POST":
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(form)}"]
    return "\r\n".join([*lines, "", form]).encode()


def _rate(database: Database, identities: list[WeChatIdentity], numbers: range, at: datetime) -> None:
    with database.transaction() as session:
        of_ticket = {row.ticket_id: row.id for row in session.execute(select(Completion.ticket_id, Completion.id))}
        rating = {"level": 5, "counts": True, "source": "scan", "at": at}
        rows = [
            {**rating, "completion_id": of_ticket[number], "identity_id": one.id, "person_id": one.person_id}
            for number, one in zip(numbers, cycle(identities), strict=False)
        ]
        session.execute(insert(Rating), rows)


def _write_tickets(database: Database, world: World, nurses: list[Person], numbers: range, done: datetime) -> None:
    attribution = {
        "team_id": world.team.id,
        "lead_id": world.engineer.id,
        "department_id": world.ward.id,
        "category_id": world.printers.id,
        "finished_at": done,
    }
    ticket_rows = [
        {
            **attribution,
            "id": number,
            "number": f"20260101{number:06}",
            "source": "wechat",
            "requester_id": nurse.id,
            "served_person_id": nurse.id,
            "state": "finished",
            "reported_at": done - timedelta(hours=1),
            "updated_at": done,
        }
        for number, nurse in zip(numbers, cycle(nurses), strict=False)
    ]
    contract = {"campus_id": world.campus.id, "provider_id": world.provider.id, "contract_id": world.contract.id}
    completion_rows = [
        {**attribution, **contract, "ticket_id": row["id"], "cycle": 1, "rateable": True} for row in ticket_rows
    ]
    with database.transaction() as session:
        session.execute(insert(Ticket), ticket_rows)
        session.execute(insert(Completion), completion_rows)


def _write_bare_tickets(database: Database, world: World) -> None:
    Base.metadata.create_all(database.engine)
    rows = [
        {
            "id": number,
            "number": f"20260101{number:06}",
            "category": world.printers.name,
            "ward": world.ward.name,
            "lead": world.engineer.name,
            "finished_at": clock.now(),
        }
        for number in range(1, LOOKED_AT + 1)
    ]
    with database.transaction() as session:
        session.execute(insert(BareTicket), rows)
