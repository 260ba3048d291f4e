"""People, keyed by staff number; where they worked and when; what they may do; how they are known to WeChat."""

import re
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Date,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    and_,
    false,
    or_,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_method
from sqlalchemy.orm import Mapped, mapped_column, validates

from app.db import Base, Id
from app.initials import initials

Day = date | ColumnElement[date]  # in the hospital's zone
ROLES = ("user", "engineer", "desk", "supervisor", "admin", "auditor")
PROVIDER_ROLES = frozenset({"engineer", "desk"})
STAFF_NUMBER = re.compile(r"[^\s:：]{1,32}")  # a colon marks the people of imported logs
NAMELESS = "已删除"  # the name of somebody whose data was erased


def _initials(insert: Any) -> str:
    """For rows that are inserted as such, without a Person."""
    return initials(insert.get_current_parameters()["name"])


class Person(Base):
    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("staff_number <> ''", name="staff_number_given"),
        Index(None, "name"),
        Index(None, "initials"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    staff_number: Mapped[str] = mapped_column(Text, unique=True)  # text: leading zeros are part of it
    name: Mapped[str] = mapped_column(Text)
    # Of the pinyin of the name; written with it, and gone with it.
    initials: Mapped[str] = mapped_column(Text, default=_initials, server_default="")
    telephone: Mapped[str] = mapped_column(Text, default="")
    job_type: Mapped[str] = mapped_column(Text, default="")
    sign_outs: Mapped[int] = mapped_column(default=0)  # at the console; a session from before the last one is over
    reminders_since: Mapped[datetime | None]  # wants to be reminded, once a ticket, that it can be rated
    erased_at: Mapped[datetime | None]  # name and telephone are gone; what hangs on the row stays, under no name

    @validates("name")
    def _spell(self, _column: str, name: str) -> str:
        self.initials = initials(name)
        return name


class Employment(Base):
    """One stretch of work, for a department of the hospital or for a provider; open while `valid_to` is empty.

    The first and the last day belong to it. Each rule about its days stands here once, for a row and for a query.
    """

    __tablename__ = "employment"
    __table_args__ = (
        CheckConstraint("(department_id IS NULL) <> (provider_id IS NULL)", name="one_employer"),
        CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name="dates_in_order"),
        Index(None, "person_id", "valid_from"),
        Index(None, "department_id"),
        Index(None, "provider_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    department_id: Mapped[int | None] = mapped_column(Id, ForeignKey("department.id"))
    provider_id: Mapped[int | None] = mapped_column(Id, ForeignKey("provider.id"))
    team_id: Mapped[int | None] = mapped_column(Id, ForeignKey("team.id"))
    post_id: Mapped[int | None] = mapped_column(Id, ForeignKey("post.id"))
    valid_from: Mapped[date] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)

    def can_end(self, last: date, today: date) -> bool:
        """Whether that day could become its last: not in the past, not before it began, not after it ends anyhow."""
        return max(self.valid_from, today) <= last and (self.valid_to is None or last <= self.valid_to)

    @hybrid_method
    def lasts(self, day: Day) -> bool:
        """Not over before that day; one that begins only later counts: the person stays on the roster for it."""
        return self.valid_to is None or bool(self.valid_to >= day)

    @lasts.expression
    @classmethod
    def _lasts(cls, day: Day) -> ColumnElement[bool]:
        return or_(cls.valid_to.is_(None), cls.valid_to >= day)

    @hybrid_method
    def in_force(self, day: Day) -> bool:
        """The person works there on that day."""
        return bool(self.valid_from <= day) and self.lasts(day)

    @in_force.expression
    @classmethod
    def _in_force(cls, day: Day) -> ColumnElement[bool]:
        return and_(cls.valid_from <= day, cls.lasts(day))

    @hybrid_method
    def of_provider(self, first: Day, last: Day | None) -> bool:
        """A provider's, in force on any day from `first` to `last`.

        Without `last` one that begins later counts too: whoever has signed with a provider decides nothing about it.
        """
        begun = last is None or bool(self.valid_from <= last)
        return self.provider_id is not None and begun and self.lasts(first)

    @of_provider.expression
    @classmethod
    def _of_provider(cls, first: Day, last: Day | None) -> ColumnElement[bool]:
        theirs = and_(cls.provider_id.is_not(None), cls.lasts(first))
        return theirs if last is None else and_(theirs, cls.valid_from <= last)


class RoleGrant(Base):
    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint(f"role IN {ROLES!r}", name="known_role"),
        # Who sets the rules never audits them: admin and auditor are never one person.
        Index(
            "uq_role_grant_admin_or_auditor",
            "person_id",
            unique=True,
            sqlite_where=text("role IN ('admin', 'auditor')"),
            postgresql_where=text("role IN ('admin', 'auditor')"),
        ),
    )

    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"), primary_key=True)
    role: Mapped[str] = mapped_column(Text, primary_key=True)


