"""What is kept about somebody: one list of groups, for their own page, for the file they download, for the admin."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.models import ErasureRequest
from app.pagination import Query
from app.services.privacy.data import draws, identity, notices, organisation, ratings, tickets
from app.services.privacy.data.subject import Subject, belongs_to


@dataclass(frozen=True)
class Group:
    """One kind of data: how many rows there are, or at least are, and some of them, the newest first."""

    code: str
    count: int
    rows: Sequence[Mapping[str, Any]]
    at_least: bool = False

    @property
    def cut(self) -> bool:
        return self.count > len(self.rows)


def groups(session: Session, subject: Subject, *, most: int | None = None) -> list[Group]:
    """Everything kept about the subject, without what is empty; at most so many rows of each group.

    Nobody counts further than `subject.last`.
    """
    found: list[Group] = []
    for code, query in GROUPS.items():
        chosen = query(subject)
        rows = [{**row} for row in session.execute(chosen.limit(most)).mappings()]
        count = len(rows)
        if count == most:
            countable = chosen.order_by(None).limit(subject.last).subquery()
            count = session.scalar(select(func.count()).select_from(countable)) or 0
        if count:
            found.append(Group(code, count, rows, at_least=_goes_on(code, count, found, subject)))
    return found


def _goes_on(code: str, count: int, before: Sequence[Group], subject: Subject) -> bool:
    """Whether there may be more: it was not counted further, or it hangs on tickets that were not."""
    return count == subject.last or (code in OF_TICKETS and any(group.at_least for group in before))


def counts(session: Session, subject: Subject) -> dict[str, int]:
    """How much there is of each kind."""
    return {group.code: group.count for group in groups(session, subject, most=1)}


def as_json(found: Sequence[Group], *, at: datetime, indent: int | None = None) -> str:
    """All of it as a file for another program: moments with their zone, codes as they are kept."""
    kept = {group.code: group.rows for group in found}
    return json.dumps({"at": at, "kept": kept}, ensure_ascii=False, indent=indent, default=_plain)


def _plain(value: date | datetime) -> str:
    return value.isoformat()


def _requests(subject: Subject) -> Query:
    request = ErasureRequest
    return (
        select(request.state.label("erasure"), request.created_at, request.decided_at)
        .where(or_(belongs_to(request.person_id, subject), request.identity_id.in_(subject.identity_ids)))
        .order_by(request.created_at.desc())
    )


OF_TICKETS = frozenset({"entered", "acts"})
GROUPS: Mapping[str, Callable[[Subject], Query]] = {
    "person": organisation.person,
    "portrait": organisation.portrait,
    "employments": organisation.employments,
    "duty": organisation.duty,
    "registers": organisation.registers,
    "roles": organisation.roles,
    "reasons": organisation.reasons,
    "filters": organisation.saved_filters,
    "bindings": identity.bindings,
    "tickets": tickets.tickets,
    "photos": tickets.photos,
    "ratings": ratings.ratings,
    "entered": ratings.entered,
    "receipts": lambda subject: draws.receipts(subject.person_id or 0),
    "prizes": lambda subject: draws.prizes(subject.person_id or 0),
    "objections": lambda subject: draws.objections(subject.person_id or 0),
    "complaints": tickets.cases,
    "notes": tickets.notes,
    "work": tickets.work,
    "acts": tickets.acts,
    "notices": notices.notices,
    "binding_tries": identity.binding_tries,
    "claims": identity.claims,
    "invitations": identity.invitations,
    "subscriptions": notices.subscriptions,
    "sessions": identity.sessions,
    "messages": notices.messages,
    "console": identity.console,
    "console_scans": identity.console_scans,
    "requests": _requests,
}
