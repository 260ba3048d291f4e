"""Notices as the tests handle them: written, sent by a round of the worker, made older, read back."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from app import clock
from app.jobs import delivery
from app.models import Notice, Person, Ticket
from app.runtime import Runtime
from app.services import notices, tickets
from tests.world import World


@dataclass
class Letters:
    runtime: Runtime
    world: World

    def dispatched(self, lead: Person | None = None) -> Ticket:
        """A ticket dispatched now, as the console does it: the worker is woken after the commit."""
        ticket = self.world.ticket("reported")
        with self.runtime.database.transaction() as session:
            held = tickets.locked(session, ticket_id=ticket.id)
            to, by = (lead or self.world.engineer).id, self.world.desk.id
            tickets.dispatch(session, held, to=to, by=by, at=clock.now(), channel="console")
        return held

    def backlog(self, count: int, kind: str = "urged") -> None:
        """So many notices to the engineer, written at once."""
        ticket = self.world.ticket("reported")
        with self.world.database.transaction() as session:
            for _ in range(count):
                event = tickets.record(session, ticket, "urged", by=None, at=clock.now(), channel="test")
                notices.add(session, kind, event, to=self.world.engineer.id, at=clock.now())

    def round(self, runtime: Runtime | None = None) -> timedelta:
        with ThreadPoolExecutor(delivery.AT_ONCE) as pool:
            return delivery.deliver(runtime or self.runtime, pool)

    def rounds(self, runtime: Runtime | None = None) -> None:
        """Until nothing is due."""
        while self.round(runtime) == timedelta():
            pass

    def all(self) -> list[Notice]:
        with self.world.database.reading() as session:
            return list(session.scalars(select(Notice).order_by(Notice.id)))

    def only(self) -> Notice:
        (notice,) = self.all()
        return notice

    def pass_time(self, gone: timedelta) -> None:
        """What the clock would do: every moment of every notice lies so much further back."""
        with self.world.database.transaction() as session:
            for notice in session.scalars(select(Notice)):
                notice.created_at -= gone
                notice.next_try_at -= gone
                notice.uncertain_since = notice.uncertain_since and notice.uncertain_since - gone

    def due(self, when: timedelta = timedelta()) -> None:
        with self.world.database.transaction() as session:
            session.execute(update(Notice).values(next_try_at=clock.now() + when))

    def wait_for(self, *states: str, seconds: float = 20) -> None:
        """Until the notices have exactly these states."""
        deadline = time.monotonic() + seconds
        while (found := tuple(notice.state for notice in self.all())) != states:
            assert time.monotonic() < deadline, [(one.state, one.reason, one.detail) for one in self.all()]
            time.sleep(0.05)
        assert found == states
