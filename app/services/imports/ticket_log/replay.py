"""A ticket's life told from its nodes in order, as they were recorded, whatever the table of moves allows."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from app.models.ticket import OPEN_STATES, STATES

DONE = ("finished", "closed")


@dataclass(slots=True)
class Step:
    """A node as far as the life depends on it. Ids, not names; `state` None leaves the ticket where it was."""

    at: datetime
    order: int
    state: str | None
    lead: int | None = None
    team: int | None = None
    category: int | None = None
    department: int | None = None
    finished_at: datetime | None = None
    key: str | None = None
    cycle: int = 1

    @property
    def moment(self) -> tuple[datetime, int, int]:
        """What orders nodes: time, the log's own count, and where both are equal the usual course of things."""
        return self.at, self.order, STATES.index(self.state) if self.state else len(STATES)


@dataclass(slots=True)
class Finish:
    """The end of one cycle: what a rating of it would be about."""

    cycle: int
    at: datetime
    lead: int | None
    team: int | None
    category: int | None
    department: int | None


@dataclass
class Life:
    state: str = "reported"
    cycle: int = 1
    lead: int | None = None
    team: int | None = None
    closed_at: datetime | None = None
    updated_at: datetime | None = None
    finishes: dict[int, Finish] = field(default_factory=dict)

    @property
    def finished_at(self) -> datetime | None:
        finish = self.finishes.get(self.cycle)
        return finish.at if finish and self.state in DONE else None


def replay(steps: Iterable[Step]) -> Life:
    """Walk through the nodes in order; each step is told its cycle on the way."""
    life, begun = Life(), None
    for step in sorted(steps, key=lambda step: step.moment):
        if step.state in OPEN_STATES and life.state in DONE:
            life.cycle += 1
            life.closed_at, begun = None, step.at
        step.cycle = life.cycle
        life.state = step.state or life.state
        life.lead = step.lead or life.lead
        life.team = step.team or life.team
        life.updated_at = step.at
        if step.state in DONE:
            _finish(life, step, begun)
    return life


def _finish(life: Life, step: Step, begun: datetime | None) -> None:
    known = life.finishes.get(life.cycle)
    if known is None:
        known = Finish(life.cycle, step.at, life.lead, life.team, step.category, step.department)
        life.finishes[life.cycle] = known
    # The log's own time of finishing, where it can be this cycle's: an export fills it in backwards into every node.
    if step.finished_at and step.finished_at <= step.at and (begun is None or step.finished_at >= begun):
        known.at = step.finished_at
    if step.state == "closed" and life.closed_at is None:
        life.closed_at = step.at
