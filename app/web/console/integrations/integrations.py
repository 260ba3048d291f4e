"""Other systems: their keys, where they are told, and what became of each message."""

from datetime import datetime

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.http import forms
from app.http.context import now, read_session, runtime, transaction
from app.http.i18n import gettext
from app.http.words import word
from app.models import WebhookDelivery
from app.models.integration import DELIVERY_STATES
from app.services import events
from app.services.events import About
from app.services.integrations import keys, signature, webhooks
from app.services.integrations.keys import SCOPES
from app.services.integrations.webhooks import OFFERED
from app.web.console import exports, filters

blueprint = Blueprint("console_integrations", __name__)


@blueprint.get("/console/integrations")
def integrations_index() -> str:
    return _page()


@blueprint.post("/console/integrations/keys")
def make_key() -> str:
    """The key is shown on this page and never again."""
    name, scopes = forms.typed("name"), request.form.getlist("scope")
    with transaction() as session:
        token = keys.make(session, name=name, scopes=scopes, by=g.visitor.person_id, at=now())
        _on_record(session, {"key": "made", "scopes": sorted(scopes)})
    return _page(token)


@blueprint.post("/console/integrations/keys/<id:key_id>/revoke")
def revoke_key(key_id: int) -> Response:
    reason = forms.reason()
    with transaction() as session:
        keys.revoke(session, key_id, at=now())
        _on_record(session, {"key": "revoked", "id": key_id}, reason)
    flash(gettext("密钥已作废。"), "success")
    return redirect(url_for("console_integrations.integrations_index"), 303)


@blueprint.post("/console/integrations/webhooks")
def add_webhook() -> Response:
    name, url = forms.typed("name"), forms.typed("url", webhooks.LONGEST_URL)
    with transaction() as session:
        types, of_hospital = request.form.getlist("type"), "of_hospital" in request.form
        made = webhooks.add(
            session, name=name, url=url, types=types, of_hospital=of_hospital, by=g.visitor.person_id, at=now()
        )
        _on_record(session, {"webhook": made.id, "types": made.types, "of_hospital": of_hospital})
    return redirect(url_for("console_integrations.webhook", endpoint_id=made.id), 303)


@blueprint.get("/console/integrations/webhooks/<id:endpoint_id>")
def webhook(endpoint_id: int) -> str | Response:
    state = filters.code("state", DELIVERY_STATES)
    if exports.requested():
        return exports.export(
            "webhook",
            _columns(),
            lambda session, after: webhooks.deliveries(session, endpoint_id, state=state, after=after),
        )
    with read_session() as session:
        endpoint = webhooks.get(session, endpoint_id)
        page = webhooks.deliveries(session, endpoint_id, state=state, after=filters.cursor("after"))
    secret = signature.written(signature.secret(runtime().settings.secret_keys[0], endpoint_id))
    shown = {"endpoint": endpoint, "page": page, "tabs": ("", *DELIVERY_STATES)}
    return render_template("console/webhook.html", secret=secret if g.may_act else "", **shown)


def _columns() -> exports.Columns:
    return {
        gettext("时间"): lambda row: row.WebhookDelivery.created_at,
        gettext("事件"): lambda row: word("webhook", row.WebhookDelivery.type),
        gettext("工单"): lambda row: row.number,
        gettext("状态"): lambda row: word("delivery", row.WebhookDelivery.state),
        gettext("下次再试"): lambda row: _next_try(row.WebhookDelivery),
        gettext("次数"): lambda row: row.WebhookDelivery.attempts,
        gettext("对方答复"): lambda row: row.WebhookDelivery.status,
        gettext("原因"): lambda row: _trouble(row.WebhookDelivery),
    }


def _next_try(delivery: WebhookDelivery) -> datetime | None:
    return delivery.next_try_at if delivery.waits_for_another_try else None


def _trouble(delivery: WebhookDelivery) -> str:
    return word("webhook_reason", delivery.reason) if delivery.reason else ""


@blueprint.post("/console/integrations/webhooks/<id:endpoint_id>/switch")
def switch_webhook(endpoint_id: int) -> Response:
    on = request.form.get("on") == "1"
    reason = "" if on else forms.reason()
    with transaction() as session:
        webhooks.switch(session, endpoint_id, on=on)
        _on_record(session, {"webhook": endpoint_id, "on": on}, reason)
    flash(gettext("已启用。") if on else gettext("已停用。"), "success")
    return redirect(url_for("console_integrations.webhook", endpoint_id=endpoint_id), 303)


@blueprint.post("/console/integrations/deliveries/<id:delivery_id>/again")
def send_again(delivery_id: int) -> Response:
    with transaction() as session:
        endpoint_id = webhooks.again(session, delivery_id, at=now())
    flash(gettext("已排队，马上再发一次。"), "success")
    return redirect(url_for("console_integrations.webhook", endpoint_id=endpoint_id), 303)


def _page(token: str = "") -> str:
    with read_session() as session:
        known, endpoints = keys.listed(session), webhooks.listed(session)
    shown = {"keys": known, "endpoints": endpoints, "scopes": SCOPES, "types": OFFERED}
    return render_template("console/integrations.html", token=token, **shown)


def _on_record(session: Session, data: dict[str, object], reason: str = "") -> None:
    about = About(1)  # one installation, one set of settings
    act = {"by": g.visitor.person_id, "at": now(), "channel": "console", "data": data}
    events.append_noted(session, about, "integrations_changed", reason, **act)
