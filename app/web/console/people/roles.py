"""An admin gives and takes the roles of a person."""

from flask import abort, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.http import forms
from app.http.context import now, transaction
from app.http.i18n import gettext
from app.services.identity import roles
from app.web.console.people.people import blueprint


@blueprint.post("/console/people/<id:person_id>/roles")
def change_roles(person_id: int) -> Response:
    if "admin" not in g.visitor.roles:
        abort(403)
    chosen, reason = request.form.getlist("role"), forms.typed("reason", forms.REASON_MOST)
    with transaction() as session:
        changed = roles.change(session, person_id, chosen, reason=reason, by=g.visitor.person_id, at=now())
    flash(gettext("角色已更改。") if changed else gettext("没有变化。"), "success")
    return redirect(url_for("console_people.person", person_id=person_id), 303)
