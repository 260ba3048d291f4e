"""Objections: a receipt we have signed, of somebody who is missing from the list or stands there with too little."""

import json
import re
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import announce, insert_first
from app.errors import Missing, Refused
from app.models import Draw, DrawObjection
from app.services.draws import announcing, committing, events, files, people, receipts, secret, unionids
from app.services.draws.files import Fields

LONGEST = 2_000  # characters of a receipt


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
    version = files.versions(session, draw)
    if not version:
        raise Refused("not_committed")
    until = files.announced(session, draw)["objections_until"]
    if at > files.when({"until": until}, "until"):
        raise Refused("objections_over", until=until)
    genuine = re.fullmatch("[0-9a-f]{64}", entry) and receipts.genuine(
        session, draw, entry=entry, tickets=tickets, at=receipt_at, sig=sig
    )
    if not genuine:
        raise Refused("receipt_not_ours")
    listed = committing.glance(session, draw, version)
    place = listed.find(bytes.fromhex(entry))
    if place is not None and int.from_bytes(listed.leaf(place)[32:], "big") >= tickets:
        raise Refused("nothing_missing", index=place)
    objection_id = insert_first(
        session,
        DrawObjection,
        draw_id=draw.id,
        entry=entry,
        tickets=tickets,
        receipt_at=receipt_at,
        receipt_sig=sig,
        person_id=_if_his(session, draw, entry, by),
        at=at,
        state="open",
        reason="",
    )
    if objection_id is None:
        raise Refused("objected_before")
    events.record(session, draw, "objected", by=by, at=at, objection=objection_id)
    return int(objection_id)


def decide(
    session: Session, draw: Draw, objection_id: int, *, upheld: bool, reason: str, by: int, at: datetime, zone: ZoneInfo
) -> None:
    """Right or not, once, by admin or committee. One that is upheld stands in the next version of the list."""
    announcing.check_official(session, draw, by, at=at)
    query = select(DrawObjection).where(DrawObjection.id == objection_id, DrawObjection.draw_id == draw.id)
    objection = session.scalar(query.with_for_update())
    if objection is None:
        raise Missing("no_such_objection")
    if objection.state != "open":
        raise Refused("objection_decided")
    until = files.announced(session, draw)["objections_until"]
    if upheld and at > files.when({"until": until}, "until"):
        raise Refused("objections_over", until=until)
    if upheld and _barred(session, draw, objection.person_id, zone):
        raise Refused("objector_barred")
    objection.state = "upheld" if upheld else "refused"
    objection.reason, objection.decided_at, objection.decided_by_id = reason, at, by
    events.record(session, draw, f"objection_{objection.state}", by=by, at=at, objection=objection_id)
    announce(session, "draws")


def read(text: str) -> Fields:
    """What a receipt somebody has kept says, for `object_`; whether it is ours is not decided here."""
    try:
        told = json.loads(text[:LONGEST])
        tickets = int(told["tickets"])
        return {"entry": str(told["entry"]), "tickets": tickets, "receipt_at": str(told["at"]), "sig": str(told["sig"])}
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise Refused("receipt_not_ours") from error


def told_by(receipt: receipts.Receipt) -> Fields:
    return {"entry": receipt.entry, "tickets": receipt.tickets, "receipt_at": receipt.at, "sig": receipt.sig}


def of_person(session: Session, draw: Draw, person_id: int) -> list[DrawObjection]:
    his = unionids.persons(session, draw, person_id)
    query = select(DrawObjection).where(DrawObjection.draw_id == draw.id, DrawObjection.person_id.in_(his))
    return list(session.scalars(query.order_by(DrawObjection.id)))


def open_ones(session: Session, draw: Draw) -> list[DrawObjection]:
    query = select(DrawObjection).where(DrawObjection.draw_id == draw.id, DrawObjection.state == "open")
    return list(session.scalars(query.order_by(DrawObjection.id)))


def _if_his(session: Session, draw: Draw, entry: str, person_id: int | None) -> int | None:
    """Who hands in somebody else's receipt does not become him."""
    one = unionids.persons(session, draw, person_id)[0] if person_id is not None else None
    return one if one is not None and secret.of(session, draw).entry(draw, one).hex() == entry else None


def _barred(session: Session, draw: Draw, person_id: int | None, zone: ZoneInfo) -> bool:
    return person_id is not None and people.barred(session, draw, unionids.persons(session, draw, person_id), zone)
