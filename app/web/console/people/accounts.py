"""An admin gives somebody a password for the console, switches the account off, or ends an employment."""

from datetime import date

from flask import abort, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import forms
from app.http.context import now, transaction
from app.http.i18n import gettext
from app.services.identity import accounts
from app.services.organisation import leaving
from app.web.console.people.people import blueprint, person_page


@blueprint.post("/console/people/<id:person_id>/password")
def give_password(person_id: int) -> str:
    """Shown on this page and never again."""
    _admin()
    with transaction() as session:
        made = accounts.give_password(session, person_id, by=g.visitor.person_id, at=now())
    return person_page(person_id, password=made)


@blueprint.post("/console/people/<id:person_id>/account/off")
def switch_off(person_id: int) -> Response:
    _admin()
    reason = forms.reason()
    with transaction() as session:
        accounts.switch_off(session, person_id, reason=reason, by=g.visitor.person_id, at=now())
    flash(gettext("账号已停用，马上退出登录。"), "success")
    return _back(person_id)


@blueprint.post("/console/people/<id:person_id>/leave")
def leave(person_id: int) -> Response:
    _admin()
    reason, text = forms.reason(), request.form.get("last", "")
    try:
        last = date.fromisoformat(text)
    except ValueError as error:
        raise Refused("last_day_wrong") from error
    with transaction() as session:
        leaving.end(session, person_id, last, reason=reason, by=g.visitor.person_id, at=now())
    flash(gettext("已登记，任职到 %(day)s 为止。", day=last), "success")
    return _back(person_id)


def _admin() -> None:
    if "admin" not in g.visitor.roles:
        abort(403)


def _back(person_id: int) -> Response:
    return redirect(url_for("console_people.person", person_id=person_id), 303)
