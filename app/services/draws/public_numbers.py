"""The public numbers: typed by two different people and equal, or with a signature that proves them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import announce
from app.errors import Refused
from app.models import Draw, DrawNumber
from app.services.draws import announcement, drand, duplicate_people, events, published_files
from app.services.draws.published_files import Fields, when
from lottery import files as forms
from lottery.sources import BEACON as BEACON
from lottery.sources import SOURCES, next_issues

STANDS = "number_stands"  # the event


@dataclass(frozen=True)
class Agreed:
    """What stands for an announced source."""

    source: str
    announced: str
    issue: str
    value: str

    @property
    def replaces(self) -> str:
        """The announced issue, where another was drawn instead."""
        return "" if self.issue == self.announced else self.announced

    def fields(self) -> Fields:
        used = {"id": self.source, "issue": self.issue, "value": self.value}
        return {**used, "replaces": self.replaces} if self.replaces else used


def balls(source: str) -> tuple[tuple[int, int], ...]:
    """How many balls are drawn from how many, of each group of a source; none of what has no balls."""
    return SOURCES[source].groups if source in SOURCES else ()


def enter(
    session: Session,
    draw: Draw,
    *,
    draw_round: int,
    source: str,
    issue: str,
    value: str,
    by: int | None,
    at: datetime,
) -> Agreed | None:
    """One person's reading; what stands now, if it stands. Of a beacon the value is its signature.

    Nobody's is one that was fetched: only what proves itself.
    """
    if by is not None:
        announcement.check_official(session, draw, by, at=at)
    elif source != BEACON:
        raise Refused("not_the_committee")
    session.get_one(Draw, draw.id, with_for_update=True)  # two readings at once come one after the other
    promised = _promised(session, draw, draw_round, source)
    if stands(session, draw, draw_round, promised):
        raise Refused("number_stands", source=source)
    _check_time(promised, source, issue, at)
    value, evidence = _proven(source, issue, value)
    reading = DrawNumber(
        draw_id=draw.id,
        round=draw_round,
        source=source,
        issue=issue,
        value=value,
        evidence=evidence,
        by_id=by,
        at=at,
    )
    session.add(reading)
    session.flush()
    kind = "number_fetched" if by is None else "number_typed"
    events.record(session, draw, kind, by=by, at=at, round=draw_round, source=source, issue=issue)
    if not evidence and not _repeated(session, draw, reading):
        return None
    data = {"round": draw_round, "source": source, "issue": issue, "value": value}
    events.record(session, draw, STANDS, by=by, at=at, **data)
    announce(session, "draws")
    return stands(session, draw, draw_round, promised)


def agreed(session: Session, draw: Draw, draw_round: int) -> list[Agreed] | None:
    """All sources of a round as announced, once every one stands."""
    found = [stands(session, draw, draw_round, promised) for promised in sources(session, draw, draw_round)]
    return [one for one in found if one] if all(found) else None


def stands(session: Session, draw: Draw, draw_round: int, promised: Fields) -> Agreed | None:
    """What was found equal, or proven, when it was typed: what is learned later about people changes no number."""
    for data in events.data_of(session, draw, STANDS):
        if (data["round"], data["source"]) == (draw_round, promised["id"]):
            return Agreed(promised["id"], promised["issue"], data["issue"], data["value"])
    return None


def typed(session: Session, draw: Draw, draw_round: int) -> list[DrawNumber]:
    query = select(DrawNumber).where(DrawNumber.draw_id == draw.id, DrawNumber.round == draw_round)
    return list(session.scalars(query.order_by(DrawNumber.id)))


def awaited_beacon(session: Session, draw: Draw, *, at: datetime) -> tuple[int, str] | None:
    """The round of the draw, and that of the beacon, which is out by now and stands nowhere yet."""
    draw_round = 2 if published_files.find(session, draw, "result-1.json") else 1
    if published_files.find(session, draw, "commit-1.json") is None or published_files.find(
        session, draw, f"result-{draw_round}.json"
    ):
        return None
    for promised in sources(session, draw, draw_round):
        if promised["id"] == BEACON and at >= when(promised, "drawn_at"):
            return None if stands(session, draw, draw_round, promised) else (draw_round, promised["issue"])
    return None


def sources(session: Session, draw: Draw, draw_round: int) -> list[Fields]:
    found: list[Fields] = published_files.announced(session, draw)["sources" if draw_round == 1 else "redraw_sources"]
    return found


def _promised(session: Session, draw: Draw, draw_round: int, source: str) -> Fields:
    """The source as announced, if its round can be decided now."""
    needed = "commit-1.json" if draw_round == 1 else "result-1.json"
    if draw_round not in (1, 2) or published_files.find(session, draw, needed) is None:
        raise Refused("round_not_open", round=draw_round)
    for promised in sources(session, draw, draw_round):
        if promised["id"] == source:
            return promised
    raise Refused("not_a_source", source=source)


def _repeated(session: Session, draw: Draw, reading: DrawNumber) -> bool:
    """Whether the last reading of another human being says the same: two staff numbers of one are one."""
    last: dict[int, DrawNumber] = {}
    for one in typed(session, draw, reading.round):
        if one.source == reading.source and one.by_id is not None:
            last[duplicate_people.persons(session, None, one.by_id)[0]] = one
    same = [one for one in last.values() if (one.issue, one.value) == (reading.issue, reading.value)]
    return len(same) > 1


def _check_time(promised: Fields, source: str, issue: str, at: datetime) -> None:
    if not forms.ISSUE.fullmatch(issue):
        raise Refused("wrong_issue", issue=issue)
    if at < when(promised, "drawn_at"):
        raise Refused("not_drawn_yet", source=source, drawn_at=promised["drawn_at"])
    if issue != promised["issue"] and issue not in next_issues(source, promised["issue"]):
        raise Refused("beacon_never_replaced" if source == BEACON else "not_the_next_issue", issue=promised["issue"])


def _proven(source: str, issue: str, value: str) -> tuple[str, str]:
    """The value as it stands in the seed, and what proves it."""
    value = value.strip()
    if source == BEACON:
        found = drand.randomness(int(issue), value)
        if found is None:
            raise Refused("beacon_not_signed", issue=issue)
        return found, value
    if not SOURCES[source].fits(value):
        raise Refused("wrong_form", name=SOURCES[source].name, expected=SOURCES[source].expected, found=value)
    return value, ""
