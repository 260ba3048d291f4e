"""Names of people who do not exist."""

from app.services.demo.dice import Dice
from app.services.demo.telling import telling


class Names:
    """Draws names, no name twice."""

    def __init__(self, dice: Dice, taken: set[str]) -> None:
        self._dice = dice
        self._taken = taken

    def next(self) -> str:
        while True:
            name = self._dice.choice(telling().family_names) + self._dice.choice(telling().given_names)
            if name not in self._taken:
                self._taken.add(name)
                return name
