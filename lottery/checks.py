"""A check has a name, says what it expected and what it found, and whether it holds.

Whether it holds is decided on values, never on the two texts: those are for reading, and a file could bring them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    name: str
    expected: str
    found: str
    holds: bool


def same(name: str, expected: object, found: object) -> Check:
    return Check(name, str(expected), str(found), expected == found)


def true(name: str, found: bool) -> Check:
    return Check(name, "yes", "yes" if found else "no", found)


def lie(name: str, expected: str, found: str) -> Check:
    return Check(name, expected, found, holds=False)
