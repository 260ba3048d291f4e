"""Cases of the small hospital: how they come to be, and what stands about them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app import clock
from app.models import CaseNote, Event, Notice, Person, ServiceCase, Ticket
from app.services.cases import acts, complaints
from app.services.cases.acts import Actor
from app.services.cases.complaints import ComplaintForm
from app.services.tickets import lifecycle
from tests.support.world import ZONE, World


@dataclass
class Cases:
    world: World

    def complain(self, text: str, ticket: Ticket | None = None, *, at: datetime | None = None, **said: Any) -> int:
        """The nurse complains; the case's number."""
        at = (at or clock.now()).astimezone(ZONE)
        with self.world.database.transaction() as session:
            held = lifecycle.locked(session, ticket_id=ticket.id) if ticket else None
            about = {"about": "ticket" if ticket else "service", **said}
            nurse = self.world.nurse.id
            return complaints.complain(
                session, held, ComplaintForm(text, **about), by=nurse, at=at, channel="wechat"
            ).id

    def do(self, case_id: int, act: str, *, by: Person | None = None, at: datetime | None = None, **what: Any) -> None:
        """An act of the supervision, by somebody who has just looked."""
        who = by or self.world.supervisor
        with self.world.database.transaction() as session:
            seen = session.get_one(ServiceCase, case_id).acts
            actor = Actor(who.id, (at or clock.now()).astimezone(ZONE), seen, admin=who.id == self.world.admin.id)
            getattr(acts, act)(session, case_id, actor, **what)

    def say(self, case_id: int, act: str, *, at: datetime | None = None, **what: Any) -> None:
        """An act of the nurse."""
        at = (at or clock.now()).astimezone(ZONE)
        with self.world.database.transaction() as session:
            getattr(acts, act)(session, case_id, by=self.world.nurse.id, at=at, channel="wechat", **what)

    def get(self, case_id: int) -> ServiceCase:
        with self.world.database.reading() as session:
            return session.get_one(ServiceCase, case_id)

    def only(self) -> ServiceCase:
        with self.world.database.reading() as session:
            return session.scalars(select(ServiceCase)).one()

    def events(self, case_id: int) -> list[str]:
        about = (Event.subject == "case", Event.subject_id == case_id)
        with self.world.database.reading() as session:
            return list(session.scalars(select(Event.kind).where(*about).order_by(Event.id)))

    def notes(self, case_id: int) -> dict[str, str]:
        with self.world.database.reading() as session:
            notes = session.scalars(select(CaseNote).where(CaseNote.case_id == case_id).order_by(CaseNote.id))
            return {note.kind: note.text for note in notes}

    def told(self, *kinds: str) -> set[tuple[str, int]]:
        """Which kinds of notice went to whom."""
        with self.world.database.reading() as session:
            rows = session.execute(select(Notice.kind, Notice.person_id).where(Notice.kind.in_(kinds)))
            return {(kind, person) for kind, person in rows}
