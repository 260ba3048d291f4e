"""Parts that are counted: they come in, go out, are counted; there are never fewer than none."""

from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import RegisterRecord
from app.models.register import MOVEMENTS
from app.services.registers import records
from app.services.registers.records import Act
from app.services.registers.values import MOST


def move(session: Session, record_id: int, kind: str, act: Act, *, movement: str, count: int) -> RegisterRecord:
    """So many come in or go out; or so many were counted, whatever the book said. Raises Refused."""
    register = records.writable(act.who, kind)
    record = records.held(session, record_id, kind, act)
    if record.stock is None or not register.stock or movement not in MOVEMENTS:
        raise Refused("register_no_stock")
    if not act.who.hospital and record.provider_id != act.who.provider_id:
        raise Refused("register_not_yours")
    if movement != "counted" and count < 1:
        raise Refused("register_number")
    change = {"in": count, "out": -count, "counted": count - record.stock}[movement]
    shift(session, record, change, act, movement=movement)
    return record


def shift(
    session: Session, record: RegisterRecord, change: int, act: Act, *, movement: str, ticket_id: int | None = None
) -> None:
    """The record is held."""
    left = (record.stock or 0) + change
    if not 0 <= left <= MOST:
        raise Refused("register_too_few", left=record.stock)
    record.stock = left
    facts = {"movement": movement, "day": act.at.date().isoformat()}
    records.enter(session, record, "moved", act, change=change, ticket_id=ticket_id, data=facts)
