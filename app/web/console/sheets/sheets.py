"""The quarter's sheets: each contract's, its lines and the rows behind them; who may act is said here, act by act."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import Missing, Refused
from app.http import forms
from app.http.context import now, read_session, runtime, transaction
from app.http.i18n import gettext, language
from app.http.ids import parse_id
from app.models import Contract, Person
from app.services.identity import console_sign_in, passwords
from app.services.indicators.measures import MEASURES
from app.services.indicators.quarters import Quarter
from app.services.organisation import employment
from app.services.registers import evidence
from app.services.reports import head
from app.services.sheets import agreeing, contracts, entries, freezing, pages, reported
from app.services.sheets.agreeing import TEXT_MOST
from app.services.sheets.entries import BESIDE, Typed, Value
from app.services.sheets.pages import SheetView
from app.services.sheets.terms import Term
from app.texts.sheets import measured, per_cent, points, read_yuan
from app.web.console import filters
from config.registers import registers
from config.score import ROSTER, RuleSet

blueprint = Blueprint("console_sheets", __name__)

QUARTERS = 8
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@blueprint.get("/console/sheets")
def index() -> str:
    with read_session() as session:
        rows = pages.contracts(session, provider_id=_provider_id(session))
        listed = [(row, _quarters(session, row.Contract)) for row in rows]
    return render_template("console/sheets.html", contracts=listed, may_set=_may_set())


def _quarters(session: Any, contract: Contract) -> list[SheetView]:
    """The last ones the contract was in force in, each as whoever looks may read it."""
    quarters = [Quarter.at(now().date())]
    while len(quarters) < QUARTERS:
        quarters.append(quarters[-1].before)
    terms = (Term(contract, one, runtime().settings.timezone) for one in quarters)
    return [pages.load(session, term, for_provider=g.visitor.provider) for term in terms if term.days]


@blueprint.get("/console/sheets/<id:contract_id>/<quarter>")
def sheet(contract_id: int, quarter: str) -> str:
    return _page(contract_id, quarter)


@blueprint.get("/console/sheets/<id:contract_id>/<quarter>.json")
def sheet_json(contract_id: int, quarter: str) -> Response:
    with read_session() as session:
        view = _load(session, contract_id, quarter)
    return Response(json.dumps(pages.as_json(view), ensure_ascii=False) + "\n", mimetype="application/json")


@blueprint.get("/console/sheets/<id:contract_id>/<quarter>.xlsx")
def sheet_workbook(contract_id: int, quarter: str) -> Response:
    from app.services.reports import workbook  # what writes files is for whoever takes one away

    content, facts, at = _printed(contract_id, quarter)
    return _file(workbook.workbook(content, facts, at=at), f"sheet-{quarter}.xlsx", XLSX)


@blueprint.get("/console/sheets/<id:contract_id>/<quarter>.pdf")
def sheet_document(contract_id: int, quarter: str) -> Response:
    from app.services.reports import document

    content, facts, at = _printed(contract_id, quarter)
    return _file(document.document(content, facts, at=at), f"sheet-{quarter}.pdf", "application/pdf")


@blueprint.get("/console/sheets/<id:contract_id>/<quarter>/<code>")
def line(contract_id: int, quarter: str, code: str) -> str:
    good = {"good": True, "other": False}.get(filters.code("show", ("", "good", "other")))
    after = filters.row_id("after") or 0
    with read_session() as session:
        view = _load(session, contract_id, quarter)
        shown = _line(view, code)
        if shown["of_ratings"] and g.visitor.provider:
            abort(403)
        rows: Any = ()
        more = None
        if shown["counted"]:
            frozen = view.standing.sheet if view.standing else None
            rows, more = pages.rows(session, view.term, code, sheet=frozen, good=good, after=after)
        gone = evidence.taken_out(session, shown.get("records", ())) if shown.get("kind") else ()
        beside = () if g.visitor.provider else _reported(session, view.term, code, shown.get("records", ()))
        history = () if g.visitor.provider else entries.history(session, view.term, code)
    found = {"rows": rows, "more": more, "gone": gone, "said": beside, "history": history}
    looks = {"view": view, "line": shown, "registers": registers(), "tabs": ("", "good", "other")}
    return render_template("console/sheet_line.html", **looks, **found, **_who(view))


def _reported(session: Session, term: Term, code: str, records: Sequence[int]) -> list[dict[str, Any]]:
    """The figures of reports, beside ours."""
    found = reported.behind(session, term, code, records)
    labels = {one.name: one.label(language()) for beside in found for one in registers()[beside.record.kind].fields}
    apart = [per_cent(one.apart.numerator, one.apart.denominator) for one in found]
    return [{"of": one, "label": labels[one.name], "apart": far} for one, far in zip(found, apart, strict=True)]


@blueprint.post("/console/sheets/<id:contract_id>/<quarter>/entries")
def enter(contract_id: int, quarter: str) -> Response:
    _hospital_only()
    code = forms.typed("code", 32)
    with transaction() as session:
        term = _term(session, contract_id, quarter)
        typed = Typed(
            code,
            _value(term.rules(session), code),
            forms.typed("evidence", entries.EVIDENCE_MOST),
            replaces=parse_id(request.form.get("replaces", "")),
        )
        entries.enter(session, term, typed, by=g.visitor.person_id, at=now())
        pages.refresh(session, term, at=now())
    flash(gettext("已录入。扣分或扣款的，要由另一位核对后才计入。"), "success")
    return _back(contract_id, quarter)


@blueprint.post("/console/sheets/<id:contract_id>/<quarter>/entries/<id:entry_id>/check")
def check(contract_id: int, quarter: str, entry_id: int) -> Response:
    _hospital_only()
    with transaction() as session:
        term = _term(session, contract_id, quarter)
        entries.check(session, entry_id, by=g.visitor.person_id, at=now())
        pages.refresh(session, term, at=now())
    flash(gettext("已核对，计入。"), "success")
    return _back(contract_id, quarter)


@blueprint.post("/console/sheets/<id:contract_id>/<quarter>/freeze")
def freeze(contract_id: int, quarter: str) -> Response:
    _hospital_only()
    with transaction() as session:
        freezing.freeze(
            session,
            _term(session, contract_id, quarter),
            version=parse_id(request.form.get("version", "")) or 0,
            reason=forms.typed("reason", freezing.REASON_MOST),
            window=runtime().settings.rating_window,
            by=g.visitor.person_id,
            at=now(),
        )
    flash(gettext("已冻结。服务商可以在期限内提出异议。"), "success")
    return _back(contract_id, quarter)


@blueprint.post("/console/sheets/<id:contract_id>/<quarter>/objections")
def object_(contract_id: int, quarter: str) -> Response:
    if not g.visitor.provider:
        abort(403)
    with transaction() as session:
        found = _newest(session, _term(session, contract_id, quarter))
        agreeing.object_(
            session,
            found.id,
            forms.typed("code", 32),
            forms.typed("text", TEXT_MOST),
            by=g.visitor.person_id,
            at=now(),
            zone=runtime().settings.timezone,
        )
    flash(gettext("异议已提交，医院会逐条答复。"), "success")
    return _back(contract_id, quarter)


@blueprint.post("/console/sheets/<id:contract_id>/<quarter>/objections/<id:objection_id>")
def answer(contract_id: int, quarter: str, objection_id: int) -> Response:
    _hospital_only()
    upheld = request.form.get("decision") == "uphold"
    with transaction() as session:
        _term(session, contract_id, quarter)
        text, by = forms.typed("text", TEXT_MOST), g.visitor.person_id
        agreeing.answer(session, objection_id, text, upheld=upheld, by=by, at=now())
    flash(gettext("已答复。异议成立的，请冻结更正的一版。") if upheld else gettext("已答复。"), "success")
    return _back(contract_id, quarter)


@blueprint.post("/console/sheets/<id:contract_id>/<quarter>/sign")
def sign(contract_id: int, quarter: str) -> Response:
    """With the password again; the hospital may enter the provider's signature on paper."""
    paper = request.form.get("way") == "paper"
    if paper:
        _hospital_only()
    with read_session() as session:
        right = console_sign_in.attempt(session, _staff_number(session), at=now())
    if right is None or not passwords.check(right.password_hash, request.form.get("password", "")):
        raise Refused("wrong_password")
    with transaction() as session:
        term = _term(session, contract_id, quarter)
        side = "provider" if paper or g.visitor.provider else "hospital"
        if g.visitor.provider and not _signs(session, term):
            raise Refused("no_key_post")
        agreeing.sign(
            session,
            _newest(session, term).id,
            side,
            way="paper" if paper else "password",
            note=forms.typed("note", TEXT_MOST),
            by=g.visitor.person_id,
            at=now(),
            zone=runtime().settings.timezone,
        )
    flash(gettext("已签字。"), "success")
    return _back(contract_id, quarter)


