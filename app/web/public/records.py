"""`/my/records`: the records of registers whoever holds this phone answers for, and what they do about them."""

from io import BytesIO
from typing import Any

from flask import Blueprint, redirect, render_template, request, send_file

from app.errors import Refused
from app.http import forms, phone_gate, session
from app.http.context import Page, now, read_session, transaction
from app.http.errors import words
from app.http.i18n import language
from app.http.ids import parse_id
from app.services import images
from app.services.registers import cleaning, evidence, owned, search
from app.services.registers.access import Reader
from app.services.registers.records import Act
from app.services.registers.values import LINE, PROSE, Unfit
from config.registers import Field, Register

blueprint = Blueprint("records", __name__)
CHANNEL = "wechat"


@blueprint.get("/my/records")
@phone_gate.for_person
def records(person_id: int) -> str:
    with read_session() as db:
        return render_template(
            "my_records.html", found=owned.of_person(db, person_id, day=now().date()), registers=owned.kinds()
        )


@blueprint.get("/my/records/<id:record_id>")
def record(record_id: int) -> Page:
    return phone_gate.before(request.path, bound=True) or _page(record_id)


@blueprint.get("/my/records/<id:record_id>/files/<id:file_id>")
def file(record_id: int, file_id: int) -> Page:
    person = phone_gate.person()
    with read_session() as db:
        owned.one(db, person, record_id, day=now().date())
        found = evidence.read(db, record_id, file_id)
    shown = found.media_type == images.MEDIA_TYPE
    answer = send_file(BytesIO(found.content), found.media_type, as_attachment=not shown, download_name=found.name)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.post("/my/records/<id:record_id>/photo")
@session.checks_its_own_form
def add_photo(record_id: int) -> Page:
    request.max_content_length = images.LARGEST_FORM  # before the form is read
    session.check_form("record", record_id)
    file, act = request.files.get("file"), _act()
    content, name = (file.read(), file.filename or "") if file else (b"", "")
    try:
        with read_session() as looking:
            owned.may_add(looking, record_id, act)  # drawing costs much: only for who may
        if not content:
            raise Refused("evidence_missing_file")
        cleaned = cleaning.clean(content)
        with transaction() as db:
            owned.add_photo(db, record_id, act, name=name, cleaned=cleaned)
    except Refused as refused:
        return _page(record_id, fault=words(refused)), 422
    return redirect(f"/my/records/{record_id}", 303)


@blueprint.post("/my/records/<id:record_id>/done")
@session.checks_its_own_form
def finish(record_id: int) -> Page:
    session.check_form("record", record_id)
    typed = {name: forms.clean(text, PROSE * 2) for name, text in request.form.items()}
    try:
        with transaction() as db:
            owned.finish(db, record_id, typed, _act())
    except Unfit as unfit:
        return _page(record_id, typed=typed, wrong={name: words(one) for name, one in unfit.faults.items()}), 422
    except Refused as refused:
        return _page(record_id, typed=typed, fault=words(refused)), 409
    return redirect(f"/my/records/{record_id}", 303)


def _act() -> Act:
    person = phone_gate.person()
    visitor = session.phone_visitor()
    hospital = visitor is not None and not visitor.provider
    return Act(
        Reader(person, hospital=hospital, acts=True), now(), CHANNEL, parse_id(request.form.get("seen", "")) or 0
    )


def _page(
    record_id: int, *, fault: str = "", typed: dict[str, str] | None = None, wrong: dict[str, str] | None = None
) -> str:
    with read_session() as db:
        person, today = phone_gate.person(), now().date()
        found, register = owned.one(db, person, record_id, day=today)
        act = _act()
        writes = owned.may_write(register, found.record, provider=not act.who.hospital)
        values = typed or {**search.typed(register, found.row, by_number=False), "done": str(today)}
        return render_template(
            "my_record.html",
            register=register,
            record=found.record,
            overdue=found.overdue,
            waits=found.waits,
            facts=_facts(register, found),
            files=evidence.of_record(db, record_id),
            writes=writes,
            boxes=[_box(one, values, wrong or {}) for one in owned.results(register)] if writes else [],
            ends=writes and register.owner_ends,
            seen=found.record.revision,
            fault=fault,
            form=session.form_token("record", record_id),
        )


def _facts(register: Register, found: search.Shown) -> list[tuple[str, Any]]:
    fields = search.fields(register, found.record.form, found.row)
    return [
        (one.label(language()), one.choice(str(value), language()) if one.type == "choice" else value)
        for one, value in fields
        if value not in {None, ""} and one.name != "title"
    ]


def _box(one: Field, typed: dict[str, str], wrong: dict[str, str]) -> dict[str, Any]:
    most = PROSE if one.type == "long" else LINE
    return {
        "name": one.name,
        "label": one.label(language()),
        "type": one.type,
        "value": typed.get(one.name, ""),
        "needed": one.required or one.at_end,
        "most": most,
        "fault": wrong.get(one.name, ""),
    }
