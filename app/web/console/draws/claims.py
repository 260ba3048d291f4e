"""The claims desk: the winner shows a code, one of the committee checks it, and it is written down once."""

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.errors import Missing, Refused
from app.http import forms, rate_limits
from app.http import session as visit
from app.http.context import Page, now, read_session, transaction
from app.http.errors import status_of, words
from app.http.i18n import gettext
from app.services import images
from app.services.draws import announcement, claims, objections, public_page
from app.services.draws.claims import ClaimLookup
from app.web.console.draws.draws import NOTE_MOST, blueprint

CODE_MOST = 20  # characters; what is longer is a receipt


@blueprint.get("/console/draws/<draw_id>/claims")
def claims_desk(draw_id: str) -> Page:
    return _page(draw_id)


@blueprint.post("/console/draws/<draw_id>/claims")
def look_up(draw_id: str) -> Page:
    """A POST, so that a code stands in no address and no log."""
    try:
        found = _found(draw_id)
    except Missing as missing:
        return _page(draw_id, fault=words(missing)), status_of(missing)
    return _page(draw_id, found=found)


@blueprint.post("/console/draws/<draw_id>/claims/confirm")
@visit.checks_its_own_form
def confirm_claim(draw_id: str) -> Page:
    request.max_content_length = images.LARGEST_FORM  # before the form is read
    visit.check_form("claim", draw_id)
    found, sent = _found(draw_id), request.files.get("photo")
    content = sent.read() if sent else b""
    if not content and "signed" not in request.form:
        return _page(draw_id, found=found, fault=gettext("请拍下签名或本人照片，或勾选已在领奖单上签名。")), 422
    try:
        photo = (images.MEDIA_TYPE, images.redrawn(content)) if content else None
    except Refused as refused:
        return _page(draw_id, found=found, fault=words(refused)), status_of(refused)
    with transaction() as session:
        claims.confirm(
            session,
            announcement.find(session, draw_id),
            _code(),
            by=g.visitor.person_id,
            at=now(),
            show_name="show_name" in request.form,
            photo=photo,
        )
    flash(gettext("已登记领奖：%(prize)s", prize=found.tier["prize"]), "success")
    return _desk(draw_id)


@blueprint.post("/console/draws/<draw_id>/claims/refuse")
def refuse_claim(draw_id: str) -> Page:
    found, reason = _found(draw_id), forms.typed("reason", NOTE_MOST)
    try:
        with transaction() as session:
            claims.refuse(
                session,
                announcement.find(session, draw_id),
                _code(),
                reason=reason,
                by=g.visitor.person_id,
                at=now(),
            )
    except Refused as refused:
        if refused.code != "reason_missing":
            raise
        return _page(draw_id, found=found, fault=words(refused)), 422
    flash(gettext("已登记不合格，理由会公布。"), "success")
    return _desk(draw_id)


@blueprint.get("/console/draws/<draw_id>/claims/<id:claim_id>/photo")
def claim_photo(draw_id: str, claim_id: int) -> Response:
    with read_session() as session:
        draw = announcement.find(session, draw_id)
        found = claims.photo(session, draw, claim_id, by=g.visitor.person_id, at=now())
    return Response(found.content, mimetype=found.media_type)


def _found(draw_id: str) -> ClaimLookup:
    def look() -> ClaimLookup:
        with read_session() as session:
            draw = announcement.find(session, draw_id)
            return claims.look_up(session, draw, _code(), by=g.visitor.person_id, at=now())

    return rate_limits.claim_code(look, by=g.visitor.person_id)


def _code() -> str:
    """As it was typed or scanned; or the whole of a receipt."""
    if (typed := request.form.get("code", "")).lstrip().startswith("{"):
        return forms.clean(typed, objections.LONGEST)
    return forms.clean(typed, CODE_MOST).replace(" ", "").replace("-", "")


def _page(draw_id: str, found: ClaimLookup | None = None, fault: str = "") -> str:
    with read_session() as session:
        draw = announcement.find(session, draw_id)
        page = public_page.page(session, draw, at=now())
        chosen = announcement.of_committee(session, draw, g.visitor.person_id)
        settled = [one for number in claims.ROUNDS for one in claims.settled_of(session, draw, number)]
        signed = claims.signed_for(session, draw)
        photographed = claims.with_photo(session, draw) if chosen else set()
    code = _code()
    brought = len(code) > CODE_MOST
    return render_template(
        "console/draw_claims.html",
        page=page,
        found=found,
        fault=fault,
        settled=settled,
        photographed=photographed,
        signed=signed,
        chosen=chosen,
        code=code,
        typed_code="" if brought else code,
        typed_receipt=code if brought else "",
        form=visit.form_token("claim", draw_id),
    )


def _desk(draw_id: str) -> Response:
    return redirect(url_for("console_draws.claims_desk", draw_id=draw_id), 303)
