"""A receipt: signed when a rater has more tickets, and kept: what was shown stays valid, whatever is found later."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import insert_first
from app.models import Draw, DrawReceipt
from app.services.draws import duplicate_people, eligibility, published_files
from app.services.draws import keys as secret
from lottery import rule


@dataclass(frozen=True)
class Receipt:
    draw_id: str
    entry: str
    salt: str
    tickets: int
    at: str
    sig: str
    person_id: int = field(default=0, repr=False, compare=False)  # whose number makes the entry; in no file

    def fields(self) -> dict[str, object]:
        columns = asdict(self)
        del columns["person_id"]
        return columns


def receipt_of(session: Session, draw: Draw, person_id: int, *, zone: ZoneInfo) -> Receipt | None:
    """What the rater would be given now, nothing without a ticket in this draw; `kept` is what they were given."""
    announced = published_files.announced(session, draw)
    person_ids = duplicate_people.persons(session, draw, person_id)
    moments = eligibility.rated(session, draw, person_ids, cap=announced["cap"])
    if not moments or eligibility.barred(session, draw, person_ids, zone):
        return None
    # Whoever rated before the announcement gets a receipt with the next page they open.
    at = published_files.written(max(moments[-1], draw.announced_at), announced)
    keys = secret.load(session, draw)
    entry = keys.entry(draw, person_ids[0]).hex()
    return Receipt(
        draw_id=draw.draw_id,
        entry=entry,
        salt=keys.salt(draw, person_ids[0]).hex(),
        tickets=len(moments),
        at=at,
        sig=keys.sign(rule.receipt_text(draw.draw_id, entry, len(moments), at)),
        person_id=person_ids[0],
    )


def kept(session: Session, draw: Draw, person_id: int) -> Receipt | None:
    """The newest one shown: of the number the entry is made from now, before those of the person's other numbers."""
    person_ids = duplicate_people.persons(session, draw, person_id)
    held = select(DrawReceipt).where(DrawReceipt.draw_id == draw.id, DrawReceipt.person_id.in_(person_ids))
    row = session.scalar(held.order_by(DrawReceipt.person_id, DrawReceipt.tickets.desc()).limit(1))
    if row is None:
        return None
    salt = secret.load(session, draw).salt(draw, row.person_id).hex()
    return Receipt(draw.draw_id, row.entry, salt, row.tickets, row.receipt_at, row.sig, row.person_id)


def unkept(session: Session, shown: Sequence[Receipt]) -> list[Receipt]:
    """Those of them which say more than any that is kept."""
    query = select(DrawReceipt.entry, func.max(DrawReceipt.tickets).label("most")).group_by(DrawReceipt.entry)
    query = query.where(DrawReceipt.person_id.in_({one.person_id for one in shown}))
    held = {row.entry: row.most for row in session.execute(query)}
    return [one for one in shown if one.tickets > held.get(one.entry, 0)]


def store(session: Session, shown: Sequence[Receipt]) -> None:
    """Two pages opened at once keep it once."""
    named = select(Draw.draw_id, Draw.id).where(Draw.draw_id.in_({one.draw_id for one in shown}))
    ids = {row.draw_id: row.id for row in session.execute(named)}
    for one in shown:  # a person's own, of the draws under way: a handful
        insert_first(
            session,
            DrawReceipt,
            draw_id=ids[one.draw_id],
            person_id=one.person_id,
            entry=one.entry,
            tickets=one.tickets,
            receipt_at=one.at,
            sig=one.sig,
        )


def genuine(session: Session, draw: Draw, *, entry: str, tickets: int, at: str, sig: str) -> bool:
    """Whether we have signed this."""
    try:
        text = rule.receipt_text(draw.draw_id, entry, tickets, at)
    except UnicodeEncodeError:
        return False
    return secret.signed(published_files.announced(session, draw)["operator_key"], text, sig)
