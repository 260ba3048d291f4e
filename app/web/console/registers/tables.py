"""A register as an XLSX, out and in: by the hospital, for it names people by their staff numbers."""

import tempfile
from pathlib import Path

from flask import Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as Answer

from app.errors import Refused
from app.http import session as visit
from app.http.context import now, read_session, transaction
from app.http.errors import words
from app.http.i18n import gettext
from app.services import images
from app.services.registers import access, tables
from app.services.registers.records import Act
from app.services.tables.lines import Unreadable
from app.services.tables.reader import open_table
from app.services.tables.records import Fault
from app.services.tables.writer import XLSX, xlsx
from app.texts.tables import FILES, ROWS
from app.web.console.registers.registers import blueprint, listed, reader

SHOWN = 200


@blueprint.get("/console/registers/<kind>.xlsx")
def workbook(kind: str) -> Response:
    with read_session() as session:
        who = reader(session)
        form = access.register(who, kind)
        if not who.hospital:
            abort(403)
        written = xlsx(tables.rows(session, who, kind, form), title=form.zh)
    named = {"Content-Disposition": f'attachment; filename="{kind}-{now():%Y%m%d}.xlsx"', "Cache-Control": "no-store"}
    return Response(written, mimetype=XLSX, headers=named)


@blueprint.post("/console/registers/<kind>/table")
@visit.checks_its_own_form
def take_table_in(kind: str) -> Answer | str | tuple[str, int]:
    """What could not be read is named row by row, beside what was taken in."""
    request.max_content_length = images.LARGEST_FORM  # before the form is read
    visit.check_form("register table", kind)
    file = request.files.get("table")
    content, name = (file.read(), file.filename or "") if file else (b"", "")
    try:
        with tempfile.TemporaryDirectory() as folder, transaction() as session:
            path = Path(folder) / "table"
            path.write_bytes(content)
            outcome = tables.take_in(session, kind, open_table(path), Act(reader(session), now()))
    except Unreadable as unreadable:
        return listed(kind, fault=gettext(FILES[unreadable.code], **{**unreadable.facts, "path": name})), 422
    if outcome.faults:
        return listed(kind, outcome=outcome, rejected=[_fault_text(fault) for fault in outcome.faults[:SHOWN]])
    flash(
        gettext("写入 %(written)s 条，%(same)s 条没有变化。", written=outcome.written, same=outcome.unchanged),
        "success",
    )
    return redirect(url_for("console_registers.register", kind=kind), 303)


def _fault_text(fault: Fault) -> str:
    facts = dict(fault.facts)
    reason = (
        gettext("应为%(what)s。", what=gettext(ROWS[fault.code], **facts))
        if fault.code in ROWS
        else words(Refused(fault.code, **facts))
    )
    where = gettext("第 %(line)s 行", line=fault.line)
    return " · ".join(part for part in (where, fault.column, fault.value, reason) if part)
