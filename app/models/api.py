"""Sessions of the mini-program, and what was answered to a request that may come twice."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id


class ApiSession(Base):
    """One sign-in and its chain of tokens: each refresh uses one row up and adds the next of its family."""

    __tablename__ = "api_session"
    __table_args__ = (Index(None, "family"), Index(None, "identity_id"), Index(None, "refresh_expires_at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    identity_id: Mapped[int] = mapped_column(Id, ForeignKey("wechat_identity.id"))
    family: Mapped[str] = mapped_column(Text)
    access: Mapped[str] = mapped_column(Text, unique=True)  # SHA-256 of the bearer token
    refresh: Mapped[str] = mapped_column(Text, unique=True)  # SHA-256 of the refresh token
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    refresh_expires_at: Mapped[datetime]
    refreshed_at: Mapped[datetime | None]  # used up; used again, the whole family is revoked
    revoked_at: Mapped[datetime | None]


class IdempotentPost(Base):
    """The answer to a POST under its key, so that the same request sent twice is done once."""

    __tablename__ = "idempotent_post"
    __table_args__ = (Index(None, "at"),)

    identity_id: Mapped[int] = mapped_column(Id, ForeignKey("wechat_identity.id"), primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request: Mapped[str] = mapped_column(Text)  # SHA-256 of method, path and body
    status: Mapped[int] = mapped_column(SmallInteger, default=0)  # 0 while it is being done
    answer: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]
