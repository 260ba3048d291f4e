"""Names of people who do not exist."""

from app.demo.hospital_file import telling
from app.demo.seeded_random import Dice


class Names:
    """Draws names, no name twice."""

    def __init__(self, dice: Dice, used: set[str]) -> None:
        self._dice = dice
        self._used = used

    def next(self) -> str:
        while True:
            name = self._dice.choice(telling().names.family) + self._dice.choice(telling().names.given)
            if name not in self._used:
                self._used.add(name)
                return name
