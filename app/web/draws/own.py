"""`/my/receipts`, `/my/prizes/<id>`: what of a draw is one person's own: chances, receipt, place, prize."""

import json
from base64 import urlsafe_b64encode

from flask import Blueprint, redirect, render_template
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import Missing
from app.http import phone_gate, session
from app.http.context import Page, now, read_session, runtime, transaction
from app.models import Draw, DrawClaim, DrawWinner
from app.services.draws import (
    announcement,
    claims,
    duplicate_people,
    eligibility,
    keys,
    own_summary,
    public_page,
    published_files,
    receipts,
)
from app.services.draws.public_page import Place
from app.services.draws.receipts import Receipt
from app.web.draws import receipts as receipts_kept

blueprint = Blueprint("draws_mine", __name__)


@blueprint.get("/my/receipts")
@phone_gate.for_person
def index(person_id: int) -> Page:
    zone = runtime().settings.timezone
    with read_session() as db:
        current = {receipt.draw_id: receipt for receipt in public_page.receipts_of(db, person_id, zone=zone)}
    receipts_kept.keep([*current.values()])
    with read_session() as db:
        held = public_page.kept_of(db, person_id)
        found = [
            (receipt, draw, public_page.state(db, draw, at=now()), _fewer(current.get(draw.draw_id), receipt))
            for draw, receipt in held
        ]
        won = {draw.draw_id for draw, _winner, _claim in public_page.prizes_of(db, person_id)}
        some = own_summary.any_draw(db)
    return render_template("draws/receipts.html", found=found, won=won, some=some)


@blueprint.get("/my/receipts/<draw_id>")
@phone_gate.for_person
def receipt(person_id: int, draw_id: str) -> Page:
    zone = runtime().settings.timezone
    draw, current = _receipt(draw_id, person_id)
    with read_session() as db:
        held = receipts.kept(db, draw, person_id)
        number = keys.pid(draw, held.person_id) if held else ""
        state = public_page.state(db, draw, at=now())
        places = _places(db, draw, person_id) if held else []
        return render_template(
            "draws/receipt.html",
            draw=draw,
            state=state,
            may_still_rate=state in {"announced", "collecting"},
            may_object=state == "committed",
            receipt=held,
            number=number,
            fragment=_fragment(held, number) if held else "",
            chances=public_page.chances_of(db, draw, person_id, zone=zone),
            places=places,
            several_rounds=len(places) > 1,
            won=_won(db, draw, person_id) is not None,
            less=_less(db, draw, person_id) if held and _fewer(current, held) is not None else "",
        )


@blueprint.get("/my/receipts/<draw_id>/receipt.json")
@phone_gate.for_person
def receipt_file(person_id: int, draw_id: str) -> Page:
    draw, _now = _receipt(draw_id, person_id)
    with read_session() as db:
        held = receipts.kept(db, draw, person_id)
    if held is None:
        raise Missing("no_such_receipt")
    answer = Response(json.dumps(held.fields(), indent=1) + "\n", mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="receipt-{draw_id}.json"'
    return answer


@blueprint.get("/my/prizes/<draw_id>")
@phone_gate.for_person
def prize(person_id: int, draw_id: str) -> Page:
    with read_session() as db:
        draw = announcement.find(db, draw_id)
        found = _won(db, draw, person_id)
        if found is None:
            raise Missing("no_such_prize")
        winner, claim = found
        announced = published_files.announced(db, draw)
        code = claims.claim_code(db, draw, person_id)
    until = published_files.when(announced, "claim_until") if winner.round == 1 else None
    return render_template(
        "draws/prize.html",
        draw=draw,
        announced=announced,
        tier=next(tier for tier in announced["tiers"] if tier["tier"] == winner.tier),
        winner=winner,
        claim=claim,
        code=code,
        until=until,
        over=until is not None and now() > until,
        form=session.form_token("waive", draw_id),
    )


@blueprint.post("/my/prizes/<draw_id>/waive")
@session.checks_its_own_form
def waive(draw_id: str) -> Response:
    session.check_form("waive", draw_id)
    with transaction() as db:
        claims.waive(db, announcement.find(db, draw_id), phone_gate.person(), at=now())
    return redirect(f"/my/prizes/{draw_id}", 303)


def _won(db: Session, draw: Draw, person_id: int) -> tuple[DrawWinner, DrawClaim | None] | None:
    """The person's prize of this draw; of the last round, if they won in two."""
    return next(((won, claim) for one, won, claim in public_page.prizes_of(db, person_id) if one.id == draw.id), None)


def _receipt(draw_id: str, person_id: int) -> tuple[Draw, Receipt | None]:
    """The receipt the person would be given now, and is from now on."""
    with read_session() as db:
        draw = announcement.find(db, draw_id)
        current = receipts.receipt_of(db, draw, person_id, zone=runtime().settings.timezone)
    receipts_kept.keep([current] if current else [])
    return draw, current


def _fewer(current: Receipt | None, held: Receipt) -> int | None:
    """The tickets of today's receipt, where they are fewer than on the one that is held."""
    tickets = current.tickets if current else 0
    return tickets if tickets < held.tickets else None


def _less(db: Session, draw: Draw, person_id: int) -> str:
    """Why the person has fewer tickets now than they were shown, as far as it is known simply: a code."""
    persons = duplicate_people.persons(db, draw, person_id)
    if eligibility.barred(db, draw, persons, runtime().settings.timezone):
        return "barred"
    return "excluded" if eligibility.excluded(db, draw, persons) else "other"


def _places(db: Session, draw: Draw, person_id: int) -> list[tuple[int, int, Place]]:
    """Of each round the person was in: its number, how many won in it, the person's place."""
    found = ((number, public_page.place_of(db, draw, person_id, draw_round=number)) for number in claims.ROUNDS)
    return [(number, len(published_files.winners_of(db, draw, number)), place) for number, place in found if place]


def _fragment(held: Receipt, number: str) -> str:
    """The receipt and the person's own number behind the #: they stay in the browser and are sent to nobody."""
    packed = json.dumps(held.fields(), separators=(",", ":")).encode()
    return f"receipt={urlsafe_b64encode(packed).decode().rstrip('=')}&person={number}"
