"""Printing at the desk: what and how much first, then the pages at true size, or the same as a PDF."""

from collections.abc import Iterable
from datetime import datetime
from typing import get_args
from urllib.parse import urlencode

from flask import Response, redirect, render_template, request, session
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as Answer

from app.errors import Refused
from app.http import forms
from app.http.context import now, paper, read_session, runtime
from app.http.errors import status_of, words
from app.models.ticket import STATES
from app.services.codes import mini_codes, slips
from app.services.codes import print_order as printing
from app.services.codes.print_order import Order, What
from app.services.codes.slips import Paper, SlipFilter
from app.services.organisation import catalogue
from app.services.organisation.assets import ThingFilter
from app.web.console import filters
from app.web.console.overview import blueprint
from qr import font, sheet
from qr.card import Note, TooSmall
from qr.matrix import TooLong
from qr.pdf import pdf
from qr.sheet import LAYOUTS, Layout, Page
from qr.svg import svg

USUAL: dict[What, str] = {"slips": "slip58", "wards": "a5", "assets": "labels", "places": "labels"}
MOST_NAMED = 200
MOST_COPIES = 50
MOST_COLUMNS, MOST_ROWS = 20, 40
# Fields of the refusals that are about one.
FIELD = {"cells_too_small": "rows", "no_such_cell": "start"}
AT = "%Y-%m-%dT%H:%M"  # what a browser's field for date and time sends


@blueprint.get("/console/print")
def print_order() -> str | Answer:
    """What shall be printed, and how many that are; a fresh order begins with today's tickets."""
    if not {"what", "number"} & set(request.args):
        today = filters.beginning(now().date())
        return redirect(f"/console/print?{urlencode({'what': 'slips', 'from': f'{today:{AT}}'})}")
    return _order_page({})


def _order_page(wrong: dict[str, str]) -> str:
    order, name = _order(), _layout_name()
    with read_session() as db:
        found, departments = printing.count(db, order), catalogue.coded_departments(db)
        late = slips.too_late(db, order.tickets) if order.what == "slips" else 0
    return render_template(
        "console/print.html",
        order=order,
        kinds=get_args(What),
        found=found,
        late=late,
        most=printing.MOST,
        too_many=found > printing.MOST,
        departments=departments,
        states=[state for state in STATES if state != "cancelled"],
        layouts=LAYOUTS,
        chosen=name,
        layout=_layout(name),
        many_on_a_page=LAYOUTS[name].cells > 1,
        wrong=wrong,
    )


@blueprint.get("/console/print/sheet")
def print_sheet() -> str | tuple[str, int]:
    name = _layout_name()
    if request.args.get("layout") and _what() == "slips":
        session["paper"] = name  # the next slip comes from the same printer; a look, not a fact
    try:
        pages = _pages(name)
    except Refused as refused:
        return _beside_its_field(refused)
    return render_template(
        "console/print_sheet.html",
        drawn=[Markup(svg(page)) for page in pages],  # noqa: S704 our own drawing, its words escaped
        count=sum(len(page.codes) for page in pages),
        notes=_notes(pages),
        layouts=LAYOUTS,
        chosen=name,
        query=_query(layout=name),
        seen=_query(layout=name, seen="1"),
    )


