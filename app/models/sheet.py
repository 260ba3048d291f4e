"""The quarter's sheet: what is entered for it, what was frozen, who objected and signed. Money is in fen."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, Id

SIDES = ("hospital", "provider")
SIGNING_WAYS = ("password", "paper")


class CompletionClock(Base):
    """What the clock says of a completion, so that figures over it are one statement: a copy, made anew at any time.

    Empty where that limit never came to it (nobody went there), or where no limits stood that day. `rules` says by
    which service levels and days off it was read.
    """

    __tablename__ = "completion_clock"

    completion_id: Mapped[int] = mapped_column(Id, ForeignKey("completion.id"), primary_key=True)
    dispatch: Mapped[bool | None]
    response: Mapped[bool | None]
    arrival: Mapped[bool | None]
    solution: Mapped[bool | None]
    urgent: Mapped[bool]
    """Clinical, and of the two upper priorities."""
    provisional: Mapped[bool]
    rules: Mapped[str] = mapped_column(Text)


class IndicatorEntry(Base):
    """A figure that was entered, with its evidence; the newest of a code stands. Append-only.

    `code` is that of an indicator, or improvement (accepted improvements), veto (a written decision) or deduction
    (agreed besides, in fen; each of them stands). Without a value it says that there is none, and why.
    """

    __tablename__ = "indicator_entry"
    __table_args__ = (
        CheckConstraint("num IS NULL OR den IS NOT NULL", name="num_of_den"),
        CheckConstraint("num IS NULL OR num BETWEEN 0 AND den", name="part_of_whole"),
        Index(None, "contract_id", "quarter", "code"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    contract_id: Mapped[int] = mapped_column(Id, ForeignKey("contract.id"))
    quarter: Mapped[str] = mapped_column(Text)
    code: Mapped[str] = mapped_column(Text)
    num: Mapped[int | None]
    den: Mapped[int | None]
    count: Mapped[int | None] = mapped_column(BigInteger)
    yes: Mapped[bool | None]
    evidence: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    """By hand, or from which file."""
    replaces_id: Mapped[int | None] = mapped_column(Id, ForeignKey("indicator_entry.id"), unique=True)
    by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class IndicatorCheck(Base):
    """A second person has looked at an entry that costs something. Append-only."""

    __tablename__ = "indicator_check"

    entry_id: Mapped[int] = mapped_column(Id, ForeignKey("indicator_entry.id"), primary_key=True)
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class SheetDraft(Base):
    """The figures of a quarter as they stood when they were last counted: what pages show, counted anew at any time."""

    __tablename__ = "sheet_draft"

    contract_id: Mapped[int] = mapped_column(Id, ForeignKey("contract.id"), primary_key=True)
    quarter: Mapped[str] = mapped_column(Text, primary_key=True)
    content: Mapped[dict[str, Any]]
    for_provider: Mapped[dict[str, Any]]
    """The same with what ratings say in closed blocks (law 11)."""
    at: Mapped[datetime]


class RuleSetVersion(Base):
    """A contract's own rules as they were put in force: the tree, limits, bonus and settlement. Append-only.

    They count for quarters from `since` on; of two for the same day the later one. Without any config/score.toml and
    config/sla.toml stand.
    """

    __tablename__ = "rule_set"
    __table_args__ = (Index(None, "contract_id", "version", unique=True),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    contract_id: Mapped[int] = mapped_column(Id, ForeignKey("contract.id"))
    version: Mapped[int] = mapped_column(SmallInteger)
    name: Mapped[str] = mapped_column(Text, unique=True)
    since: Mapped[date] = mapped_column(Date)
    content: Mapped[str] = mapped_column(Text)
    """Canonical JSON: what the files have, `limits` beside it."""
    digest: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class RuleSetDraft(Base):
    """What somebody works at for a contract, and what a trial of it on the last quarter came to."""

    __tablename__ = "rule_set_draft"

    contract_id: Mapped[int] = mapped_column(Id, ForeignKey("contract.id"), primary_key=True)
    content: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    trial: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class Sheet(Base):
    """A version of a quarter's sheet as it was frozen: every figure, the rules, the sum. Append-only."""

    __tablename__ = "sheet"
    __table_args__ = (Index(None, "contract_id", "quarter", "version", unique=True),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    contract_id: Mapped[int] = mapped_column(Id, ForeignKey("contract.id"))
    quarter: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(SmallInteger)
    content: Mapped[str] = mapped_column(Text)
    """Canonical JSON, so that it has one digest, which is an event under the seal."""
    digest: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    """Of a correction."""
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class SheetRows(Base):
    """The rows behind one figure of a frozen sheet, as packed ids; in the digest by their own. Append-only."""

    __tablename__ = "sheet_rows"

    sheet_id: Mapped[int] = mapped_column(Id, ForeignKey("sheet.id"), primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    ids: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class SheetObjection(Base):
    """What the provider says against a line. Append-only."""

    __tablename__ = "sheet_objection"
    __table_args__ = (Index(None, "sheet_id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    sheet_id: Mapped[int] = mapped_column(Id, ForeignKey("sheet.id"))
    code: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class SheetAnswer(Base):
    """The hospital's answer to an objection, once. Where it is upheld a new version follows. Append-only."""

    __tablename__ = "sheet_answer"

    objection_id: Mapped[int] = mapped_column(Id, ForeignKey("sheet_objection.id"), primary_key=True)
    upheld: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class SheetSignature(Base):
    """One side has signed a version: with the password again, or on paper, which who keeps it enters. Append-only."""

    __tablename__ = "sheet_signature"
    __table_args__ = (
        CheckConstraint(f"side IN {SIDES!r}", name="known_side"),
        CheckConstraint(f"way IN {SIGNING_WAYS!r}", name="known_way"),
    )

    sheet_id: Mapped[int] = mapped_column(Id, ForeignKey("sheet.id"), primary_key=True)
    side: Mapped[str] = mapped_column(Text, primary_key=True)
    way: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]


class SheetSettlement(Base):
    """The fee of a signed version is settled. Append-only."""

    __tablename__ = "sheet_settlement"

    sheet_id: Mapped[int] = mapped_column(Id, ForeignKey("sheet.id"), primary_key=True)
    fee_fen: Mapped[int] = mapped_column(BigInteger)
    by_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    at: Mapped[datetime]
