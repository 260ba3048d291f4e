"""Consent to messages of the mini-program: which to ask for, and what was answered."""

from collections.abc import Mapping
from typing import Literal

from sqlalchemy.orm import Session

from app.api.mini import requests, responses
from app.api.operations import get, post_once
from app.errors import Refused
from app.http import bearer, session
from app.http.context import now, read_session, runtime
from app.services.notices import subscriptions as credits_
from config.notices import NoticeKind, notice_kinds


@get("/subscriptions", responses.Subscriptions)
def subscriptions() -> responses.Subscriptions:
    """The templates to ask for with wx.requestSubscribeMessage, and how many messages each may still send me."""
    with read_session() as db:
        return _response(db)


@post_once("/subscriptions", requests.Consents, {200: responses.Subscriptions}, "unknown_template")
def consent(db: Session, body: requests.Consents) -> responses.Subscriptions:
    """What the page was answered. Where WeChat pushes the same to us, the push counts, and not this."""
    if not body.results.keys() <= _offered().keys():
        raise Refused("unknown_template", expected=sorted(_offered()))
    if counted() == "report":
        who, at = bearer.current().identity_id, now()
        for template, word in body.results.items():
            credits_.answered(db, who, template, word, at=at)
    return _response(db)


def counted() -> Literal["push", "report"]:
    settings = runtime().settings
    return "push" if settings.callback_expected and "mini" in settings.callbacks else "report"


def _offered() -> Mapping[str, list[NoticeKind]]:
    """By template, the kinds of notices it carries for somebody like me."""
    visitor = session.visitor(bearer.current().person_id)
    working = visitor is not None and "engineer" in visitor.roles
    found: dict[str, list[NoticeKind]] = {}
    for kind in notice_kinds().values():
        if kind.mini is not None and (working or kind.opens in {"scan", "my"}):
            found.setdefault(kind.mini.template, []).append(kind)
    return found


def _response(db: Session) -> responses.Subscriptions:
    offered = _offered()
    standing = credits_.standing(db, bearer.current().identity_id, offered.keys())
    return responses.Subscriptions(
        counted=counted(),
        templates=[
            responses.Template(
                template_id=template,
                titles=[kind.title for kind in kinds],
                credits=standing[template].credits if template in standing else 0,
                refused=template in standing and standing[template].refused,
            )
            for template, kinds in offered.items()
        ],
    )
