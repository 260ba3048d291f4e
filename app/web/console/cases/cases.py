"""Cases, for the hospital only: one list by what is due next, and each with the acts that are left."""

from collections.abc import Callable
from functools import partial

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import forms
from app.http.context import now, read_session, transaction
from app.http.errors import words
from app.http.i18n import gettext
from app.http.ids import parse_id
from app.http.words import word
from app.models import CaseFinding
from app.models.case import CALL_OUTCOMES, FOUND_KINDS, FOUND_OF, UNANSWERED
from app.pagination import Cursor, Page
from app.services.cases import acts, complaints, findings, hotline, limits, search
from app.services.cases.acts import AFTER_ANSWER, TEXT_MOST, Actor
from app.services.organisation import catalogue
from app.services.ratings import appeals
from app.services.tables import writer
from app.web.console import exports, filters

blueprint = Blueprint("console_cases", __name__)
SHOWN_AGAIN = {
    "decision_unfounded",
    "nobody_at_provider",
    "no_outcome",
    "words_needed",
    "closing_undocumented",
    "not_an_owner",
    "too_long",
    "case_moved",
    "finding_contract",
}


@blueprint.get("/console/cases")
def case_index() -> str | Response:
    which, order = filters.code("show", search.LISTS), filters.code("order", search.ORDERS)
    find: exports.Find = partial(_closed if which == "closed" else _open, which, order)
    if exports.requested():
        return exports.export("cases", _columns(), find)
    shown = {"tabs": search.LISTS, "order": order, "most": search.MOST}
    with read_session() as session:
        if which == "closed":
            page = _closed(which, order, session, filters.cursor("after"))
            return render_template("console/cases.html", page=page, lines=(), more=False, **shown)
        lines, more = _lines(session, which, order, search.MOST)
    return render_template("console/cases.html", page=None, lines=lines, more=more, **shown)


def _closed(_which: str, order: str, session: Session, after: Cursor | None) -> Page:
    return search.closed_cases(session, at=now(), admin=g.visitor.administers, order=order, after=after)


def _open(which: str, order: str, session: Session, _after: Cursor | None) -> exports.Whole:
    """All of them as one part: what is open is never many, and its order changes with the hour."""
    lines, _more = _lines(session, which, order, writer.MOST_ROWS)
    return exports.Whole([line.row for line in lines])


def _lines(session: Session, which: str, order: str, most: int) -> tuple[list[search.CaseLine], bool]:
    by, admin = g.visitor.person_id, g.visitor.administers
    return search.open_cases(session, at=now(), which=which, by=by, admin=admin, order=order, most=most)


def _columns() -> exports.Columns:
    return {
        gettext("案件"): lambda row: row.ServiceCase.id,
        gettext("起因"): lambda row: word("case_reason", row.ServiceCase.reason),
        gettext("阶段"): lambda row: word("case_stage", row.ServiceCase.stage),
        gettext("下一步"): lambda row: (
            word("case_step", limits.next_step(row.ServiceCase)) if row.ServiceCase.is_open else ""
        ),
        gettext("最迟"): lambda row: row.ServiceCase.next_due_at if row.ServiceCase.is_open else None,
        gettext("立案"): lambda row: row.ServiceCase.opened_at,
        gettext("结案"): lambda row: row.ServiceCase.closed_at,
        gettext("内容"): lambda row: row.words or row.comment,
        gettext("是谁"): lambda row: row.who or row.caller,
        gettext("科室"): lambda row: row.department,
        gettext("电话"): lambda row: row.telephone,
        gettext("工单号"): lambda row: row.number,
        gettext("负责人"): lambda row: row.owner,
    }


@blueprint.get("/console/cases/new")
def call_form() -> str:
    return _call_page("", {})


@blueprint.post("/console/cases/new")
def log_call() -> Response | tuple[str, int]:
    """What somebody said on the supervision's line: who, which telephone, which ticket, what."""
    typed = {name: request.form.get(name, "") for name in ("who", "telephone", "number", "text")}
    try:
        text = forms.typed("text", complaints.LONGEST)
        who, telephone = (forms.typed(name, complaints.CALLER_MOST) for name in ("who", "telephone"))
        if not (text and (who or telephone)):
            raise Refused("call_incomplete")
        with transaction() as session:
            case_id = hotline.log(session, hotline.HotlineCall(who, telephone, forms.typed("number"), text), _by())
    except Refused as refused:
        return _call_page(words(refused), typed), 422
    flash(gettext("已立案，请按时回电。"), "success")
    return redirect(url_for("console_cases.case", case_id=case_id), 303)


