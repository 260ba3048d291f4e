"""The lists an admin keeps: a line is added, renamed, put in its place, switched off and on."""

from collections.abc import Sequence

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import forms
from app.http.context import now, read_session, transaction
from app.http.i18n import gettext
from app.http.ids import parse_id
from app.pagination import Line
from app.services import events
from app.services.organisation import kept_lists
from app.services.organisation.kept_lists import KINDS, LAST, OF_PROVIDERS, Kind, LineForm

blueprint = Blueprint("console_lists", __name__)

NEW = LineForm("", 100, None)


@blueprint.get("/console/lists")
def index() -> str:
    return _list(KINDS[0])


@blueprint.get("/console/lists/<kind>")
def show(kind: str) -> str:
    return _list(kept_lists.table(kind))


@blueprint.post("/console/lists/<kind>")
def add(kind: str) -> Response:
    known = kept_lists.table(kind)
    code, form = forms.typed("code", 32), _line_form(known)
    with transaction() as session:
        kept_lists.add(session, known, code, form, by=g.visitor.person_id, at=now())
    flash(gettext("已添加“%(name)s”。", name=form.name), "success")
    return redirect(url_for("console_lists.show", kind=known), 303)


@blueprint.get("/console/lists/<kind>/<id:row_id>")
def line(kind: str, row_id: int) -> str:
    known = kept_lists.table(kind)
    with read_session() as session:
        row = kept_lists.one(session, known, row_id)
        owners = kept_lists.owners(session, known, but=row_id)
        history = [_step(one) for one in events.history(session, known, row_id)]
    off = url_for("console_lists.switch_off", kind=known, row_id=row_id)
    stands = kept_lists.form_of(known, row)
    form = _form(known, stands, owners, chooses_owner=known not in OF_PROVIDERS or stands.above is None)
    return render_template("console/list_line.html", kind=known, row=row, form=form, history=history, off=off)


@blueprint.post("/console/lists/<kind>/<id:row_id>")
def change(kind: str, row_id: int) -> Response:
    known = kept_lists.table(kind)
    with transaction() as session:
        done = kept_lists.change(session, known, row_id, _line_form(known), by=g.visitor.person_id, at=now())
    flash(gettext("已保存。") if done else gettext("没有变化。"), "success")
    return redirect(url_for("console_lists.line", kind=known, row_id=row_id), 303)


@blueprint.post("/console/lists/<kind>/<id:row_id>/off")
def switch_off(kind: str, row_id: int) -> Response:
    return _switch(kept_lists.table(kind), row_id, on=False, reason=forms.reason())


@blueprint.post("/console/lists/<kind>/<id:row_id>/on")
def switch_on(kind: str, row_id: int) -> Response:
    return _switch(kept_lists.table(kind), row_id, on=True, reason="")


def _switch(kind: Kind, row_id: int, *, on: bool, reason: str) -> Response:
    with transaction() as session:
        kept_lists.switch(session, kind, row_id, on=on, reason=reason, by=g.visitor.person_id, at=now())
    text = gettext("已启用，表单里又能选到。") if on else gettext("已停用。表单里不再出现，以前的工单和记录不变。")
    flash(text, "success")
    return redirect(url_for("console_lists.line", kind=kind, row_id=row_id), 303)


def _list(kind: Kind) -> str:
    with read_session() as session:
        rows, owners = kept_lists.listed(session, kind), kept_lists.owners(session, kind)
    return render_template("console/lists.html", kind=kind, kinds=KINDS, rows=rows, form=_form(kind, NEW, owners))


def _step(one: Line) -> dict[str, object]:
    """An act and its words; of a new name, the former one."""
    act = one.data["act"]
    text = gettext("原名“%(name)s”", name=one.note) if act == "renamed" and one.note else one.note or ""
    return {"at": one.at, "actor": one.actor or "", "act": act, "said": text}


def _form(kind: Kind, form: LineForm, owners: Sequence[Line], *, chooses_owner: bool = True) -> dict[str, object]:
    """What the form of a line asks for: of a post that stands, whose it is stays."""
    owned = kind in kept_lists.BELONGS
    shape = {"owned": owned, "posts": kind == "post", "categories": kind == "category", "chooses_owner": chooses_owner}
    return {"kind": kind, "given": form, "owners": owners, "last": LAST, **shape}


def _line_form(kind: Kind) -> LineForm:
    position, headcount = _number("position", "100"), _number("headcount", "0")
    return LineForm(
        name=forms.typed("name"),
        position=position,
        above=parse_id(request.form.get("above", "")),
        for_users="for_users" in request.form or kind != "category",
        key_post="key_post" in request.form,
        headcount=headcount,
    )


def _number(name: str, default: str) -> int:
    text = request.form.get(name, "").strip() or default
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Refused("line_number", most=LAST)
    return int(text)
