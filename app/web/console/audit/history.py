"""`/console/audit`: the sealed history, to search, to verify and to take away; nothing here changes anything."""

import json
from typing import get_args

from flask import Blueprint, render_template
from werkzeug.wrappers import Response

from app.http.context import read_session, runtime
from app.http.i18n import gettext
from app.http.words import word
from app.models.kinds import EVENTS, Subject
from app.services.audit import export, seal, search, verify
from app.services.audit.search import EventFilter
from app.texts.history import FAULTS, holds
from app.web.console import exports, filters

blueprint = Blueprint("console_audit", __name__)

SHOWN = ("", "looks")


@blueprint.get("/console/audit")
def index() -> str | Response:
    first, last = filters.day("from"), filters.day("to")
    chosen = EventFilter(
        number=filters.text("number"),
        kind=filters.code("kind", EVENTS),
        subject=filters.code("subject", get_args(Subject)),
        since=filters.beginning(first),
        until=filters.end(last),
        looks=filters.code("show", SHOWN) == "looks",
        oldest_first=filters.oldest_first(),
    )
    if exports.requested():
        return exports.export("history", _columns(), lambda session, after: search.find(session, chosen, after=after))
    with read_session() as session:
        return render_template(
            "console/audit.html",
            page=search.find(session, chosen, after=filters.cursor("after")),
            state=search.state(session),
            line=lambda row: seal.checkpoint_of(row).line,
            key=runtime().signer.key,
            kinds=sorted(EVENTS),
            subjects=get_args(Subject),
            tabs=SHOWN,
            oldest=chosen.oldest_first,
            first=first,
            last=last,
        )


def _columns() -> exports.Columns:
    """As the page has it, for reading; what can be proved is taken with its proof, or by `flask audit export`."""
    return {
        gettext("序号"): lambda row: row.seq,
        gettext("时间"): lambda row: row.at,
        gettext("什么事"): lambda row: word("history_event", row.kind),
        gettext("关于"): lambda row: row.number or f"{word('history_subject', row.subject)} {row.subject_id}",
        gettext("谁"): lambda row: row.actor,
        gettext("工号"): lambda row: row.staff_number,
        gettext("内容"): lambda row: row.note,
        gettext("数据"): lambda row: json.dumps(row.data, ensure_ascii=False) if row.data else "",
        gettext("已封存"): lambda row: exports.yes(row.sealed),
    }


@blueprint.get("/console/audit/verify")
def check() -> str:
    """Compared anew while the page is made, from where the last comparison on record ended."""
    key = runtime().signer.key
    with read_session() as session:
        verdict = verify.verify(session, keys=[key] if key else [])
    fault = gettext(FAULTS[verdict.fault], where=verdict.where) if verdict.fault else ""
    same = gettext(holds(verdict.first, verdict.size), first=verdict.first, size=verdict.size)
    return render_template("console/audit_verify.html", verdict=verdict, fault=fault, same=same)


@blueprint.get("/console/audit/checkpoints.txt")
def checkpoints() -> Response:
    with read_session() as session:
        lines = export.lines(session)
    return Response("".join(f"{line}\n" for line in lines), mimetype="text/plain")


@blueprint.get("/console/audit/entries/<id:seq>.json")
def entry(seq: int) -> Response:
    with read_session() as session:
        made = export.of_entry(session, seq, runtime().signer)
    return _file(made, f"entry-{seq}.json")


@blueprint.get("/console/audit/tickets/<ticket:number>.json")
def ticket(number: str) -> Response:
    with read_session() as session:
        made = export.of_ticket(session, number, runtime().signer)
    return _file(made, "ticket.json")


def _file(made: object, name: str) -> Response:
    answer = Response(json.dumps(made, ensure_ascii=False, indent=1) + "\n", mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
