"""Other systems: the keys they come in with, the alarms they raise, and what is sent to them."""

from datetime import datetime

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

ENDPOINT_STATES = ("on", "off", "gone")  # gone: it answered 410
DELIVERY_STATES = ("waiting", "sending", "sent", "failed")
_WAITING = text("state IN ('waiting', 'sending')")


class IntegrationKey(Base):
    """A key of another system: what it may do; here only its digest is."""

    __tablename__ = "integration_key"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text, unique=True)  # SHA-256 of the bearer token
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    revoked_at: Mapped[datetime | None]


class IntegrationPost(Base):
    """The answer to another system's POST under its key, so that the same request sent twice is done once."""

    __tablename__ = "integration_post"
    __table_args__ = (Index(None, "at"),)

    integration_id: Mapped[int] = mapped_column(Id, ForeignKey("integration_key.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request: Mapped[str] = mapped_column(Text)
    status: Mapped[int] = mapped_column(SmallInteger, default=0)
    answer: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]


class MonitoringAlarm(Base):
    """An alarm of a monitoring system by its own key, and the ticket it is about now."""

    __tablename__ = "monitoring_alarm"
    __table_args__ = (Index(None, "ticket_id"),)

    integration_id: Mapped[int] = mapped_column(Id, ForeignKey("integration_key.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    ticket_id: Mapped[int | None] = mapped_column(Id, ForeignKey("ticket.id"))
    count: Mapped[int] = mapped_column(default=0)  # how often it was raised while the ticket is open
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class WebhookEndpoint(Base):
    """Where another system wants to be told. Its secret is made of the installation's keys and this row's id."""

    __tablename__ = "webhook_endpoint"
    __table_args__ = (CheckConstraint(f"state IN {ENDPOINT_STATES!r}", name="known_state"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    types: Mapped[list[str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(Text, default="on")
    seq: Mapped[int] = mapped_column(BigInteger)  # how far of the feed it has got
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))

    @property
    def is_on(self) -> bool:
        return self.state == "on"

    @property
    def is_gone(self) -> bool:
        return self.state == "gone"


class WebhookDelivery(Base):
    """One event for one endpoint, sent until it is taken or given up."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint(f"state IN {DELIVERY_STATES!r}", name="known_state"),
        Index(None, "endpoint_id", "event_id", unique=True),
        Index(None, "endpoint_id", "created_at"),
        Index(None, "created_at"),
        Index("ix_webhook_delivery_due", "next_try_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(Id, ForeignKey("webhook_endpoint.id"))
    event_id: Mapped[int] = mapped_column(Id, ForeignKey("event.id"))
    type: Mapped[str] = mapped_column(Text)
    message_id: Mapped[str] = mapped_column(Text, unique=True)  # the same at every try: the receiver's idempotency key
    state: Mapped[str] = mapped_column(Text, default="waiting")
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_try_at: Mapped[datetime]  # while sending, the end of the lease
    status: Mapped[int | None] = mapped_column(SmallInteger)  # of the last answer
    reason: Mapped[str] = mapped_column(Text, default="")  # code of the last trouble
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]

    @property
    def waits_for_another_try(self) -> bool:
        return self.state == "waiting" and self.attempts > 0

    @property
    def may_be_repeated(self) -> bool:
        return self.state != "sending"


class WebhookAttempt(Base):
    """One try: what was answered, or why nothing was."""

    __tablename__ = "webhook_try"
    __table_args__ = (Index(None, "delivery_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(Id, ForeignKey("webhook_delivery.id"))
    at: Mapped[datetime]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    reason: Mapped[str] = mapped_column(Text, default="")
