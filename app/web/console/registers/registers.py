"""The registers: what is due in all of them, each as a list, each record with its history."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, g, render_template
from sqlalchemy.orm import Session

from app.errors import Refused
from app.http import session as visit
from app.http.context import now, read_session
from app.http.errors import words
from app.http.i18n import gettext, language
from app.models.register import TAKEN_OUT
from app.pagination import Line
from app.services.organisation import catalogue
from app.services.registers import access, evidence, search, uses
from app.services.registers.access import Reader
from app.services.registers.search import LISTS, RecordFilter, Shown
from app.services.registers.values import LINE, PROSE
from app.services.tables.writer import Cell
from app.web.console import exports, filters
from config.registers import Field, Register

blueprint = Blueprint("console_registers", __name__)
SOON = timedelta(days=30)


@dataclass(frozen=True)
class Box:
    """One field of a form: what stands in it, what it offers, and what was wrong with it."""

    field: Field
    value: str
    options: list[tuple[str, str]]
    fault: str

    @property
    def most(self) -> int:
        return PROSE if self.field.type == "long" else LINE


def reader(session: Session) -> Reader:
    """Who looks: the hospital's supervision, the provider's managers, or somebody who reads what helps them."""
    visitor, today = g.visitor, now().date()
    return access.reader(session, visitor.person_id, hospital=visitor.supervises, acts=g.may_act, day=today)


@blueprint.get("/console/registers")
def index() -> str:
    today = now().date()
    with read_session() as session:
        who = reader(session)
        return render_template(
            "console/registers.html",
            due=search.due(session, who, day=today, within=SOON),
            waiting=search.unconfirmed(session, who, day=today),
            tallies=search.tallies(session, who, day=today),
            known=access.kinds(who),
            days=SOON.days,
        )


@blueprint.get("/console/registers/<kind>")
def register(kind: str) -> str | Response:
    if not exports.requested():
        return listed(kind)
    with read_session() as session:
        who = reader(session)
        form = access.register(who, kind)
    chosen, today = _filters(form), now().date()
    return exports.export(
        kind,
        _columns(form, today),
        lambda session, after: search.find(session, who, kind, chosen, day=today, after=after),
    )


def _filters(form: Register) -> RecordFilter:
    show = filters.code("show", {*LISTS, *form.state_codes.values()})
    return RecordFilter(show, filters.text("q"), filters.day("from"), filters.day("to"))


def _columns(form: Register, today: date) -> exports.Columns:
    """What the list shows; the whole of a register, to be brought in again, is its workbook."""
    has = {one.name for one in form.current}
    columns: dict[str, tuple[bool, Callable[[Line], Cell]]] = {
        gettext("编号"): (True, lambda row: row.RegisterRecord.code),
        gettext("内容"): (True, lambda row: row.RegisterRecord.title or gettext("已删除")),
        gettext("状态"): (True, lambda row: form.state(row.RegisterRecord.state, language())),
        gettext("待确认"): (form.second, lambda row: exports.yes(search.shown(row, form, today).waits)),
        gettext("数量"): (form.stock, lambda row: row.RegisterRecord.stock),
        gettext("到期"): ("due" in has, lambda row: _day(row.RegisterRecord.due_on)),
        gettext("超期"): ("due" in has, lambda row: exports.yes(search.shown(row, form, today).overdue)),
        gettext("完成"): ("done" in has, lambda row: _day(row.RegisterRecord.done_on)),
        gettext("负责人"): ("person" in has, lambda row: row.person),
        gettext("服务商"): (True, lambda row: row.provider),
        gettext("谁记的"): (True, lambda row: row.writer),
        gettext("记录时间"): (True, lambda row: row.RegisterRecord.written_at),
    }
    return {name: read for name, (shown, read) in columns.items() if shown}


def listed(kind: str, *, fault: str = "", outcome: Any = None, rejected: Sequence[str] = ()) -> str:
    today = now().date()
    with read_session() as session:
        who = reader(session)
        form = access.register(who, kind)
        chosen = _filters(form)
        page = search.find(session, who, kind, chosen, day=today, after=filters.cursor("after"))
    return render_template(
        "console/register.html",
        kind=kind,
        register=form,
        page=page,
        shown=[search.shown(row, form, today) for row in page.rows],
        tabs=[(show, _tab(form, show)) for show in _tabs(form)],
        chosen=chosen.show,
        wanted=chosen,
        has={one.name for one in form.current},
        may_write=who.may_write(form),
        tables=who.hospital,
        table_token=visit.form_token("register table", kind) if who.hospital and who.may_write(form) else "",
        fault=fault,
        taken=outcome,
        rejected=rejected,
    )


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


@blueprint.get("/console/registers/<kind>/<id:record_id>")
def record(kind: str, record_id: int) -> str:
    return record_page(kind, record_id)


def record_page(kind: str, record_id: int, *, fault: str = "", act: str = "") -> str:
    with read_session() as session:
        who = reader(session)
        form = access.register(who, kind)
        found = search.one(session, who, kind, record_id, day=now().date())
        own = who.hospital or found.record.provider_id == who.provider_id
        writes = who.may_write(form) and own
        return render_template(
            "console/register_record.html",
            kind=kind,
            register=form,
            row=found.row,
            record=found.record,
            overdue=found.overdue,
            waits=found.waits,
            facts=[(one.label(language()), spoken(one, value)) for one, value in _facts(form, found)],
            history=[_entry(form, line) for line in search.history(session, record_id)],
            files=evidence.of_record(session, record_id),
            may_take_out=lambda file: writes and evidence.may_take_out(who, found.record, file.by_id),
            reasons=TAKEN_OUT,
            may_write=writes,
            may_confirm=who.signs and found.waits and found.record.written_by_id != who.person_id,
            own_words=who.signs and found.waits and found.record.written_by_id == who.person_id,
            moves=writes and form.stock,
            solved=uses.solved(session, record_id),
            form_token=visit.form_token("evidence", kind, record_id) if writes else "",
            fault=fault,
            of=act,
        )


def boxes(
    session: Session, who: Reader, form: Register, typed: Mapping[str, str], faults: Mapping[str, Refused]
) -> list[Box]:
    """The fields of today's form, as they are shown and typed into."""
    wrong = {name: words(refused) for name, refused in faults.items()}
    return [
        Box(one, typed.get(one.name, ""), _options(session, who, one), wrong.get(one.name, "")) for one in form.current
    ]


