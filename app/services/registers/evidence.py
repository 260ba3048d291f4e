"""Evidence of a record: photos drawn anew."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Person, RegisterFile
from app.pagination import Line


def of_record(session: Session, record_id: int) -> Sequence[Line]:
    """What there is, without its content."""
    file = RegisterFile
    query = select(file.id, file.name, file.media_type, file.size, file.at, Person.name.label("by"))
    query = query.outerjoin(Person, Person.id == file.by_id).where(file.record_id == record_id)
    return session.execute(query.order_by(file.id)).all()
