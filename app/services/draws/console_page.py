"""A draw as the console leads through it: step after step, what is done, by whom, what comes next and when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Draw, DrawCommittee, Event, Person
from app.pagination import Line
from app.services.draws import announcement, claims, objections, public_numbers, public_page, published_files
from app.services.draws import events as draw_events
from app.services.draws.commitment import GRACE
from app.services.draws.objections import Verdict
from app.services.draws.public_numbers import Agreed
from app.services.draws.public_page import Page
from app.services.draws.published_files import Fields, when

DONE, NOW, NEXT, SKIPPED = "done", "now", "next", "skipped"
LOGGED = 40  # events, the latest


@dataclass(frozen=True)
class Step:
    """`at` is when it was done, or when it is due; `machine`: nobody has to do anything."""

    code: str
    state: str
    at: datetime | None
    machine: bool = False
    sha256: str = ""

    @property
    def reached(self) -> bool:
        return self.state == DONE

    @property
    def current(self) -> bool:
        return self.state == NOW

    @property
    def ahead(self) -> bool:
        return self.state == NEXT

    @property
    def skipped(self) -> bool:
        return self.state == SKIPPED

    @property
    def round(self) -> int:
        """Whose numbers or result it is; 0 for the steps there are once."""
        return int(self.code[-1]) if self.code[-1].isdecimal() else 0

    @property
    def numbers(self) -> bool:
        return self.code.startswith("numbers")

    @property
    def result(self) -> bool:
        return self.code.startswith("result")


@dataclass(frozen=True)
class NumberEntry:
    """One source as one of those who type sees it: never what somebody else has typed before it stands."""

    promised: Fields
    stands: Agreed | None
    others: int  # other people who have typed something
    own: Fields | None
    unequal: bool
    open: bool


@dataclass(frozen=True)
class DrawConsole:
    page: Page
    steps: list[Step]
    committee: Sequence[Person]
    official: bool  # whether the viewer may act in this draw
    readings: dict[int, list[NumberEntry]]
    events: Sequence[Line]
    prizes: int
    claimed: int
    verdicts: dict[int, Verdict]  # of the objections that wait, for who may decide them

    @property
    def announced(self) -> Line | None:
        return next((one for one in self.events if one.kind == "announced"), None)

    @property
    def log(self) -> Sequence[Line]:
        return self.events[:LOGGED]


def load(session: Session, draw: Draw, *, by: int, zone: ZoneInfo, at: datetime) -> DrawConsole:
    page, official = public_page.page(session, draw, at=at), _official(session, draw, by, at)
    committee = select(Person).join(DrawCommittee, DrawCommittee.person_id == Person.id)
    events = (
        select(Event.kind, Event.at, Event.data, Person.name.label("actor"))
        .outerjoin(Person, Person.id == Event.actor_id)
        .where(draw_events.of_draw(draw))
        .order_by(Event.id.desc())
    )
    waiting = [one for one in page.objections if one.open]
    readings = {number: _readings(session, draw, number, by, at) for number in _rounds(page)}
    return DrawConsole(
        page=page,
        steps=list(_steps(session, draw, page, readings, at)),
        committee=session.scalars(committee.where(DrawCommittee.draw_id == draw.id).order_by(Person.id)).all(),
        official=official,
        readings=readings,
        events=session.execute(events).all(),
        prizes=sum(len(tier["winners"]) for result in page.results for tier in result["tiers"]),
        claimed=sum(
            claim.state == "claimed" for number in claims.ROUNDS for claim in claims.settled_of(session, draw, number)
        ),
        verdicts=objections.examine(session, draw, waiting, zone=zone) if official else {},
    )


def _official(session: Session, draw: Draw, person_id: int, at: datetime) -> bool:
    try:
        announcement.check_official(session, draw, person_id, at=at)
    except Refused:
        return False
    return True


def _rounds(page: Page) -> range:
    return range(1, 2 + page.announcement["redraw_rounds_max"])


def _readings(session: Session, draw: Draw, number: int, by: int, at: datetime) -> list[NumberEntry]:
    typed = public_numbers.typed(session, draw, number)
    opened = published_files.find(session, draw, "commit-1.json" if number == 1 else "result-1.json") is not None
    found = []
    for promised in public_numbers.sources(session, draw, number):
        here = [one for one in typed if one.source == promised["id"]]
        own = [one for one in here if one.by_id == by]
        stands = public_numbers.stands(session, draw, number, promised)
        found.append(
            NumberEntry(
                promised=promised,
                stands=stands,
                others=len({one.by_id for one in here} - {by}),
                own={"issue": own[-1].issue, "value": own[-1].value} if own else None,
                unequal=stands is None and len({one.by_id for one in here}) > 1,
                open=opened and stands is None and at >= when(promised, "drawn_at"),
            )
        )
    return found


def _steps(
    session: Session, draw: Draw, page: Page, readings: dict[int, list[NumberEntry]], at: datetime
) -> Iterator[Step]:
    announced, hashes = page.announcement, {file.name: (file.at, file.sha256) for file in page.files}
    yield Step("announce", DONE, draw.announced_at, sha256=draw.announcement_sha256)
    collecting = NEXT if at < draw.opens else NOW if at < draw.closes else DONE
    yield Step("collect", collecting, draw.closes, machine=True)
    yield _written("commit", hashes, _version(page), draw.closes + GRACE, at)
    yield _objections(page, objections.closes(announced), at)
    yield from _decided(readings, hashes, 1, at)
    yield _claims(page, when(announced, "claim_until"), at)
    if _second_round_over(session, draw, page, at):
        yield Step("numbers_2", SKIPPED, None)
        yield Step("result_2", SKIPPED, None)
    else:
        yield from _decided(readings, hashes, 2, at)
    final = page.results and (page.state == "redrawn" or _second_round_over(session, draw, page, at))
    yield Step("archive", NOW if final else NEXT, None)


def _version(page: Page) -> str:
    return f"commit-{page.commit['version']}.json" if page.commit else ""


def _written(code: str, hashes: dict[str, tuple[datetime, str]], name: str, due: datetime, at: datetime) -> Step:
    """What the machine writes by itself."""
    if name in hashes:
        return Step(code, DONE, hashes[name][0], machine=True, sha256=hashes[name][1])
    return Step(code, NOW if at >= due else NEXT, due, machine=True)


def _objections(page: Page, until: datetime, at: datetime) -> Step:
    return Step("object", NEXT if page.commit is None else DONE if at > until else NOW, until)


def _decided(
    readings: dict[int, list[NumberEntry]], hashes: dict[str, tuple[datetime, str]], number: int, at: datetime
) -> Iterator[Step]:
    here = readings[number]
    due = max(when(one.promised, "drawn_at") for one in here)
    stand = all(one.stands for one in here)
    opened = any(one.open for one in here)
    yield Step(f"numbers_{number}", DONE if stand else NOW if opened else NEXT, due)
    step = _written(f"result_{number}", hashes, f"result-{number}.json", due, at)
    yield step if step.state == DONE or stand else Step(step.code, NEXT, due, machine=True)


def _claims(page: Page, until: datetime, at: datetime) -> Step:
    return Step("claims", NEXT if not page.results else NOW if at <= until else DONE, until)


def _second_round_over(session: Session, draw: Draw, page: Page, at: datetime) -> bool:
    """Whether there is none: not announced, or nothing left to draw."""
    if not page.announcement["redraw_rounds_max"]:
        return True
    settled = claims.settled_of(session, draw, 1)
    prizes = sum(tier["count"] for tier in page.announcement["tiers"])
    everything = bool(page.results) and sum(one.state == "claimed" for one in settled) == prizes
    return everything and at > when(page.announcement, "claim_until")
