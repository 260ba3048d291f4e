"""How the contracts stand: for the supervision, for the provider (its own, by teams), for the director (one page)."""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, g, render_template
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import Missing
from app.http.context import now, read_session, runtime
from app.http.i18n import gettext, language
from app.models import Contract
from app.services.dashboards import standing
from app.services.indicators.quarters import Quarter
from app.services.integrity import queue
from app.services.organisation import employment
from app.services.registers import access, search
from app.services.sheets import pages
from app.services.sheets.terms import Term
from app.services.tables.writer import XLSX
from app.texts.sheets import points

if TYPE_CHECKING:
    from app.services.reports.monthly import Month

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
            months=_months(at.astimezone(runtime().settings.timezone).date()),
        )


@blueprint.get("/console/standing/<id:contract_id>/<month>.xlsx")
def month_workbook(contract_id: int, month: str) -> Response:
    from app.services.reports import monthly  # what writes files is for whoever takes one away

    return _file(monthly.workbook(_month(contract_id, month)), f"month-{month}.xlsx", XLSX)


@blueprint.get("/console/standing/<id:contract_id>/<month>.pdf")
def month_document(contract_id: int, month: str) -> Response:
    from app.services.reports import monthly

    return _file(monthly.document(_month(contract_id, month), at=now()), f"month-{month}.pdf", "application/pdf")


def _month(contract_id: int, month: str) -> "Month":
    """Of another provider's contract nothing is known."""
    from app.services.reports import monthly

    first, zone = monthly.read(month), runtime().settings.timezone
    with read_session() as session:
        contract = session.get(Contract, contract_id)
        own = _provider_id(session)
        if contract is None or (own is not None and contract.provider_id != own):
            raise Missing("no_such_contract")
        return monthly.of_month(session, contract, first, zone=zone, for_provider=not g.visitor.supervises)


def _file(content: bytes, name: str, mimetype: str) -> Response:
    answer = Response(content, mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


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
    found = [(_shown(one), _beside(one, last)) for one, last in zip(shown, before, strict=True)]
    return render_template("console/director.html", standings=found, at=now())


def _beside(one: standing.Standing, last: standing.Standing) -> str:
    """What the number is against the quarter before, in words."""
    total, before = ((each.view.content or {}).get("total") for each in (one, last))
    if total is None or before is None:
        return ""
    more, was = total - before, points(before)
    if more == 0:
        return gettext("和上季一样（%(was)s）", was=was)
    if more > 0:
        return gettext("↑ 比上季（%(was)s）高 %(by)s 分", was=was, by=points(more))
    return gettext("↓ 比上季（%(was)s）低 %(by)s 分", was=was, by=points(-more))


def _reason(loss: standing.Loss) -> str:
    """Why points are lost, as one tells somebody who reads no rates."""
    figure = loss.line["figure"] or {}
    if figure.get("den"):
        many = {"den": figure["den"], "num": figure["num"]}
        if loss.too_many:
            return gettext("%(den)s 次里有 %(num)s 次，比目标多 %(count)s 次", count=loss.missing, **many)
        done = gettext("%(den)s 次里做到 %(num)s 次", **many)
        return done + gettext("，离目标还差 %(count)s 次", count=loss.missing) if loss.missing else done
    if "count" in figure:
        return gettext("本季 %(count)s 次", count=figure["count"])
    return gettext("没有做到") if figure.get("yes") is False else gettext("没有满分")


def _months(today: date) -> list[str]:
    """This one and the one before."""
    return [f"{day:%Y-%m}" for day in (today, today.replace(day=1) - timedelta(days=1))]


def _terms(session: Session, provider_id: int | None) -> list[Term]:
    """This quarter of every contract that is in force in it."""
    zone = runtime().settings.timezone
    quarter = Quarter.at(now().astimezone(zone).date())
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
        "reason": _reason(loss),
    }
