"""The hospital's contracts: registered, prolonged or ended by an admin, read by supervisors and auditors."""

from datetime import date
from itertools import product
from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import forms
from app.http.context import now, read_session, transaction
from app.http.i18n import gettext
from app.http.ids import parse_id
from app.services.organisation import catalogue
from app.services.sheets import contracts
from app.services.sheets.contracts import LONGEST_YEARS, NUMBER_MOST, ContractForm, Registered

blueprint = Blueprint("console_contracts", __name__)


@blueprint.get("/console/contracts")
def index() -> str:
    with read_session() as session:
        return render_template(
            "console/contracts.html", rows=contracts.listed(session), most=NUMBER_MOST, **_offers(session, None)
        )


@blueprint.post("/console/contracts")
def register() -> Response:
    form = _form()
    with transaction() as session:
        contracts.register(session, form, by=g.visitor.person_id, at=now())
    flash(gettext("已登记合同 %(number)s。从现在起完成的工单按它计算。", number=form.number), "success")
    return redirect(url_for("console_contracts.index"), 303)


@blueprint.get("/console/contracts/<id:contract_id>")
def contract(contract_id: int) -> str:
    with read_session() as session:
        row = contracts.one(session, contract_id)
        return render_template("console/contract.html", row=row, most=NUMBER_MOST, **_offers(session, row))


@blueprint.post("/console/contracts/<id:contract_id>")
def change(contract_id: int) -> Response:
    with transaction() as session:
        row = contracts.one(session, contract_id)
        form = _prolonged(session, row) if row.begun else _form()
        done = contracts.change(session, contract_id, form, by=g.visitor.person_id, at=now())
    flash(gettext("已保存。") if done else gettext("没有变化。"), "success")
    return redirect(url_for("console_contracts.contract", contract_id=contract_id), 303)


def _offers(session: Session, row: Registered | None) -> dict[str, Any]:
    """What the form lets one choose, and what stands."""
    scopes = contracts.scopes_of(session, row.contract.id) if row else frozenset()
    return {
        "providers": catalogue.providers(session),
        "categories": catalogue.categories(session),
        "campuses": catalogue.campuses(session),
        "chosen": ({category for category, _campus in scopes}, {campus for _category, campus in scopes}),
    }


def _form() -> ContractForm:
    """No category chosen stands for all of them, and so does no campus."""
    every: list[int | None] = [None]
    scopes = product(_ids("category") or every, _ids("campus") or every)
    return ContractForm(
        number=forms.typed("number", NUMBER_MOST),
        provider_id=parse_id(request.form.get("provider", "")),
        first=_day("first"),
        last=_day("last"),
        scopes=frozenset(scopes),
    )


def _prolonged(session: Session, row: Registered) -> ContractForm:
    own = row.contract
    return ContractForm(own.number, own.provider_id, own.valid_from, _day("last"), contracts.scopes_of(session, own.id))


def _ids(name: str) -> list[int | None]:
    found = [parse_id(value) for value in request.form.getlist(name)]
    if None in found:
        raise Refused("contract_scope")
    return found


def _day(name: str) -> date:
    try:
        return date.fromisoformat(request.form.get(name, ""))
    except ValueError:
        raise Refused("contract_days", most=LONGEST_YEARS) from None
