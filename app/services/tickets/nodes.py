"""A ticket's nodes, cycle by cycle: when each began, how long it lasted, who did it, by which channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from app.services.tickets.detail import Step

NODES = ("paused", "resumed")
OVER = ("finished", "closed", "cancelled")


@dataclass(frozen=True)
class Node:
    step: Step
    lasted: timedelta | None
    """Until the next one, or until now; none for what ends the work."""

    @property
    def late(self) -> bool:
        """Written down later than it was done, by more than a minute."""
        return self.step.recorded_at - self.step.at > timedelta(minutes=1)

    @property
    def table(self) -> str:
        """Where its word stands."""
        return "event" if self.step.kind in NODES else "state"

    @property
    def code(self) -> str:
        """The state it is in from now on; of a pause, its own name."""
        return self.step.state or self.step.kind


def cycles(steps: Sequence[Step], *, at: datetime) -> list[list[Node]]:
    """The latest first."""
    moves = [step for step in steps if step.state is not None or step.kind in NODES]
    moves.sort(key=lambda step: (step.cycle, step.at))
    return [_nodes(list(own), at) for _cycle, own in groupby(moves, lambda step: step.cycle)][::-1]


def _nodes(steps: Sequence[Step], at: datetime) -> list[Node]:
    ends = [step.at for step in steps[1:]]
    last = None if (steps[-1].state or "") in OVER else at
    return [
        Node(step, end - step.at if end is not None else None) for step, end in zip(steps, [*ends, last], strict=True)
    ]
