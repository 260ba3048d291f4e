"""A draw: what was announced, its secrets, every published file, the numbers typed, claims and objections."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, LargeBinary, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

CLAIM_STATES = ("claimed", "waived", "ineligible", "expired")


class Draw(Base):
    """Where it stands is told by its files. Nothing here changes after the announcement."""

    __tablename__ = "draw"
    __table_args__ = (Index(None, "closes"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    draw_id: Mapped[str] = mapped_column(Text, unique=True)
    pid_prefix: Mapped[str] = mapped_column(Text)  # of the people's ids, which are never published
    announcement_sha256: Mapped[str] = mapped_column(Text)
    opens: Mapped[datetime]
    closes: Mapped[datetime]
    announced_at: Mapped[datetime]
    announced_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))


class DrawSecret(Base):
    """Read to make entries, receipts and signatures, and by the auditor; shown to nobody else, logged never."""

    __tablename__ = "draw_secret"

    draw_id: Mapped[int] = mapped_column(Id, ForeignKey("draw.id"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary)
    signing_key: Mapped[bytes] = mapped_column(LargeBinary)


class DrawCommittee(Base):
    """Who checks the claims, and therefore takes no part; not published."""

    __tablename__ = "draw_committee"
    __table_args__ = (Index(None, "person_id"),)

    draw_id: Mapped[int] = mapped_column(Id, ForeignKey("draw.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"), primary_key=True)


class DrawFile(Base):
    """A published file, written once. Only the claims grow: each edition stays, the last one is served."""

    __tablename__ = "draw_file"
    __table_args__ = (
        Index(None, "draw_id", "name", "edition", unique=True),
        CheckConstraint("edition = 1 OR name LIKE 'claims.json%'", name="written_once"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    draw_id: Mapped[int] = mapped_column(Id, ForeignKey("draw.id"))
    name: Mapped[str] = mapped_column(Text)
    edition: Mapped[int]
    sha256: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]


class DrawFilePart(Base):
    __tablename__ = "draw_file_part"

    file_id: Mapped[int] = mapped_column(Id, ForeignKey("draw_file.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class DrawTree(Base):
    """The roots of the subtrees of a committed list: they follow from it, and spare reading it for a proof."""

    __tablename__ = "draw_tree"

    draw_id: Mapped[int] = mapped_column(Id, ForeignKey("draw.id"), primary_key=True)
    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    blocks: Mapped[bytes] = mapped_column(LargeBinary)


class DrawDouble(Base):
    """Who was one person, known by the lower id, when the first list was written; learned later, it joins nobody."""

    __tablename__ = "draw_double"
    __table_args__ = (Index(None, "draw_id", "one_id"),)

    draw_id: Mapped[int] = mapped_column(Id, ForeignKey("draw.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"), primary_key=True)
    one_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))


class DrawReceipt(Base):
    """A receipt as it was signed and shown: the rater's proof, whatever becomes of their ratings and phone."""

    __tablename__ = "draw_receipt"
    __table_args__ = (Index(None, "person_id", "draw_id", "tickets", unique=True),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    draw_id: Mapped[int] = mapped_column(Id, ForeignKey("draw.id"))
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))  # whose number makes the entry
    entry: Mapped[str] = mapped_column(Text)
    tickets: Mapped[int]
    receipt_at: Mapped[str] = mapped_column(Text)  # as it was signed
    sig: Mapped[str] = mapped_column(Text)


class DrawNumber(Base):
    """What one person typed for one source; two people's equal values stand. Misprints stay."""

    __tablename__ = "draw_number"
    __table_args__ = (Index(None, "draw_id", "round", "source"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    draw_id: Mapped[int] = mapped_column(Id, ForeignKey("draw.id"))
    round: Mapped[int] = mapped_column(SmallInteger)
    source: Mapped[str] = mapped_column(Text)
    issue: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    evidence: Mapped[str] = mapped_column(Text, default="")  # the signature of a beacon, which needs no second person
    by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))  # nobody: fetched, and proven by evidence
    at: Mapped[datetime]


class DrawWinner(Base):
    """Whose entry has won: found out after the result, for the notice and the claim; not published."""

    __tablename__ = "draw_winner"
    __table_args__ = (Index(None, "person_id"),)

    draw_id: Mapped[int] = mapped_column(Id, ForeignKey("draw.id"), primary_key=True)
    round: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    entry: Mapped[str] = mapped_column(Text, primary_key=True)
    tier: Mapped[int] = mapped_column(SmallInteger)
    rank: Mapped[int]
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))


class DrawClaim(Base):
    """What became of one prize, once and for good."""

    __tablename__ = "draw_claim"
    __table_args__ = (
        Index(None, "draw_id", "round", "entry", unique=True),
        CheckConstraint(f"state IN {CLAIM_STATES!r}", name="known_state"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    draw_id: Mapped[int] = mapped_column(Id, ForeignKey("draw.id"))
    round: Mapped[int] = mapped_column(SmallInteger)
    tier: Mapped[int] = mapped_column(SmallInteger)
    entry: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    show_name: Mapped[bool]  # the masked name of the winner may stand on the page
    by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class DrawClaimPhoto(Base):
    """The winner's signature or photo at the handing over; erased with other personal data."""

    __tablename__ = "draw_claim_photo"

    claim_id: Mapped[int] = mapped_column(Id, ForeignKey("draw_claim.id"), primary_key=True)
    media_type: Mapped[str] = mapped_column(Text)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class DrawObjection(Base):
    """Somebody with a signed receipt is missing from the list, or stands there with fewer tickets."""

    __tablename__ = "draw_objection"
    __table_args__ = (
        Index(None, "draw_id", "entry", unique=True),
        CheckConstraint("state IN ('open', 'upheld', 'refused')", name="known_state"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    draw_id: Mapped[int] = mapped_column(Id, ForeignKey("draw.id"))
    entry: Mapped[str] = mapped_column(Text)
    tickets: Mapped[int]
    receipt_at: Mapped[str] = mapped_column(Text)
    receipt_sig: Mapped[str] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    granted: Mapped[int | None]  # tickets listed because of it: as many as were earned, whatever the receipt says
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    version: Mapped[int | None] = mapped_column(SmallInteger)  # of the list that first has it

    @property
    def open(self) -> bool:
        return self.state == "open"

    @property
    def upheld(self) -> bool:
        return self.state == "upheld"


class DrawCheckpoint(Base):
    """Once a day while ratings are collected: how many are in, and the root of the list as it would be."""

    __tablename__ = "draw_checkpoint"

    draw_id: Mapped[int] = mapped_column(Id, ForeignKey("draw.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    entries: Mapped[int]
    tickets: Mapped[int]
    root: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