def spoken(one: Field, value: Any) -> str:
    """A value in the visitor's language."""
    if value is None:
        return ""
    return one.choice(str(value), language()) if one.type == "choice" else str(value)


def _facts(form: Register, found: Shown) -> list[tuple[Field, Any]]:
    return [(one, value) for one, value in search.fields(form, found.record.form, found.row) if value not in {None, ""}]


def _entry(form: Register, line: Line) -> dict[str, Any]:
    """A line of the history, with what was written then, under the form of that time."""
    entry = line.RegisterEntry
    known = {**entry.data, **entry.words}
    columns = {"due": "due_on", "done": "done_on"}
    facts = [
        (one.label(language()), spoken(one, known.get(columns.get(one.name, one.name))))
        for one in form.fields_of(entry.form)
    ]
    return {
        "entry": entry,
        "actor": line.actor,
        "number": line.number,
        "state": form.state(known["state"], language()) if "state" in known else "",
        "movement": entry.data.get("movement", ""),
        "facts": [(label, value) for label, value in facts if value],
    }


def _tabs(form: Register) -> list[str]:
    return [one for one in LISTS if one != search.WAITING or form.second] + [code for code, _zh, _en in form.states]


def _tab(form: Register, show: str) -> str:
    return "" if show in LISTS else form.state(show, language())


def _options(session: Session, who: Reader, one: Field) -> list[tuple[str, str]]:
    match one.type:
        case "choice":
            return [(code, one.choice(code, language())) for code, _zh, _en in one.choices]
        case "contract":
            own = None if who.hospital else who.provider_id
            return [(row.number, f"{row.number} {row.provider}") for row in catalogue.contracts(session, own)]
        case "category":
            return [(row.code, row.name) for row in catalogue.coded_categories(session)]
    return []
