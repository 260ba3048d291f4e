"""The door before Flask and the view behind it: whoever comes, whatever they send, one could stand for the other."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, cast

import psycopg
import pytest
from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select, update
from structlog.testing import capture_logs
from werkzeug.test import EnvironBuilder, run_wsgi_app

from app import clock
from app.db import Database
from app.demo.seeded_random import Dice
from app.http import rate_limits, session
from app.models import Completion, Employment, Rating, Ticket, WeChatIdentity
from app.runtime import Runtime
from app.web.public.tap_door import LONGEST, TapDoor
from tests.support.world import BEGAN, World

SITUATIONS = 2_000
FORM_TYPE = "application/x-www-form-urlencoded"
LATER = {timedelta(): 8.0, timedelta(days=13, hours=20): 1.0, timedelta(days=14, hours=3): 1.0}
LEVELS = dict.fromkeys("54321", 4.0) | dict.fromkeys(("6", "0", "", "05", "5 ", "五", "-1"), 0.2)
FORMS = {"right": 20.0} | dict.fromkeys(
    ("of another visit", "of another slip", "of another cycle", "of another key", "made up", "none", "of no cycle"), 0.7
)
COOKIES = {"plain": 18.0, "with looks": 2.0, "among others": 2.0} | dict.fromkeys(
    ("desk", "supervisor", "none", "spoilt", "twice", "quoted", "for good", "no visit", "a name", "nobody"), 0.6
)
WIRES = {"plain": 16.0, "level first": 4.0} | dict.fromkeys(
    ("more", "level twice", "query", "slash", "charset", "long", "cut", "coded", "chunked", "put", "wrong"), 0.5
)
KINDS = LEVELS, FORMS, COOKIES, WIRES
WRITTEN = {
    "rating": "completion_id, level, counts, identity_id, person_id, source",
    "counted_rating": "completion_id, person_id",
    "service_case": "ticket_id, cycle, reason, person_id, source, stage",
    "event": "subject, ticket_id, cycle, kind, actor_id, channel",
    "notice": "kind, person_id, ticket_id",
}
KEYS = {"counted_rating": "rating_id"}


@dataclass(frozen=True)
class Situation:
    ticket: Ticket
    identity: int
    later: timedelta
    level: str
    form: str
    cookie: str
    wire: str


@dataclass
class Counted:
    """The view, and how often it was asked."""

    app: Flask
    asked: int = 0

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        self.asked += 1
        return Flask.wsgi_app(self.app, environ, start)


@dataclass
class Books:
    """What is written from now on about ratings, and back to what stood there, past the triggers that keep it."""

    execute: Callable[[str], Any]
    last: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        highest = {name: f"SELECT coalesce(max({KEYS.get(name, 'id')}), 0) FROM {name}" for name in WRITTEN}
        self.last = {name: next(iter(self.execute(query)))[0] for name, query in highest.items()}

    def written(self) -> dict[str, list[tuple[Any, ...]]]:
        keys = {name: KEYS.get(name, "id") for name in WRITTEN}
        new = {name: f"FROM {name} WHERE {keys[name]} > {last}" for name, last in self.last.items()}
        in_order = {name: f"{new[name]} ORDER BY {keys[name]}" for name in WRITTEN}
        found = {name: [*self.execute(f"SELECT {columns} {in_order[name]}")] for name, columns in WRITTEN.items()}
        for name in reversed([name for name, rows in found.items() if rows]):
            self.execute(f"DELETE {new[name]}")
        return found


@dataclass
class Stage:
    app: Flask
    runtime: Runtime
    world: World

    def environ(self, one: Situation) -> dict[str, Any]:
        """The request of a situation, as a server hands it over."""
        token = self.runtime.links.ticket_path(one.ticket.id).removeprefix("/r/")
        body = self._body(one, token)
        path = f"/r/{token[::-1] if one.wire == 'wrong' else token}/rate{'/' if one.wire == 'slash' else ''}"
        environ = EnvironBuilder(
            path,
            method="PUT" if one.wire == "put" else "POST",
            query_string="lang=en" if one.wire == "query" else None,
            content_type=FORM_TYPE + ("; charset=utf-8" if one.wire == "charset" else ""),
            data=body,
        ).get_environ()
        environ["HTTP_COOKIE"] = self._cookie(one)
        environ["CONTENT_LENGTH"] = str(len(body) + (one.wire == "cut"))
        if one.wire == "chunked":
            environ["HTTP_TRANSFER_ENCODING"] = "chunked"
        return environ

    def _body(self, one: Situation, token: str) -> bytes:
        level = f"%{ord(one.level):x}" if one.wire == "coded" and len(one.level) == 1 and one.level < "~" else one.level
        pairs = [f"visit={self._form(one, token)}", f"level={level}"]
        if one.wire == "level first":
            pairs.reverse()
        pairs += {"more": ["source=desk"], "level twice": ["level=5"], "long": ["x=" + "x" * LONGEST]}.get(one.wire, [])
        return "&".join(pairs).encode()

    def _form(self, one: Situation, token: str) -> str:
        cycle, visit = one.ticket.cycle, f"visit-of-{one.identity}"
        facts: dict[str, tuple[object, ...]] = {
            "of another visit": ("visit-of-0", token, cycle),
            "of another slip": (visit, token[::-1], cycle),
            "of another cycle": (visit, token, cycle + 1),
            "of no cycle": (visit, token, "x"),
        }
        if one.form in {"none", "made up"}:
            return "" if one.form == "none" else "made.up"
        if one.form == "of another key":
            return str(URLSafeTimedSerializer("another key", salt="visit form").dumps([visit, token, cycle]))
        with self.app.app_context():
            return session.sign_form(*facts.get(one.form, (visit, token, cycle)))  # type: ignore[arg-type]

    def _cookie(self, one: Situation) -> str:
        kept: dict[str, Any] = {"identity": one.identity, "visit": f"visit-of-{one.identity}"}
        seat = {"desk": self.world.desk, "supervisor": self.world.supervisor}.get(one.cookie)
        if seat:
            seen = int((clock.now() + one.later).timestamp())
            kept["console"] = {"person": seat.id, "seen": seen, "sign_outs": 0}
        more: dict[str, dict[str, Any]] = {
            "with looks": {"lang": "en", "text": "large"},
            "for good": {"_permanent": True},
            "a name": {"identity": "nurse"},
        }
        kept |= more.get(one.cookie, {})
        for name in {"no visit": ("visit",), "nobody": ("identity",)}.get(one.cookie, ()):
            del kept[name]
        own, other = self._signed(kept), self._signed({"visit": "another"})
        shapes = {"none": "", "spoilt": own[:-1], "twice": f"{other}; {own}", "quoted": own.replace("=", '="', 1) + '"'}
        return shapes.get(one.cookie, f"a=b; {own}; c=d" if one.cookie == "among others" else own)

    def _signed(self, kept: dict[str, Any]) -> str:
        serializer = cast(Any, self.app.session_interface).get_signing_serializer(self.app)
        return f"{self.app.config['SESSION_COOKIE_NAME']}={serializer.dumps(kept)}"


@pytest.mark.slow("thousands of situations")
def test_door_and_view_are_one_in_thousands_of_situations(
    app: Flask, runtime: Runtime, world: World, database: Database, database_url: str
) -> None:
    tickets, identities = slips(world, database), phones(world, database)
    view, behind = Counted(app), Counted(app)
    door, stage, dice = TapDoor(app, behind), Stage(app, runtime, world), Dice(24)
    seen: Counter[str] = Counter()
    with keeping_books(database_url) as books:
        for number in range(SITUATIONS):
            one = Situation(
                dice.choice(tickets), dice.choice(identities), dice.one(LATER), *(dice.one(kinds) for kinds in KINDS)
            )
            before = behind.asked
            by_door, by_view = (play(app, program, stage, one, books) for program in (door, view))
            assert by_door == by_view, (number, one)
            seen["door" if behind.asked == before else "view"] += 1
            seen[by_view[0]] += 1
            seen["written"] += bool(by_view[3]["rating"])
            seen["case"] += bool(by_view[3]["service_case"])
    assert seen["door"] > SITUATIONS / 20, seen
    assert min(seen[status] for status in ("303 SEE OTHER", "403 FORBIDDEN", "409 CONFLICT")) > 10, seen
    assert seen["view"] > seen["door"], seen
    assert seen["written"] > seen["door"], seen  # somebody not verified, a form written in another way
    assert seen["case"] > 5, seen


def play(app: Flask, program: Any, stage: Stage, one: Situation, books: Books) -> tuple[Any, ...]:
    """Status, headers, body; what was written, said in the log and counted by the limits."""
    app.extensions.pop("wrong tokens", None)
    environ = stage.environ(one)
    clock.run_ahead(one.later)
    try:
        with capture_logs() as logs:
            body, status, headers = run_wsgi_app(program, environ, buffered=True)
    finally:
        clock.run_ahead(timedelta())
    shown = sorted((name, "" if name == "Set-Cookie" else value) for name, value in headers)
    with app.app_context():
        hits = sorted(cast(Any, rate_limits._limiter("")).storage.storage.values())  # noqa: SLF001
    return status, shown, b"".join(body), books.written(), logs, hits


def slips(world: World, database: Database) -> list[Ticket]:
    """Every state, whoever it was for; and what was rated before, by themselves or by somebody else."""
    states = ("reported", "accepted", "finished", "finished", "closed", "reopened", "cancelled")
    made = [world.ticket(state) for state in states]
    made += [world.ticket("finished", source="monitoring"), world.ticket("finished", helpers=(world.second_engineer,))]
    made += [world.ticket("finished", served=who) for who in (world.ward, world.ward, world.doctor, world.pharmacy)]
    again = world.ticket("reopened", served=world.ward)
    for verb in ("accept", "arrive", "finish"):
        again = world.move(again, verb)
    for identity in (world.nurse_identity, world.stranger_identity):
        rated = world.ticket("finished", served=world.ward)
        counts = identity.person_id is not None
        row = {"level": 4, "identity_id": identity.id, "person_id": identity.person_id, "counts": counts}
        with database.transaction() as db:
            of_it = select(Completion.id).where(Completion.ticket_id == rated.id)
            db.add(Rating(completion_id=db.scalars(of_it).one(), source="scan", at=clock.now(), **row))
        made.append(rated)
    return [*made, again]


def phones(world: World, database: Database) -> list[int]:
    """Who comes: the ward, who did the work, who worked for the provider once or does since, and their other phones."""
    today, provider = clock.now().date(), world.provider.id
    former, lately, by_now = (world.employ(f"F{number}", f"某{number}") for number in range(3))
    second = world.bind(world.second_nurse)
    found = [world.bind(person) for person in (former, lately, by_now, world.doctor, world.second_engineer, world.desk)]
    with database.transaction() as db:
        db.add_all(
            Employment(person_id=person.id, provider_id=provider, valid_from=BEGAN, valid_to=to)
            for person, to in ((former, date(2021, 1, 1)), (lately, today), (by_now, None))
        )
        for identity, values in (
            (second, {"unionid": "u-of-the-engineer"}),
            (world.engineer_identity, {"unionid": "u-of-the-engineer"}),
            (found[3], {"unionid": "u-of-nobody-else"}),
        ):
            db.execute(update(WeChatIdentity).where(WeChatIdentity.id == identity.id).values(**values))
        back = WeChatIdentity(appid="x", openid="back again", provider_staff=True, first_seen_at=clock.now())
        db.add(back)
    nurse = world.nurse_identity.id
    others = [world.engineer_identity, world.supervisor_identity, world.stranger_identity, second, back, *found]
    return [*[nurse] * 8, *(one.id for one in others), 2**40]


@contextmanager
def keeping_books(url: str) -> Iterator[Books]:
    if url.startswith("postgresql"):
        with psycopg.connect(url, autocommit=True, options="-c session_replication_role=replica") as connection:
            yield Books(cast(Any, connection.execute))
        return
    file = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    kept = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%BEFORE DELETE%'"
    for (name,) in file.execute(kept).fetchall():
        file.execute(f"DROP TRIGGER {name}")
    yield Books(file.execute)
    file.close()
