"""What the roster and the roles keep about a person."""

from sqlalchemy import and_, func, or_, select

from app.models import (
    DutyShift,
    Employment,
    Event,
    EventNote,
    Person,
    Portrait,
    Post,
    RegisterRecord,
    RoleGrant,
    SavedFilter,
)
from app.pagination import Query
from app.services.organisation import employment
from app.services.privacy.data.subject import Subject, belongs_to


def person(subject: Subject) -> Query:
    columns = (Person.staff_number, Person.name, Person.telephone, Person.job_type, Person.reminders_since)
    return select(*columns).where(belongs_to(Person.id, subject))


def portrait(subject: Subject) -> Query:
    return select(Portrait.consented_at.label("at")).where(belongs_to(Portrait.person_id, subject))


def employments(subject: Subject) -> Query:
    return employment.employments(belongs_to(Employment.person_id, subject))


def duty(subject: Subject) -> Query:
    columns = (DutyShift.day, DutyShift.shift, Post.name.label("post"), DutyShift.checked_in_at)
    query = select(*columns).select_from(DutyShift).outerjoin(Post, Post.id == DutyShift.post_id)
    return query.where(belongs_to(DutyShift.person_id, subject)).order_by(DutyShift.day.desc())


def registers(subject: Subject) -> Query:
    record = RegisterRecord
    columns = (record.code.label("number"), record.title.label("text"))
    query = select(*columns, func.coalesce(record.done_on, record.due_on).label("day"))
    return query.where(belongs_to(record.person_id, subject)).order_by(record.created_at.desc())


def saved_filters(subject: Subject) -> Query:
    query = select(SavedFilter.name.label("text"), SavedFilter.at)
    return query.where(belongs_to(SavedFilter.person_id, subject)).order_by(SavedFilter.at.desc())


def reasons(subject: Subject) -> Query:
    """What stands beside events of theirs, or about them."""
    about_them = and_(Event.subject == "person", belongs_to(Event.subject_id, subject), Event.ticket_id.is_(None))
    query = select(Event.kind.label("history_event"), Event.at, EventNote.text)
    query = query.join(EventNote, EventNote.event_id == Event.id).where(EventNote.text != "")
    return query.where(or_(belongs_to(Event.actor_id, subject), about_them)).order_by(Event.id.desc())


def roles(subject: Subject) -> Query:
    return select(RoleGrant.role).where(belongs_to(RoleGrant.person_id, subject)).order_by(RoleGrant.role)
