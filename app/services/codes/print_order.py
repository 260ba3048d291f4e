"""What a desk orders on paper: slips of a shift or a department, plates of wards, labels of assets and rooms."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import Missing, Refused
from app.models import Department
from app.services.codes import slips
from app.services.codes.slips import Paper, SlipFilter
from app.services.organisation import assets
from app.services.organisation.assets import Kind, ThingFilter
from qr.card import Card

What = Literal["slips", "wards", "assets", "places"]
KINDS: dict[What, Kind] = {"assets": "asset", "places": "place"}
MOST = 500  # cards in one request: more would keep the desk waiting, and its browser with it


@dataclass(frozen=True)
class Order:
    """`things` also says which department's plate; each card is printed `copies` times."""

    what: What
    tickets: SlipFilter = field(default_factory=SlipFilter)
    labels: ThingFilter = field(default_factory=ThingFilter)
    copies: int = 1

    @property
    def named(self) -> tuple[str, ...]:
        """Those that were picked one by one."""
        return (*self.labels.tags, *self.tickets.numbers)

    @property
    def wards(self) -> tuple[str, ...]:
        return (self.labels.department,) if self.labels.department else ()


def count(session: Session, order: Order) -> int:
    """How many cards would be printed."""
    if order.what == "slips":
        found = slips.count(session, order.tickets)
    elif order.what == "wards":
        every = select(func.count(Department.id))
        found = session.scalar(every.where(Department.code.in_(order.wards)) if order.wards else every) or 0
    else:
        found = assets.count(session, KINDS[order.what], order.labels, retired=False)
    return found * order.copies


def cards(session: Session, order: Order, paper: Paper) -> list[Card]:
    """Raises Refused where there is nothing, or more than one request prints."""
    found = count(session, order)
    if not found:
        raise Missing("nothing_to_print")
    if found > MOST:
        raise Refused("too_much_to_print", count=found, most=MOST)
    return list(chain.from_iterable(repeat(card, order.copies) for card in _cards(session, order, paper)))


def _cards(session: Session, order: Order, paper: Paper) -> Iterable[Card]:
    if order.what == "slips":
        return slips.of_tickets(session, order.tickets, paper)
    if order.what == "wards":
        return slips.of_wards(session, order.wards, paper)
    return map(paper.label, assets.find(session, KINDS[order.what], order.labels, retired=False))
