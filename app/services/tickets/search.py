"""Finding tickets: by state, department, category, engineer, day, number, staff number or name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, func, literal_column, or_, select
from sqlalchemy.orm import Session, aliased

from app.models import Category, Department, Person, Team, Ticket
from app.models.ticket import OPEN_STATES, PRIORITIES
from app.pagination import Cursor, Page, Section, in_sections
from app.services import spelling
from app.services.organisation import people_search

OPEN = "open"  # every state in which somebody still waits
NAMESAKES = 50
COUNTED = 1_000
# By the time they were reported; what is open also by its due moment (what has none comes last) or its priority.
# `True`: turned round. What is done is not sorted so: it is all there ever was, and nobody asks by when it is due.
NEWEST = ""
ORDERS = {
    NEWEST: ("reported", True),
    "oldest": ("reported", False),
    "due": ("due", False),
    "due_last": ("due", True),
    "priority": ("priority", False),
    "priority_last": ("priority", True),
}
_SECTIONS = {
    "reported": [Section(Ticket.reported_at)],
    "due": [
        Section(Ticket.due_at, Ticket.due_at.is_not(None)),
        Section(Ticket.reported_at, Ticket.due_at.is_(None), before=Ticket.due_at),
    ],
    "priority": [Section(Ticket.reported_at, Ticket.priority == priority) for priority in PRIORITIES],
}
_STILL_OPEN: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in OPEN_STATES]
_lead, _served, _requester = aliased(Person), aliased(Person), aliased(Person)


@dataclass(frozen=True)
class TicketFilter:
    """`since` is included, `until` is not; `state` may be one state or OPEN.

    `staff_numbers`: whether the text may be one. The provider would try them out until a name it knows is found.
    """

    state: str = ""
    department_id: int | None = None
    category_id: int | None = None
    engineer_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    staff_numbers: bool = True
    order: str = NEWEST

    @property
    def open(self) -> bool:
        return self.state in (OPEN, *OPEN_STATES)

    @property
    def sorted_by(self) -> str:
        """The order it is found in: one of open tickets alone is not kept for others."""
        return self.order if self.open or ORDERS[self.order][0] == "reported" else NEWEST


def too_many_named(session: Session, filters: TicketFilter) -> bool:
    """Whether more people are meant by this text than a search looks for."""
    return bool(filters.text) and len(session.scalars(_meant(filters).limit(NAMESAKES + 1)).all()) > NAMESAKES


def find(session: Session, filters: TicketFilter, *, after: Cursor | None = None) -> Page:
    """Tickets in the order that was asked for."""
    query = (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.reported_at,
            Ticket.due_at,
            Ticket.updated_at,
            Ticket.state,
            Ticket.cycle,
            Ticket.priority,
            Ticket.description,
            Department.name.label("department"),
            Category.name.label("category"),
            _lead.name.label("lead"),
            Team.name.label("team"),
            _served.name.label("served"),
            _requester.name.label("requester"),
        )
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(_lead, _lead.id == Ticket.lead_id)
        .outerjoin(Team, Team.id == Ticket.team_id)
        .outerjoin(_served, _served.id == Ticket.served_person_id)
        .outerjoin(_requester, _requester.id == Ticket.requester_id)
        .where(*_conditions(session, filters))
    )
    column, backwards = ORDERS[filters.sorted_by]
    if column != "reported":  # in the words of the index
        query = query.where(Ticket.state.in_(_STILL_OPEN))
    return in_sections(session, query, _SECTIONS[column], Ticket.id, after=after, backwards=backwards)


def total(session: Session, filters: TicketFilter) -> int:
    """How many there are; beyond COUNTED nobody counts them."""
    some = select(Ticket.id).where(*_conditions(session, filters)).limit(COUNTED + 1)
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def _conditions(session: Session, filters: TicketFilter) -> Iterator[ColumnElement[bool]]:
    if filters.state:
        yield Ticket.state.in_(OPEN_STATES) if filters.state == OPEN else Ticket.state == filters.state
    for column, value in (
        (Ticket.department_id, filters.department_id),
        (Ticket.category_id, filters.category_id),
        (Ticket.lead_id, filters.engineer_id),
    ):
        if value is not None:
            yield column == value
    if filters.since:
        yield Ticket.reported_at >= filters.since
    if filters.until:
        yield Ticket.reported_at < filters.until
    if filters.text:
        yield _about(session, filters)


def _about(session: Session, filters: TicketFilter) -> ColumnElement[bool]:
    # The people first, so that the tickets are found by their indexes and not by reading them all.
    people = session.scalars(_meant(filters).limit(NAMESAKES)).all()
    plain = spelling.number(filters.text)
    return or_(
        Ticket.number.in_({filters.text, plain, plain.upper()}),
        Ticket.served_person_id.in_(people),
        Ticket.requester_id.in_(people),
    )


def _meant(filters: TicketFilter) -> Select[int]:
    number = Person.staff_number == (spelling.number(filters.text) if filters.staff_numbers else "")
    known = or_(number, people_search.begins(filters.text))
    exactly = or_(number, Person.name == filters.text)
    return select(Person.id).where(known).order_by(case((exactly, 0), else_=1), Person.staff_number)
