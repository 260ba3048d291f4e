"""Sign-ins under way: the OAuth state of a phone, and a console page waiting to be confirmed by one."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id


class OAuthAttempt(Base):
    """One trip to WeChat's authorize page: what was promised, for which browser, until when; used once."""

    __tablename__ = "oauth_attempt"
    __table_args__ = (Index(None, "expires_at"),)

    state: Mapped[str] = mapped_column(Text, primary_key=True)  # SHA-256 of what the address carries
    browser: Mapped[str] = mapped_column(Text)  # SHA-256 of what the cookie carries
    account: Mapped[str] = mapped_column(Text, default="service", server_default="service")  # or wecom: who is asked
    next_path: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ConsoleScan(Base):
    """A console sign-in page showing a code: scanned, its two digits compared, confirmed on the phone."""

    __tablename__ = "console_scan"
    __table_args__ = (Index(None, "expires_at"),)

    code: Mapped[str] = mapped_column(Text, primary_key=True)  # SHA-256 of what the QR code carries
    browser: Mapped[str] = mapped_column(Text)  # SHA-256 of what the waiting browser's cookie carries
    digits: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    confirmed_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]
