"""What is done in a register: a record written, written anew, confirmed, moved; evidence put to it."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from flask import flash, redirect, render_template, request, send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from app.errors import Refused
from app.http import forms
from app.http import session as visit
from app.http.context import now, read_session, transaction
from app.http.errors import status_of, words
from app.http.i18n import gettext
from app.http.ids import parse_id
from app.services import images
from app.services.registers import access, cleaning, evidence, records, search, stock, values
from app.services.registers.access import Reader
from app.services.registers.records import Act
from app.services.registers.values import PROSE, Unfit
from app.web.console.registers.registers import blueprint, boxes, reader, record_page
from config.registers import Register

NEW = 0


@blueprint.get("/console/registers/<kind>/new")
def new_record(kind: str) -> str:
    with read_session() as session:
        who, form = _looker(session, kind)
        typed = {"state": form.first_state, "contract": _only_contract(session, who)}
        return _form(session, who, form, kind, typed)


@blueprint.post("/console/registers/<kind>/new")
def write_new(kind: str) -> Answer | tuple[str, int]:
    typed = _typed()
    try:
        with transaction() as session:
            record_id = records.create(session, kind, typed, _act(session)).id
    except Unfit as unfit:
        return _shown_again(kind, NEW, typed, unfit)
    flash(gettext("已登记。"), "success")
    return redirect(url_for("console_registers.record", kind=kind, record_id=record_id), 303)


@blueprint.get("/console/registers/<kind>/<id:record_id>/edit")
def edit_record(kind: str, record_id: int) -> str:
    with read_session() as session:
        who, form = _looker(session, kind)
        found = search.one(session, who, kind, record_id, day=now().date())
        return _form(
            session, who, form, kind, search.typed(form, found.row, by_number=who.hospital), record=found.record
        )


@blueprint.post("/console/registers/<kind>/<id:record_id>/edit")
def write_anew(kind: str, record_id: int) -> Answer | tuple[str, int]:
    typed = _typed()
    try:
        with transaction() as session:
            changed = records.revise(session, record_id, kind, typed, _act(session))
    except Unfit as unfit:
        return _shown_again(kind, record_id, typed, unfit)
    flash(gettext("已保存。") if changed else gettext("和原来一样，没有再记一笔。"), "success")
    return redirect(url_for("console_registers.record", kind=kind, record_id=record_id), 303)


@blueprint.post("/console/registers/<kind>/<id:record_id>/confirm")
def confirm(kind: str, record_id: int) -> Answer | tuple[str, int]:
    return _acted(kind, record_id, "confirm", lambda db: records.confirm(db, record_id, kind, _act(db)))


@blueprint.post("/console/registers/<kind>/<id:record_id>/move")
def move(kind: str, record_id: int) -> Answer | tuple[str, int]:
    movement = request.form.get("movement", "")

    def act(session: Session) -> None:
        count = values.number(forms.typed("count"))
        stock.move(session, record_id, kind, _act(session), movement=movement, count=count)

    return _acted(kind, record_id, "move", act)


@blueprint.post("/console/registers/<kind>/<id:record_id>/files")
@visit.checks_its_own_form
def add_file(kind: str, record_id: int) -> Answer | tuple[str, int]:
    request.max_content_length = images.LARGEST_FORM  # before the form is read
    visit.check_form("evidence", kind, record_id)
    file = request.files.get("file")
    content, name = (file.read(), file.filename or "") if file else (b"", "")

    def act(session: Session) -> None:
        evidence.add(session, record_id, kind, _act(session), name=name, cleaned=cleaned)

    try:
        with read_session() as looking:
            evidence.may_add(looking, record_id, kind, _act(looking))  # drawing costs much: only for who may
        if not content:
            raise Refused("evidence_missing_file")
        cleaned = cleaning.clean(content)
    except Refused as refused:
        if status_of(refused) == 404:
            raise
        return record_page(kind, record_id, fault=words(refused), act="file"), status_of(refused)
    return _acted(kind, record_id, "file", act)


@blueprint.get("/console/registers/<kind>/<id:record_id>/files/<id:file_id>")
def file(kind: str, record_id: int, file_id: int) -> Answer:
    """A photo is shown, a document is taken away."""
    with read_session() as session:
        found = evidence.get(session, reader(session), kind, record_id, file_id)
    shown = found.media_type == images.MEDIA_TYPE
    answer = send_file(BytesIO(found.content), found.media_type, as_attachment=not shown, download_name=found.name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/console/registers/<kind>/<id:record_id>/files/<id:file_id>/out")
def take_file_out(kind: str, record_id: int, file_id: int) -> Answer | tuple[str, int]:
    why = request.form.get("why", "")
    return _acted(
        kind, record_id, "file", lambda db: evidence.take_out(db, record_id, kind, file_id, _act(db), why=why)
    )


def _acted(kind: str, record_id: int, act_code: str, act: Callable[[Session], Any]) -> Answer | tuple[str, int]:
    """What is refused is said on the record's page."""
    try:
        with transaction() as session:
            act(session)
    except Refused as refused:
        if status_of(refused) == 404:
            raise
        return record_page(kind, record_id, fault=words(refused), act=act_code), status_of(refused)
    flash(gettext("已记下。"), "success")
    return redirect(url_for("console_registers.record", kind=kind, record_id=record_id), 303)


def _looker(session: Session, kind: str) -> tuple[Reader, Register]:
    """Who may write sees the form; the auditor, who reads everything, the page without it."""
    who = reader(session)
    form = access.register(who, kind)
    return who, form if who.hospital else records.writable(who, kind)


def _act(session: Session) -> Act:
    return Act(reader(session), now(), revision=parse_id(request.form.get("seen", "")) or 0)


def _typed() -> dict[str, str]:
    return {name: forms.clean(text, PROSE * 2) for name, text in request.form.items() if name != "code"}


def _shown_again(kind: str, record_id: int, typed: dict[str, str], unfit: Unfit) -> tuple[str, int]:
    with read_session() as session:
        who = reader(session)
        form = records.writable(who, kind)
        found = search.one(session, who, kind, record_id, day=now().date()).record if record_id else None
        return _form(session, who, form, kind, typed, record=found, unfit=unfit), 422


def _form(
    session: Session,
    who: Reader,
    form: Register,
    kind: str,
    typed: dict[str, str],
    *,
    record: Any = None,
    unfit: Unfit | None = None,
) -> str:
    if record is not None and not (who.hospital or record.provider_id == who.provider_id):
        raise Refused("register_not_yours")
    return render_template(
        "console/register_form.html",
        kind=kind,
        register=form,
        record=record,
        boxes=boxes(session, who, form, typed, unfit.faults if unfit else {}),
        states=[code for code, _zh, _en in form.states],
        state=typed.get("state", form.first_state),
        seen=typed.get("seen") or (record.revision if record else NEW),
        by_number=who.hospital,
        may_write=who.may_write(form),
        faulty=unfit is not None,
    )


def _only_contract(session: Session, who: Reader) -> str:
    """The contract in force, where there is one alone."""
    rows = access.contracts_in_force(session, who, now().date())
    return rows[0] if len(rows) == 1 else ""