def _call_page(fault: str, typed: dict[str, str]) -> str:
    return render_template("console/case_new.html", fault=fault, typed=typed, most=complaints.LONGEST)


def _by() -> Actor:
    return Actor(g.visitor.person_id, now(), 0, g.visitor.administers, channel="phone")


@blueprint.get("/console/cases/<id:case_id>")
def case(case_id: int) -> str:
    return _page(case_id)


@blueprint.post("/console/cases/<id:case_id>/<act>")
def act(case_id: int, act: str) -> Response | tuple[str, int]:
    """What was typed stays where it is refused, and the page says who was first where somebody was."""
    if act not in _ACTS:
        raise Refused("not_at_this_stage")
    try:
        with transaction() as session:
            actor = Actor(
                g.visitor.person_id, now(), parse_id(request.form.get("seen", "")) or 0, g.visitor.administers
            )
            _ACTS[act](session, case_id, actor)
    except Refused as refused:
        if refused.code not in SHOWN_AGAIN:
            raise
        status = 409 if refused.code == "case_moved" else 422
        return _page(case_id, fault=words(refused), act=act, typed=request.form.get("text", "")), status
    flash(gettext("已记下。"), "success")
    return redirect(url_for("console_cases.case", case_id=case_id), 303)


@blueprint.get("/console/cases/<id:case_id>/photo")
def photo(case_id: int) -> Response:
    with read_session() as session:
        search.one(session, case_id, at=now(), admin=g.visitor.administers)
        found = appeals.photo(session, case_id)
    return Response(found.content, mimetype=found.media_type)


def _take(session: Session, case_id: int, actor: Actor) -> None:
    acts.take(session, case_id, actor, owner=parse_id(request.form.get("owner", "")) or 0)


def _call(session: Session, case_id: int, actor: Actor) -> None:
    acts.call(session, case_id, actor, outcome=request.form.get("outcome", ""), text=_text())


_ACTS: dict[str, Callable[[Session, int, Actor], None]] = {
    "take": _take,
    "call": _call,
    "answer": lambda session, case_id, actor: acts.answer(session, case_id, actor, text=_text()),
    "agree": lambda session, case_id, actor: acts.agree(session, case_id, actor, text=_text()),
    "recover": lambda session, case_id, actor: acts.recover(session, case_id, actor, text=_text()),
    "hand-over": lambda session, case_id, actor: appeals.hand_over(session, case_id, actor),
    "decide": lambda session, case_id, actor: appeals.decide(
        session, case_id, actor, uphold=request.form.get("decision") == "uphold", text=_text()
    ),
    "find": lambda session, case_id, actor: findings.find(
        session,
        case_id,
        actor,
        kind=request.form.get("kind", ""),
        upheld=request.form.get("decision") == "uphold",
        contract_id=parse_id(request.form.get("contract", "")),
    ),
    "close": lambda session, case_id, actor: acts.close_by_timeout(session, case_id, actor, text=_text()),
}


def _text() -> str:
    return forms.typed("text", TEXT_MOST)


def _page(case_id: int, *, fault: str = "", act: str = "", typed: str = "") -> str:
    at, admin = now(), g.visitor.administers
    with read_session() as session:
        row = search.one(session, case_id, at=at, admin=admin)
        found = row.ServiceCase
        who = search.candidates(session, acts.owners(session, found, at))
        history = search.history(session, found)
        silent_at = limits.silent_at(session, found, at=at)
        handed, appeal, pictured = appeals.of_case(session, case_id)
        finding = session.get(CaseFinding, case_id)
        contracts = () if findings.contract_of(session, found) else catalogue.contracts(session)
    return render_template(
        "console/case.html",
        row=row,
        case=found,
        history=history,
        steps=search.steps(found, at=at),
        owners=who,
        may=_may(found.stage, silent=silent_at is not None and silent_at <= at),
        silent_at=silent_at,
        handed=handed,
        may_hand_over=found.rating_id is not None and found.called_at is not None and handed is None,
        appeal=appeal,
        undecided=appeal is not None and appeal.state == "waiting",
        pictured=pictured,
        outcomes=CALL_OUTCOMES,
        finding=finding,
        may_find=finding is None and found.reason in FOUND_OF,
        found_kinds=FOUND_KINDS,
        contracts=contracts,
        most=TEXT_MOST,
        fault=fault,
        of=act,
        typed=typed,
    )


def _may(stage: str, *, silent: bool) -> dict[str, bool]:
    """Which acts are left at this stage."""
    return {
        "answer": stage in UNANSWERED,
        "agree": stage in {"answered", "rerated"},
        "recover": stage == "agreed",
        "close": stage in AFTER_ANSWER and silent,
    }
