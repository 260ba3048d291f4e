"""Both sides of the supervision, side by side: who supervises, and who serves, in which team and post."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Missing
from app.models import Employment, Person, Portrait, Post, Provider, RoleGrant, Team
from app.pagination import Line
from app.services.organisation import employment
from app.services.organisation.directory import current_employment

SUPERVISING = ("admin", "supervisor", "auditor")  # as they stand in the chart


@dataclass(frozen=True)
class Group:
    """A team of a provider, and who is in it."""

    provider: str
    team: str
    people: Sequence[Line]


def supervising(session: Session, *, day: date) -> list[Line]:
    """Of the hospital, by role, then by name; nobody whom a provider employs."""
    theirs = select(Employment.id).where(Employment.person_id == Person.id, Employment.of_provider(day, day))
    query = (
        select(Person.name, Person.telephone, RoleGrant.role)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .where(RoleGrant.role.in_(SUPERVISING), employment.works(Person.id, day), ~theirs.exists())
        .where(Person.erased_at.is_(None))
    )
    rows = session.execute(query).all()
    return sorted(rows, key=lambda row: (SUPERVISING.index(row.role), row.name))


def serving(session: Session, *, day: date) -> list[Group]:
    """Everybody whom a provider employs that day, team by team, key posts first."""
    query = (
        select(
            Person.id,
            Person.name,
            Provider.name.label("provider"),
            Team.name.label("team"),
            Post.name.label("post"),
            Post.code.label("post_code"),
            Portrait.person_id.is_not(None).label("photo"),
        )
        .select_from(Person)
        .join(Employment, Employment.id == current_employment(Person.id, day))
        .join(Provider, Provider.id == Employment.provider_id)
        .outerjoin(Team, Team.id == Employment.team_id)
        .outerjoin(Post, Post.id == Employment.post_id)
        .outerjoin(Portrait, Portrait.person_id == Person.id)
        .where(Person.erased_at.is_(None))
        .order_by(Provider.name, Team.name, Post.key_post.desc(), Post.name, Person.name)
    )
    rows = session.execute(query).all()
    groups = groupby(rows, key=lambda row: (row.provider, row.team or ""))
    return [Group(provider, team, list(people)) for (provider, team), people in groups]


def photo(session: Session, person_id: int, *, day: date) -> bytes:
    """Of somebody whom a provider employs that day and who consented. Raises Missing."""
    query = select(Portrait.content).where(Portrait.person_id == person_id)
    found = session.scalar(query) if employment.employed_by_provider(session, person_id, day) else None
    if found is None:
        raise Missing("no_such_photo")
    return found
