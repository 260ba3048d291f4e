"""What an engineer's form on the phone asks for, by the name of its act: each reads its fields, calls one service."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from flask import request
from sqlalchemy.orm import Session

from app.errors import Refused
from app.http import corrected, forms
from app.http.context import now, runtime
from app.http.ids import parse_id
from app.models import Ticket
from app.services.organisation import assets
from app.services.registers import access, uses
from app.services.registers import records as registers
from app.services.tickets import arrivals, corrections, handing_over, lifecycle, notes, pauses, urges
from app.services.tickets.findings import Resolution

CHANNEL = "wechat"
Act = Callable[[Session, Ticket, int], object]


def _accept(session: Session, ticket: Ticket, by: int) -> None:
    lifecycle.accept(session, ticket, by=by, at=tapped(ticket), channel=CHANNEL, recorded_at=now())


def _arrive(session: Session, ticket: Ticket, by: int) -> None:
    label = request.form.get("label", "")
    proof = arrivals.proof(session, ticket, assets.one(session, *runtime().links.labelled(label))) if label else None
    at = tapped(ticket)
    lifecycle.arrive(session, ticket, by=by, at=at, channel=CHANNEL, proof=proof, recorded_at=now())


def _finish(session: Session, ticket: Ticket, by: int) -> None:
    form, way = request.form, request.form.get("way", "")
    found = Resolution(form.get("cause", ""), form.get("solution", ""), {"remote": True, "on_site": False}.get(way))
    at = tapped(ticket)
    lifecycle.finish(session, ticket, by=by, at=at, channel=CHANNEL, found=found.data(), recorded_at=now())
    article, part = (parse_id(form.get(name, "")) for name in ("article", "part"))
    who = access.reader(session, by, hospital=False, acts=True, day=now().date())
    uses.use(session, ticket, registers.Act(who, now(), CHANNEL), article=article, part=part)


def _take_over(session: Session, ticket: Ticket, by: int) -> None:
    lifecycle.take_over(session, ticket, by=by, at=now(), channel=CHANNEL)


def _decline(session: Session, ticket: Ticket, by: int) -> None:
    reason, words = request.form.get("reason", ""), forms.typed("note", notes.LONGEST)
    handing_over.decline(session, ticket, reason=reason, by=by, at=now(), channel=CHANNEL)
    if words:
        notes.add(session, ticket, words, kind="noted", by=by, at=now(), channel=CHANNEL)


def _hand_over(session: Session, ticket: Ticket, by: int) -> None:
    to, words = parse_id(request.form.get("colleague", "")), forms.typed("note", notes.LONGEST)
    handing_over.hand_over(session, ticket, to=to or 0, note=words, by=by, at=now(), channel=CHANNEL)


def _call_helper(session: Session, ticket: Ticket, by: int) -> None:
    helper = parse_id(request.form.get("helper", ""))
    handing_over.call_helper(session, ticket, helper=helper or 0, by=by, at=now(), channel=CHANNEL)


def _pause(session: Session, ticket: Ticket, by: int) -> None:
    lifecycle.only_lead(ticket, by)
    reason, zone, until = request.form.get("reason", ""), runtime().settings.timezone, now() + pause_length()
    pauses.pause(session, ticket, reason=reason, until=until, by=by, at=now(), zone=zone, channel=CHANNEL)


def _resume(session: Session, ticket: Ticket, by: int) -> None:
    lifecycle.only_lead(ticket, by)
    pauses.resume(session, ticket, by=by, at=now(), zone=runtime().settings.timezone, channel=CHANNEL)


def _answer(session: Session, ticket: Ticket, by: int) -> None:
    lifecycle.only_who_works_on(session, ticket, by)
    urges.answer(session, ticket, code=request.form.get("answer", ""), by=by, at=now(), channel=CHANNEL)


def _note(session: Session, ticket: Ticket, by: int) -> None:
    lifecycle.only_who_works_on(session, ticket, by)
    notes.add(session, ticket, forms.typed("note", notes.LONGEST), kind="noted", by=by, at=now(), channel=CHANNEL)


def _correct(session: Session, ticket: Ticket, by: int) -> None:
    lifecycle.only_lead(ticket, by)
    typed = replace(corrected.typed(), department=None, served=None)  # nobody is looked up here
    new = corrections.read(session, ticket, typed, at=now())
    zone = runtime().settings.timezone
    corrections.correct(session, ticket, new, by=by, at=now(), zone=zone, channel=CHANNEL)


ACTS: dict[str, Act] = {
    "accept": _accept,
    "arrive": _arrive,
    "finish": _finish,
    "take-over": _take_over,
    "decline": _decline,
    "hand-over": _hand_over,
    "call-helper": _call_helper,
    "pause": _pause,
    "resume": _resume,
    "answer": _answer,
    "note": _note,
    "correct": _correct,
}
SHORT = 6  # digits
WAITED_AT_MOST = timedelta(days=3)  # a phone that found no network
GIVES_AWAY = frozenset({"decline", "hand-over"})


def tapped(ticket: Ticket) -> datetime:
    """When it was tapped: `ago` seconds before now, as a phone's clock may be wrong; never before the ticket's last
    change, which whoever tapped had seen.
    """
    ago = request.form.get("ago", "0")
    seconds = parse_id(ago) if len(ago) <= SHORT else None
    if seconds is None or timedelta(seconds=seconds) > WAITED_AT_MOST:
        raise Refused("absurd_time")
    return max(now() - timedelta(seconds=seconds), ticket.updated_at)


def pause_length() -> timedelta:
    """As the form offers it, in hours."""
    hours = parse_id(request.form.get("hours", ""))
    if hours not in pauses.LENGTHS:
        raise Refused("pause_without_end", days=pauses.LONGEST.days)
    return timedelta(hours=hours)
