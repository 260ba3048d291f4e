"""A receipt: computed when shown, the same every time until his tickets grow."""

from dataclasses import asdict, dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.models import Draw
from app.services.draws import files, people, secret, unionids
from lottery import rule


@dataclass(frozen=True)
class Receipt:
    draw_id: str
    entry: str
    salt: str
    tickets: int
    at: str
    sig: str

    def fields(self) -> dict[str, object]:
        return asdict(self)


def receipt_of(session: Session, draw: Draw, person_id: int, *, zone: ZoneInfo) -> Receipt | None:
    """His receipt, or nothing when he has no ticket in this draw."""
    told = files.announced(session, draw)
    his = unionids.persons(session, draw, person_id)
    moments = people.rated(session, draw, his, cap=told["cap"])
    if not moments or people.barred(session, draw, his, zone):
        return None
    # Who rated before the announcement gets his with the next page he opens.
    at = files.written(max(moments[-1], draw.announced_at), told)
    keys = secret.of(session, draw)
    entry = keys.entry(draw, his[0]).hex()
    return Receipt(
        draw_id=draw.draw_id,
        entry=entry,
        salt=keys.salt(draw, his[0]).hex(),
        tickets=len(moments),
        at=at,
        sig=keys.sign(rule.receipt_text(draw.draw_id, entry, len(moments), at)),
    )


def genuine(session: Session, draw: Draw, *, entry: str, tickets: int, at: str, sig: str) -> bool:
    """Whether we have signed this."""
    try:
        text = rule.receipt_text(draw.draw_id, entry, tickets, at)
    except UnicodeEncodeError:
        return False
    return secret.signed(files.announced(session, draw)["operator_key"], text, sig)
