"""Objections: a receipt we have signed, of somebody who is missing from the list or stands there with too little."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import announce, insert_first
from app.errors import Missing, Refused
from app.models import Draw, DrawObjection
from app.services.draws import (
    announcement,
    commitment,
    duplicate_people,
    eligibility,
    events,
    keys,
    merkle_list,
    published_files,
    receipts,
)
from app.services.draws.published_files import Fields

LONGEST = 2_000  # characters of a receipt
MARGIN = timedelta(minutes=10)  # what is found right must stand in a published list by objections_until


@dataclass(frozen=True)
class Verdict:
    """What our own records say of an objection."""

    person_id: int | None
    tickets: int  # earned, whatever the receipt says: an earlier one is as good as the last
    excluded: int  # the objector's ratings that were set aside
    fault: str  # why the list stays as it is; empty where it is right


def closes(announced: Fields) -> datetime:
    """Until when objections are taken in and decided by people."""
    return published_files.when(announced, "objections_until") - MARGIN


def object_(
    session: Session,
    draw: Draw,
    *,
    entry: str,
    tickets: int,
    receipt_at: str,
    sig: str,
    by: int | None,
    at: datetime,
) -> int:
    """Take an objection in; answers its id. Raises Refused when the receipt is not ours, or nothing is missing."""
    version = published_files.versions(session, draw)
    if not version:
        raise Refused("not_committed")
    _check_open(session, draw, at)
    genuine = re.fullmatch("[0-9a-f]{64}", entry) and receipts.genuine(
        session, draw, entry=entry, tickets=tickets, at=receipt_at, sig=sig
    )
    if not genuine:
        raise Refused("receipt_not_ours")
    if commitment.listed_tickets(session, draw, version, entry) >= tickets:
        raise Refused("nothing_missing", index=commitment.glance(session, draw, version).find(bytes.fromhex(entry)))
    objection_id = insert_first(
        session,
        DrawObjection,
        draw_id=draw.id,
        entry=entry,
        tickets=tickets,
        receipt_at=receipt_at,
        receipt_sig=sig,
        person_id=_if_own(session, draw, entry, by),
        at=at,
        state="open",
        reason="",
    )
    if objection_id is None:
        raise Refused("objected_before")
    events.record(session, draw, "objected", by=by, at=at, objection=objection_id)
    return int(objection_id)


def decide(
    session: Session,
    draw: Draw,
    objection_id: int,
    *,
    upheld: bool,
    reason: str,
    by: int,
    at: datetime,
    verdict: Verdict | None,
) -> None:
    """Right or not, once, by admin or committee: in time, and never against our own records.

    One that is upheld stands in the next version of the list. `verdict` is made before the transaction, for it looks
    through everybody.
    """
    announcement.check_official(session, draw, by, at=at)
    query = select(DrawObjection).where(DrawObjection.id == objection_id, DrawObjection.draw_id == draw.id)
    objection = session.scalar(query.with_for_update())
    if objection is None:
        raise Missing("no_such_objection")
    if objection.state != "open":
        raise Refused("objection_decided")
    _check_open(session, draw, at)
    if verdict is None:
        raise Refused("objection_decided")  # it was, when the verdict was to be made
    if upheld == bool(verdict.fault):
        raise Refused(verdict.fault or "objection_right")
    _decide(session, draw, objection, verdict if upheld else None, reason, by=by, at=at)


def due(session: Session, draw: Draw, *, at: datetime) -> bool:
    """Whether people have had their time, and left something to the machine."""
    return at > closes(published_files.announced(session, draw)) and bool(open_ones(session, draw))


def settle(session: Session, draw: Draw, verdicts: Mapping[int, Verdict], *, at: datetime) -> int:
    """What nobody decided in time is decided by our own records; how many. The reason is a code: nobody wrote it."""
    session.get_one(Draw, draw.id, with_for_update=True)
    announced = published_files.announced(session, draw)
    if at <= closes(announced):
        raise Refused("objections_not_over")
    late = at > published_files.when(announced, "objections_until")  # no version can be published any more
    waiting = [one for one in open_ones(session, draw) if one.id in verdicts]
    for objection in waiting:
        verdict = verdicts[objection.id]
        fault = verdict.fault or ("objection_late" if late else "")
        _decide(session, draw, objection, None if fault else verdict, fault, by=None, at=at)
    return len(waiting)


def examined(
    session: Session,
    draw: Draw,
    objection_id: int,
    *,
    zone: ZoneInfo,
    progress: merkle_list.Progress = lambda _done: None,
) -> Verdict | None:
    """Of one that waits, to have its verdict before the transaction that decides it; nothing of any other."""
    waiting = [one for one in open_ones(session, draw) if one.id == objection_id]
    return examine(session, draw, waiting, zone=zone, progress=progress).get(objection_id)


def examine(
    session: Session,
    draw: Draw,
    objections: Sequence[DrawObjection],
    *,
    zone: ZoneInfo,
    progress: merkle_list.Progress = lambda _done: None,
) -> dict[int, Verdict]:
    """Each objection by its id: whose it is, found by making everybody's entry again, and what they have earned."""
    entries = {bytes.fromhex(one.entry) for one in objections}
    if not entries:
        return {}
    whose = merkle_list.whose(
        keys.load(session, draw).key, draw.draw_id, eligibility.raters(session, draw), entries, progress
    )
    return {one.id: _verdict(session, draw, one, whose.get(one.entry, one.person_id), zone) for one in objections}


