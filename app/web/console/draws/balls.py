"""The public numbers as balls to tap: what is tapped is written as the protocol writes it, so nobody types it wrong."""

from dataclasses import dataclass

from flask import request

from app.services.draws import public_numbers

MOST_TAPPED = 200  # balls a form may send, of all groups


@dataclass(frozen=True)
class Ball:
    number: str
    tapped: bool


@dataclass(frozen=True)
class Group:
    """One group of a source: how many of its balls are drawn."""

    field: str
    count: int
    balls: list[Ball]


def groups(source: str, value: str = "") -> list[Group]:
    """The balls of a source, with those of a value tapped; none where the source has no balls."""
    written = [part.split() for part in value.split("+")]
    found = []
    for at, (count, greatest) in enumerate(public_numbers.balls(source)):
        here = written[at] if at < len(written) else []
        balls = [Ball(number, number in here) for number in (f"{one:02}" for one in range(1, greatest + 1))]
        found.append(Group(_field(at), count, balls))
    return found


def tapped(source: str) -> str:
    """What was tapped in this form, as the protocol writes it."""
    return "+".join(" ".join(sorted(request.form.getlist(group.field)[:MOST_TAPPED])) for group in groups(source))


def _field(at: int) -> str:
    return f"balls-{at}"