@blueprint.get("/console/print/sheet.pdf")
def print_pdf() -> Answer | tuple[str, int]:
    """What cannot be printed as it is is read first."""
    name = _layout_name()
    try:
        pages = _pages(name)
    except Refused as refused:
        return _beside_its_field(refused)
    if _notes(pages) and not request.args.get("seen"):
        return redirect(f"/console/print/sheet?{_query()}")
    answer = Response(pdf(pages), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f"attachment; filename={_what()}-{name}.pdf"
    return answer


@blueprint.get("/console/print/paper.css")
def print_paper() -> Response:
    """The size of the paper, for the browser's print dialog."""
    sides = LAYOUTS[_layout_name()]
    return Response(f"@page{{size:{sides.width:g}mm {sides.height:g}mm;margin:0}}\n", mimetype="text/css")


@blueprint.get(f"/console/print/noto-sans-cjk-sc-{font.VERSION}.otf")
def print_font() -> Response:
    """What print.css sets the words in, also on a PC without a Chinese font. A PC asks once, so it is not kept here."""
    answer = Response(font.whole(), mimetype="font/otf")
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


def _beside_its_field(refused: Refused) -> tuple[str, int]:
    """The order again, saying what is wrong with it."""
    if refused.code not in FIELD:
        raise refused
    field = FIELD[refused.code] if LAYOUTS[_layout_name()].cells > 1 else "layout"
    return _order_page({field: words(refused)}), status_of(refused)


def _pages(name: str) -> list[Page]:
    order, layout = _order(), _layout(name)
    start = _number("start", 1, MOST_COLUMNS * MOST_ROWS) if layout.cells > 1 else 1
    if start > layout.cells:
        raise Refused("no_such_cell", cells=layout.cells)
    with read_session() as db:
        cards = printing.cards(db, order, _paper(db, order))
    try:
        return list(sheet.pages(cards, layout, start=start, cut_marks=bool(request.args.get("cut"))))
    except TooSmall as error:
        raise Refused("cells_too_small") from error
    except TooLong as error:
        raise Refused("address_too_long") from error


def _paper(db: Session, order: Order) -> Paper:
    """With the mini-program codes that the worker has fetched; nobody waits for WeChat here."""
    known = runtime()
    mini, chosen = known.settings.mini, known.settings.slip_code
    if order.what != "slips" or mini is None or chosen == "link":
        return paper()
    tickets = slips.ids(db, order.tickets, most=printing.MOST)
    return mini_codes.on_paper(db, paper(), tickets, appid=mini.appid, beside=chosen == "both")


def _notes(pages: Iterable[Page]) -> list[Note]:
    return list(dict.fromkeys(note for page in pages for note in page.notes))


def _what() -> What:
    known: tuple[What, ...] = get_args(What)
    return next(one for one in known if one == (filters.code("what", known) or "slips"))


def _order() -> Order:
    tags, numbers = _named("tag"), _named("number")
    department = filters.text("department")
    return Order(
        what=_what(),
        tickets=SlipFilter(
            numbers=numbers,
            department=department,
            state=filters.code("state", STATES),
            since=_at("from"),
            until=_at("to"),
            rateable_since=now() - runtime().settings.rating_window,
        ),
        labels=ThingFilter(tags=tags, text=filters.text("q"), department=department),
        copies=_number("copies", 1, MOST_COPIES),
    )


def _named(name: str) -> tuple[str, ...]:
    named = tuple(one for value in request.args.getlist(name) if (one := forms.clean(value)))
    if len(named) > MOST_NAMED:
        raise Refused("bad_filter", name=name)
    return named


def _layout_name() -> str:
    what = _what()
    kept = session.get("paper") if what == "slips" else None
    return filters.code("layout", LAYOUTS) or (kept if kept in LAYOUTS else USUAL[what])


def _layout(name: str) -> Layout:
    layout = LAYOUTS[name]
    if layout.cells == 1:
        return layout
    columns, rows = _number("columns", layout.columns, MOST_COLUMNS), _number("rows", layout.rows, MOST_ROWS)
    return layout.grid(columns, rows)


def _number(name: str, usual: int, most: int) -> int:
    if not filters.text(name):
        return usual
    number = filters.row_id(name) or 0
    if not 1 <= number <= most:
        raise Refused("bad_filter", name=name)
    return number


def _at(name: str) -> datetime | None:
    """A moment as the hospital's clocks show it."""
    value = filters.text(name)
    if not value:
        return None
    try:
        at = datetime.fromisoformat(value).replace(tzinfo=runtime().settings.timezone)
    except ValueError as error:
        raise Refused("bad_filter", name=name) from error
    if at.year not in filters.YEARS:
        raise Refused("bad_filter", name=name)
    return at


def _query(**changes: str) -> str:
    """The same order, asked of another address."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes and value]
    return urlencode([*kept, *changes.items()])
