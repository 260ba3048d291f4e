"""What WeChat told us that somebody at the console has to know: who left, what was punished, what we could not read."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Inbound, Person, WeChatIdentity
from app.pagination import Line

SHOWN_FOR = timedelta(days=30)
MOST = 20


def standing(session: Session, *, at: datetime) -> Sequence[Line]:
    """The newest first. That an engineer left is over as soon as he is bound again."""
    bound = select(WeChatIdentity.id).where(
        WeChatIdentity.person_id == Inbound.person_id, WeChatIdentity.appid == Inbound.appid
    )
    return session.execute(
        select(Inbound.alert, Inbound.reason, Inbound.received_at, Person.name, Person.staff_number, Person.telephone)
        .outerjoin(Person, Person.id == Inbound.person_id)
        .where(Inbound.alert != "", Inbound.received_at > at - SHOWN_FOR, ~bound.exists())
        .order_by(Inbound.received_at.desc())
        .limit(MOST)
    ).all()
