"""A slip in somebody's hand: its path, its form, and what stands in the database afterwards."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from app import clock
from app.models import (
    Completion,
    CountedRating,
    Department,
    Employment,
    Event,
    Person,
    Rating,
    RatingCorrection,
    RatingDetail,
    ServiceCase,
    Ticket,
    WeChatIdentity,
)
from app.runtime import Runtime
from app.services.ratings import rating
from app.services.tickets.scan import load

TABLES: dict[str, Any] = {
    "rating": Rating,
    "counted": CountedRating,
    "correction": RatingCorrection,
    "detail": RatingDetail,
    "case": ServiceCase,
    "event": Event,
}


@dataclass
class Slip:
    runtime: Runtime

    def path(self, ticket: Ticket) -> str:
        return self.runtime.links.ticket_path(ticket.id)

    def form(self, client: FlaskClient, ticket: Ticket) -> str:
        """The token of the form this visit gets, whatever page carries it; made for the page where there is none."""
        page = client.get(self.path(ticket)).text
        return self.token_in(page) if 'name="visit"' in page else ""

    def token_in(self, page: str) -> str:
        found = re.search(r'name="visit" value="([^"]+)"', page)
        assert found, page
        return found[1]

    def words(self, page: str) -> str:
        """The page without what differs from visit to visit: form tokens, and the version of the minute."""
        return re.sub(r'name="visit" value="[^"]+"|data-live="[^"]+"', "", page)

    def rate(self, client: FlaskClient, ticket: Ticket, level: object) -> TestResponse:
        form = self.form(client, ticket) or self.forged_form(client, ticket)
        return client.post(self.path(ticket) + "/rate", data={"level": str(level), "visit": form})

    def forged_form(self, client: FlaskClient, ticket: Ticket) -> str:
        """A good token although the page offered no form: somebody who kept it from before, or built it."""
        from app.http import session as visit

        app = client.application
        with client.session_transaction() as session:
            kept = dict(session)
        with app.test_request_context():
            from flask import session as inner

            inner.update(kept)
            return visit.form_token(self.path(ticket).removeprefix("/r/"), self.fresh(ticket).cycle)

    def fresh(self, ticket: Ticket) -> Ticket:
        with self.runtime.database.reading() as session:
            return session.get_one(Ticket, ticket.id)

    def rows(self) -> dict[str, int]:
        with self.runtime.database.reading() as session:
            return {
                name: session.scalar(select(func.count()).select_from(table)) or 0 for name, table in TABLES.items()
            }

    def counted(self, ticket: Ticket) -> list[tuple[int, int | None]]:
        with self.runtime.database.reading() as session:
            rows = session.execute(
                select(Rating.level, Rating.person_id)
                .join(CountedRating, CountedRating.rating_id == Rating.id)
                .join(Completion, Completion.id == CountedRating.completion_id)
                .where(Completion.ticket_id == ticket.id)
            )
            return [(level, person) for level, person in rows]

    def rated_then(self, ticket: Ticket, identity: WeChatIdentity, level: int, *, at: datetime) -> None:
        """A rating given in the past, by the service itself."""
        with self.runtime.database.transaction() as session:
            scan = load(session, ticket.id, identity_id=identity.id, at=at)
            rating.rate(session, scan, level=level, identity_id=identity.id, trust_all=False, source="scan", at=at)

    def change_employer(self, person: Person, *, to: Department, last_day: date | None = None) -> None:
        """The provider's until that day (today), the hospital's from then on."""
        day = last_day or clock.now().date()
        with self.runtime.database.transaction() as session:
            session.execute(update(Employment).where(Employment.person_id == person.id).values(valid_to=day))
            session.add(Employment(person_id=person.id, department_id=to.id, valid_from=day))

    def give_unionid(self, identity: WeChatIdentity, unionid: str) -> None:
        self._set(identity, unionid=unionid)

    def forget_privacy(self, identity: WeChatIdentity) -> None:
        self._set(identity, privacy_version=None)

    def _set(self, identity: WeChatIdentity, **values: object) -> None:
        with self.runtime.database.transaction() as session:
            session.execute(update(WeChatIdentity).where(WeChatIdentity.id == identity.id).values(**values))
