"""While the engineer is there: what is mended besides, told from the label that was scanned."""

from flask import g, redirect, request
from werkzeug.wrappers import Response

from app.http import forms, session
from app.http.context import now, runtime, transaction
from app.http.ids import parse_id
from app.services import links
from app.services.organisation import assets
from app.services.tickets.on_the_spot import Mended, mend
from app.web.engineer.acts import CHANNEL
from app.web.engineer.tickets import blueprint

WORDS_MOST = 200


@blueprint.post("/engineer/on-the-spot")
@session.checks_its_own_form
def on_the_spot() -> Response:
    """To its code, for whoever is there to rate."""
    session.check_form("engineer", "spot")
    kind, id_ = runtime().links.labelled(request.form.get("label", ""))
    category, zone = parse_id(request.form.get("category", "")), runtime().settings.timezone
    with transaction() as db:
        mended = Mended(assets.one(db, kind, id_), category, forms.typed("words", WORDS_MOST))
        number = mend(db, mended, by=g.visitor.person_id, at=now(), zone=zone, channel=CHANNEL).number
    return redirect(f"/engineer/{links.in_path(number)}/code", 303)
