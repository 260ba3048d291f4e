"""What the pages of a draw show: to everybody what is published, to each person what is their own."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Draw, DrawCheckpoint, DrawClaim, DrawFile, DrawObjection, DrawWinner, Person
from app.services.draws import checkpoints, claims, commitment, duplicate_people, keys, ranking, receipts
from app.services.draws import public_numbers as numbers
from app.services.draws import published_files as files
from app.services.draws.published_files import Fields, File, when
from lottery import files as forms
from lottery import rule

PLACED_UP_TO = 50_000  # people; in a longer list no exact place is counted while somebody waits for the page


@dataclass(frozen=True)
class Line:
    """A draw in the list of draws."""

    draw_id: str
    state: str
    announcement: Fields


@dataclass(frozen=True)
class Page:
    """Everything that is public about one draw."""

    draw_id: str
    state: str
    announced_at: datetime
    announcement: Fields
    commit: Fields | None  # the version that counts
    results: list[Fields]
    claims: list[Fields]
    settled: dict[tuple[int, str], str]  # (round, entry) -> what became of the prize; round 2 stands in no file
    names: dict[tuple[int, str], str]  # (round, entry) -> masked name, with consent
    numbers: list[numbers.Agreed]
    objections: list[DrawObjection]
    checkpoints: list[DrawCheckpoint]
    files: list[File]

    @property
    def tiers(self) -> dict[int, Fields]:
        return {tier["tier"]: tier for tier in self.announcement["tiers"]}

    @property
    def decided_objections(self) -> list[DrawObjection]:
        return [one for one in self.objections if not one.open]

    @property
    def objection_counts(self) -> dict[str, int]:
        found = Counter(one.state for one in self.objections)
        return {"count": found.total(), **{state: found[state] for state in ("open", "upheld", "refused")}}


@dataclass(frozen=True)
class Chances:
    """My chances: what I have, and beside how many."""

    tickets: int
    cap: int
    entries: int
    all_tickets: int
    prizes: int
    at: datetime | None  # the day's count; nothing before the first

    @property
    def people_for_a_prize(self) -> int:
        """About one prize for so many people."""
        return max(1, round(self.entries / self.prizes))


@dataclass(frozen=True)
class Place:
    """Where somebody came in, from 1; `cutoff` is the last score that won."""

    place: int | None
    entries: int
    score: str
    ticket: int
    cutoff: str

    @property
    def behind_the_winners(self) -> bool:
        return self.score > self.cutoff


@dataclass(frozen=True)
class Proof:
    """What leads from an entry to the root of the commit."""

    version: int
    index: int
    tickets: int
    proof: list[str]


def list_public(session: Session, *, at: datetime) -> list[Line]:
    """The latest first; as many queries for forty draws as for one."""
    draws = session.scalars(select(Draw).order_by(Draw.closes.desc(), Draw.id.desc())).all()
    announced, names = files.announcements(session), files.names(session)
    return [Line(one.draw_id, _state(one, names[one.id], announced[one.id], at), announced[one.id]) for one in draws]


def state(session: Session, draw: Draw, *, at: datetime) -> str:
    names = {file.name for file in files.all_of(session, draw)}
    return _state(draw, names, files.announced(session, draw), at)


def _state(draw: Draw, names: set[str], announcement: Fields, at: datetime) -> str:
    """announced, collecting, closed, committed, drawn, claimed, redrawn: as its files tell."""
    if "result-2.json" in names:
        return "redrawn"
    if "result-1.json" in names:
        return "claimed" if at > when(announcement, "claim_until") else "drawn"
    if "commit-1.json" in names:
        return "committed"
    if at < draw.closes:
        return "collecting" if at >= draw.opens else "announced"
    return "closed"


def page(session: Session, draw: Draw, *, at: datetime) -> Page:
    published = files.all_of(session, draw)
    names = {file.name for file in published}
    version = files.versions(session, draw)
    found = [name for name in ("result-1.json", "result-2.json") if name in names]
    announcement = files.announced(session, draw)
    waiting = [number for number in (1, 2) if numbers.typed(session, draw, number)]
    objections = select(DrawObjection).where(DrawObjection.draw_id == draw.id)
    return Page(
        draw_id=draw.draw_id,
        state=_state(draw, names, announcement, at),
        announced_at=draw.announced_at,
        announcement=announcement,
        commit=files.fields(session, draw, f"commit-{version}.json") if version else None,
        results=[files.fields(session, draw, name) for name in found],
        claims=files.fields(session, draw, files.CLAIMS)["claims"] if files.CLAIMS in names else [],
        settled=_settled(session, draw),
        names=_names(session, draw),
        numbers=[one for number in waiting for one in numbers.agreed(session, draw, number) or []],
        objections=list(session.scalars(objections.order_by(DrawObjection.id))),
        checkpoints=checkpoints.all_of(session, draw),
        files=published,
    )


def chances_of(session: Session, draw: Draw, person_id: int, *, zone: ZoneInfo) -> Chances:
    announced = files.announced(session, draw)
    receipt = receipts.receipt_of(session, draw, person_id, zone=zone)
    last = next(reversed(checkpoints.published(checkpoints.all_of(session, draw))), None)
    version = files.versions(session, draw)
    counted: Any = files.fields(session, draw, f"commit-{version}.json") if version else {}
    return Chances(
        tickets=receipt.tickets if receipt else 0,
        cap=announced["cap"],
        entries=counted["entries"] if counted else last.entries if last else 0,
        all_tickets=counted["tickets"] if counted else last.tickets if last else 0,
        prizes=sum(tier["count"] for tier in announced["tiers"]),
        at=when(counted, "committed_at") if counted else last.at if last else None,
    )


def place_of(session: Session, draw: Draw, person_id: int, *, draw_round: int = 1) -> Place | None:
    """Where a person stands in the order of a round; nothing for somebody who is not in it."""
    if files.find(session, draw, f"result-{draw_round}.json") is None:
        return None
    result = files.fields(session, draw, f"result-{draw_round}.json")
    listed = commitment.glance(session, draw, result["commit_version"])
    one = duplicate_people.persons(session, draw, person_id)[0]
    entry, seed = keys.load(session, draw).entry(draw, one), bytes.fromhex(result["seed"])
    index = listed.find(entry)
    if index is None or entry.hex() in result["excluded"]:
        return None
    score, ticket = rule.score(seed, entry, int.from_bytes(listed.leaf(index)[32:], "big"))
    place = None
    if listed.entries <= PLACED_UP_TO:
        gone = frozenset(map(bytes.fromhex, result["excluded"]))
        place = 1 + ranking.before(seed, bytes(listed.data[:]), (score, entry), gone=gone)
    cutoff = next((tier["cutoff"] for tier in reversed(result["tiers"]) if tier["cutoff"]), "")
    return Place(place, listed.entries - len(result["excluded"]), score.hex(), ticket, cutoff)


def proof_of(session: Session, draw: Draw, entry: str) -> Proof | None:
    """Where an entry stands in the list that counts, and what proves it; nothing if it is not there."""
    version = files.versions(session, draw)
    if not version or not forms.HEX32.fullmatch(entry):
        return None
    listed = commitment.glance(session, draw, version)
    index = listed.find(bytes.fromhex(entry))
    if index is None:
        return None
    tickets = int.from_bytes(listed.leaf(index)[32:], "big")
    return Proof(version, index, tickets, [step.hex() for step in listed.proofs([index])[0]])


def prizes_of(
    session: Session, person_id: int, *, since: datetime | None = None
) -> list[tuple[Draw, DrawWinner, DrawClaim | None]]:
    """What somebody has won, the latest first, and what became of it; of draws that closed since then."""
    drawn = select(Draw).join(DrawFile, DrawFile.draw_id == Draw.id).where(DrawFile.name == "result-1.json")
    if since:
        drawn = drawn.where(Draw.closes > since)
    found = []
    for draw in session.scalars(drawn.order_by(Draw.id.desc())):
        if prize := claims.won(session, draw, person_id):
            settled = claims.settled_of(session, draw, prize.round)
            found.append((draw, prize, next((one for one in settled if one.entry == prize.entry), None)))
    return found


def receipts_of(session: Session, person_id: int, *, zone: ZoneInfo) -> list[receipts.Receipt]:
    """The receipt every draw the person is in would give now, the latest first."""
    draws = session.scalars(select(Draw).order_by(Draw.closes.desc()))
    found = [receipts.receipt_of(session, draw, person_id, zone=zone) for draw in draws]
    return [receipt for receipt in found if receipt]


def kept_of(session: Session, person_id: int) -> list[tuple[Draw, receipts.Receipt]]:
    """The newest receipt the person was shown of every draw, the latest first."""
    found = [
        (draw, receipts.kept(session, draw, person_id))
        for draw in session.scalars(select(Draw).order_by(Draw.closes.desc()))
    ]
    return [(draw, receipt) for draw, receipt in found if receipt]


def masked(name: str) -> str:
    """王丽 -> 王*, 欧阳小明 -> 欧**明"""
    return name[:1] + "*" * max(1, len(name) - 2) + (name[-1:] if len(name) > 2 else "")


def _settled(session: Session, draw: Draw) -> dict[tuple[int, str], str]:
    rows = session.execute(
        select(DrawClaim.round, DrawClaim.entry, DrawClaim.state).where(DrawClaim.draw_id == draw.id)
    )
    return {(draw_round, entry): state for draw_round, entry, state in rows}


def _names(session: Session, draw: Draw) -> dict[tuple[int, str], str]:
    rows = session.execute(
        select(DrawClaim.round, DrawClaim.entry, Person.name)
        .join(
            DrawWinner,
            (DrawWinner.draw_id == DrawClaim.draw_id)
            & (DrawWinner.round == DrawClaim.round)
            & (DrawWinner.entry == DrawClaim.entry),
        )
        .join(Person, Person.id == DrawWinner.person_id)
        .where(
            DrawClaim.draw_id == draw.id, DrawClaim.show_name, DrawClaim.state == "claimed", Person.erased_at.is_(None)
        )
    )
    return {(draw_round, entry): masked(name) for draw_round, entry, name in rows}
