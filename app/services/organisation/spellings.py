"""Numbers kept in a spelling by which nobody finds them, because another row has the plain one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.models import Person, Ticket
from app.services import spelling

CHUNK = 10_000


@dataclass(frozen=True)
class Misspelt:
    """A person or a ticket, and the number it would have."""

    what: Literal["person", "ticket"]
    id: int
    number: str
    plain: str


def misspelt(session: Session, progress: Callable[[int], object] = lambda _count: None) -> Iterator[Misspelt]:
    """`progress` hears how many rows were looked at."""
    columns: dict[Literal["person", "ticket"], tuple[Any, InstrumentedAttribute[str]]] = {
        "person": (Person.id, Person.staff_number),
        "ticket": (Ticket.id, Ticket.number),
    }
    for what, (key, column) in columns.items():
        rows = session.execute(select(key, column).order_by(key).execution_options(yield_per=CHUNK))
        for some in rows.partitions():
            progress(len(some))
            for id_, number in some:
                if (plain := spelling.number(number)) != number:
                    yield Misspelt(what, id_, number, plain)
