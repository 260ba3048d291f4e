"""The duty roster: a month's grid, who is on duty now, swaps that wait, who is in a post without approval."""

import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from flask import Response, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from app.errors import Refused
from app.http.context import now, read_session, transaction
from app.http.i18n import gettext
from app.http.ids import parse_id
from app.models import DutyShift
from app.models.duty import SHIFTS
from app.services.organisation import catalogue, duty, duty_plan, duty_table, kept_lists
from app.services.organisation.duty_plan import LONGEST, Planned
from app.services.tables.lines import Unreadable
from app.services.tables.reader import open_table
from app.services.tables.writer import XLSX, xlsx
from app.texts.catalogue import mark
from app.web.console import filters
from app.web.console.overview import blueprint
from config.duty import shifts

LARGEST_TABLE = 2 * 1024 * 1024
WEEKDAYS = (mark("一"), mark("二"), mark("三"), mark("四"), mark("五"), mark("六"), mark("日"))
SATURDAY = 5


@blueprint.get("/console/duty")
def duty_month() -> str:
    first = _month(request.args.get("month", ""))
    days = duty_table.days_of(first)
    with read_session() as session:
        standing = duty_plan.month(session, days[0], days[-1])
        people = duty.people(session, day=now().date())
        return render_template(
            "console/duty.html",
            days=[(day, gettext(WEEKDAYS[day.weekday()]), day.weekday() >= SATURDAY) for day in days],
            month=f"{first:%Y-%m}",
            before=f"{first - timedelta(days=1):%Y-%m}",
            after=f"{days[-1] + timedelta(days=1):%Y-%m}",
            grid=[(one, [_letters(standing.get((one.id, day), [])) for day in days]) for one in people],
            people=people,
            shifts=shifts(),
            posts=catalogue.posts(session),
            campuses=catalogue.campuses(session),
            on_duty=duty.on_duty(session, at=now()),
            swaps=duty_plan.waiting_swaps(session),
            unapproved=duty.unapproved(session, day=now().date()),
            staffing=duty.staffing(session, first=days[0], last=days[-1]),
            today=now().date(),
        )


@blueprint.post("/console/duty/plan")
def duty_planned() -> Answer:
    """One person's shifts over some days: put there, or taken off where no shift is named."""
    person, post, campus = (parse_id(request.form.get(name, "")) for name in ("person", "post", "campus"))
    first, last = (_day(request.form.get(name, "")) for name in ("first", "last"))
    chosen = [code for code in request.form.getlist("shift") if code in SHIFTS]
    if person is None or last < first or (last - first).days >= LONGEST:
        raise Refused("duty_unknown")
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    plan = [Planned(person, day, shift, post, campus) for day in days for shift in chosen]
    cells = {(person, day) for day in days}

    def act(session: Session) -> None:
        duty_plan.replace(session, plan, cells, by=_by(), hospital=g.visitor.supervises, at=now())

    return _acted(act, gettext("已排班。"), first)


@blueprint.get("/console/duty.xlsx")
def duty_workbook() -> Response:
    first = _month(request.args.get("month", ""))
    with read_session() as session:
        people = [(one.id, one.staff_number, one.name) for one in duty.people(session, day=now().date())]
        written = xlsx(duty_table.rows(session, first, people), title=f"{first:%Y-%m}")
    named = {"Content-Disposition": f'attachment; filename="duty-{first:%Y-%m}.xlsx"'}
    return Response(written, mimetype=XLSX, headers=named)


@blueprint.post("/console/duty/table")
def duty_taken_in() -> Answer:
    request.max_content_length = LARGEST_TABLE  # before the form is read
    file = request.files.get("table")
    content = file.read() if file else b""
    with tempfile.TemporaryDirectory() as folder, transaction() as session:
        path = Path(folder) / "duty"
        path.write_bytes(content)
        try:
            read = duty_table.read(session, open_table(path))
        except Unreadable as error:
            raise Refused("duty_table_unreadable") from error
        count = duty_plan.replace(session, read.planned, read.cells, by=_by(), hospital=g.visitor.supervises, at=now())
    flash(gettext("已导入，改动 %(count)s 个班次。", count=count), "success")
    return redirect(url_for("console.duty_month"), 303)


@blueprint.post("/console/duty/swaps/<id:swap_id>")
def duty_swap(swap_id: int) -> Answer:
    _supervisor()
    approve = request.form.get("answer") == "approve"

    def act(session: Session) -> None:
        duty_plan.decide_swap(session, swap_id, approve=approve, by=_by(), at=now())

    return _acted(act, gettext("已同意换班。") if approve else gettext("换班未同意。"))


@blueprint.post("/console/duty/approvals")
def duty_approval() -> Answer:
    _supervisor()
    person, post = (parse_id(request.form.get(name, "")) or 0 for name in ("person", "post"))

    def act(session: Session) -> None:
        duty_plan.approve(session, person, post, by=_by(), at=now())

    return _acted(act, gettext("已同意此人在这个岗位。"))


@blueprint.post("/console/duty/posts")
def duty_posts() -> Answer:
    """The posts a contract usually asks for, and how many people each needs."""
    _supervisor()

    def act(session: Session) -> None:
        if request.form.get("add") == "default":
            duty_plan.add_default_posts(session)
            return
        for post in catalogue.posts(session):
            count = parse_id(request.form.get(f"post-{post.id}", ""))
            if count is not None:
                kept_lists.set_headcount(session, post.id, count, by=_by(), at=now())

    return _acted(act, gettext("岗位已保存。"))


def _acted(act: Callable[[Session], None], notice: str, month: date | None = None) -> Answer:
    with transaction() as session:
        act(session)
    flash(notice, "success")
    return redirect(url_for("console.duty_month", month=f"{month:%Y-%m}" if month else None), 303)


def _supervisor() -> None:
    if not g.visitor.supervises:
        raise Refused("not_a_supervisor")


def _by() -> int:
    return int(g.visitor.person_id)


def _month(text: str) -> date:
    return _day(f"{text}-01") if text else now().date().replace(day=1)


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError as error:
        raise Refused("duty_unknown") from error
    if found.year not in filters.YEARS:
        raise Refused("duty_unknown")
    return found


def _letters(planned: list[DutyShift]) -> list[tuple[str, bool]]:
    """Each shift's letter, and whether the person came."""
    order = list(shifts())
    known = sorted(planned, key=lambda one: order.index(one.shift))
    return [(shifts()[one.shift].letter, one.checked_in_at is not None) for one in known]
