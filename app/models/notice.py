"""Messages to be sent. The row is the truth: written with the change, sent later, its outcome kept."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

# kept: by a rule it is not pushed (quiet after an invitation, a day's limit); it stands in the inbox, as they all do.
NOTICE_STATES = ("waiting", "sending", "sent", "failed", "kept")
TRY_OUTCOMES = ("sent", "failed", "put_off", "passed_over")
_OPEN = text("settled_at IS NULL")  # waiting or sending
_NAMED = text("msgid <> ''")
_AWAITED = text("state = 'sent' AND outcome IS NULL")
UNOPENED = text("opened_at IS NULL AND kind IN ('dispatched', 'reopened')")
_STANDING = text("healed_at IS NULL")


class Notice(Base):
    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint(f"state IN {NOTICE_STATES!r}", name="known_state"),
        Index(None, "event_id", "kind", "person_id", unique=True),
        Index("ix_notice_due", "next_try_at", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_notice_msgid", "msgid", sqlite_where=_NAMED, postgresql_where=_NAMED),
        Index("ix_notice_awaited", "settled_at", sqlite_where=_AWAITED, postgresql_where=_AWAITED),
        Index("ix_notice_queue", "person_id", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("ix_notice_unopened", "created_at", sqlite_where=UNOPENED, postgresql_where=UNOPENED),
        Index(None, "ticket_id"),
        Index(None, "person_id", "created_at"),
        Index(None, "state", "created_at"),
        Index(None, "created_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(Text)
    # An alert (a channel has stopped) is about no ticket; `about` then says what it is about, as a code.
    event_id: Mapped[int | None] = mapped_column(Id, ForeignKey("event.id"))
    ticket_id: Mapped[int | None] = mapped_column(Id, ForeignKey("ticket.id"))
    about: Mapped[str] = mapped_column(Text, default="", server_default="")
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(Text, default="waiting")
    # The moment it is due: the next try while waiting, the end of the lease while sending.
    next_try_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    client_msg_id: Mapped[str] = mapped_column(Text)  # WeChat sends the same one once within ten minutes
    # Since when a message may be out without our knowing; empty once WeChat has given a plain answer.
    uncertain_since: Mapped[datetime | None]
    # The one it went by, or that it has to be tried on again.
    channel: Mapped[str] = mapped_column(Text, default="", server_default="")
    reason: Mapped[str] = mapped_column(Text, default="")  # code of the last trouble
    detail: Mapped[str] = mapped_column(Text, default="")  # errcode and rid, for asking WeChat
    msgid: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    # What WeChat said after it had taken the message: delivered, or unknown when it said nothing in time.
    outcome: Mapped[str | None] = mapped_column(Text)
    # WeChat's own system failed: once more, and only once.
    resent: Mapped[bool] = mapped_column(default=False, server_default=false())
    opened_at: Mapped[datetime | None]  # its reader has seen what it is about


class DeliveryAttempt(Base):
    """What became of a notice on one channel, each time: the answer to "why did it not arrive"."""

    __tablename__ = "notice_try"
    __table_args__ = (
        CheckConstraint(f"outcome IN {TRY_OUTCOMES!r}", name="known_outcome"),
        Index(None, "notice_id"),
        Index(None, "channel", "at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    notice_id: Mapped[int] = mapped_column(Id, ForeignKey("notice.id"))
    channel: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")
    detail: Mapped[str] = mapped_column(Text, default="")  # errcode and rid


class ChannelOutage(Base):
    """A channel, or one kind of notice on it, that refuses until somebody mends it. One attempt asks after `until`."""

    __tablename__ = "channel_stop"
    __table_args__ = (
        Index(
            "uq_channel_stop_standing",
            "channel",
            "kind",
            unique=True,
            sqlite_where=_STANDING,
            postgresql_where=_STANDING,
        ),
        Index(None, "since"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    channel: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text, default="")  # empty: the whole channel
    reason: Mapped[str] = mapped_column(Text)
    detail: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime]
    until: Mapped[datetime]
    healed_at: Mapped[datetime | None]


class SubscriptionCredit(Base):
    """How often the mini-program may write to somebody by one template: what they accepted, less what was sent."""

    __tablename__ = "subscription_credit"
    __table_args__ = (CheckConstraint("credits >= 0", name="none_below_nothing"),)

    identity_id: Mapped[int] = mapped_column(Id, ForeignKey("wechat_identity.id"), primary_key=True)
    template_id: Mapped[str] = mapped_column(Text, primary_key=True)
    credits: Mapped[int] = mapped_column(SmallInteger, default=0)
    refused: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[datetime]


class WeChatToken(Base):
    """An access token shared by all processes where there is no Redis, and the lock of whoever renews it."""

    __tablename__ = "wechat_token"

    key: Mapped[str] = mapped_column(Text, primary_key=True)
    value: Mapped[str] = mapped_column(Text, default="")
    expires_at: Mapped[datetime | None]
    locked_until: Mapped[datetime | None]
