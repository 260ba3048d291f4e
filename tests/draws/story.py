"""A quarter of ratings and the draw among those who gave them, told step by step at the times it would happen."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app import clock
from app.db import Database
from app.models import Completion, Department, Draw, DrawWinner, Employment, Person, Rating, Ticket, WeChatIdentity
from app.services.draws import announcement as announcing
from app.services.draws import claims, commitment, public_numbers, published_files, results
from app.services.draws.receipts import Receipt, receipt_of
from lottery.checks import Check
from lottery.verify import verify
from tests.lottery.bundles import AGAIN, DLT, KL8, announcement
from tests.support.world import APPID, BEGAN, ZONE, World

Fields = dict[str, Any]
DRAW_ID = "h001-2026q4"
OPENS = datetime(2026, 10, 1, tzinfo=ZONE)
ANNOUNCED = datetime(2026, 10, 8, 9, tzinfo=ZONE)
CLOSED = datetime(2026, 12, 31, 18, tzinfo=ZONE)
COMMITTED = datetime(2027, 1, 1, 9, tzinfo=ZONE)
OBJECTED = datetime(2027, 1, 2, 9, tzinfo=ZONE)
DRAWN = datetime(2027, 1, 5, 9, tzinfo=ZONE)
CLAIMED = datetime(2027, 1, 10, 9, tzinfo=ZONE)
EXPIRED = datetime(2027, 1, 19, 9, tzinfo=ZONE)
REDRAWN = datetime(2027, 1, 21, 9, tzinfo=ZONE)
DURING = datetime(2026, 11, 2, 10, tzinfo=ZONE)
NUMBERS = {1: [("cn-kl8", "2027004", KL8), ("cn-dlt", "2027002", DLT)], 2: [("cn-kl8", "2027020", AGAIN)]}
OURS = ("scheme", "key_commitment", "operator_key")


def draft(shift: timedelta = timedelta(), **changes: object) -> Fields:
    """An announcement as somebody of the hospital writes it; its whole calendar may be moved."""
    told = {key: _moved(value, shift) for key, value in announcement().items()}
    return {key: value for key, value in {**told, **changes}.items() if key not in OURS}


def _moved(value: Any, shift: timedelta) -> Any:
    if isinstance(value, list):
        return [{**item, "drawn_at": _moved(item["drawn_at"], shift)} if "drawn_at" in item else item for item in value]
    if isinstance(value, str) and value[10:11] == "T":
        return (datetime.fromisoformat(value) + shift).isoformat()
    return value


@dataclass
class Story:
    world: World
    raters: list[Person] = field(default_factory=list)
    shift: timedelta = timedelta()

    def now_is(self, moment: datetime) -> "Story":
        """Move the whole calendar so that this moment of it is now, for what reads the clock."""
        self.shift = timedelta(seconds=round((clock.now() - moment).total_seconds()))
        return self

    @property
    def database(self) -> Database:
        return self.world.database

    def people(self, count: int, *, department: Department | None = None) -> list[Person]:
        """So many more of the hospital, each with one rating, every third with two."""
        first = len(self.raters) + 1
        with self.database.transaction() as session:
            made = [Person(staff_number=f"2{n:05d}", name=f"职工{n}") for n in range(first, first + count)]
            session.add_all(made)
            session.flush()
            place = (department or self.world.ward).id
            session.add_all(Employment(person_id=one.id, department_id=place, valid_from=BEGAN) for one in made)
            given = [
                Given(person, DURING + self.shift + timedelta(minutes=number))
                for number, person in enumerate(made)
                for _ in range(2 if number % 3 == 0 else 1)
            ]
            write_ratings(session, given)
        self.raters += made
        return made

    def rate(self, person: Person | None, *, at: datetime | None = None, **how: Any) -> Rating:
        with self.database.transaction() as session:
            (rating,) = write_ratings(session, [Given(person, at or DURING + self.shift, **how)])
            return rating

    def announce(self, **changes: object) -> Draw:
        with self.database.transaction() as session:
            # A moved calendar keeps the issues of the vectors.
            wanted = announcing.Draft(
                draft(self.shift, **changes), [self.world.supervisor.id], rehearsed=bool(self.shift)
            )
            by, at = self.world.admin.id, ANNOUNCED + self.shift
            return announcing.announce(session, wanted, tenant="h001", zone=ZONE, by=by, at=at)

    def commit(self, at: datetime | None = None) -> Fields:
        at = at or COMMITTED + self.shift
        with self.drawing() as (session, draw):
            prepared = commitment.prepare(session, draw, zone=ZONE, at=at)
            return commitment.write(session, draw, prepared, by=None, at=at)

    def type_numbers(self, draw_round: int = 1, at: datetime | None = None) -> None:
        for source, issue, value in NUMBERS[draw_round]:
            for by in (self.world.admin, self.world.supervisor):
                self.type(source, issue, value, by=by, at=at, draw_round=draw_round)

    def type(
        self, source: str, issue: str, value: str, *, by: Person, at: datetime | None = None, draw_round: int = 1
    ) -> public_numbers.Agreed | None:
        at = at or DRAWN + self.shift
        with self.drawing() as (session, draw):
            return public_numbers.enter(
                session, draw, draw_round=draw_round, source=source, issue=issue, value=value, by=by.id, at=at
            )

    def run(self, draw_round: int = 1, at: datetime | None = None) -> Fields:
        at = at or DRAWN + self.shift
        with self.drawing() as (session, draw):
            result = results.write(session, draw, results.prepare(session, draw, draw_round, at=at), by=None, at=at)
            results.name(session, draw, draw_round, results.whose(session, draw, draw_round), at=at)
            return result

    def drawn(self, people: int = 20, **changes: object) -> Fields:
        """Announced, committed and drawn once."""
        self.people(people)
        self.announce(**changes)
        self.commit()
        self.type_numbers()
        return self.run()

    def claim(self, winner: Fields, **how: Any) -> Fields:
        with self.drawing() as (session, draw):
            code = claims.claim_code(session, draw, self.person_of(session, winner).id)
            assert code
            return claims.confirm(session, draw, code, by=self.world.supervisor.id, at=CLAIMED + self.shift, **how)

    def person_of(self, session: Session, winner: Fields) -> Person:
        query = select(Person).join(DrawWinner, DrawWinner.person_id == Person.id)
        return session.scalars(query.where(DrawWinner.entry == winner["entry"])).one()

    def receipt(self, person: Person) -> Receipt | None:
        with self.drawing() as (session, draw):
            return receipt_of(session, draw, person.id, zone=ZONE)

    @contextmanager
    def drawing(self) -> Iterator[tuple[Session, Draw]]:
        with self.database.transaction() as session:
            yield session, announcing.find(session, DRAW_ID)

    def publish(self, folder: Path) -> list[Check]:
        """The files as anybody can fetch them, and what the verifier says of them."""
        folder.mkdir(exist_ok=True)
        with self.drawing() as (session, draw):
            for file in published_files.all_of(session, draw):
                (folder / file.name).write_bytes(b"".join(published_files.content(session, file)))
        return verify(folder)

    def without_triggers(self, statement: str) -> None:
        """What the database itself refuses: for the proof that it would not matter."""
        with self.database.transaction() as session:
            if self.database.engine.dialect.name == "postgresql":
                session.execute(text("SET LOCAL session_replication_role = replica"))
            else:
                names = session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
                for name in names:
                    session.execute(text(f"DROP TRIGGER {name}"))
            session.execute(text(statement))


@dataclass(frozen=True)
class Given:
    """A rating of a ticket of its own."""

    person: Person | None
    at: datetime
    level: int = 5
    source: str = "scan"
    counts: bool = True
    rateable: bool = True
    identity: WeChatIdentity | None = None


def write_ratings(session: Session, given: list[Given]) -> list[Rating]:
    """A table at a time: a hundred ratings are hardly dearer than one."""
    identities = _identities(session, given)
    first = session.query(Ticket).count()
    tickets = [
        Ticket(number=f"D{number:06d}", source="phone", state="closed", reported_at=one.at, updated_at=one.at)
        for number, one in enumerate(given, first)
    ]
    session.add_all(tickets)
    session.flush()
    completions = [
        Completion(ticket_id=ticket.id, cycle=1, finished_at=one.at, rateable=one.rateable)
        for ticket, one in zip(tickets, given, strict=True)
    ]
    session.add_all(completions)
    session.flush()
    ratings = [
        Rating(
            completion_id=completion.id,
            level=one.level,
            identity_id=identity.id,
            person_id=one.person.id if one.person else None,
            counts=one.counts,
            source=one.source,
            at=one.at,
        )
        for completion, identity, one in zip(completions, identities, given, strict=True)
    ]
    session.add_all(ratings)
    session.flush()
    return ratings


def _identities(session: Session, given: list[Given]) -> list[WeChatIdentity]:
    """Whose WeChat each was given with: one for a person, another for each that nobody gave."""
    people = {one.person.id for one in given if one.person}
    query = select(WeChatIdentity).where(WeChatIdentity.person_id.in_(people)).order_by(WeChatIdentity.id.desc())
    known = {identity.person_id: identity for identity in session.scalars(query)}
    number, found = session.query(WeChatIdentity).count(), []
    for one in given:
        person_id = one.person.id if one.person else None
        identity = one.identity or known.get(person_id)
        if identity is None:
            identity = WeChatIdentity(appid=APPID, openid=f"oDraw-{number}", person_id=person_id, first_seen_at=one.at)
            number += 1
            if person_id:
                known[person_id] = identity
        session.add(identity)
        found.append(identity)
    session.flush()
    return found


def employ(story: Story, person: Person, since: date, until: date | None) -> None:
    """The person works, or worked, for the provider."""
    with story.database.transaction() as session:
        provider = story.world.provider.id
        session.add(Employment(person_id=person.id, provider_id=provider, valid_from=since, valid_to=until))
