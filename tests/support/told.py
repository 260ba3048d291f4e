"""Who was told what: the watch looks, the rows say."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update

from app import clock
from app.jobs import deadlines
from app.models import Event, Notice, Person, Ticket
from app.runtime import Runtime
from tests.support.world import World


@dataclass
class Told:
    runtime: Runtime
    world: World

    def dispatched(
        self, minutes: float, *, lead: Person | None = None, helpers: tuple[Person, ...] = (), by: str = "dispatched"
    ) -> Ticket:
        """A ticket that was given to its engineer, or reopened, so many minutes ago."""
        ago = timedelta(minutes=minutes)
        if by == "reopened":
            start = clock.now() - ago - timedelta(minutes=25)
            return self.world.ticket("reopened", lead=lead, helpers=helpers, reported_at=start)
        start = clock.now() - ago - timedelta(minutes=5)
        return self.world.ticket("dispatched", lead=lead, helpers=helpers, reported_at=start)

    def look(self) -> timedelta:
        return deadlines.look_once(self.runtime)

    def of(self, *kinds: str) -> list[tuple[str, str]]:
        """Kind and name of everybody told such a thing, in that order."""
        return [(notice.kind, name) for notice, name in self.rows() if notice.kind in kinds]

    def escalated(self) -> list[tuple[str, str]]:
        return self.of("not_opened", "backup")

    def rows(self) -> list[tuple[Notice, str]]:
        query = select(Notice, Person.name).join(Person, Person.id == Notice.person_id).order_by(Notice.id)
        with self.world.database.reading() as session:
            return [(notice, name) for notice, name in session.execute(query)]

    def events(self, ticket: Ticket) -> list[str]:
        with self.world.database.reading() as session:
            return list(session.scalars(select(Event.kind).where(Event.ticket_id == ticket.id).order_by(Event.id)))

    def due(self, ticket: Ticket, left: timedelta) -> None:
        """Let the ticket be due that much from now; before now if negative."""
        with self.world.database.transaction() as session:
            session.execute(update(Ticket).where(Ticket.id == ticket.id).values(due_at=clock.now() + left))
