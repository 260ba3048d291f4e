"""People: finding them, who one is, the WeChat binding, and claims to a number that is bound already."""

from contextlib import suppress
from datetime import timedelta

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import Missing, Refused
from app.http import forms
from app.http.context import now, read_session, runtime, transaction
from app.http.i18n import gettext
from app.http.ids import parse_id
from app.models import Department
from app.services import events
from app.services.identity import accounts, binding, invitations, roles
from app.services.indicators.quarters import Quarter
from app.services.organisation import catalogue, directory, employment, saved_filters
from app.services.tickets import on_the_spot
from app.web.console import exports, filters
from qr import symbol

blueprint = Blueprint("console_people", __name__)

# Of what is on record about somebody: what changes what they may do, or how they are known.
_RIGHTS = ("roles_changed", "password_changed", "account_switched_off")
SHOWN_EVENTS = (*_RIGHTS, "employment_changed", "bound", "unbound", "erased")

CODE_COMES_WITHIN = timedelta(seconds=30)  # the page looks again until then


@blueprint.app_template_filter()
def ends(openid: str) -> str:
    """Enough of an openid to tell one from another."""
    return f"{openid[:4]}…{openid[-4:]}"


def _users() -> bool:
    """Whether this hospital proves its users by invitations."""
    return "invitation" in runtime().settings.binding_proof


@blueprint.get("/console/people")
def people_index() -> str | Response:
    day, text, department_id = now().date(), filters.text("q"), filters.row_id("department")

    def find(session: Session, after: str | None) -> directory.PeoplePage:
        return directory.find(session, day=day, text=text, department_id=department_id, after=after)

    if exports.requested():
        return exports.export("people", _columns(), find)
    with read_session() as session:
        page = find(session, filters.text("after") or None)
        departments = catalogue.departments(session)
        saved = saved_filters.of_page(session, g.visitor.person_id, "people")
    ward = department_id if _users() else None
    return render_template("console/people.html", page=page, departments=departments, ward=ward, saved=saved)


def _columns() -> exports.Columns:
    return {
        gettext("工号"): lambda row: row.staff_number,
        gettext("姓名"): lambda row: row.name,
        gettext("科室"): lambda row: row.department,
        gettext("服务商"): lambda row: row.provider,
        gettext("班组"): lambda row: row.team,
        gettext("岗位"): lambda row: row.post,
        gettext("类别"): lambda row: row.job_type,
        gettext("电话"): lambda row: row.telephone,
        gettext("已绑定"): lambda row: exports.yes(row.bound),
    }


@blueprint.get("/console/people/<id:person_id>")
def person(person_id: int) -> str:
    return person_page(person_id)


def person_page(person_id: int, *, password: str = "") -> str:
    """`password` is a new one, shown this once."""
    with read_session() as session:
        shown = directory.show(session, person_id)
        invitation = invitations.standing(session, person_id, by=g.visitor.person_id, at=now())
        account = accounts.may_have_one(session, person_id, now()), accounts.has_password(session, person_id)
        works = employment.employment_at(session, person_id, now().date()) is not None
        history = events.history(session, "person", person_id, kinds=SHOWN_EVENTS)
        zone, this = runtime().settings.timezone, Quarter.at(now().date())
        spot = on_the_spot.share(session, person_id, since=this.begins(zone), until=this.ends(zone))
    invitable = _users() or not invitations.WORKING.isdisjoint(shown.roles)
    administers = "admin" in g.visitor.roles
    return render_template(
        "console/person.html",
        shown=shown,
        invitation=invitation,
        invitable=invitable,
        given=roles.GRANTED if administers else (),
        account=administers and any(account),
        password=password,
        may_leave=administers and works and person_id != g.visitor.person_id,
        today=now().date(),
        history=history,
        spot=spot if spot.total else None,
    )


@blueprint.post("/console/people/<id:person_id>/invitation")
def invite(person_id: int) -> Response:
    with transaction() as session:
        invitations.invite(session, person_id, by=g.visitor.person_id, at=now(), users=_users())
    return redirect(url_for("console_people.invitation", person_id=person_id), 303)


