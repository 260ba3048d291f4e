"""What the duty roster of a provider comes to between two days, for the quarter's sheet."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.models import DutyShift, Post, PostApproval

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DutyFigures:
    """`asked`: headcount of each post times days; `present`: approved people who checked in, never more than asked for.

    `unapproved`: people on duty in a post the hospital had not approved them for, each post once. `kept`: whether
    there is a roster at all.
    """

    asked: int = 0
    present: int = 0
    unapproved: int = 0
    kept: bool = False


def figures(session: Session, provider_id: int, first: date, last: date) -> DutyFigures:
    """Each person counts once a day in a post, however many shifts they have; no day before there was a roster."""
    own = (Post.id == DutyShift.post_id) & (Post.provider_id == provider_id)
    begins = session.scalar(select(func.min(DutyShift.day)).join(Post, own))
    if begins is None or begins > last:
        return DutyFigures()
    first = max(first, begins)
    approved = (PostApproval.person_id == DutyShift.person_id) & (PostApproval.post_id == DutyShift.post_id)
    on_duty = (DutyShift.day.between(first, last), DutyShift.checked_in_at.is_not(None))
    of_day = (
        select(Post.headcount, func.count(DutyShift.person_id.distinct()).label("people"))
        .join(DutyShift, own)
        .join(PostApproval, approved)
        .where(*on_duty, PostApproval.at <= DutyShift.checked_in_at)
        .group_by(Post.id, Post.headcount, DutyShift.day)
        .subquery()
    )
    capped = case((of_day.c.people > of_day.c.headcount, of_day.c.headcount), else_=of_day.c.people)
    early = PostApproval.at <= DutyShift.checked_in_at
    without = (
        select(DutyShift.person_id, DutyShift.post_id)
        .join(Post, own)
        .outerjoin(PostApproval, approved & early)
        .where(*on_duty, PostApproval.post_id.is_(None))
        .distinct()
        .subquery()
    )
    return DutyFigures(
        asked=_asked(session, provider_id, first, last),
        present=session.scalar(select(func.coalesce(func.sum(capped), 0))) or 0,
        unapproved=session.scalar(select(func.count()).select_from(without)) or 0,
        kept=True,
    )


def _asked(session: Session, provider_id: int, first: date, last: date) -> int:
    """Of each post on every day before the one on which it was switched off."""
    posts = session.execute(select(Post.headcount, Post.off_at).where(Post.provider_id == provider_id))
    ends = [(count, min(last, off_at.date() - A_DAY) if off_at else last) for count, off_at in posts]
    return sum(count * max(0, (end - first).days + 1) for count, end in ends)
