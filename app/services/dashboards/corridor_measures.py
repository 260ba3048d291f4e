"""What is done about a hot spot: cause, action, owner, due date; and "you said, we did", for everybody to read."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from app.errors import Missing, Refused
from app.models import CorridorMeasure, Person
from app.services import events
from app.services.dashboards.corridor import Names
from app.services.events import About
from app.services.organisation.directory import supervisors

TEXT_MOST = 300
SHOWN = 50
PUBLISHED = 6


@dataclass(frozen=True)
class Spotted:
    """Where it is hot."""

    quarter: date
    dimension: str
    value: str
    touchpoint: str


@dataclass(frozen=True)
class Plan:
    cause: str
    action: str
    owner_id: int
    due_on: date


@dataclass(frozen=True)
class YouSaidWeDid:
    where: str
    feedback: str
    did: str
    at: datetime


def take_up(session: Session, spot: Spotted, plan: Plan, *, by: int, at: datetime) -> None:
    """Raises Refused where something is missing or nobody of the hospital's supervision is to do it."""
    if not (plan.cause and plan.action) or plan.owner_id not in supervisors(session, at=at):
        raise Refused("measure_incomplete")
    if plan.due_on < at.date():
        raise Refused("measure_due_before")
    row = CorridorMeasure(**vars(spot), **vars(plan), by_id=by, at=at)
    session.add(row)
    session.flush()
    events.append(
        session, About(row.id), "measure_taken_up", by=by, at=at, channel="console", data={"owner": plan.owner_id}
    )


def finish(session: Session, measure_id: int, *, feedback: str, did: str, publish: bool, by: int, at: datetime) -> None:
    """Once; with both texts everybody may read it. Raises Refused, Missing."""
    if session.get(CorridorMeasure, measure_id) is None:
        raise Missing("no_such_measure")
    if not did or (publish and not feedback):
        raise Refused("measure_untold")
    values = {"said": feedback, "did": did, "done_at": at, "done_by_id": by, "published_at": at if publish else None}
    still = (CorridorMeasure.id == measure_id, CorridorMeasure.done_at.is_(None))
    done = update(CorridorMeasure).where(*still).values(**values).returning(CorridorMeasure.id)
    if session.scalar(done) is None:
        raise Refused("measure_done_before")
    data = {"published": publish}
    events.append(session, About(measure_id), "measure_done", by=by, at=at, channel="console", data=data)


@dataclass(frozen=True)
class Listed:
    measure: CorridorMeasure
    owner: str
    late: bool


def listed(session: Session, *, today: date) -> list[Listed]:
    """What is open by its due date, then what was done last."""
    owner = aliased(Person)
    query = select(CorridorMeasure, owner.name.label("owner")).join(owner, owner.id == CorridorMeasure.owner_id)
    order = (CorridorMeasure.done_at.is_not(None), CorridorMeasure.done_at.desc(), CorridorMeasure.due_on)
    rows = session.execute(query.order_by(*order, CorridorMeasure.id).limit(SHOWN))
    return [Listed(one, name, one.done_at is None and one.due_on < today) for one, name in rows]


def published(session: Session, names: Names) -> list[YouSaidWeDid]:
    """The newest, without who and without how many felt so."""
    at = CorridorMeasure.published_at
    query = select(CorridorMeasure).where(at.is_not(None)).order_by(at.desc()).limit(PUBLISHED)
    return [
        YouSaidWeDid(names(row.dimension, row.value), row.said, row.did, row.published_at)
        for row in session.scalars(query)
        if row.published_at is not None
    ]