@blueprint.post("/console/people/wards/<id:department_id>/invitations")
def invite_ward(department_id: int) -> Response:
    if not _users():
        raise Refused("users_bind_themselves")
    with transaction() as session:
        invitations.invite_ward(session, department_id, by=g.visitor.person_id, at=now())
    return redirect(url_for("console_people.ward_invitations", department_id=department_id), 303)


@blueprint.get("/console/people/wards/<id:department_id>/invitations")
def ward_invitations(department_id: int) -> str:
    """A sheet to be cut apart: each strip for one person, who is bound by it in three seconds."""
    with read_session() as session:
        ward = session.get(Department, department_id)
        made = invitations.of_ward(session, department_id, by=g.visitor.person_id, at=now())
    if ward is None:
        raise Missing("no_such_department")
    links = runtime().links
    strips = [
        (person, person.staff_number[-2:], one.expires_at, symbol.data_address(links.invitation_url(one.number)))
        for person, one in made
    ]
    return render_template("console/ward_invitations.html", ward=ward, strips=strips)


@blueprint.get("/console/people/<id:person_id>/invitation")
def invitation(person_id: int) -> str | Response:
    """To be scanned from the screen, or printed. The account's own code is fetched by a worker and comes after."""
    with read_session() as session:
        shown = directory.show(session, person_id)
        made = invitations.standing(session, person_id, by=g.visitor.person_id, at=now())
    if made is None:
        return redirect(url_for("console_people.person", person_id=person_id))
    link = runtime().links.invitation_url(made.number)
    scannable = runtime().service_account is not None
    return render_template(
        "console/invitation.html",
        person=shown.person,
        invitation=made,
        link=link,
        picture=symbol.data_address(link),
        code_picture=symbol.data_address(made.code) if made.code else "",
        elsewhere=scannable and not runtime().settings.scans_arrive,
        awaited=scannable and runtime().settings.scans_arrive and now() - made.created_at < CODE_COMES_WITHIN,
    )


@blueprint.post("/console/people/<id:person_id>/unbind/<id:identity_id>")
def unbind(person_id: int, identity_id: int) -> Response:
    reason = forms.reason()
    with transaction() as session:
        directory.identity_of(session, person_id, identity_id)
        binding.unbind(session, identity_id, by=g.visitor.person_id, at=now(), reason=reason)
    flash(gettext("已解除绑定。本人下次评价后可以重新绑定。"), "success")
    return redirect(url_for("console_people.person", person_id=person_id), 303)


@blueprint.get("/console/people/claims")
def claims() -> str:
    with read_session() as session:
        waiting = binding.waiting_claims(session, at=now())
    shown = waiting[: binding.MOST_CLAIMS]
    return render_template("console/claims.html", wards=binding.by_ward(shown), more=len(waiting) > len(shown))


@blueprint.post("/console/people/claims")
def approve_claims() -> Response:
    """One tap for a ward: those that were shown, each by itself, if nothing speaks against it by now."""
    shown = [parse_id(claim) or 0 for claim in request.form.getlist("claim")[: binding.MOST_CLAIMS]]
    bound = 0
    for claim_id in shown:
        with suppress(Refused), transaction() as session:
            binding.decide_claim(session, claim_id, approve=True, by=g.visitor.person_id, at=now(), among_many=True)
            bound += 1
    flash(gettext("已绑定 %(count)s 人。", count=bound), "success")
    return redirect(url_for("console_people.claims"), 303)


@blueprint.post("/console/people/claims/<id:claim_id>")
def decide_claim(claim_id: int) -> Response:
    approve = request.form.get("decision") == "approve"
    with transaction() as session:
        binding.decide_claim(session, claim_id, approve=approve, by=g.visitor.person_id, at=now())
    flash(
        gettext("已绑定。同一账号里原来的微信已解除。") if approve else gettext("已拒绝，原来的绑定不变。"), "success"
    )
    return redirect(url_for("console_people.claims"), 303)
