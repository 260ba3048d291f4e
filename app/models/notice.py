"""Messages to be sent. The row is the truth: written with the change, sent later, its outcome kept."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

NOTICE_STATES = ("waiting", "sending", "sent", "failed")
_OPEN = text("state IN ('waiting', 'sending')")
_NAMED = text("msgid <> ''")
_AWAITED = text("state = 'sent' AND outcome IS NULL")


class Notice(Base):
    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint(f"state IN {NOTICE_STATES!r}", name="known_state"),
        Index(None, "event_id", "kind", "person_id", unique=True),
        Index("ix_notice_due", "next_try_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_notice_msgid", "msgid", sqlite_where=_NAMED, postgresql_where=_NAMED),
        Index("ix_notice_awaited", "settled_at", sqlite_where=_AWAITED, postgresql_where=_AWAITED),
        Index(None, "ticket_id"),
        Index(None, "person_id", "created_at"),
        Index(None, "state", "created_at"),
        Index(None, "created_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    event_id: Mapped[int] = mapped_column(Id, ForeignKey("event.id"))
    ticket_id: Mapped[int] = mapped_column(Id, ForeignKey("ticket.id"))
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(Text, default="waiting")
    # The moment it is due: the next try while waiting, the end of the lease while sending.
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    client_msg_id: Mapped[str] = mapped_column(Text)  # WeChat sends the same one once within ten minutes
    # Since when a message may be out without our knowing; empty once WeChat has given a plain answer.
    uncertain_since: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(Text, default="")  # code of the last trouble
    detail: Mapped[str] = mapped_column(Text, default="")  # errcode and rid, for asking WeChat
    msgid: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    # What WeChat said after it had taken the message: delivered, or unknown when it said nothing in time.
    outcome: Mapped[str | None] = mapped_column(Text)


class WeChatToken(Base):
    """An access token shared by all processes where there is no Redis, and the lock of whoever renews it."""

    __tablename__ = "wechat_token"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text, default="")
    expires_at: Mapped[datetime | None]
    locked_until: Mapped[datetime | None]
