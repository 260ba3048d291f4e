"""The roster changed: planned and taken off, swapped with a supervisor's consent, checked in, approved.

What has begun is what staffing is measured by: the provider plans what is to come, the past is the hospital's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, aliased

from app.errors import Missing, Refused
from app.models import DutyShift, DutySwap, Person, Post, PostApproval, Provider
from app.models.duty import SHIFTS
from app.pagination import Line
from app.services import events
from app.services.events import About
from app.services.organisation import duty, employment

EARLY = timedelta(minutes=30)  # before it begins somebody may check in
MOST_PEOPLE = 999
LONGEST = 62  # days planned at once


@dataclass(frozen=True)
class Planned:
    """One person's shift as it should stand."""

    person_id: int
    day: date
    shift: str
    post_id: int | None
    campus_id: int | None


def month(session: Session, first: date, last: date) -> dict[tuple[int, date], list[DutyShift]]:
    """The shifts of those days, by person and day."""
    found: dict[tuple[int, date], list[DutyShift]] = {}
    query = select(DutyShift).where(DutyShift.day.between(first, last))
    for one in session.scalars(query.order_by(DutyShift.day)):
        found.setdefault((one.person_id, one.day), []).append(one)
    return found


def replace(
    session: Session, planned: Sequence[Planned], cells: set[tuple[int, date]], *, by: int, hospital: bool, at: datetime
) -> int:
    """Make these days of these people what is wanted and nothing else; how many shifts came or went.

    `cells` are the people and days that are said anything of. Raises Refused, and nothing is changed.
    """
    for one in planned:
        _check(session, one, at)
    days = [day for _person, day in cells]
    standing = month(session, min(days), max(days)) if days else {}
    new = {(one.person_id, one.day, one.shift): one for one in planned}
    gone, kept = list[DutyShift](), set[tuple[int, date, str]]()
    for cell in cells:
        for old in standing.get(cell, []):
            key = (old.person_id, old.day, old.shift)
            same = key in new and (old.post_id, old.campus_id) == (new[key].post_id, new[key].campus_id)
            kept.add(key) if same else gone.append(old)
    come = [one for key, one in new.items() if key not in kept]
    touched = {(one.day, one.shift) for one in gone} | {(one.day, one.shift) for one in come}
    begun = [day for day, shift in touched if duty.window(day, shift, at)[0] <= at]
    if begun and not hospital:
        raise Refused("duty_has_begun", day=min(begun).isoformat())
    shifts = [one.id for one in gone]
    session.execute(delete(DutySwap).where(DutySwap.shift_id.in_(shifts)))
    session.execute(delete(DutyShift).where(DutyShift.id.in_(shifts)))
    session.add_all(DutyShift(**vars(one)) for one in come)
    session.flush()
    _record(session, gone, come, by=by, at=at)
    return len(gone) + len(come)


def ask_swap(session: Session, shift_id: int, *, to: int, by: int, at: datetime) -> None:
    """Somebody asks a supervisor that a colleague of the same provider takes their shift. Asking again changes whom."""
    shift = session.get(DutyShift, shift_id, with_for_update=True)
    if shift is None or shift.person_id != by:
        raise Missing("no_such_shift")
    if duty.window(shift.day, shift.shift, at)[0] <= at:
        raise Refused("duty_has_begun", day=shift.day.isoformat())
    own, other = (employment.employment_at(session, person, at.date()) for person in (by, to))
    if to == by or own is None or other is None or own.provider_id != other.provider_id:
        raise Refused("not_a_colleague")
    session.execute(delete(DutySwap).where(DutySwap.shift_id == shift_id, DutySwap.state == "waiting"))
    session.add(DutySwap(shift_id=shift_id, asked_by_id=by, to_id=to, asked_at=at))


def waiting_swaps(session: Session) -> Sequence[Line]:
    asks, takes = aliased(Person), aliased(Person)
    query = (
        select(DutySwap.id, DutyShift.day, DutyShift.shift, asks.name.label("asks"), takes.name.label("takes"))
        .join(DutyShift, DutyShift.id == DutySwap.shift_id)
        .join(asks, asks.id == DutySwap.asked_by_id)
        .join(takes, takes.id == DutySwap.to_id)
        .where(DutySwap.state == "waiting")
        .order_by(DutyShift.day, DutySwap.id)
    )
    return session.execute(query).all()


