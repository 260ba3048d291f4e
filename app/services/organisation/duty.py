"""Who is on duty, and who is in which post: one answer for alarms, dispatch, cases and the staffing of posts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.models import Campus, DutyShift, Employment, Person, Post, PostApproval, RoleGrant
from app.pagination import Line
from app.services.organisation import employment
from app.services.organisation.directory import current_employment, supervisors
from config.duty import shifts

# Code, name, whether it is a key post, how many people: what the contract of a hospital usually asks for.
DEFAULT_POSTS = (
    ("manager", "项目经理", True, 1),
    ("quality", "质量经理", True, 1),
    ("onsite", "驻场组", False, 4),
    ("device", "设备组", False, 2),
    ("agent", "服务台", False, 3),
)


@dataclass(frozen=True)
class OnDuty:
    """Somebody's shift that runs."""

    person_id: int
    name: str
    telephone: str
    post_id: int | None
    post: str
    campus_id: int | None
    campus: str
    shift: str
    until: datetime
    present: bool
    """Has checked in."""


@dataclass(frozen=True)
class Staffing:
    """A post over some days: what the contract asks for, who was planned with approval, and who of them came."""

    post: str
    needed: int
    planned: int
    present: int


def on_duty(session: Session, *, at: datetime) -> list[OnDuty]:
    """Whose shift runs at this moment, of yesterday's across midnight too. `at` in the hospital's zone."""
    query = (
        select(
            DutyShift.day,
            DutyShift.shift,
            DutyShift.checked_in_at,
            DutyShift.post_id,
            DutyShift.campus_id,
            Person.id,
            Person.name,
            Person.telephone,
            func.coalesce(Post.name, "").label("post"),
            func.coalesce(Campus.name, "").label("campus"),
        )
        .join(Person, Person.id == DutyShift.person_id)
        .outerjoin(Post, Post.id == DutyShift.post_id)
        .outerjoin(Campus, Campus.id == DutyShift.campus_id)
        .where(DutyShift.day.in_((at.date(), at.date() - timedelta(days=1))))
        .where(employment.works(DutyShift.person_id, at.date()))
        .order_by(Post.name, Person.name)
    )
    found = []
    for row in session.execute(query):
        if runs(row.day, row.shift, at):
            found.append(
                OnDuty(
                    person_id=row.id,
                    name=row.name,
                    telephone=row.telephone,
                    post_id=row.post_id,
                    post=row.post,
                    campus_id=row.campus_id,
                    campus=row.campus,
                    shift=row.shift,
                    until=window(row.day, row.shift, at)[1],
                    present=row.checked_in_at is not None,
                )
            )
    return found


def supervisors_on_duty(session: Session, *, at: datetime) -> list[int]:
    """The hospital's supervisors whose shift runs; where the roster has none, all who work that day: never nobody."""
    everybody = list(supervisors(session, at=at))
    planned = {one.person_id for one in on_duty(session, at=at) if one.post_id is None}
    return [person for person in everybody if person in planned] or everybody


def runs(day: date, shift: str, at: datetime) -> bool:
    begins, ends = window(day, shift, at)
    return begins <= at < ends


def window(day: date, shift: str, at: datetime) -> tuple[datetime, datetime]:
    """From when until when a shift runs, in the zone of that moment."""
    zone = at.tzinfo
    if not isinstance(zone, ZoneInfo):
        raise TypeError("a moment in the hospital's zone is needed")
    return shifts()[shift].on(day, zone)


def unapproved(session: Session, *, day: date) -> Sequence[Line]:
    """Who is in a post of a provider that day, by employment or by the roster from then on, without approval."""
    approved = select(PostApproval.post_id).where(PostApproval.person_id == Person.id, PostApproval.post_id == Post.id)
    columns = (Person.id, Person.name, Post.id.label("post_id"), Post.name.label("post"), Post.key_post)
    employed = (
        select(*columns)
        .select_from(Person)
        .join(Employment, Employment.id == current_employment(Person.id, day))
        .join(Post, Post.id == Employment.post_id)
        .where(~approved.exists())
    )
    planned = (
        select(*columns)
        .select_from(Person)
        .join(DutyShift, DutyShift.person_id == Person.id)
        .join(Post, Post.id == DutyShift.post_id)
        .where(DutyShift.day >= day, ~approved.exists())
    )
    both = employed.union(planned).subquery()
    return session.execute(select(both).order_by(both.c.key_post.desc(), both.c.post, both.c.name)).all()


def staffing(session: Session, *, first: date, last: date) -> list[Staffing]:
    """Of each post: people asked for times days, approved people planned, and those of them who checked in.

    Each person counts once a day, however many shifts they have.
    """
    days = (last - first).days + 1
    approved = (PostApproval.person_id == DutyShift.person_id) & (PostApproval.post_id == DutyShift.post_id)
    person_day = (
        select(
            DutyShift.post_id,
            DutyShift.person_id,
            DutyShift.day,
            func.max(DutyShift.checked_in_at).label("present"),
        )
        .join(PostApproval, approved)
        .where(DutyShift.day.between(first, last))
        .group_by(DutyShift.post_id, DutyShift.person_id, DutyShift.day)
        .subquery()
    )
    query = (
        select(Post.name, Post.headcount, func.count(person_day.c.day), func.count(person_day.c.present))
        .select_from(Post)
        .outerjoin(person_day, person_day.c.post_id == Post.id)
        .where(or_(Post.off_at.is_(None), person_day.c.day.is_not(None)))
        .group_by(Post.id, Post.name, Post.headcount, Post.position)
        .order_by(Post.position, Post.name)
    )
    return [Staffing(name, count * days, planned, present) for name, count, planned, present in session.execute(query)]


def people(session: Session, *, day: date) -> Sequence[Line]:
    """Who can be planned: the providers' people, and the hospital's supervisors."""
    supervises = select(RoleGrant.role).where(RoleGrant.person_id == Person.id, RoleGrant.role == "supervisor")
    query = (
        select(Person.id, Person.staff_number, Person.name, Employment.post_id, Employment.provider_id)
        .join(Employment, Employment.id == current_employment(Person.id, day))
        .where(Employment.provider_id.is_not(None) | supervises.exists())
        .order_by(Person.name)
    )
    return session.execute(query).all()
