"""What a draw waits for: the next thing that is due by itself, with nobody asked."""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Draw, DrawCheckpoint
from app.services.draws import claims, commitment, events, objections, published_files, results
from app.services.draws.published_files import when

KEPT_LOOKING = timedelta(days=400)  # after the close
STEPS = ("checkpoint", "settle", "commit", "run_1", "name_1", "expire", "run_2", "name_2")


def under_way(session: Session, *, at: datetime) -> list[str]:
    """The draws that may still have a step to take."""
    query = select(Draw.draw_id).where(Draw.closes > at - KEPT_LOOKING, Draw.announced_at <= at)
    return list(session.scalars(query.order_by(Draw.id)))


def due(session: Session, draw: Draw, *, zone: ZoneInfo, at: datetime) -> str | None:
    """The first step that can be taken now."""
    return next((step for step in STEPS if _may(session, draw, step, zone, at)), None)


def _may(session: Session, draw: Draw, step: str, zone: ZoneInfo, at: datetime) -> bool:
    match step:
        case "checkpoint":
            day = at.astimezone(zone).date()
            collecting = draw.opens <= at < draw.closes
            return collecting and session.get(DrawCheckpoint, (draw.id, day)) is None
        case "settle":
            return objections.due(session, draw, at=at)
        case "commit":
            version = published_files.versions(session, draw) + 1
            return _allowed(lambda: commitment.check(session, draw, version, at=at))
        case "run_1" | "run_2":
            return _allowed(lambda: results.check(session, draw, int(step[-1]), at=at))
        case "expire":
            return _unclaimed(session, draw, at)
        case _:
            decided = published_files.find(session, draw, f"result-{step[-1]}.json")
            return decided is not None and not events.happened(session, draw, f"named_{step[-1]}")


def _allowed(check: Callable[[], object]) -> bool:
    try:
        check()
    except Refused:
        return False
    return True


def _unclaimed(session: Session, draw: Draw, at: datetime) -> bool:
    won = published_files.winners_of(session, draw, 1)
    over = bool(won) and at > when(published_files.announced(session, draw), "claim_until")
    return over and len(claims.settled_of(session, draw, 1)) < len(won)
