"""A check has a name, says what it expected and what it found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    name: str
    expected: str
    found: str

    @property
    def holds(self) -> bool:
        return self.expected == self.found


def same(name: str, expected: object, found: object) -> Check:
    return Check(name, str(expected), str(found))


def true(name: str, found: bool) -> Check:
    return Check(name, "yes", "yes" if found else "no")
