"""What carries a label, assets and rooms: listed by their tags, and what a report says when one is scanned."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from app.errors import Missing
from app.models import Asset, Category, Department, Place
from app.pagination import SIZE, Query

Kind = Literal["asset", "place"]
KEYS: dict[Kind, Any] = {"asset": Asset.tag, "place": Place.code}


@dataclass(frozen=True)
class LabelTarget:
    """An asset or a room, as its label names it and as a report about it needs it."""

    id: int
    kind: Kind | Literal["ward"]
    tag: str
    name: str
    spot: str
    """The department, and the room in it."""
    where: str
    category: str
    retired: bool
    category_id: int | None
    place_id: int | None
    department_id: int | None


@dataclass(frozen=True)
class ThingFilter:
    """`text` begins a tag or is part of a name; `department` is a code. Empty means all of them."""

    tags: tuple[str, ...] = ()
    text: str = ""
    department: str = ""


@dataclass(frozen=True)
class LabelPage:
    """Some of them; `after` continues the list and is None at its end."""

    rows: Sequence[LabelTarget]
    after: str | None


def page(session: Session, kind: Kind, filters: ThingFilter, *, after: str) -> LabelPage:
    found = find(session, kind, filters, after=after, most=SIZE + 1)
    return LabelPage(found[:SIZE], found[SIZE - 1].tag if len(found) > SIZE else None)


def find(
    session: Session,
    kind: Kind,
    filters: ThingFilter,
    *,
    after: str = "",
    most: int | None = None,
    retired: bool = True,
) -> list[LabelTarget]:
    """In the order of their tags, those after the tag `after`; retired ones only if asked for."""
    key = KEYS[kind]
    query = _query(kind).where(*_conditions(kind, filters, retired=retired)).order_by(key).limit(most)
    return [_target(*row) for row in session.execute(query.where(key > after) if after else query)]


def meant(session: Session, text: str, *, most: int) -> list[LabelTarget]:
    """What somebody means who types: the asset or room of that tag, else those it could be, in use still."""
    if not text:
        return []
    for filters in (ThingFilter(tags=(text, text.upper())), ThingFilter(text=text)):
        each = (find(session, kind, filters, most=most, retired=False) for kind in KEYS)
        if found := [one for rows in each for one in rows][:most]:
            return found
    return []


def count(session: Session, kind: Kind, filters: ThingFilter, *, retired: bool = True) -> int:
    query = _query(kind).where(*_conditions(kind, filters, retired=retired)).with_only_columns(func.count())
    return session.scalar(query.order_by(None)) or 0


def one(session: Session, kind: Kind, id_: int) -> LabelTarget:
    """What this label stands on; raises Missing."""
    row = session.execute(_query(kind).where(KEYS[kind].class_.id == id_)).first()
    if row is None:
        raise Missing("bad_token")
    return _target(*row)


def ward(session: Session, department_id: int) -> LabelTarget:
    """The ward whose permanent code was scanned; raises Missing."""
    found = session.get(Department, department_id)
    if found is None:
        raise Missing("bad_token")
    where = " ".join(filter(None, [found.building, found.floor, found.room]))
    about: dict[str, Any] = {"category": "", "category_id": None, "place_id": None, "retired": False}
    return LabelTarget(
        id=found.id, kind="ward", tag="", name=found.name, spot="", where=where, department_id=found.id, **about
    )


def _query(kind: Kind) -> Query:
    if kind == "place":
        return select(Place, Department).outerjoin(Department, Department.id == Place.department_id)
    return (
        select(Asset, Department, Place, Category.name)
        .outerjoin(Place, Place.id == Asset.place_id)
        .outerjoin(Department, Department.id == func.coalesce(Asset.department_id, Place.department_id))
        .outerjoin(Category, Category.id == Asset.category_id)
    )


def _conditions(kind: Kind, filters: ThingFilter, *, retired: bool) -> Iterator[ColumnElement[bool]]:
    key = KEYS[kind]
    if filters.tags:
        yield key.in_(filters.tags)
    if filters.department:
        yield Department.code == filters.department
    if filters.text:
        yield or_(
            key.istartswith(filters.text, autoescape=True), key.class_.name.icontains(filters.text, autoescape=True)
        )
    if kind == "asset" and not retired:
        yield Asset.retired_at.is_(None)


def _target(
    found: Asset | Place, department: Department | None, place: Place | None = None, category: str | None = None
) -> LabelTarget:
    room = found if isinstance(found, Place) else place
    spot = room or department
    common: dict[str, Any] = {
        "id": found.id,
        "name": found.name,
        "spot": _spot(department, place),
        "where": " ".join(filter(None, [spot.building, spot.floor, spot.room])) if spot else "",
        "category": category or "",
        "place_id": room.id if room else None,
        "department_id": department.id if department else None,
    }
    if isinstance(found, Asset):
        retired = found.retired_at is not None
        return LabelTarget(kind="asset", tag=found.tag, retired=retired, category_id=found.category_id, **common)
    return LabelTarget(kind="place", tag=found.code, retired=False, category_id=None, **common)


def _spot(department: Department | None, place: Place | None) -> str:
    owner, room = department.name if department else "", place.name if place else ""
    # A room is often called by its department and what it is: then once is enough.
    return room if owner in room else f"{owner} {room}".strip()
