"""What WeChat pushed to us: stored once by its key before it is answered, worked on later."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

INBOUND_STATES = ("waiting", "done", "failed")
_WAITING = text("state = 'waiting'")
_ALERT = text("alert <> ''")
_KEPT = text("body <> '' AND state <> 'waiting'")


class Inbound(Base):
    """One message or event. Names and free text are in `body` alone, which is emptied when nobody needs it."""

    __tablename__ = "inbound"
    __table_args__ = (
        CheckConstraint(f"state IN {INBOUND_STATES!r}", name="known_state"),
        Index("ix_inbound_due", "next_try_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_inbound_alert", "received_at", sqlite_where=_ALERT, postgresql_where=_ALERT),
        Index("ix_inbound_kept", "processed_at", sqlite_where=_KEPT, postgresql_where=_KEPT),
        Index(None, "appid", "openid"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    appid: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)  # MsgType
    event: Mapped[str] = mapped_column(Text)
    openid: Mapped[str] = mapped_column(Text)
    scene: Mapped[str] = mapped_column(Text)  # of the parametric code that was scanned
    body: Mapped[str] = mapped_column(Text)  # as it came, decrypted
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Text, default="waiting")
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    processed_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")  # code of what came of it
    alert: Mapped[str] = mapped_column(Text, default="")  # code of what somebody at the console has to know
    person_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
