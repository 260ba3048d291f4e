"""The phone's side of a console sign-in: see which console asks, compare two digits, confirm."""

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import phone_gate, session
from app.http.context import now, read_session, runtime, transaction
from app.services.identity import console_sign_in

blueprint = Blueprint("sign_in_phone", __name__)


@blueprint.get("/sign-in/scan/<secret>")
def compare(secret: str) -> str | Response:
    if session.identity_id() is None:
        return phone_gate.to_wechat(request.path)
    visitor = _visitor()
    with read_session() as db:
        digits = console_sign_in.choices(db, secret, at=now())
        asked_at = console_sign_in.asked_at(db, secret)
    return render_template(
        "console/sign_in_phone.html",
        name=visitor.name,
        host=runtime().settings.console_url,
        asked_at=asked_at,
        digits=digits,
        form=session.form_token("console", secret),
    )


@blueprint.post("/sign-in/scan/<secret>")
@session.checks_its_own_form
def confirm(secret: str) -> str | tuple[str, int]:
    session.check_form("console", secret)
    visitor = _visitor()
    with transaction() as db:
        right = console_sign_in.confirm(
            db, secret, digits=request.form.get("digits", ""), by=visitor.person_id, at=now()
        )
    return render_template("console/signed_in_phone.html", right=right), 200 if right else 409


def _visitor() -> session.Visitor:
    visitor = session.phone_visitor()
    if visitor is None or not visitor.roles & console_sign_in.CONSOLE_ROLES:
        raise Refused("no_console_role")
    return visitor
