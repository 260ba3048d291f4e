"""A draw as its pages tell it: its six steps and when each is due, hashes people can compare, prizes in yuan."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flask import Blueprint

from app.http.context import runtime
from app.http.i18n import gettext, language
from app.services.draws import claims
from app.services.draws.public_page import Page
from app.services.draws.published_files import Fields, when
from app.texts import code_words
from app.texts.catalogue import mark

QUARTERS = (mark("第一季度"), mark("第二季度"), mark("第三季度"), mark("第四季度"))
SHORT = 16  # hexadecimal digits of an entry, enough to find oneself


@dataclass(frozen=True)
class Step:
    code: str
    at: datetime
    reached: bool
    ahead: bool


def install(blueprint: Blueprint) -> None:
    filters: tuple[Callable[..., object], ...] = (fours, short, beginning, yuan, left, in_words, balls)
    for filter_ in filters:
        blueprint.add_app_template_filter(filter_)
    blueprint.add_app_template_filter(moment_of, "instant")
    blueprint.add_app_template_test(second_round)
    blueprint.add_app_template_global(draw_name)
    blueprint.add_app_template_global(draw_days)


def steps(page: Page, at: datetime) -> list[Step]:
    announced, commit, drawn = page.announcement, page.commit, bool(page.results)
    until = when(announced, "objections_until")
    known = (
        ("announced", page.announced_at, True),
        ("rated", when(announced, "closes"), at >= when(announced, "closes")),
        ("committed", when(commit, "committed_at") if commit else when(announced, "commit_by"), commit is not None),
        ("objected", until, commit is not None and at > until),
        ("drawn", when(page.results[0], "decided_at") if drawn else _last(announced["sources"]), drawn),
        ("claimed", when(announced, "claim_until"), drawn and at > when(announced, "claim_until")),
    )
    return [Step(code, due, done, ahead=due > at) for code, due, done in known]


def next_step(page: Page, at: datetime) -> Step | None:
    """What the countdown runs to; nothing while something is awaited whose time has come."""
    if at < when(page.announcement, "opens"):
        return Step("opened", when(page.announcement, "opens"), reached=False, ahead=True)
    waiting = next((step for step in (*steps(page, at), *_redraw(page, at)) if not step.reached), None)
    return waiting if waiting and waiting.ahead else None


def people_for_a_prize(page: Page) -> int | None:
    """About one prize for so many people; nothing before the list is locked."""
    prizes = sum(tier["count"] for tier in page.announcement["tiers"])
    return max(1, round(page.commit["entries"] / prizes)) if page.commit else None


def people_in(result: Fields, commit: Fields) -> tuple[int, int | None]:
    """How many took part in a round, and about one prize of it for how many; nothing where none was won."""
    people, won = commit["entries"] - len(result["excluded"]), sum(len(tier["winners"]) for tier in result["tiers"])
    return people, max(1, round(people / won)) if won else None


def _redraw(page: Page, at: datetime) -> Iterator[Step]:
    claimed = sum(claim["state"] == "claimed" for claim in page.claims)
    left_over = claimed < sum(tier["count"] for tier in page.announcement["tiers"])
    if page.announcement["redraw_rounds_max"] and len(page.results) == 1 and left_over:
        due = _last(page.announcement["redraw_sources"])
        yield Step("redrawn", due, reached=False, ahead=due > at)


def _last(sources: list[Fields]) -> datetime:
    return max(when(source, "drawn_at") for source in sources)


def moment_of(text: str) -> datetime:
    """A time as the published files write it."""
    return when({"at": text}, "at")


@dataclass(frozen=True)
class Ball:
    number: str
    second: bool  # of the second group: 超级大乐透 and 双色球 have two


def balls(source: Fields) -> list[Ball]:
    """The numbers of a public draw one by one; none where the source is no lottery (drand)."""
    groups = [group.split() for group in source["value"].split("+")]
    lottery = all(len(number) == 2 for group in groups for number in group)
    return [Ball(number, at > 0) for at, group in enumerate(groups) for number in group] if lottery else []


def draw_name(opens: datetime | str, closes: datetime | str) -> str:
    """What people call a draw: by the quarter its period lies in, else by its days."""
    first, last = _days(opens, closes)
    if _in_one_quarter(first, last):
        return gettext("%(year)s 年%(quarter)s评价抽奖", year=first.year, quarter=gettext(QUARTERS[_quarter(first)]))
    return gettext("%(first)s 至 %(last)s 评价抽奖", first=first, last=last)


def draw_days(opens: datetime | str, closes: datetime | str) -> str:
    """The days of its period, where its name does not say them already."""
    first, last = _days(opens, closes)
    return gettext("%(first)s 至 %(last)s", first=first, last=last) if _in_one_quarter(first, last) else ""


def _days(opens: datetime | str, closes: datetime | str) -> tuple[date, date]:
    """First and last; a period that ends at midnight ends with the day before."""
    first, last = (moment_of(at) if isinstance(at, str) else at for at in (opens, closes))
    zone = runtime().settings.timezone
    return first.astimezone(zone).date(), (last.astimezone(zone) - timedelta(microseconds=1)).date()


def _quarter(day: date) -> int:
    return (day.month - 1) // 3


def _in_one_quarter(first: date, last: date) -> bool:
    return (first.year, _quarter(first)) == (last.year, _quarter(last))


def in_words(entry: str) -> str:
    """An entry as it is read aloud."""
    return " · ".join(code_words.of_entry(entry, language()))


def fours(digits: str) -> str:
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def short(entry: str) -> str:
    return fours(entry[:SHORT])


def beginning(digits: str, length: int = SHORT) -> str:
    return f"{digits[:length]}…"


def second_round(number: int) -> bool:
    return number == claims.ROUNDS[-1]


def yuan(fen: int) -> str:
    return str(fen // 100) if fen % 100 == 0 else f"{fen / 100:.2f}"


def left(to: datetime, now: datetime) -> tuple[int, int, int]:
    """Days, hours and minutes."""
    rest = max(to - now, timedelta())
    return rest.days, rest.seconds // 3600, rest.seconds % 3600 // 60
