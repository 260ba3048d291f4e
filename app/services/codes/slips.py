"""What is printed on paper: a ticket's slip, a ward's plate, a label. Never a name, never a fault's description."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo

from sqlalchemy import ColumnExpressionArgument, func, select
from sqlalchemy.orm import Session

from app.models import Category, Department, Ticket
from app.services.links import Links
from app.services.organisation.assets import LabelTarget
from qr.card import Card
from qr.logo import Logo
from qr.mini_code import Mini

# Paper speaks to the hospital's people: Chinese, whatever language the terminal has.
RATE_THIS = "请用微信扫码评价本次服务"
RATE_HERE = "请用微信扫码评价本科室的IT服务"
REPORT_HERE = "请用微信扫码报修"
UNSEEN = "服务商看不到您的评价"
NUMBER, HOTLINE, SERVICE = "工单 {}", "监督热线 {}", "IT服务"
BATCH = 1000


@dataclass(frozen=True)
class SlipFilter:
    """`since` is included, `until` is not; empty means every ticket that somebody can rate.

    What was finished before `rateable_since` is too late for that, and left out unless it was named by its number.
    """

    numbers: tuple[str, ...] = ()
    department: str = ""
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None
    rateable_since: datetime | None = None


@dataclass(frozen=True)
class Paper:
    """What every card of this hospital has in common."""

    links: Links
    hotline: str
    zone: tzinfo
    logo: Logo | None = None
    minis: Mapping[int, Mini] = field(default_factory=dict)  # by ticket; a ticket missing here is printed with its link

    @property
    def _hotline(self) -> str:
        return HOTLINE.format(self.hotline) if self.hotline else ""

    def slip(self, ticket_id: int, number: str, at: datetime, category: str | None, department: str | None) -> Card:
        day = f"{at.astimezone(self.zone):%Y-%m-%d} · {category or SERVICE}"
        lines = (NUMBER.format(number), day, department or "", self._hotline)
        return Card(self.links.ticket_url(ticket_id), RATE_THIS, lines, UNSEEN, self.logo, self.minis.get(ticket_id))

    def ward(self, department: Department) -> Card:
        where = " ".join(part for part in (department.building, department.floor, department.room) if part)
        return Card(
            self.links.ward_url(department.id), RATE_HERE, (department.name, where, self._hotline), UNSEEN, self.logo
        )

    def label(self, target: LabelTarget) -> Card:
        """What people read when the code cannot be: the tag is the title of an asset's, the name that of a room's."""
        title, below = (target.tag, target.name) if target.kind == "asset" else (target.name, target.tag)
        lines = (below, target.spot, target.where, self._hotline)
        code = self.links.ward_url(target.id) if target.kind == "ward" else self.links.label_url(target.kind, target.id)
        return Card(code, title, lines, REPORT_HERE, self.logo)


def count(session: Session, filters: SlipFilter) -> int:
    return session.scalar(select(func.count(Ticket.id)).where(*_conditions(filters))) or 0


def ids(session: Session, filters: SlipFilter, *, most: int | None = None) -> Sequence[int]:
    return session.scalars(select(Ticket.id).where(*_conditions(filters)).limit(most)).all()


def too_late(session: Session, filters: SlipFilter) -> int:
    """How many were left out because their days for rating are over."""
    if filters.numbers or filters.rateable_since is None:
        return 0
    return count(session, replace(filters, rateable_since=None)) - count(session, filters)


def missing(session: Session, filters: SlipFilter) -> list[str]:
    """Which of the numbers that were named get no slip."""
    if not filters.numbers:
        return []
    return sorted(set(filters.numbers) - set(session.scalars(select(Ticket.number).where(*_conditions(filters)))))


def of_tickets(session: Session, filters: SlipFilter, paper: Paper) -> Iterator[Card]:
    """One slip for each ticket, ward by ward as they are carried round, the oldest first."""
    query = (
        select(
            Ticket.id,
            Ticket.number,
            func.coalesce(Ticket.finished_at, Ticket.reported_at, type_=Ticket.reported_at.type),
            Category.name,
            Department.name,
        )
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Department, Department.id == Ticket.department_id)
        .where(*_conditions(filters))
        .order_by(Department.code, Ticket.reported_at, Ticket.id)
        .execution_options(yield_per=BATCH)
    )
    for row in session.execute(query):
        yield paper.slip(*row)


def of_wards(session: Session, codes: tuple[str, ...], paper: Paper) -> list[Card]:
    """The permanent codes of these departments, of all without a code, in the order of their codes."""
    query = select(Department).order_by(Department.code)
    if codes:
        query = query.where(Department.code.in_(codes))
    return [paper.ward(department) for department in session.scalars(query)]


def _conditions(filters: SlipFilter) -> Iterator[ColumnExpressionArgument[bool]]:
    yield Ticket.state != "cancelled"
    yield Ticket.rateable
    if filters.numbers:
        yield Ticket.number.in_(filters.numbers)
    elif filters.rateable_since:
        yield ~Ticket.finished_before(filters.rateable_since)
    if filters.department:
        yield Ticket.department_id.in_(select(Department.id).where(Department.code == filters.department))
    if filters.state:
        yield Ticket.state == filters.state
    if filters.since:
        yield Ticket.reported_at >= filters.since
    if filters.until:
        yield Ticket.reported_at < filters.until
