"""The result of a round: follows from the list and the numbers, so nobody decides anything here. Written once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.errors import Refused
from app.models import Draw, DrawWinner
from app.services.draws import (
    claims,
    commitment,
    eligibility,
    events,
    merkle_list,
    public_numbers,
    published_files,
    ranking,
)
from app.services.draws import keys as secret
from app.services.draws.merkle_list import Leaves, Progress
from app.services.draws.published_files import Fields, when
from app.services.notices import outbox
from lottery import files as forms
from lottery import rule
from lottery.rule import Place, Source


@dataclass(frozen=True)
class Prepared:
    """A result not yet published."""

    round: int
    result: Fields


def prepare(
    session: Session,
    draw: Draw,
    draw_round: int,
    *,
    at: datetime,
    progress: Progress = lambda _done: None,
) -> Prepared:
    used = check(session, draw, draw_round, at=at)
    version = published_files.versions(session, draw)
    name = f"commit-{version}.json"
    commit, announced = published_files.fields(session, draw, name), published_files.announced(session, draw)
    text = rule.seed_text(
        draw.draw_id,
        draw_round,
        commit["entries"],
        commit["tickets"],
        commit["root"],
        draw.announcement_sha256,
        [Source(one.source, one.issue, one.value) for one in used],
    )
    listed = commitment.load(session, draw, version)
    gone = sorted(winner["entry"] for winner in published_files.winners_of(session, draw, 1)) if draw_round == 2 else []
    prizes = _prizes(session, draw, draw_round, announced)
    seed, most = rule.seed(text), sum(prizes.values())
    places = ranking.first(seed, listed.data, most, gone=frozenset(map(bytes.fromhex, gone)), progress=progress)
    result = {
        "scheme": rule.SCHEME,
        "draw_id": draw.draw_id,
        "round": draw_round,
        "commit_version": version,
        "commit_sha256": published_files.get(session, draw, name).sha256,
        "sources": [one.fields() for one in used],
        "seed_text": text,
        "seed": seed.hex(),
        "excluded": gone,
        "tiers": _tiers(listed, places, prizes),
        "decided_at": published_files.written(at, announced),
    }
    return Prepared(draw_round, result)


def write(session: Session, draw: Draw, prepared: Prepared, *, by: int | None, at: datetime) -> Fields:
    session.get_one(Draw, draw.id, with_for_update=True)
    check(session, draw, prepared.round, at=at)
    name, result = f"result-{prepared.round}.json", prepared.result
    keys = secret.load(session, draw)
    digest = published_files.write_json(session, draw, name, result, forms.RESULT, secret=keys, at=at)
    events.record(session, draw, "decided", by=by, at=at, round=prepared.round, seed=result["seed"], sha256=digest)
    return result


def whose(session: Session, draw: Draw, draw_round: int, *, progress: Progress = lambda _done: None) -> dict[str, int]:
    """The people behind the winning entries, found by making everybody's again: nothing stored leads back."""
    entries = {bytes.fromhex(winner["entry"]) for winner in published_files.winners_of(session, draw, draw_round)}
    everybody = eligibility.raters(session, draw)
    return merkle_list.whose(secret.load(session, draw).key, draw.draw_id, everybody, entries, progress)


def name(session: Session, draw: Draw, draw_round: int, persons: dict[str, int], *, at: datetime) -> None:
    """Keep who has won and tell the winners; those who cannot be found have to come forward themselves."""
    session.get_one(Draw, draw.id, with_for_update=True)
    if events.happened(session, draw, f"named_{draw_round}"):
        return
    for winner in published_files.winners_of(session, draw, draw_round):
        if winner["entry"] in persons:
            session.add(
                DrawWinner(
                    draw_id=draw.id,
                    round=draw_round,
                    entry=winner["entry"],
                    tier=winner["tier"],
                    rank=winner["rank"],
                    person_id=persons[winner["entry"]],
                )
            )
            outbox.add_inbox_only(session, "won", about=draw.draw_id, to=persons[winner["entry"]], at=at)
    events.record(session, draw, f"named_{draw_round}", by=None, at=at, found=len(persons))


def check(session: Session, draw: Draw, draw_round: int, *, at: datetime) -> list[public_numbers.Agreed]:
    """Whether a round can be decided now; the numbers that decide it."""
    if published_files.find(session, draw, f"result-{draw_round}.json"):
        raise Refused("written_before", name=f"result-{draw_round}.json")
    if not published_files.versions(session, draw):
        raise Refused("not_committed")
    if draw_round == 2:
        claims.check_final(session, draw, at=at)
    used = public_numbers.agreed(session, draw, draw_round)
    if not used:
        raise Refused("numbers_missing", round=draw_round)
    last = max(when(source, "drawn_at") for source in public_numbers.sources(session, draw, draw_round))
    if at < last:
        raise Refused("not_drawn_yet", source="", drawn_at=last.isoformat())
    return used


def _prizes(session: Session, draw: Draw, draw_round: int, announced: Fields) -> dict[int, int]:
    prizes: dict[int, int] = {tier["tier"]: tier["count"] for tier in announced["tiers"]}
    if draw_round == 1:
        return prizes
    for claim in published_files.fields(session, draw, published_files.CLAIMS)["claims"]:
        prizes[claim["tier"]] -= claim["state"] == "claimed"
    return {tier: count for tier, count in prizes.items() if count}


def _tiers(listed: Leaves, places: list[Place], prizes: dict[int, int]) -> list[Fields]:
    proofs = listed.proofs([place.index for place in places])
    winners = [
        {
            "rank": rank,
            "entry": place.entry.hex(),
            "ticket": place.ticket,
            "score": place.score.hex(),
            "index": place.index,
            "tickets": place.tickets,
            "proof": [step.hex() for step in proof],
        }
        for rank, (place, proof) in enumerate(zip(places, proofs, strict=True), start=1)
    ]
    tiers, start = [], 0
    for tier, count in prizes.items():
        won = winners[start : start + count]
        tiers.append({"tier": tier, "cutoff": won[-1]["score"] if won else "", "winners": won})
        start += count
    return tiers
