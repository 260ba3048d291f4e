"""How a ticket stands, in the words of the page."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.api.mini import responses
from app.http.context import now, runtime
from app.http.words import word
from app.models.ticket import OPEN_STATES
from app.services.tickets import progress, urges
from app.services.tickets.progress import Step
from app.services.tickets.scan import ScanView


def steps(reached: Iterable[Step]) -> list[responses.Step]:
    return [responses.Step(state=step.state, label=word("event", step.state), at=step.at) for step in reached]


def coming(db: Session, seen: ScanView) -> responses.Coming | None:
    if seen.state not in OPEN_STATES:
        return None
    found = progress.coming(db, seen.ticket_id, zone=runtime().settings.timezone, at=now())
    portrait = runtime().links.ticket_url(seen.ticket_id) + "/engineer.jpg"
    return responses.Coming(
        lead=found.lead,
        post=found.post,
        portrait=portrait if found.portrait else None,
        due=_due(found),
        waits_for=_waits_for(found),
    )


def _due(found: progress.Coming) -> responses.Due | None:
    mark = found.mark
    if mark is None or mark.due is None:
        return None
    return responses.Due(limit=mark.name, label=word("clock", mark.name), at=mark.due)


def _waits_for(found: progress.Coming) -> responses.WaitsFor | None:
    wait = found.waiting
    return responses.WaitsFor(reason=wait.reason, label=word("pause", wait.reason), until=wait.until) if wait else None


def urge_answer(db: Session, seen: ScanView) -> responses.UrgeAnswer | None:
    found = urges.last_answer(db, seen.ticket_id, cycle=seen.cycle) if seen.state in OPEN_STATES else None
    if found is None:
        return None
    return responses.UrgeAnswer(code=found.code, label=word("urge_answer", found.code), at=found.at, by=found.by)
