"""What the auditor alone may read: K, and who is behind the entries. That it was taken is an event."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Draw, DrawObjection
from app.services.draws import commitment, eligibility, events, keys, merkle_list, published_files
from app.services.draws.merkle_list import Leaves, Progress
from app.services.draws.published_files import Fields
from app.services.organisation import employment as persons

MAY = {"auditor", "admin"}  # the one who checks, and the one who exports for them


@dataclass(frozen=True)
class Difference:
    """An entry of which the records of today say something else than the list; no tickets: it is not there."""

    entry: str
    listed: int
    today: int


def prepare(
    session: Session,
    draw: Draw,
    *,
    by: int,
    zone: ZoneInfo,
    at: datetime,
    progress: Progress = lambda _done: None,
) -> Fields:
    """Enough to make the list that counts again with `lottery.rule`; and where today's records disagree with it.

    The person behind an entry follows from the key, whatever has become of them since.
    """
    check(session, by, at=at)
    version = published_files.versions(session, draw)
    if not version:
        raise Refused("not_committed")
    listed, key = commitment.load(session, draw, version), keys.load(session, draw).key
    tickets = _by_entry(listed)
    whose = merkle_list.whose(key, draw.draw_id, eligibility.raters(session, draw), set(tickets), progress)
    known = {entry: whose[entry.hex()] for entry in tickets if entry.hex() in whose}
    now = _today(session, draw, version, key, zone, progress)
    return {
        "draw_id": draw.draw_id,
        "key": key.hex(),
        "version": version,
        "people": [{"pid": keys.pid(draw, person), "tickets": tickets[entry]} for entry, person in known.items()],
        "unknown": [entry.hex() for entry in tickets if entry not in known],
        "differing": [vars(one) for one in _differing(tickets, _by_entry(now) if now.root != listed.root else tickets)],
    }


def record(session: Session, draw: Draw, *, by: int, at: datetime) -> None:
    """Written before anybody has the key."""
    check(session, by, at=at)
    events.record(session, draw, "key_read", by=by, at=at)


def check(session: Session, by: int, *, at: datetime) -> None:
    if MAY.isdisjoint(persons.roles_at(session, by, at.date())):
        raise Refused("not_the_auditor")


def _by_entry(listed: Leaves) -> dict[bytes, int]:
    return {leaf[:32]: int.from_bytes(leaf[32:], "big") for leaf in merkle_list.split(listed.data)}


def _today(session: Session, draw: Draw, version: int, key: bytes, zone: ZoneInfo, progress: Progress) -> Leaves:
    """The list as it would be made now, with the objections that stand in this version."""
    found = eligibility.find(
        session, draw, cap=published_files.announced(session, draw)["cap"], zone=zone, progress=progress
    )
    made = merkle_list.build(key, draw.draw_id, found.people, progress)
    upheld = select(DrawObjection).where(
        DrawObjection.draw_id == draw.id, DrawObjection.state == "upheld", DrawObjection.version <= version
    )
    granted = {
        bytes.fromhex(one.entry): one.granted or 0 for one in session.scalars(upheld.order_by(DrawObjection.granted))
    }
    return merkle_list.add(made, granted) if granted else made


def _differing(listed: dict[bytes, int], today: dict[bytes, int]) -> list[Difference]:
    several = sorted(entry for entry in {*listed, *today} if listed.get(entry) != today.get(entry))
    return [Difference(entry.hex(), listed.get(entry, 0), today.get(entry, 0)) for entry in several]
