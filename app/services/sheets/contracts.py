"""The quarterly base of a contract, on record."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.db import HELD
from app.errors import Refused
from app.models import Contract
from app.services import events
from app.services.events import About

MOST_FEN = 10**13


def set_base(session: Session, contract: Contract, fen: int, *, by: int | None, at: datetime, channel: str) -> None:
    """For the quarters that are not frozen yet. Raises Refused."""
    if not 0 <= fen <= MOST_FEN:
        raise Refused("figure_form")
    held = session.get_one(Contract, contract.id, with_for_update=HELD, populate_existing=True)
    if held.quarterly_base_fen == fen:
        return
    held.quarterly_base_fen = fen
    events.append(session, About(held.id), "contract_base_set", by=by, at=at, channel=channel, data={"fen": fen})
