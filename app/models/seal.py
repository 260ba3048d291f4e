"""The seal of the history: the hash of every entry as it was taken in, checkpoints over them, and who looked again."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

CAUSES = ("day", "act")


class SealedBatch(Base):
    """Some entries of the feed, sealed together: from `first` to `last`, 32 bytes of hash for each. Append-only.

    `peaks` are the perfect trees that all entries up to `last` make, the largest first, so that the next batch and any
    root need no entry before it.
    """

    __tablename__ = "sealed_batch"

    first: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(BigInteger, unique=True)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)
    peaks: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime]


class SealCheckpoint(Base):
    """The root over the first `size` entries, as a signed note; the note is empty where no key is set. Append-only.

    `day` is that of the daily one. Only `published` ones may be shown to anybody but the hospital's (law 11).
    """

    __tablename__ = "seal_checkpoint"
    __table_args__ = (CheckConstraint(f"cause IN {CAUSES!r}", name="known_cause"), Index(None, "size"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    day: Mapped[date | None] = mapped_column(Date, unique=True)
    published: Mapped[bool]
    origin: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class SealVerification(Base):
    """Somebody, or the nightly job, compared the rows with what was sealed. Append-only.

    `fault` names the first entry that does not hold; from one without a fault the next may go on.
    """

    __tablename__ = "seal_verification"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    first: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[str] = mapped_column(Text)
    fault: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))  # nobody: the worker, the command line
    at: Mapped[datetime]