@blueprint.post("/console/sheets/<id:contract_id>/<quarter>/settle")
def settle(contract_id: int, quarter: str) -> Response:
    _hospital_only()
    with transaction() as session:
        found = _newest(session, _term(session, contract_id, quarter))
        agreeing.settle(session, found.id, by=g.visitor.person_id, at=now(), zone=runtime().settings.timezone)
    flash(gettext("已结算。"), "success")
    return _back(contract_id, quarter)


@blueprint.post("/console/sheets/<id:contract_id>/base")
def set_base(contract_id: int) -> Response:
    if not _may_set():
        abort(403)
    fen = read_yuan(request.form.get("yuan", ""))
    if fen is None:
        raise Refused("figure_form")
    with transaction() as session:
        term = _term(session, contract_id, str(Quarter.at(now().date())))
        contracts.set_base(session, term.contract, fen, by=g.visitor.person_id, at=now(), channel="console")
    flash(gettext("已登记每季度服务费，从下次计算起生效。"), "success")
    return redirect(url_for("console_sheets.index"), 303)


def _printed(contract_id: int, quarter: str) -> tuple[dict[str, Any], dict[str, str], datetime]:
    """What stands on paper; its words are Chinese, as the contract's are."""
    with read_session() as session:
        view = _load(session, contract_id, quarter)
        if view.content is None or view.counted_at is None:
            raise Missing("not_counted_yet")
        return view.content, head.facts(session, view), view.counted_at


