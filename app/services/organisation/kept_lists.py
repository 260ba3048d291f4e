"""The lists an admin keeps: lines are added, renamed, put in order, switched off and on; never deleted.

A code stays as it was given: tables, other systems and labels know the line by it. Who did what when is an event of
the line; what it was called before, and why it was switched off, are words beside it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session, aliased

from app.errors import Missing, Refused
from app.models import Campus, Category, Department, Post, Provider, Team
from app.pagination import Line
from app.services import events
from app.services.events import About

Kind = Literal["category", "department", "campus", "provider", "team", "post"]
TABLES: Mapping[Kind, Any] = {
    "category": Category,
    "department": Department,
    "campus": Campus,
    "provider": Provider,
    "team": Team,
    "post": Post,
}
KINDS = tuple(TABLES)
BELONGS: Mapping[Kind, Any] = {
    "category": Category.parent_id,
    "department": Department.campus_id,
    "team": Team.provider_id,
    "post": Post.provider_id,
}
_OWNERS: Mapping[Kind, Any] = {"category": Category, "department": Campus, "team": Provider, "post": Provider}
OF_PROVIDERS: frozenset[Kind] = frozenset({"team", "post"})
"""Whose they are stays: employments and shifts of that provider name them."""
CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,31}")
MOST_PEOPLE = 999
LAST = 999  # position


@dataclass(frozen=True)
class LineForm:
    """What a form says of a line. `above`: the heading, the campus or the provider it belongs to."""

    name: str
    position: int
    above: int | None
    for_users: bool = True
    key_post: bool = False
    headcount: int = 0


def table(kind: str) -> Kind:
    """Raises Missing."""
    for known in KINDS:
        if known == kind:
            return known
    raise Missing("no_such_list")


def listed(session: Session, kind: Kind) -> Sequence[Line]:
    """Every line in its order, those that are switched off last, each with what it belongs to."""
    own = TABLES[kind]
    query = select(own, literal("").label("above"))
    if kind in BELONGS:
        above = aliased(_OWNERS[kind])
        query = select(own, func.coalesce(above.name, "").label("above")).outerjoin(above, above.id == BELONGS[kind])
    return session.execute(query.order_by(own.off_at.is_not(None), "above", own.position, own.name)).all()


def one(session: Session, kind: Kind, row_id: int) -> Any:
    """Raises Missing."""
    found = session.get(TABLES[kind], row_id)
    if found is None:
        raise Missing("no_such_line")
    return found


def form_of(kind: Kind, row: Any) -> LineForm:
    """A line as its form shows it."""
    return LineForm(
        row.name,
        row.position,
        getattr(row, BELONGS[kind].key) if kind in BELONGS else None,
        getattr(row, "for_users", False),
        getattr(row, "key_post", False),
        getattr(row, "headcount", 0),
    )


def owners(session: Session, kind: Kind, *, but: int | None = None) -> Sequence[Line]:
    """What a line can belong to, if to anything: a heading that has none itself, a campus, a provider."""
    if kind not in BELONGS:
        return ()
    above = _OWNERS[kind]
    query = select(above.id, above.name).where(above.off_at.is_(None)).order_by(above.position, above.name)
    if kind == "category":
        query = query.where(Category.parent_id.is_(None), Category.id.is_distinct_from(but))
    return session.execute(query).all()


def add(session: Session, kind: Kind, code: str, form: LineForm, *, by: int, at: datetime) -> int:
    """Raises Refused: no code or name, the code is taken, belongs to nothing it could."""
    if not CODE.fullmatch(code):
        raise Refused("line_code_form")
    own = TABLES[kind]
    if session.scalar(select(own.id).where(func.lower(own.code) == code.lower())) is not None:
        raise Refused("line_code_taken", taken=code)
    made = own(code=code)
    _write(session, kind, made, form)
    session.add(made)
    session.flush()
    _record(session, kind, made.id, "added", "", by, at)
    return int(made.id)


def change(session: Session, kind: Kind, row_id: int, form: LineForm, *, by: int, at: datetime) -> bool:
    """Whether anything is new. A name that changes keeps the former one beside the event."""
    found = one(session, kind, row_id)
    if kind == "category" and form.above is not None:
        below = session.scalar(select(Category.id).where(Category.parent_id == row_id).limit(1))
        if below is not None or form.above == row_id:
            raise Refused("line_above")
    before = (found.name, _facts(kind, found))
    _write(session, kind, found, form)
    former, rest = before
    if found.name != former:
        _record(session, kind, row_id, "renamed", former, by, at)
    if _facts(kind, found) != rest:
        _record(session, kind, row_id, "changed", "", by, at, dict(_facts(kind, found)))
    return (found.name, _facts(kind, found)) != before


def switch(session: Session, kind: Kind, row_id: int, *, on: bool, reason: str, by: int, at: datetime) -> bool:
    """Offered again, or no more; off with a reason. Whether that is new."""
    found = one(session, kind, row_id)
    if (found.off_at is None) == on:
        return False
    found.off_at = None if on else at
    _record(session, kind, row_id, "switched_on" if on else "switched_off", reason, by, at)
    return True


def set_headcount(session: Session, post_id: int, count: int, *, by: int, at: datetime) -> None:
    """How many people the contract asks for in a post."""
    found = one(session, "post", post_id)
    if count > MOST_PEOPLE:
        raise Refused("duty_unknown")
    if found.headcount != count:
        found.headcount = count
        _record(session, "post", post_id, "changed", "", by, at, dict(_facts("post", found)))


def _write(session: Session, kind: Kind, row: Any, form: LineForm) -> None:
    if not form.name:
        raise Refused("line_name")
    if not 0 <= form.position <= LAST or not 0 <= form.headcount <= MOST_PEOPLE:
        raise Refused("line_number", most=LAST)
    standing = getattr(row, BELONGS[kind].key) if kind in BELONGS else None
    known = form.above in {None, standing} or form.above in {owner.id for owner in owners(session, kind)}
    if not known or (kind == "post" and form.above is None and standing is None):
        raise Refused("line_above")
    row.name, row.position = form.name, form.position
    if kind == "category":
        row.parent_id, row.for_users = form.above, form.for_users
    elif kind == "department":
        row.campus_id = form.above
    elif kind in OF_PROVIDERS:
        row.provider_id = row.provider_id or form.above
    if kind == "post":
        row.key_post, row.headcount = form.key_post, form.headcount


def _facts(kind: Kind, row: Any) -> tuple[tuple[str, object], ...]:
    """All but the name, as ids, numbers and codes."""
    own = {"category": ("parent_id", "for_users"), "department": ("campus_id",), "post": ("key_post", "headcount")}
    return tuple((name, getattr(row, name)) for name in ("position", *own.get(kind, ())))


def _record(
    session: Session,
    kind: Kind,
    row_id: int,
    act: str,
    note: str,
    by: int,
    at: datetime,
    data: Mapping[str, object] | None = None,
) -> None:
    facts = {"act": act, **(data or {})}
    events.append_noted(session, About(row_id), f"{kind}_changed", note, by=by, at=at, channel="console", data=facts)