class Credential(Base):
    """A console password (argon2). Wrong ones are counted where they come from, so that nobody locks another out."""

    __tablename__ = "credential"

    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(Text)


class WeChatIdentity(Base):
    """One WeChat user as one account (appid) sees them; bound to a person once they have proved who they are."""

    __tablename__ = "wechat_identity"
    __table_args__ = (
        Index(None, "appid", "openid", unique=True),
        Index(
            "uq_wechat_identity_one_per_person",
            "person_id",
            "appid",
            unique=True,
            sqlite_where=text("person_id IS NOT NULL"),
            postgresql_where=text("person_id IS NOT NULL"),
        ),
        Index(None, "unionid"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    appid: Mapped[str] = mapped_column(Text)
    openid: Mapped[str] = mapped_column(Text)
    unionid: Mapped[str | None] = mapped_column(Text)
    person_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    bound_at: Mapped[datetime | None]
    privacy_version: Mapped[str | None] = mapped_column(Text)
    privacy_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    forgotten_at: Mapped[datetime | None]  # the WeChat user is gone; ratings still name the row
    # Once of the provider, always: unbound, or forgotten and come back, or bound to a user since.
    provider_staff: Mapped[bool] = mapped_column(default=False, server_default=false())


class ForgottenOpenid(Base):
    """Somebody of the provider who was forgotten: enough to recognise them again, not enough to tell who they are."""

    __tablename__ = "forgotten_openid"

    digest: Mapped[str] = mapped_column(Text, primary_key=True)  # keyed, of account and openid
    at: Mapped[datetime]


class Portrait(Base):
    """A photo of somebody of the provider, put there by themselves for the users they come to; taken back, it goes."""

    __tablename__ = "portrait"

    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    consented_at: Mapped[datetime]


class BindingTry(Base):
    """One attempt to bind, kept to limit guessing by identity and by staff number."""

    __tablename__ = "binding_try"
    __table_args__ = (Index(None, "identity_id", "at"), Index(None, "staff_number", "at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    identity_id: Mapped[int] = mapped_column(Id, ForeignKey("wechat_identity.id"))
    staff_number: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    succeeded: Mapped[bool]


class IdentityClaim(Base):
    """A WeChat user claims a staff number that has a phone, or that their phone, once the provider's, may not take.

    A supervisor decides. Also the record of an unbinding (state `unbound`): which phone, whose, by whom, when.
    """

    __tablename__ = "identity_claim"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'approved', 'refused', 'unbound')", name="known_state"),
        Index(None, "identity_id", "person_id"),
        Index(None, "state", "created_at"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    identity_id: Mapped[int] = mapped_column(Id, ForeignKey("wechat_identity.id"))
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(Text, default="waiting")
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))


class BindInvitation(Base):
    """An address or code handed to one person, who is bound by opening it: once, and for a short while.

    The address is a signed token of the number, so whoever reads the row cannot make it; `code`, which whoever has it
    can use, goes as soon as it is used or over.
    """

    __tablename__ = "bind_invitation"
    __table_args__ = (Index(None, "person_id", "created_at"), Index(None, "expires_at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, unique=True)  # drawn by lot: an id may come again, on SQLite
    person_id: Mapped[int] = mapped_column(Id, ForeignKey("person.id"))
    created_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))  # nobody: the command line
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    # What the service account's own code says, once WeChat has made one: scanned, it also makes a follower.
    code: Mapped[str] = mapped_column(Text, default="", server_default="")
    used_at: Mapped[datetime | None]
    identity_id: Mapped[int | None] = mapped_column(Id, ForeignKey("wechat_identity.id"))


class ErasureRequest(Base):
    """A request to erase what is kept about a person; an admin carries it out. The record of an erasure, too."""

    __tablename__ = "erasure_request"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done', 'withdrawn')", name="known_state"),
        CheckConstraint("identity_id IS NOT NULL OR person_id IS NOT NULL", name="about_somebody"),
        Index(None, "state", "created_at"),
        Index(None, "identity_id"),
        Index(None, "person_id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    identity_id: Mapped[int | None] = mapped_column(Id, ForeignKey("wechat_identity.id"))
    person_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(Text, default="waiting")
    extent: Mapped[str] = mapped_column(Text, default="")  # of what was done: whole, wechat
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(Id, ForeignKey("person.id"))  # nobody: the command line
