"""What of the draws is somebody's own, in short, for pages that are about something else."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Draw
from app.services.draws import receipts
from app.services.draws.public_page import prizes_of
from app.services.draws.receipts import Receipt

REMINDED = timedelta(days=180)  # of a prize nobody has claimed, after the close


@dataclass(frozen=True)
class OwnSummary:
    any_draw: bool
    receipts: list[Receipt]
    """Of the draws that collect ratings now."""
    to_claim: list[str]
    """The draws in which a prize waits for the person."""


def for_person(session: Session, person_id: int, *, at: datetime, zone: ZoneInfo) -> OwnSummary:
    if not any_draw(session):
        return OwnSummary(False, [], [])
    won = prizes_of(session, person_id, since=at - REMINDED)
    to_claim = [draw.draw_id for draw, _winner, claim in won if claim is None]
    return OwnSummary(True, collecting(session, person_id, at=at, zone=zone), to_claim)


def collecting(session: Session, person_id: int, *, at: datetime, zone: ZoneInfo) -> list[Receipt]:
    """The person's receipts of the draws that collect ratings now."""
    now = select(Draw).where(Draw.closes > at, Draw.opens <= at, Draw.announced_at <= at).order_by(Draw.closes)
    found = [receipts.receipt_of(session, draw, person_id, zone=zone) for draw in session.scalars(now)]
    return [receipt for receipt in found if receipt]


def any_draw(session: Session) -> bool:
    return session.scalar(select(Draw.id).limit(1)) is not None
