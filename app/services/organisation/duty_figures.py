"""What the duty roster of a provider comes to between two days, for the quarter's sheet."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from app.models import DutyShift, Employment, Post, PostApproval

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class DutyFigures:
    """`asked`: headcount of each post times days; `present`: approved people who checked in, never more than asked for.

    `unapproved`: people on duty in a post the hospital had not approved them for, each post once. `key_posts`: none
    where the hospital approves nobody; `backed`: those for which more people are approved than they have places.
    `kept`: whether there is a roster, or anybody was approved.
    """

    asked: int = 0
    present: int = 0
    unapproved: int = 0
    key_posts: int = 0
    backed: int = 0
    kept: bool = False


def figures(session: Session, provider_id: int, first: date, last: date) -> DutyFigures:
    """Each person counts once a day in a post, however many shifts they have; no day before there was a roster."""
    own = (Post.id == DutyShift.post_id) & (Post.provider_id == provider_id)
    begins = session.scalar(select(func.min(DutyShift.day)).join(Post, own))
    key_posts, backed = _backed(session, provider_id, last)
    if begins is None or begins > last:
        return DutyFigures(key_posts=key_posts, backed=backed, kept=key_posts > 0)
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
        asked=_required(session, provider_id, first, last),
        present=int(session.scalar(select(func.coalesce(func.sum(capped), 0))) or 0),  # a Decimal of PostgreSQL
        unapproved=session.scalar(select(func.count()).select_from(without)) or 0,
        key_posts=key_posts,
        backed=backed,
        kept=True,
    )


def _backed(session: Session, provider_id: int, last: date) -> tuple[int, int]:
    """Key posts in use on that day, and those with somebody to stand in, approved by then and there still."""
    working = and_(Employment.provider_id == provider_id, Employment.in_force(last))
    still = select(Employment.id).where(Employment.person_id == PostApproval.person_id, working)
    approved = (
        select(PostApproval.post_id, func.count().label("people"))
        .where(PostApproval.at < datetime.combine(last + A_DAY, time(), tzinfo=UTC), still.exists())
        .group_by(PostApproval.post_id)
        .subquery()
    )
    query = (
        select(Post.headcount, func.coalesce(approved.c.people, 0), Post.off_at)
        .outerjoin(approved, approved.c.post_id == Post.id)
        .where(Post.provider_id == provider_id, Post.key_post)
    )
    rows = [(places, people) for places, people, off in session.execute(query) if not off or off.date() > last]
    if not any(people for _places, people in rows):
        return 0, 0
    return len(rows), sum(people > places for places, people in rows)


def _required(session: Session, provider_id: int, first: date, last: date) -> int:
    """Of each post on every day before the one on which it was switched off."""
    posts = session.execute(select(Post.headcount, Post.off_at).where(Post.provider_id == provider_id))
    ends = [(count, min(last, off_at.date() - A_DAY) if off_at else last) for count, off_at in posts]
    return sum(count * max(0, (end - first).days + 1) for count, end in ends)
