"""Pads of blank slips: reserve and print them, see which were given away, give one to a ticket by its number."""

from collections.abc import Mapping

from flask import Response, flash, g, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from app.errors import Missing, Refused
from app.http import forms
from app.http.context import now, paper, read_session, runtime, transaction
from app.http.i18n import gettext
from app.http.ids import parse_id
from app.services.codes import slip_pads
from app.services.tickets import detail, lifecycle
from app.web.console import filters
from app.web.console.overview import blueprint
from qr import sheet
from qr.card import Note
from qr.matrix import TooLong
from qr.pdf import pdf

LAYOUTS = ("slip58", "slip80", "a6")
MOST = 500  # at once: printed while somebody waits


@blueprint.get("/console/print/pads")
def pad_index() -> str:
    with read_session() as session:
        pads = slip_pads.listed(session)
    return render_template(
        "console/pads.html",
        pads=pads,
        printed_here={row.SlipPad.id for row in pads if row.SlipPad.count <= MOST},
        layouts=LAYOUTS,
        most=MOST,
        name=slip_pads.name,
        notes=_notes(),
    )


def _notes() -> list[Note]:
    try:
        found = [note for one in LAYOUTS for note in slip_pads.notes(sheet.LAYOUTS[one], paper())]
    except TooLong as error:
        raise Refused("address_too_long") from error
    return list(dict.fromkeys(found))


@blueprint.post("/console/print/pads")
def reserve_pad() -> Answer:
    count = parse_id(request.form.get("count", ""))
    if count is None or not 1 <= count <= MOST:
        raise Refused("pad_size", most=MOST)
    with transaction() as session:
        slip_pads.reserve(session, count, by=g.visitor.person_id, at=now())
    flash(gettext("号码已预留，可以打印。"), "success")
    return redirect("/console/print/pads", 303)


@blueprint.get("/console/print/pads/<id:pad_id>.pdf")
def print_pad(pad_id: int) -> Response:
    """As often as wanted: the numbers stay the same."""
    layout = sheet.LAYOUTS[filters.code("layout", LAYOUTS) or LAYOUTS[0]]
    with read_session() as session:
        pad = slip_pads.one(session, pad_id)
    if pad.count > MOST:
        raise Refused("too_much_to_print", count=pad.count, most=MOST)
    return Response(
        pdf(slip_pads.pages(pad, layout, paper(), backs="back" in request.args)), mimetype="application/pdf"
    )


@blueprint.get("/console/print/pads/link")
def look_before_linking() -> str:
    """Which ticket that number is, before the slip is its own for good."""
    slip, number, window = _slip(request.args), filters.text("ticket"), runtime().settings.rating_window
    with read_session() as session:
        facts = detail.facts(session, number)
        slip_pads.check(session, slip, facts.Ticket, window=window, at=now())
    return render_template("console/pad_link.html", facts=facts, slip=slip_pads.name(slip))


@blueprint.post("/console/print/pads/link")
def link_slip() -> Answer:
    """What the engineer forgot, or could not do without a network."""
    slip, number = _slip(request.form), forms.typed("ticket")
    with transaction() as session:
        ticket = lifecycle.locked(session, number=number)
        window, by = runtime().settings.rating_window, g.visitor.person_id
        slip_pads.link(session, slip, ticket, window=window, by=by, at=now(), channel="console")
    facts = {"slip": slip_pads.name(slip), "number": ticket.number}
    flash(gettext("%(slip)s 已连到工单 %(number)s。", **facts), "success")
    return redirect("/console/print/pads", 303)


def _slip(fields: Mapping[str, str]) -> int:
    number = slip_pads.read_name(fields.get("slip", ""))
    if number is None:
        raise Missing("no_such_slip")
    return number