def decide_swap(session: Session, swap_id: int, *, approve: bool, by: int, at: datetime) -> None:
    """A supervisor decides, once; the colleague must be free then."""
    swap = session.get(DutySwap, swap_id, with_for_update=True)
    if swap is None or swap.state != "waiting":
        raise Missing("no_such_swap")
    shift = session.get_one(DutyShift, swap.shift_id, with_for_update=True)
    data = {"day": shift.day.isoformat(), "shift": shift.shift, "to": swap.to_id}
    if approve:
        occupied = select(DutyShift.id).where(
            DutyShift.person_id == swap.to_id, DutyShift.day == shift.day, DutyShift.shift == shift.shift
        )
        if session.scalar(occupied) is not None:
            raise Refused("duty_taken")
        shift.person_id = swap.to_id
    swap.state = "approved" if approve else "refused"
    swap.decided_at, swap.decided_by_id = at, by
    kind = "duty_swapped" if approve else "duty_swap_refused"
    events.append(session, About(swap.asked_by_id), kind, by=by, at=at, channel="console", data=data)


def own_shifts(session: Session, person_id: int, *, at: datetime, days: int = 14) -> Sequence[DutyShift]:
    """From yesterday's, which may still run, on."""
    first, last = at.date() - timedelta(days=1), at.date() + timedelta(days=days)
    query = select(DutyShift).where(DutyShift.person_id == person_id, DutyShift.day.between(first, last))
    found = session.scalars(query.order_by(DutyShift.day, DutyShift.shift)).all()
    return [one for one in found if duty.window(one.day, one.shift, at)[1] > at]


def check_in(session: Session, person_id: int, *, at: datetime) -> DutyShift:
    """The person is here for the shift that runs, or begins within half an hour. A second tap changes nothing."""
    for one in own_shifts(session, person_id, at=at, days=1):
        begins, _ends = duty.window(one.day, one.shift, at)
        if begins - EARLY <= at:
            if one.checked_in_at is None:
                one.checked_in_at = at
                data = {"day": one.day.isoformat(), "shift": one.shift}
                events.append(session, About(person_id), "checked_in", by=person_id, at=at, channel="wechat", data=data)
            return one
    raise Refused("no_shift_now")


def approve(session: Session, person_id: int, post_id: int, *, by: int, at: datetime) -> None:
    """The hospital agrees to this person in this post; a second time changes nothing."""
    if session.get(Person, person_id) is None or session.get(Post, post_id) is None:
        raise Missing("no_such_person")
    if session.get(PostApproval, (person_id, post_id)) is None:
        session.add(PostApproval(person_id=person_id, post_id=post_id, approved_by_id=by, at=at))
        data = {"post": post_id}
        events.append(session, About(person_id), "post_approved", by=by, at=at, channel="console", data=data)


def add_default_posts(session: Session) -> int:
    """What a contract usually asks for, for each provider that has none of them; how many were added."""
    added = 0
    for provider in session.scalars(select(Provider)).all():
        known = {*session.scalars(select(Post.code))}
        for code, name, key, count in duty.DEFAULT_POSTS:
            own = f"{provider.code}-{code}" if code in known else code
            exists = select(Post.id).where(Post.provider_id == provider.id, Post.name == name)
            if session.scalar(exists) is None:
                session.add(Post(code=own, name=name, provider_id=provider.id, key_post=key, headcount=count))
                added += 1
        session.flush()
    return added


def _check(session: Session, one: Planned, at: datetime) -> None:
    if one.shift not in SHIFTS:
        raise Refused("duty_unknown")
    job = employment.employment_at(session, one.person_id, one.day)
    post = session.get(Post, one.post_id) if one.post_id is not None else None
    if one.post_id is not None and (post is None or post.off_at or job is None or job.provider_id != post.provider_id):
        raise Refused("duty_post_of_another")
    if one.post_id is None and "supervisor" not in employment.roles_at(session, one.person_id, at.date()):
        raise Refused("duty_without_post")


def _record(session: Session, gone: Sequence[DutyShift], come: Sequence[Planned], *, by: int, at: datetime) -> None:
    """One event a person: which shifts came, which went."""
    for person in sorted({one.person_id for one in gone} | {one.person_id for one in come}):
        data = {
            "planned": [_facts(one) for one in come if one.person_id == person],
            "taken_off": [_facts(one) for one in gone if one.person_id == person],
        }
        events.append(session, About(person), "duty_planned", by=by, at=at, channel="console", data=data)


def _facts(one: DutyShift | Planned) -> list[object]:
    return [one.day.isoformat(), one.shift, one.post_id, one.campus_id]
