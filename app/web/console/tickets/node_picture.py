"""The nodes of a ticket as a picture: how long each lasted, drawn to where it can still be read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.services.tickets.nodes import Node

LEAST, MOST = 118, 64  # what fits a moment and a name; the longest stay gets so much more: five nodes fit a desk
MARGIN = 12
HEIGHT = 128


@dataclass(frozen=True)
class Drawn:
    node: Node
    x: int
    width: int

    @property
    def middle(self) -> int:
        return self.x + self.width // 2


@dataclass(frozen=True)
class Picture:
    nodes: Sequence[Drawn]
    width: int
    height: int = HEIGHT


def draw(nodes: Sequence[Node]) -> Picture:
    """Longer stays are wider, none too narrow for its words: the widths tell which is longer, not how much."""
    longest = max((node.lasted or timedelta() for node in nodes), default=timedelta()) or timedelta(seconds=1)
    drawn, x = [], MARGIN
    for node in nodes:
        width = LEAST + int(MOST * ((node.lasted or timedelta()) / longest))
        drawn.append(Drawn(node, x, width))
        x += width
    return Picture(drawn, x + MARGIN)