def parse(text: str) -> Fields:
    """What a receipt somebody has kept says, for `object_`; whether it is ours is not decided here."""
    try:
        read = json.loads(text) if len(text) <= LONGEST else {}
        tickets = int(read["tickets"])
        return {"entry": str(read["entry"]), "tickets": tickets, "receipt_at": str(read["at"]), "sig": str(read["sig"])}
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise Refused("receipt_not_ours") from error


def receipt_fields(receipt: receipts.Receipt) -> Fields:
    return {"entry": receipt.entry, "tickets": receipt.tickets, "receipt_at": receipt.at, "sig": receipt.sig}


def of_person(session: Session, draw: Draw, person_id: int) -> list[DrawObjection]:
    person_ids = duplicate_people.persons(session, draw, person_id)
    query = select(DrawObjection).where(DrawObjection.draw_id == draw.id, DrawObjection.person_id.in_(person_ids))
    return list(session.scalars(query.order_by(DrawObjection.id)))


def open_ones(session: Session, draw: Draw) -> list[DrawObjection]:
    query = select(DrawObjection).where(DrawObjection.draw_id == draw.id, DrawObjection.state == "open")
    return list(session.scalars(query.order_by(DrawObjection.id)))


def _if_own(session: Session, draw: Draw, entry: str, person_id: int | None) -> int | None:
    """The person if the entry is theirs: handing in somebody else's receipt makes nobody its owner."""
    one = duplicate_people.persons(session, draw, person_id)[0] if person_id is not None else None
    return one if one is not None and keys.load(session, draw).entry(draw, one).hex() == entry else None


def _check_open(session: Session, draw: Draw, at: datetime) -> None:
    until = closes(published_files.announced(session, draw))
    if at > until:
        raise Refused("objections_over", until=until.isoformat())


def _verdict(session: Session, draw: Draw, objection: DrawObjection, person_id: int | None, zone: ZoneInfo) -> Verdict:
    if person_id is None:
        return Verdict(None, 0, 0, "objector_unknown")
    person_ids = duplicate_people.persons(session, draw, person_id)
    excluded = eligibility.excluded(session, draw, person_ids)
    if eligibility.barred(session, draw, person_ids, zone):
        return Verdict(person_id, 0, excluded, "objector_barred")
    if person_ids[0] != person_id:
        return Verdict(person_id, 0, excluded, "objector_joined")
    earned = len(eligibility.rated(session, draw, person_ids, cap=published_files.announced(session, draw)["cap"]))
    more = earned > commitment.listed_tickets(session, draw, published_files.versions(session, draw), objection.entry)
    return Verdict(person_id, earned, excluded, "" if more else "objection_unearned")


def _decide(
    session: Session,
    draw: Draw,
    objection: DrawObjection,
    verdict: Verdict | None,
    reason: str,
    *,
    by: int | None,
    at: datetime,
) -> None:
    """Upheld by a verdict that finds it right, refused without one."""
    objection.state = "upheld" if verdict else "refused"
    if verdict:
        objection.person_id, objection.granted = verdict.person_id, verdict.tickets
    objection.reason, objection.decided_at, objection.decided_by_id = reason, at, by
    events.record(session, draw, f"objection_{objection.state}", by=by, at=at, objection=objection.id)
    announce(session, "draws")
