"""`flask draw`: the steps of a provable draw, by who takes them. Importing them adds their commands to the group."""

from app.cli.draw import audit, committee, operator, rehearsal
from app.cli.draw.group import draw

__all__ = ["audit", "committee", "draw", "operator", "rehearsal"]
