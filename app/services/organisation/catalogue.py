"""What a form offers: departments, places, categories."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from app.models import Campus, Category, Contract, Department, Place, Post, Provider
from app.pagination import Line


def departments(session: Session) -> Sequence[Line]:
    return session.execute(select(Department.id, Department.name).order_by(Department.name)).all()


def posts(session: Session) -> Sequence[Line]:
    """With how many people the contract asks for in each."""
    return session.execute(select(Post.id, Post.name, Post.headcount).order_by(Post.name)).all()


def campuses(session: Session) -> Sequence[Line]:
    return session.execute(select(Campus.id, Campus.name).order_by(Campus.name)).all()


def coded_departments(session: Session) -> Sequence[Line]:
    """Named by their codes, as paper and tables know them."""
    return session.execute(select(Department.code, Department.name).order_by(Department.name)).all()


def places(session: Session, *, department_id: int | None = None) -> Sequence[Line]:
    """Places with the department they belong to, so that a form can group them; of one department if it is named."""
    query = select(Place.id, Place.name, func.coalesce(Department.name, "").label("department"))
    query = query.outerjoin(Department, Department.id == Place.department_id)
    if department_id is not None:
        query = query.where(Place.department_id == department_id)
    return session.execute(query.order_by("department", Place.name)).all()


def categories(session: Session) -> Sequence[Line]:
    """The service catalogue, each line with its heading where it has one."""
    above = aliased(Category)
    query = select(Category.id, Category.name, func.coalesce(above.name, "").label("heading"))
    query = query.outerjoin(above, above.id == Category.parent_id)
    return session.execute(query.order_by("heading", Category.code)).all()


def coded_categories(session: Session) -> Sequence[Line]:
    """The service catalogue, named by codes, as tables know it."""
    return session.execute(select(Category.code, Category.name).order_by(Category.code)).all()


def contracts(session: Session, provider_id: int | None = None) -> Sequence[Line]:
    """Each with its provider, the newest first; of one provider if it is named."""
    query = select(
        Contract.id, Contract.number, Contract.valid_from, Contract.valid_to, Provider.name.label("provider")
    )
    query = query.join(Provider, Provider.id == Contract.provider_id)
    if provider_id is not None:
        query = query.where(Contract.provider_id == provider_id)
    return session.execute(query.order_by(Contract.valid_from.desc(), Contract.id.desc())).all()
