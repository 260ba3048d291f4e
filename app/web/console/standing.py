"""How the contracts stand: for the supervision, for the provider (its own, by teams), for the director (one page)."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, g, render_template
from sqlalchemy.orm import Session

from app.http.context import now, read_session, runtime
from app.http.i18n import language
from app.services.dashboards import standing
from app.services.indicators.quarters import Quarter
from app.services.integrity import queue
from app.services.organisation import employment
from app.services.registers import access, search
from app.services.sheets import pages
from app.services.sheets.terms import Term

blueprint = Blueprint("console_standing", __name__)

REGISTERS_WITHIN = timedelta(days=7)


@blueprint.get("/console/standing")
def index() -> str:
    provider, at = g.visitor.provider, now()
    with read_session() as session:
        own = _provider_id(session)
        terms = _terms(session, own)
        shown = [standing.standing(session, term, at=at, for_provider=provider) for term in terms]
        teams = [standing.teams(session, term) for term in terms] if provider else []
        reader = access.reader(
            session, g.visitor.person_id, hospital=g.visitor.supervises, acts=g.may_act, day=at.date()
        )
        return render_template(
            "console/standing.html",
            standings=[_shown(one) for one in shown],
            teams=teams,
            due=standing.due(session, own, at=at) if own else (),
            registers=search.due(session, reader, day=at.date(), within=REGISTERS_WITHIN) if provider else (),
            signals=0 if provider else queue.waiting(session),
            provider=provider,
        )


@blueprint.get("/console/director")
def director() -> str:
    """One number of each contract, and three reasons for it."""
    if not g.visitor.supervises:
        abort(403)
    with read_session() as session:
        terms = _terms(session, None)
        shown = [standing.standing(session, term, at=now(), for_provider=False, spans=False) for term in terms]
        before = [
            standing.standing(session, _before(term), at=now(), for_provider=False, spans=False) for term in terms
        ]
    return render_template(
        "console/director.html", standings=list(zip(map(_shown, shown), map(_shown, before), strict=True)), at=now()
    )


def _terms(session: Session, provider_id: int | None) -> list[Term]:
    """This quarter of every contract that is in force in it."""
    zone = runtime().settings.timezone
    quarter = Quarter.of(now().astimezone(zone).date())
    found = [Term(row.Contract, quarter, zone) for row in pages.contracts(session, provider_id=provider_id)]
    return [term for term in found if term.days]


def _before(term: Term) -> Term:
    return Term(term.contract, term.quarter.before, term.zone)


def _provider_id(session: Session) -> int | None:
    """None for the hospital; who is of no provider today sees no contract."""
    if g.visitor.supervises:
        return None
    found = employment.employment_at(session, g.visitor.person_id, now().date())
    return found.provider_id or 0 if found else 0


def _shown(one: standing.Standing) -> dict[str, Any]:
    return {
        "term": one.view.term,
        "state": one.view.state,
        "content": one.view.content,
        "at": one.view.counted_at,
        "spans": [(name, vars(today), vars(week)) for name, (today, week) in one.spans.items()],
        "losses": [_loss(loss) for loss in one.losses],
        "reasons": [_loss(loss) for loss in one.reasons],
        "lost": sum(loss.lost for loss in one.losses),
    }


def _loss(loss: standing.Loss) -> dict[str, Any]:
    line = loss.line
    return {
        "code": line["code"],
        "title": line["name"][language()],
        "figure": line["figure"],
        "target": line["rule"].get("target"),
        "lost": loss.lost,
        "missing": loss.missing,
        "opens": loss.opens,
    }
