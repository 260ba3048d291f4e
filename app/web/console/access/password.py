"""Whoever is signed in at the console changes their own password, by the one they have."""

from flask import abort, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.http import rate_limits
from app.http import session as visit
from app.http.context import now, read_session, transaction
from app.http.i18n import gettext
from app.models import Credential, Person
from app.services.identity import accounts, passwords
from app.web.console.access.sign_in import blueprint


@blueprint.get("/sign-in/password")
def password() -> str | Response:
    visitor = visit.console_visitor()
    if visitor is None:
        return redirect(url_for("sign_in.entrance"))
    return _page(visitor)


@blueprint.post("/sign-in/password")
def change_password() -> Response | str | tuple[str, int]:
    visitor = visit.console_visitor()
    if visitor is None:
        abort(401)
    with read_session() as db:
        number = db.get_one(Person, visitor.person_id).staff_number
        kept = db.get(Credential, visitor.person_id)
    if kept is None or not rate_limits.tries_left(number):
        return _page(visitor, gettext("现在不能改：没有密码，或者输错的次数太多。请找管理员。")), 409
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        return _page(visitor, gettext("两次输入的新密码不一样。")), 422
    hashed = passwords.hash_password(new)
    if not passwords.check(kept.password_hash, request.form.get("old", "")):
        rate_limits.count_wrong_password(number)
        return _page(visitor, gettext("现在的密码不对。")), 422
    with transaction() as db:
        accounts.change_own(db, visitor.person_id, hashed, at=now())
    visit.enter_console(visitor.person_id, now())
    flash(gettext("密码已改，别处的登录已退出。"), "success")
    return redirect("/console", 303)


def _page(visitor: visit.Visitor, fault: str = "") -> str:
    g.visitor = visitor  # the door of the entrance asks nobody who they are
    with read_session() as db:
        known = accounts.has_password(db, visitor.person_id)
    return render_template("console/password.html", known=known, fault=fault, least=passwords.MIN_LENGTH)
