"""Tickets for the browser tests, walked by the services in the demo's own database."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from app import clock
from app.demo import roles
from app.models import Category, Notice, Ticket
from app.runtime import Runtime
from app.services import images
from app.services.cases import acts, complaints
from app.services.cases.acts import Actor
from app.services.cases.complaints import ComplaintForm
from app.services.organisation import employment
from app.services.organisation.employment import by_staff_number
from app.services.tickets import incidents, lifecycle, photos
from tests.support.pictures import photo
from tests.support.world import ZONE

STEPS = {
    "reported": (),
    "cancelled": ("cancel",),
    "dispatched": ("dispatch",),
    "accepted": ("dispatch", "accept"),
    "finished": ("dispatch", "accept", "arrive", "finish"),
}


def complain(runtime: Runtime, ticket: Ticket) -> tuple[int, int]:
    """Its requester adds a photo and complains twice: the first complaint is answered, the second waits."""
    at = runtime.now()
    with runtime.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        assert held.requester_id
        photos.add(session, held, images.redrawn(photo()), by=held.requester_id, at=at)
        about: dict[str, Any] = {"by": held.requester_id, "at": at, "channel": "mini"}
        first = complaints.complain(session, held, ComplaintForm("等了两小时没有人来。"), **about)
        supervisor = by_staff_number(session, roles.SUPERVISOR.staff_number)
        assert supervisor
        acts.answer(session, first.id, Actor(supervisor.id, at, 0), text="已请班组长说明。")
        second = complaints.complain(session, held, ComplaintForm("还是没有人来。", hidden=True), **about)
    return first.id, second.id


def make(runtime: Runtime, state: str, *, served: roles.Part = roles.NURSE, at: datetime | None = None) -> Ticket:
    """A ticket the demo's engineer leads, reported half an hour ago by whom it serves."""
    at = at or clock.now() - timedelta(minutes=30)
    with runtime.database.transaction() as session:
        user, engineer, desk = (
            by_staff_number(session, one.staff_number) for one in (served, roles.ENGINEER, roles.DESK)
        )
        assert user
        assert engineer
        assert desk
        job = employment.employment_at(session, user.id, at.date())
        told = lifecycle.NewTicket(
            source="wechat",
            description="护士站打印机不出纸，指示灯一直闪。",
            category_id=session.scalars(select(Category.id).where(Category.name == "打印机")).one(),
            requester_id=user.id,
            served_person_id=user.id,
            department_id=job.department_id if job else None,
        )
        ticket = lifecycle.report(session, told, by=user.id, at=at, zone=runtime.settings.timezone, channel="wechat")
        for verb in STEPS[state]:
            at += timedelta(minutes=5)
            if verb == "dispatch":
                lifecycle.dispatch(session, ticket, to=engineer.id, by=desk.id, at=at, channel="console")
            else:
                by = desk.id if verb == "cancel" else engineer.id
                getattr(lifecycle, verb)(session, ticket, by=by, at=at, channel="wechat")
    return ticket


def incident(runtime: Runtime) -> None:
    """A major incident that a ward has joined; it is over, and its review is still to be written."""
    ticket, at = make(runtime, "accepted"), clock.now()
    with runtime.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        assert held.lead_id
        assert held.requester_id
        supervisor = by_staff_number(session, roles.SUPERVISOR.staff_number)
        assert supervisor
        how: dict[str, Any] = {"at": at, "channel": "console"}
        made = incidents.declare(session, held, title="全院 HIS 登录缓慢", by=supervisor.id, **how)
        incidents.join(session, made.id, person_id=held.requester_id, zone=runtime.settings.timezone, **how)
        for verb in (lifecycle.arrive, lifecycle.finish):
            verb(session, held, by=held.lead_id, **how)


def rest(runtime: Runtime, who: roles.Part = roles.NURSE) -> None:
    """All they were told, or were to be told, by the tests before is two days old: the next is not one too many."""
    with runtime.database.transaction() as session:
        person = by_staff_number(session, who.staff_number)
        assert person
        theirs = update(Notice).where(Notice.person_id == person.id)
        session.execute(theirs.where(Notice.state == "waiting").values(state="kept", settled_at=clock.now()))
        session.execute(theirs.where(Notice.state == "sent").values(settled_at=clock.now() - timedelta(days=2)))


def finish_again(runtime: Runtime, ticket: Ticket) -> None:
    """Still broken, says its requester; and its engineer finishes it once more."""
    with runtime.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        lifecycle.reopen(session, held, by=held.requester_id, at=clock.now(), zone=ZONE, channel="wechat")
        assert held.lead_id
        for verb in (lifecycle.accept, lifecycle.finish):
            verb(session, held, by=held.lead_id, at=clock.now(), channel="wechat")
