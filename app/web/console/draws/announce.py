"""Announcing a draw: a form that proposes, a preview of the very bytes, and one irreversible step."""

import re
from hashlib import sha256
from typing import Any

from flask import abort, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import forms
from app.http.context import now, read_session, runtime, transaction
from app.http.errors import words
from app.http.i18n import gettext
from app.http.words import word
from app.models import Person
from app.services.draws import announcement, draft_form, keys, poster, published_files
from app.services.draws.published_files import Fields
from app.services.organisation import employment
from app.texts.codes import WORDS
from app.web.console.draws.draws import blueprint

COMMAS = r"[,\uff0c\u3001]"  # also as a Chinese keyboard types them
# Fields of the refusals that are about one.
FIELD = {
    "announced_late": "closes",
    "draw_id_taken": "draw_id",
    "no_committee": "committee",
    "provider_in_committee": "committee",
    "committee_too_large": "committee",
    "committee_without_role": "committee",
    "period_taken": "opens",
    "issue_of_another_year": "sources",
    "commit_by_early": "commit_by",
    "objections_short": "objections_until",
    "claims_short": "claim_until",
}


@blueprint.get("/console/draws/new")
def new_draw() -> str:
    settings = runtime().settings
    typed = draft_form.propose(
        tenant=settings.hospital_id,
        hospital=settings.hospital_name,
        contact=settings.hotline,
        at=now(),
        zone=settings.timezone,
    )
    return _form(typed, {})


@blueprint.post("/console/draws/new")
def preview() -> str | tuple[str, int]:
    """What would be announced; nothing is written. Coming back from there to change something shows the form again."""
    _admins_only()
    typed = _typed()
    if "edit" in request.form:
        return _form(typed, {})
    return _preview(typed, keys.make(), "")


@blueprint.post("/console/draws/announce")
def announce() -> Response | str | tuple[str, int]:
    _admins_only()
    typed, settings = _typed(), runtime().settings
    made = keys.unsealed(request.form.get("sealed", ""), settings.secret_keys)
    draft, faults = draft_form.parse(typed, settings.timezone)
    if faults:
        return _form(typed, _fault_texts(faults)), 422
    if request.form.get("confirm", "").strip() != draft["draw_id"]:
        return _preview(typed, made, gettext("输入的编号不一样，没有公布。"))
    with transaction() as session:
        committee, _unknown = _committee(session, typed)
        draw = announcement.announce(
            session,
            _draft(draft, committee, made),
            tenant=settings.hospital_id,
            zone=settings.timezone,
            by=g.visitor.person_id,
            at=now(),
        )
        if draw.announcement_sha256 != request.form.get("sha256"):
            raise Refused("draft_changed")
    flash(gettext("已公布并锁定。"), "success")
    return redirect(url_for("console_draws.draw", draw_id=draw.draw_id), 303)


def _preview(typed: dict[str, str], made: keys.Secret, fault: str) -> str | tuple[str, int]:
    settings = runtime().settings
    draft, faults = draft_form.parse(typed, settings.timezone)
    wrong = _fault_texts(faults)
    with read_session() as session:
        committee, unknown = _committee(session, typed)
        if unknown:
            wrong["committee"] = gettext("没有这些工号：%(numbers)s", numbers=" ".join(unknown))
        announced, refused = _ready(session, draft, committee, made) if not wrong else ({}, {})
        wrong |= refused
        if wrong:
            return _form(typed, wrong), 422
    content = published_files.to_bytes(announced)
    digest = sha256(content).hexdigest()
    printed = poster.card(announced, digest, public_url=settings.public_url, zone=settings.timezone)
    page = render_template(
        "console/draw_preview.html",
        typed=typed,
        announced=announced,
        sources=[*announced["sources"], *announced["redraw_sources"]],
        text=content.decode(),
        sha256=digest,
        notes=poster.notes(printed),
        sealed=keys.sealed(made, settings.secret_keys),
        committee=committee,
        fault=fault,
    )
    return (page, 422) if fault else page


def _ready(
    session: Session, draft: Fields, committee: list[Person], made: keys.Secret
) -> tuple[Fields, dict[str, str]]:
    """The announcement, or the field and the reason why it would be refused."""
    try:
        zone = runtime().settings.timezone
        announced = announcement.ready(
            session, _draft(draft, committee, made), zone=zone, by=g.visitor.person_id, at=now()
        )
    except Refused as refused:
        if refused.code == "announcement_wrong":
            check = str(refused.facts["check"])
            return {}, {draft_form.field_of(check): _check_words(check, refused)}
        if refused.code not in FIELD:
            raise
        return {}, {FIELD[refused.code]: words(refused)}
    return announced, {}


def _draft(fields: Fields, committee: list[Person], made: keys.Secret) -> announcement.Draft:
    members = [one.id for one in committee]
    return announcement.Draft(fields, members, made, rehearsed=runtime().settings.rehearsed)


def _check_words(check: str, refused: Refused) -> str:
    return word("draw_check", check) if check in WORDS["draw_check"] else words(refused)


def _committee(session: Session, typed: dict[str, str]) -> tuple[list[Person], list[str]]:
    """The people behind the staff numbers, and the numbers behind which there is nobody."""
    numbers = re.sub(COMMAS, " ", typed.get("committee", "")).split()
    found = {number: employment.by_staff_number(session, number) for number in numbers}
    return [one for one in found.values() if one], [number for number, one in found.items() if one is None]


def _fault_texts(faults: dict[str, str]) -> dict[str, str]:
    return {field: word("draft_fault", code) for field, code in faults.items()}


def _typed() -> dict[str, str]:
    apart = {"csrf_token", "sealed", "sha256", "confirm", "edit"}
    return {key: forms.clean(value, draft_form.LONGEST) for key, value in request.form.items() if key not in apart}


def _form(typed: dict[str, str], faults: dict[str, Any]) -> str:
    return render_template(
        "console/draw_new.html",
        typed=typed,
        faults=faults,
        sources=draft_form.SOURCE_IDS,
        tiers=range(draft_form.TIERS),
        rows=range(draft_form.SOURCE_ROWS),
        admin="admin" in g.visitor.roles,
    )


def _admins_only() -> None:
    if "admin" not in g.visitor.roles:
        abort(403)
