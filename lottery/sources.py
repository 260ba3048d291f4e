"""The public numbers a draw may hang on: how each is written, and how many bits nobody can know before."""

import re
from dataclasses import dataclass
from math import comb, log2

ENOUGH_BITS = 60.0
BEACON = "drand-quicknet"


@dataclass(frozen=True)
class Form:
    """How the numbers of a source are written.

    `groups` holds (how many, the greatest) of each group of balls; a source without balls is a beacon.
    """

    name: str
    expected: str
    groups: tuple[tuple[int, int], ...] = ()

    @property
    def bits(self) -> float:
        return sum(log2(comb(greatest, count)) for count, greatest in self.groups) if self.groups else 256.0

    def fits(self, text: str) -> bool:
        if not self.groups:
            return re.fullmatch("[0-9a-f]{64}", text) is not None
        parts = text.split("+")
        return len(parts) == len(self.groups) and all(
            _balls(part, count, greatest) for part, (count, greatest) in zip(parts, self.groups, strict=True)
        )


def _balls(text: str, count: int, greatest: int) -> bool:
    """`count` different two-digit numbers from 01, ascending, one blank between."""
    if not re.fullmatch(r"[0-9]{2}( [0-9]{2})*", text):
        return False
    numbers = [int(number) for number in text.split(" ")]
    within = numbers[0] >= 1 and numbers[-1] <= greatest
    return len(numbers) == count and numbers == sorted(set(numbers)) and within


SOURCES = {
    "cn-kl8": Form("快乐8", "twenty two-digit numbers from 01 to 80, ascending, single blanks", ((20, 80),)),
    "cn-dlt": Form(
        "超级大乐透",
        "five of 01 to 35 and two of 01 to 12, each ascending, joined by +: 03 08 19 26 33+02 11",
        ((5, 35), (2, 12)),
    ),
    "cn-ssq": Form(
        "双色球",
        "six of 01 to 33 ascending and one of 01 to 16, joined by +: 03 08 19 26 31 33+11",
        ((6, 33), (1, 16)),
    ),
    BEACON: Form("drand quicknet", "the randomness of the round, 64 lower-case hexadecimal digits"),
}
# drand quicknet: round 1 and the seconds between two rounds, so that a round's number tells when it is drawn.
QUICKNET_BEGAN, QUICKNET_SECONDS = 1692803367, 3


def next_issues(name: str, issue: str) -> tuple[str, ...]:
    """What may stand in for an issue that was not drawn: the one after it, also as the first of the next year."""
    if name == BEACON:
        return ()  # each round comes; a later one would be a choice
    number = int(issue)
    return str(number + 1), str((number // 1000 + 1) * 1000 + 1)


def bits(ids: list[str]) -> float:
    """What the sources carry together; a source named twice counts once."""
    return sum(SOURCES[name].bits for name in set(ids))


def quicknet_time(issue: int) -> int:
    """When a round is drawn, in seconds since 1970."""
    return QUICKNET_BEGAN + (issue - 1) * QUICKNET_SECONDS
