"""A quarter that is over, with tickets, some of them rated; its base is agreed."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import clock
from app.models import Completion, Contract, Post, Rating, WeChatIdentity
from app.services.indicators import clocks
from app.services.indicators.quarters import Quarter
from app.services.sheets import contracts, entries, freezing, pages
from app.services.sheets.entries import Typed, Value
from app.services.sheets.terms import Term
from tests.support.world import ZONE, World

BASE = 30_000_000
WINDOW = timedelta(days=14)


@dataclass
class Story:
    world: World
    term: Term

    @property
    def at(self) -> datetime:
        """A morning long after the quarter."""
        return datetime.combine(self.term.quarter.after.last, time(9), tzinfo=ZONE)

    def day(self, number: int) -> datetime:
        return self.term.quarter.begins(ZONE) + timedelta(days=number, hours=9)

    def finish(self, number: int = 20, **how: Any) -> int:
        """A ticket finished on a day of the quarter; its completion."""
        ticket = self.world.ticket("finished", reported_at=self.day(number), **how)
        with self.world.database.reading() as session:
            return session.scalars(select(Completion.id).where(Completion.ticket_id == ticket.id)).one()

    def rate(self, completion: int, level: int, identity: WeChatIdentity, *, after: timedelta) -> None:
        with self.world.database.transaction() as session:
            done = session.get_one(Completion, completion)
            given = {"identity_id": identity.id, "person_id": identity.person_id, "counts": True, "source": "scan"}
            session.add(Rating(completion_id=completion, level=level, at=done.finished_at + after, **given))

    def count(self) -> None:
        with self.world.database.transaction() as session:
            digest = clocks.rules_digest(session, ZONE)
            while clocks.fill(session, self.term.scope, zone=ZONE, digest=digest):
                pass
            pages.refresh(session, self.term, at=self.at)

    def enter(self, code: str, value: Value, by: int | None = None, **how: Any) -> int:
        with self.world.database.transaction() as session:
            typed = Typed(code, value, "见检查记录 7 号", **how)
            return entries.enter(session, self.term, typed, by=by or self.world.supervisor.id, at=self.at).id

    def check(self, entry: int, by: int | None = None) -> None:
        with self.world.database.transaction() as session:
            entries.check(session, entry, by=by or self.world.admin.id, at=self.at)

    def freeze(self, version: int = 1, reason: str = "", *, at: datetime | None = None) -> int:
        with self.world.database.transaction() as session:
            return int(self.freeze_in(session, version, reason, at=at).id)

    def freeze_in(self, session: Session, version: int = 1, reason: str = "", *, at: datetime | None = None) -> Any:
        who: dict[str, Any] = {"by": self.world.supervisor.id, "at": at or self.at}
        return freezing.freeze(session, self.term, version=version, reason=reason, window=WINDOW, **who)

    def view(self, **how: Any) -> pages.SheetView:
        with self.world.database.reading() as session:
            return pages.load(session, self.term, **{"for_provider": False, **how})

    def line(self, code: str, **how: Any) -> dict[str, Any]:
        content = self.view(**how).content
        assert content is not None
        found: dict[str, Any] = next(line for line in content["lines"] if line["code"] == code)
        return found


@pytest.fixture
def story(world: World) -> Story:
    quarter = Quarter.at(clock.now().astimezone(ZONE).date()).before.before
    with world.database.transaction() as session:
        contract = session.get_one(Contract, world.contract.id)
        contracts.set_base(session, contract, BASE, by=world.admin.id, at=clock.now(), channel="console")
        session.get_one(Post, world.post.id).key_post = True
    return Story(world, Term(contract, quarter, ZONE))