def _file(content: bytes, name: str, mimetype: str) -> Response:
    answer = Response(content, mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _page(contract_id: int, quarter: str) -> str:
    with read_session() as session:
        view = _load(session, contract_id, quarter)
        signs = _signs(session, view.term)
        standing = [] if g.visitor.provider else entries.standing(session, view.term)
        rules = view.term.rules(session)
    window = runtime().settings.rating_window
    return render_template(
        "console/sheet.html",
        view=view,
        lines=[_shown(line) for line in view.content["lines"]] if view.content else [],
        standing=standing,
        own=g.visitor.person_id,
        enterable=[(one.code, one.en if language() == "en" else one.zh) for one in rules.indicators if not one.counted],
        registers=registers(),
        beside=list(BESIDE),
        signs=signs,
        opens=freezing.opens_at(view.term, window),
        may_freeze=now() >= freezing.opens_at(view.term, window),
        **_who(view),
    )


def _who(view: SheetView) -> dict[str, Any]:
    """What somebody may do here; the auditor reads."""
    acts = g.may_act and not g.visitor.provider
    standing = view.standing
    ready = standing is not None and not standing.open_objections and not any(row.upheld for row in standing.objections)
    return {
        "acts": acts,
        "objects": g.may_act and g.visitor.provider and standing is not None and now() <= standing.objections_until,
        "ready": ready,
        "hospital_signs": acts and ready and standing is not None and not standing.signed_by("hospital"),
        "paper": acts and ready and standing is not None and not standing.signed_by("provider"),
        "settles": acts and standing is not None and standing.state == "signed",
    }


def _shown(line: dict[str, Any]) -> dict[str, Any]:
    """A line in the visitor's language."""
    origin = measured(line["measure"])
    lower, upper = line["interval"] or (None, None)
    return {
        **line,
        "title": line["name"][language()],
        "said": line["formula"][language()],
        "measured": origin,
        "counted": origin == "counted",
        "of_ratings": origin == "counted" and MEASURES[line["measure"]].of_ratings,
        "between": f"{points(lower)}–{points(upper)}%" if lower is not None else "",
        "weight": line["rule"]["weight"],
        "of_roster": line.get("kind") == ROSTER,
    }


def _line(view: SheetView, code: str) -> dict[str, Any]:
    found = [line for line in (view.content or {"lines": []})["lines"] if line["code"] == code]
    if not found:
        raise Missing("no_such_indicator")
    return _shown(found[0])


def _load(session: Any, contract_id: int, quarter: str) -> SheetView:
    text = request.args.get("version", "")
    version = 0 if text == "draft" else filters.row_id("version")
    return pages.load(session, _term(session, contract_id, quarter), for_provider=g.visitor.provider, version=version)


def _term(session: Any, contract_id: int, quarter: str) -> Term:
    """Of another provider's contract nothing is known."""
    found = session.get(Contract, contract_id)
    if found is None:
        raise Missing("no_such_contract")
    term = Term(found, Quarter.read(quarter), runtime().settings.timezone)
    own = _provider_id(session)
    if own is not None and term.contract.provider_id != own:
        raise Missing("no_such_contract")
    return term


def _provider_id(session: Any) -> int | None:
    """None for the hospital; who is of no provider today sees no contract."""
    if g.visitor.supervises:
        return None
    found = employment.employment_at(session, g.visitor.person_id, now().date())
    return found.provider_id or 0 if found else 0


def _newest(session: Any, term: Term) -> Any:
    found = freezing.newest(session, term.contract.id, str(term.quarter))
    if found is None:
        raise Refused("not_frozen")
    return found


def _signs(session: Any, term: Term) -> bool:
    return g.visitor.provider and agreeing.may_sign_for_provider(
        session, g.visitor.person_id, term.contract.provider_id, at=now()
    )


def _staff_number(session: Any) -> str:
    return str(session.get_one(Person, g.visitor.person_id).staff_number)


def _value(rules: RuleSet, code: str) -> Value:
    """What was typed, for the kind of figure this one has; nothing typed says that there is none."""
    line = rules.indicator(code)
    takes = BESIDE.get(code) or (line.takes if line else "")
    if takes == "yes":
        answer = request.form.get("yes", "")
        return Value(yes={"yes": True, "no": False}.get(answer))
    numbers = [_number(name) for name in ("num", "den")] if takes == "rate" else [_number("count")]
    return Value(num=numbers[0], den=numbers[1]) if takes == "rate" else Value(count=numbers[0])


def _number(name: str) -> int | None:
    text = forms.typed(name, 32)
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 12):
        raise Refused("figure_form")
    return int(text) if text else None


def _hospital_only() -> None:
    if g.visitor.provider or not g.visitor.supervises:
        abort(403)


def _may_set() -> bool:
    return g.may_act and "admin" in g.visitor.roles and not g.visitor.provider


def _back(contract_id: int, quarter: str) -> Response:
    return redirect(url_for("console_sheets.sheet", contract_id=contract_id, quarter=quarter), 303)
