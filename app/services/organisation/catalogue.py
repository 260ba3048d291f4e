"""What a form offers and a list is asked for: departments, places, categories.

What is switched off is asked for in lists of the past and offered no more, save where it stands already.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.models import Campus, Category, Contract, Department, Place, Post, Provider
from app.models.listed import Listed
from app.pagination import Line, Query


def departments(session: Session) -> Sequence[Line]:
    """Every one, as lists of the past need them."""
    return session.execute(_departments()).all()


def departments_now(session: Session, *, standing: int | None = None) -> Sequence[Line]:
    """Those that can be chosen, and the one that stands already."""
    return session.execute(_departments().where(_offered(Department, standing))).all()


def posts(session: Session) -> Sequence[Line]:
    """Those that can be chosen, with how many people the contract asks for in each."""
    query = select(Post.id, Post.name, Post.headcount).where(Post.off_at.is_(None))
    return session.execute(query.order_by(Post.position, Post.name)).all()


def campuses(session: Session) -> Sequence[Line]:
    query = select(Campus.id, Campus.name).where(Campus.off_at.is_(None))
    return session.execute(query.order_by(Campus.position, Campus.name)).all()


def providers(session: Session) -> Sequence[Line]:
    """Those a contract can be made with."""
    query = select(Provider.id, Provider.name).where(Provider.off_at.is_(None))
    return session.execute(query.order_by(Provider.position, Provider.name)).all()


def coded_departments(session: Session) -> Sequence[Line]:
    """Named by their codes, as paper and tables know them."""
    query = select(Department.code, Department.name).where(Department.off_at.is_(None))
    return session.execute(query.order_by(Department.position, Department.name)).all()


def places(session: Session, *, department_id: int | None = None) -> Sequence[Line]:
    """Places with the department they belong to, so that a form can group them; of one department if it is named."""
    query = select(Place.id, Place.name, func.coalesce(Department.name, "").label("department"))
    query = query.outerjoin(Department, Department.id == Place.department_id)
    if department_id is not None:
        query = query.where(Place.department_id == department_id)
    return session.execute(query.order_by("department", Place.name)).all()


def categories(session: Session) -> Sequence[Line]:
    """The whole service catalogue, as lists of the past need it, each line with its heading where it has one."""
    return session.execute(_categories()).all()


def categories_now(session: Session, *, standing: int | None = None) -> Sequence[Line]:
    """Those that engineers and the desk can choose, and the one that stands already."""
    return session.execute(_categories().where(_offered(Category, standing))).all()


def categories_for_users(session: Session, *, standing: int | None = None) -> Sequence[Line]:
    """The short list, what a user can tell apart; and what the label they scanned stands for."""
    chosen = or_(Category.for_users, Category.id == standing)
    return session.execute(_categories().where(Category.off_at.is_(None), chosen)).all()


def coded_categories(session: Session) -> Sequence[Line]:
    """The service catalogue, named by codes, as tables know it."""
    query = select(Category.code, Category.name).where(Category.off_at.is_(None))
    return session.execute(query.order_by(Category.position, Category.code)).all()


def can_be_chosen(session: Session, table: type[Listed], row_id: int | None) -> bool:
    """Whether there is such a line, and it is not switched off."""
    found = session.get(table, row_id) if row_id is not None else None
    return found is not None and found.off_at is None


def contracts(session: Session, provider_id: int | None = None) -> Sequence[Line]:
    """Each with its provider, the newest first; of one provider if it is named."""
    query = select(
        Contract.id, Contract.number, Contract.valid_from, Contract.valid_to, Provider.name.label("provider")
    )
    query = query.join(Provider, Provider.id == Contract.provider_id)
    if provider_id is not None:
        query = query.where(Contract.provider_id == provider_id)
    return session.execute(query.order_by(Contract.valid_from.desc(), Contract.id.desc())).all()


def _departments() -> Query:
    return select(Department.id, Department.name).order_by(Department.position, Department.name)


def _categories() -> Query:
    above = aliased(Category)
    query = select(Category.id, Category.name, func.coalesce(above.name, "").label("heading"))
    query = query.outerjoin(above, above.id == Category.parent_id)
    headings = (func.coalesce(above.position, 0), "heading")
    return query.order_by(*headings, Category.position, Category.code)


def _offered(table: Any, standing: int | None) -> ColumnElement[bool]:
    return or_(table.off_at.is_(None), table.id == standing)
