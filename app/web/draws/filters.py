"""A draw as its pages tell it: its six steps and when each is due, hashes people can compare, prizes in yuan."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint

from app.services.draws.public_page import Page
from app.services.draws.published_files import Fields, when

SHORT = 16  # hexadecimal digits of an entry, enough to find oneself


@dataclass(frozen=True)
class Step:
    code: str
    at: datetime
    done: bool


def install(blueprint: Blueprint) -> None:
    filters: dict[str, Callable[..., object]] = {"told": moment_of, "fours": fours, "short": short}
    for name, filter_ in (filters | {"yuan": yuan, "left": left}).items():
        blueprint.add_app_template_filter(filter_, name)


def steps(page: Page, at: datetime) -> list[Step]:
    told, commit, drawn = page.announcement, page.commit, bool(page.results)
    until = when(told, "objections_until")
    return [
        Step("announced", page.announced_at, True),
        Step("rated", when(told, "closes"), at >= when(told, "closes")),
        Step("committed", when(commit, "committed_at") if commit else when(told, "commit_by"), commit is not None),
        Step("objected", until, commit is not None and at > until),
        Step("drawn", when(page.results[0], "decided_at") if drawn else _last(told["sources"]), drawn),
        Step("claimed", when(told, "claim_until"), drawn and at > when(told, "claim_until")),
    ]


def next_step(page: Page, at: datetime) -> Step | None:
    """What the countdown runs to; nothing while something is awaited whose time has come."""
    if at < when(page.announcement, "opens"):
        return Step("opened", when(page.announcement, "opens"), False)
    waiting = next((step for step in (*steps(page, at), *_redraw(page)) if not step.done), None)
    return waiting if waiting and waiting.at > at else None


def people_for_a_prize(page: Page) -> int | None:
    """About one prize for so many people; nothing before the list is locked."""
    prizes = sum(tier["count"] for tier in page.announcement["tiers"])
    return max(1, round(page.commit["entries"] / prizes)) if page.commit else None


def people_in(result: Fields, commit: Fields) -> tuple[int, int | None]:
    """How many took part in a round, and about one prize of it for how many; nothing where none was won."""
    people, won = commit["entries"] - len(result["excluded"]), sum(len(tier["winners"]) for tier in result["tiers"])
    return people, max(1, round(people / won)) if won else None


def _redraw(page: Page) -> Iterator[Step]:
    claimed = sum(claim["state"] == "claimed" for claim in page.claims)
    left_over = claimed < sum(tier["count"] for tier in page.announcement["tiers"])
    if page.announcement["redraw_rounds_max"] and len(page.results) == 1 and left_over:
        yield Step("redrawn", _last(page.announcement["redraw_sources"]), False)


def _last(sources: list[Fields]) -> datetime:
    return max(when(source, "drawn_at") for source in sources)


def moment_of(text: str) -> datetime:
    """A time as the published files write it."""
    return when({"at": text}, "at")


def fours(digits: str) -> str:
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def short(entry: str) -> str:
    return fours(entry[:SHORT])


def yuan(fen: int) -> str:
    return str(fen // 100) if fen % 100 == 0 else f"{fen / 100:.2f}"


def left(to: datetime, now: datetime) -> tuple[int, int, int]:
    """Days, hours and minutes."""
    rest = max(to - now, timedelta())
    return rest.days, rest.seconds // 3600, rest.seconds % 3600 // 60
