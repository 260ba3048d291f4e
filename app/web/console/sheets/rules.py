"""A contract's rules: those in force and before, the draft as a form, what it changes, a trial of it, and its start."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import Missing, Refused
from app.http import forms, live
from app.http.context import now, read_session, runtime, transaction
from app.http.errors import words
from app.http.i18n import gettext
from app.http.words import word
from app.models import Contract, RuleSetDraft
from app.services.indicators.quarters import Quarter
from app.services.organisation import employment
from app.services.sheets import rule_drafts, rule_sets, rule_trial
from app.services.sheets.rule_drafts import ASKED_BY, REASON_MOST, Act
from app.texts.rules import WORDS
from app.web.console.sheets import rule_form
from config.score import score_rules

blueprint = Blueprint("console_rules", __name__)


@blueprint.get("/console/rules/<id:contract_id>")
def index(contract_id: int) -> str:
    """One version whole, and the list of them; what is in force where none is named."""
    name = request.args.get("rules", "")
    with read_session() as session:
        contract = _contract(session, contract_id)
        versions = rule_sets.versions(session, contract)
        chosen = next((one for one in versions if one.name == name), None)
        if name and chosen is None and all(one.name != name for one in score_rules().versions):
            raise Missing("no_such_sheet")
        day = chosen.since if chosen else _today().first
        content = rule_sets.content(chosen) if chosen else rule_sets.standing(session, contract, day, file=bool(name))
        in_force = rule_sets.for_quarter(session, contract, _today().first).name
        return render_template(
            "console/rules.html",
            contract=contract,
            versions=versions,
            shown=name or in_force,
            in_force=in_force,
            file=[one for one in score_rules().versions if not one.contracts or contract.number in one.contracts],
            draft=None if g.visitor.provider else session.get(RuleSetDraft, contract_id),
            acts=_acts(),
            **rule_form.boxes(content, {}),
        )


@blueprint.get("/console/rules/<id:contract_id>/draft")
def draft(contract_id: int) -> str:
    _hospital_only()
    with read_session() as session:
        contract = _contract(session, contract_id)
        content, seen = _base(session, contract)
    return _form(contract, content, seen, {})


@blueprint.post("/console/rules/<id:contract_id>/draft")
def save(contract_id: int) -> Response | tuple[str, int]:
    _hospital_only()
    with read_session() as session:
        contract = _contract(session, contract_id)
        base, _seen = _base(session, contract)
        standing = rule_drafts.standing_for_draft(session, contract, now().date())
    content = rule_form.typed(deepcopy(base))
    if wrong := rule_sets.wrong(content, standing):
        return _form(contract, content, request.form.get("seen", ""), wrong), 422
    with transaction() as session:
        rule_drafts.save(session, contract, content, _act(), seen=request.form.get("seen", ""))
    flash(gettext("草案已保存，还没有生效。"), "success")
    return redirect(url_for("console_rules.changes", contract_id=contract_id), 303)


@blueprint.get("/console/rules/<id:contract_id>/changes")
@live.keeps_fresh
def changes(contract_id: int) -> str:
    """What the draft changes, what a trial of it came to, and from when on it may stand."""
    _hospital_only()
    with read_session() as session:
        contract = _contract(session, contract_id)
        found = rule_drafts.draft(session, contract)
        standing = rule_drafts.standing_for_draft(session, contract, now().date())
        content = rule_sets.content(found)
    return render_template(
        "console/rules_changes.html",
        contract=contract,
        draft=found,
        changes=[(_part(one.part), one) for one in rule_trial.changes(standing, content)],
        trial=found.trial if found.trial and found.trial["digest"] == found.digest else None,
        waits=ASKED_BY in (found.trial or {}),
        refused=words(Refused(found.trial["refused"])) if found.trial and "refused" in found.trial else "",
        last=_today().before,
        quarters=rule_drafts.quarters(now().date()),
        proposed=_today().after,
        reason_most=REASON_MOST,
        acts=_acts(),
    )


@blueprint.post("/console/rules/<id:contract_id>/trial")
def try_out(contract_id: int) -> Response:
    _hospital_only()
    with transaction() as session:
        rule_drafts.ask_trial(session, _contract(session, contract_id), _act())
    return redirect(url_for("console_rules.changes", contract_id=contract_id), 303)


@blueprint.post("/console/rules/<id:contract_id>/force")
def put_in_force(contract_id: int) -> Response:
    _hospital_only()
    quarter = Quarter.read(request.form.get("quarter", ""))
    with transaction() as session:
        made = rule_drafts.put_in_force(
            session,
            _contract(session, contract_id),
            quarter,
            digest=request.form.get("digest", ""),
            reason=forms.reason(REASON_MOST),
            act=_act(),
            zone=runtime().settings.timezone,
        )
        flash(gettext("%(name)s 从 %(day)s 起生效。", name=made.name, day=made.since), "success")
    return redirect(url_for("console_rules.index", contract_id=contract_id), 303)


@blueprint.post("/console/rules/<id:contract_id>/drop")
def drop(contract_id: int) -> Response:
    _hospital_only()
    with transaction() as session:
        rule_drafts.drop(session, _contract(session, contract_id), _act())
    flash(gettext("草案已放弃。"), "success")
    return redirect(url_for("console_rules.index", contract_id=contract_id), 303)


def _form(contract: Contract, content: Mapping[str, Any], seen: str, wrong: Mapping[str, str]) -> str:
    return render_template(
        "console/rules_draft.html",
        contract=contract,
        seen=seen,
        total=wrong.get("indicators"),
        faulty=bool(wrong),
        acts=_acts(),
        **rule_form.boxes(content, wrong),
    )


def _base(session: Session, contract: Contract) -> tuple[dict[str, Any], str]:
    """What the form begins with, and the digest of the draft it is of."""
    found = session.get(RuleSetDraft, contract.id)
    if found is not None:
        return rule_sets.content(found), found.digest
    return rule_drafts.standing_for_draft(session, contract, now().date()), ""


def _contract(session: Session, contract_id: int) -> Contract:
    """Of another provider's contract nothing is known."""
    found = session.get(Contract, contract_id)
    if found is None or (not g.visitor.supervises and found.provider_id != next(_provider_id(session), None)):
        raise Missing("no_such_contract")
    return found


def _provider_id(session: Session) -> Iterator[int | None]:
    found = employment.employment_at(session, g.visitor.person_id, now().date())
    if found is not None:
        yield found.provider_id


def _part(path: str) -> str:
    """An indicator by its code, a band or limit by its row."""
    table, _, row = path.partition(".")
    known = WORDS["rules_part"]
    return f"{word('rules_part', table)} {row}".strip() if table in known else path


def _today() -> Quarter:
    return Quarter.at(now().astimezone(runtime().settings.timezone).date())


def _act() -> Act:
    return Act(g.visitor.person_id, now())


def _acts() -> bool:
    return g.may_act and g.visitor.supervises and not g.visitor.provider


def _hospital_only() -> None:
    if g.visitor.provider or not g.visitor.supervises:
        abort(403)
