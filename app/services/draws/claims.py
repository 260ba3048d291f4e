"""Claims: the winner shows a code, one of the committee confirms it; what is not claimed in time is drawn once more."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import insert_first
from app.errors import Missing, Refused
from app.models import Draw, DrawClaim, DrawClaimPhoto, DrawWinner, Person
from app.services.draws import announcement, duplicate_people, events, objections, published_files, receipts
from app.services.draws import keys as secret
from app.services.draws.published_files import Fields, when
from lottery import files as forms
from lottery.rule import SCHEME

ROUNDS = (1, 2)


def claim_code(session: Session, draw: Draw, person_id: int) -> str | None:
    """The code the winner shows while there is a prize to claim; of the last round they have won in."""
    prize = won(session, draw, person_id)
    if prize is None or _settled(session, draw, prize.round, prize.entry):
        return None
    return secret.load(session, draw).claim_code(draw, prize.round, prize.entry)


def won(session: Session, draw: Draw, person_id: int) -> DrawWinner | None:
    """What the person has won: as found at the time, or by their entry where nobody was found behind it."""
    person_ids = duplicate_people.persons(session, draw, person_id)
    known = select(DrawWinner).where(DrawWinner.draw_id == draw.id, DrawWinner.person_id.in_(person_ids))
    if found := session.scalar(known.limit(1)):
        return found
    entry = secret.load(session, draw).entry(draw, person_ids[0]).hex()
    for draw_round in ROUNDS:
        for one in published_files.winners_of(session, draw, draw_round):
            if one["entry"] == entry:
                return _prize(draw, draw_round, one, person_id=person_ids[0])
    return None


@dataclass(frozen=True)
class Settlement:
    """What becomes of a prize: claimed, ineligible, waived or expired."""

    state: str
    reason: str = ""
    show_name: bool = False
    photo: tuple[str, bytes] | None = None  # media type and content of the signature or picture

    @property
    def proof(self) -> str:
        return ("photo" if self.photo else "signed") if self.state == "claimed" else ""


@dataclass(frozen=True)
class ClaimLookup:
    """What a code stands for, as the desk has to know it: the prize and whose it is, nothing of any rating."""

    round: int
    tier: Fields
    entry: str
    person: Person | None
    settled: str


def look_up(session: Session, draw: Draw, code: str, *, by: int, at: datetime) -> ClaimLookup:
    """Raises Missing where no winner has this code."""
    announcement.check_committee(session, draw, by, at=at)
    draw_round, winner = _of_code(session, draw, code)
    entry, tiers = winner["entry"], published_files.announced(session, draw)["tiers"]
    person = session.scalar(
        select(Person)
        .join(DrawWinner, DrawWinner.person_id == Person.id)
        .where(DrawWinner.draw_id == draw.id, DrawWinner.round == draw_round, DrawWinner.entry == entry)
    )
    states = {claim.entry: claim.state for claim in settled_of(session, draw, draw_round)}
    return ClaimLookup(draw_round, tiers[winner["tier"] - 1], entry, person, states.get(entry, ""))


def photo(session: Session, draw: Draw, claim_id: int, *, by: int, at: datetime) -> DrawClaimPhoto:
    """What the handing over is proved by, for the committee; raises Missing, also once it was erased."""
    announcement.check_committee(session, draw, by, at=at)
    found = session.get(DrawClaimPhoto, claim_id)
    if found is None or session.get_one(DrawClaim, claim_id).draw_id != draw.id:
        raise Missing("no_such_photo")
    return found


def with_photo(session: Session, draw: Draw) -> set[int]:
    kept = select(DrawClaimPhoto.claim_id).join(DrawClaim, DrawClaim.id == DrawClaimPhoto.claim_id)
    return set(session.scalars(kept.where(DrawClaim.draw_id == draw.id)))


def signed_for(session: Session, draw: Draw) -> set[tuple[int, str]]:
    """Round and entry of the prizes that were signed for on paper."""
    claimed = events.data_of(session, draw, "claimed")
    return {(data["round"], data["entry"]) for data in claimed if data.get("proof") == "signed"}


def confirm(
    session: Session,
    draw: Draw,
    code: str,
    *,
    by: int,
    at: datetime,
    show_name: bool = False,
    photo: tuple[str, bytes] | None = None,
) -> Fields:
    """Handed over: signed for on paper, or with a `photo`, media type and content of the signature or picture."""
    return _settle_code(session, draw, code, Settlement("claimed", show_name=show_name, photo=photo), by=by, at=at)


def refuse(session: Session, draw: Draw, code: str, *, reason: str, by: int, at: datetime) -> Fields:
    """The committee finds that the winner is not eligible; the reason is published, so no name stands in it."""
    if not forms.LINES.fullmatch(reason):
        raise Refused("reason_missing")
    return _settle_code(session, draw, code, Settlement("ineligible", reason), by=by, at=at)


def waive(session: Session, draw: Draw, person_id: int, *, at: datetime) -> None:
    """The winner does not want the prize."""
    prize = won(session, draw, person_id)
    if prize is None:
        raise Missing("no_such_claim_code")
    _settle(session, draw, prize, Settlement("waived"), by=person_id, at=at)
    _publish(session, draw, at=at)


def expire(session: Session, draw: Draw, *, at: datetime) -> int:
    """After claim_until, whatever nobody has claimed; how many. Then the claims are final."""
    announced = published_files.announced(session, draw)
    if at <= when(announced, "claim_until"):
        raise Refused("claims_open", until=announced["claim_until"])
    settled = {claim.entry for claim in settled_of(session, draw, 1)}
    left = [winner for winner in published_files.winners_of(session, draw, 1) if winner["entry"] not in settled]
    for winner in left:
        _settle(session, draw, _prize(draw, 1, winner), Settlement("expired"), by=None, at=at)
    if left or published_files.find(session, draw, published_files.CLAIMS) is None:
        _publish(session, draw, at=at)
    return len(left)


def check_final(session: Session, draw: Draw, *, at: datetime) -> None:
    """Whether round 2 has something to draw and nothing of round 1 is open."""
    announced = published_files.announced(session, draw)
    winners = published_files.winners_of(session, draw, 1)
    if not announced["redraw_rounds_max"] or not winners:
        raise Refused("no_second_round")
    claims = settled_of(session, draw, 1)
    if at <= when(announced, "claim_until") or len(claims) < len(winners):
        raise Refused("claims_open", until=announced["claim_until"])
    if sum(claim.state == "claimed" for claim in claims) == sum(tier["count"] for tier in announced["tiers"]):
        raise Refused("nothing_to_redraw")


def settled_of(session: Session, draw: Draw, draw_round: int) -> list[DrawClaim]:
    query = select(DrawClaim).where(DrawClaim.draw_id == draw.id, DrawClaim.round == draw_round)
    return list(session.scalars(query.order_by(DrawClaim.id)))


def _settle_code(session: Session, draw: Draw, code: str, settlement: Settlement, *, by: int, at: datetime) -> Fields:
    announcement.check_committee(session, draw, by, at=at)
    draw_round, winner = _of_code(session, draw, code)
    _check_not_own_prize(session, draw, winner["entry"], by)
    until = when(published_files.announced(session, draw), "claim_until")
    if draw_round == 1 and settlement.state == "claimed" and at > until:
        raise Refused("claim_over", until=until.isoformat())
    claim = _settle(session, draw, _prize(draw, draw_round, winner), settlement, by=by, at=at)
    if settlement.photo:
        media_type, content = settlement.photo
        session.add(DrawClaimPhoto(claim_id=claim, media_type=media_type, content=content))
    _publish(session, draw, at=at)
    return winner


def _of_code(session: Session, draw: Draw, code: str) -> tuple[int, Fields]:
    """The prize of a code; or of a receipt we have signed: who was found by nobody may come with that."""
    keys, typed = secret.load(session, draw), code.strip().upper()
    entry = _of_receipt(session, draw, code) if code.lstrip().startswith("{") else None
    for draw_round in ROUNDS:
        for winner in published_files.winners_of(session, draw, draw_round):
            if winner["entry"] == entry or keys.claim_code(draw, draw_round, winner["entry"]) == typed:
                return draw_round, winner
    raise Missing("no_such_claim_code")


def _of_receipt(session: Session, draw: Draw, text: str) -> str | None:
    try:
        receipt = objections.parse(text)
    except Refused:
        return None
    ours = receipts.genuine(
        session, draw, entry=receipt["entry"], tickets=receipt["tickets"], at=receipt["receipt_at"], sig=receipt["sig"]
    )
    return str(receipt["entry"]) if ours else None


def _check_not_own_prize(session: Session, draw: Draw, entry: str, by: int) -> None:
    """A committee member may have a second staff number that they never mentioned."""
    keys = secret.load(session, draw)
    if entry in {keys.entry(draw, one).hex() for one in duplicate_people.persons(session, None, by)}:
        raise Refused("own_prize")


def _prize(draw: Draw, draw_round: int, winner: Fields, *, person_id: int | None = None) -> DrawWinner:
    """A line of a published list of winners, as a row that is not stored."""
    place = {key: winner[key] for key in ("entry", "tier", "rank")}
    return DrawWinner(draw_id=draw.id, round=draw_round, person_id=person_id, **place)


def _settle(
    session: Session, draw: Draw, prize: DrawWinner, settlement: Settlement, *, by: int | None, at: datetime
) -> int:
    session.get_one(Draw, draw.id, with_for_update=True)
    if prize.round == 1 and published_files.find(session, draw, "result-2.json"):
        raise Refused("claims_final")
    claim = insert_first(
        session,
        DrawClaim,
        draw_id=draw.id,
        round=prize.round,
        tier=prize.tier,
        entry=prize.entry,
        state=settlement.state,
        reason=settlement.reason,
        show_name=settlement.show_name,
        by_id=by,
        at=at,
    )
    if claim is None:
        raise Refused("claimed_before")
    place = {"round": prize.round, "tier": prize.tier, "entry": prize.entry}
    proof = {"proof": settlement.proof} if settlement.proof else {}
    events.record(session, draw, settlement.state, by=by, at=at, **place, **proof)
    return int(claim)


def _publish(session: Session, draw: Draw, *, at: datetime) -> None:
    """The next edition of claims.json: of round 1 only, for that is what round 2 hangs on."""
    announced = published_files.announced(session, draw)
    claims = [
        {
            "round": claim.round,
            "tier": claim.tier,
            "entry": claim.entry,
            "state": claim.state,
            "reason": claim.reason,
            "at": published_files.written(claim.at, announced),
        }
        for claim in settled_of(session, draw, 1)
    ]
    edition = published_files.edition(session, draw, published_files.CLAIMS) + 1
    fields = {"scheme": SCHEME, "draw_id": draw.draw_id, "claims": claims}
    keys = secret.load(session, draw)
    published_files.write_json(
        session, draw, published_files.CLAIMS, fields, forms.CLAIMS, secret=keys, at=at, edition=edition
    )


def _settled(session: Session, draw: Draw, draw_round: int, entry: str) -> bool:
    return any(claim.entry == entry for claim in settled_of(session, draw, draw_round))
