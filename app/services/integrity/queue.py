"""What waits for somebody to look, its evidence, and what they decide. The hospital's alone (law 11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.db import insert_first
from app.errors import Missing, Refused
from app.models import IntegrityDecision, IntegrityFlag, Person, Ticket, WeChatIdentity
from app.models.integrity import OUTCOMES
from app.pagination import Cursor, Line, Page, Query, newest_first
from app.services import events
from app.services.events import About
from app.services.organisation import employment
from app.services.ratings import search

NOTE_MOST = 500
EVIDENCE_SHOWN = 100
DECIDE = frozenset({"supervisor", "admin"})


@dataclass(frozen=True)
class FlagPage:
    """A signal with the rows behind it; of many the first."""

    row: Line
    ratings: Sequence[Line]
    tickets: Sequence[str]
    earlier: Sequence[Line]
    """Of the same signal about the same."""

    @property
    def more(self) -> bool:
        evidence = self.row.IntegrityFlag.evidence
        return max(len(evidence["answers"]), len(evidence["tickets"])) > EVIDENCE_SHOWN


def find(session: Session, *, decided: bool, oldest: bool = False, after: Cursor | None = None) -> Page:
    """Those nobody has decided yet, or those somebody has; the newest first or the oldest."""
    query = _rows().where(IntegrityDecision.flag_id.is_not(None) if decided else IntegrityDecision.flag_id.is_(None))
    return newest_first(session, query, IntegrityFlag.at, IntegrityFlag.id, after=after, oldest=oldest)


def waiting(session: Session) -> int:
    query = select(func.count()).select_from(IntegrityFlag)
    query = query.outerjoin(IntegrityDecision, IntegrityDecision.flag_id == IntegrityFlag.id)
    return session.scalar(query.where(IntegrityDecision.flag_id.is_(None))) or 0


def one(session: Session, flag_id: int) -> FlagPage:
    """Raises Missing."""
    row = session.execute(_rows().where(IntegrityFlag.id == flag_id)).first()
    if row is None:
        raise Missing("no_such_signal")
    flag = row.IntegrityFlag
    answers, tickets = (flag.evidence[name][:EVIDENCE_SHOWN] for name in ("answers", "tickets"))
    numbers = session.scalars(select(Ticket.number).where(Ticket.id.in_(tickets)).order_by(Ticket.id)).all()
    same = _rows().where(
        IntegrityFlag.signal == flag.signal,
        IntegrityFlag.lead_id.is_not_distinct_from(flag.lead_id),
        IntegrityFlag.identity_id.is_not_distinct_from(flag.identity_id),
        IntegrityFlag.id != flag.id,
    )
    earlier = session.execute(same.order_by(IntegrityFlag.id.desc()).limit(10)).all()
    return FlagPage(row, search.some(session, answers), numbers, earlier)


def decide(session: Session, flag_id: int, *, outcome: str, note: str, by: int, at: datetime) -> None:
    """Once. No rating and no figure follows from it by itself: what is set aside is set aside there. Raises Refused."""
    deciding = employment.roles_at(session, by, at.date()) & DECIDE
    if not deciding or employment.of_the_provider(session, by, at.date()):
        raise Refused("not_a_supervisor")
    if outcome not in OUTCOMES or not note.strip() or len(note) > NOTE_MOST:
        raise Refused("signal_unfounded", most=NOTE_MOST)
    if session.get(IntegrityFlag, flag_id) is None:
        raise Missing("no_such_signal")
    kept = insert_first(
        session, IntegrityDecision, flag_id=flag_id, outcome=outcome, note=note.strip(), by_id=by, at=at
    )
    if kept is None:
        raise Refused("signal_decided_before")
    data = {"flag": flag_id, "outcome": outcome}
    events.append(session, About(flag_id), "signal_decided", by=by, at=at, channel="console", data=data)


def _rows() -> Query:
    lead, rater, decider = aliased(Person), aliased(Person), aliased(Person)
    return (
        select(
            IntegrityFlag,
            IntegrityDecision,
            lead.name.label("lead"),
            rater.name.label("rater"),
            decider.name.label("decider"),
        )
        .outerjoin(IntegrityDecision, IntegrityDecision.flag_id == IntegrityFlag.id)
        .outerjoin(lead, lead.id == IntegrityFlag.lead_id)
        .outerjoin(WeChatIdentity, WeChatIdentity.id == IntegrityFlag.identity_id)
        .outerjoin(rater, rater.id == WeChatIdentity.person_id)
        .outerjoin(decider, decider.id == IntegrityDecision.by_id)
    )
