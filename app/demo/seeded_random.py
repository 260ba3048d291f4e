"""Chance for the demo hospital: seeded, so that every fresh start tells the same story."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from random import Random  # noqa: TID251 an invented past, never a secret
from typing import TypeVar

T = TypeVar("T")


class Dice(Random):
    def happens(self, probability: float) -> bool:
        return self.random() < probability

    def one(self, weighted: Mapping[T, float]) -> T:
        return self.choices(list(weighted), list(weighted.values()))[0]

    def some(self, among: Sequence[T], most: int) -> list[T]:
        return self.sample(among, self.randint(1, min(most, len(among))))

    def minutes(self, least: float, usual: float, most: float) -> timedelta:
        return timedelta(seconds=int(60 * self.triangular(least, most, usual)))
