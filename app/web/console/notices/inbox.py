"""The inbox of whoever is signed in, and how much of it is unread."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from flask import g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from app.http.context import now, read_session, transaction
from app.services.notices import inbox
from app.services.registers import access
from app.web.console.overview import blueprint
from app.web.public.inbox import Message, message, read_up_to, unread_of


class Gathered(NamedTuple):
    """What came of one kind, under its name: one alone stands open, several open to each of them."""

    title: str
    messages: list[Message]
    alone: bool
    at: datetime
    many: int
    unread: int


@blueprint.get("/console/inbox")
def inbox_index() -> str:
    with read_session() as session:
        entries = inbox.list_for_person(session, g.visitor.person_id, at=now())
        here = g.visitor.supervises or access.manages(session, g.visitor.person_id, day=now().date())
    messages = [message(entry, at_console=here) for entry in entries]
    return render_template("console/inbox.html", gathered=_gathered(messages), **unread_of(messages))


@blueprint.post("/console/inbox/read")
def inbox_read() -> Response:
    with transaction() as session:
        inbox.mark_read(session, g.visitor.person_id, up_to=read_up_to(), at=now())
    return redirect(url_for("console.inbox_index"), 303)


def _gathered(messages: Sequence[Message]) -> list[Gathered]:
    """By kind, in the order in which the newest of each came."""
    of_kind: dict[str, list[Message]] = defaultdict(list)
    for one in messages:
        of_kind[one.title].append(one)
    return [
        Gathered(title, found, len(found) == 1, found[0].at, len(found), sum(not one.opened for one in found))
        for title, found in of_kind.items()
    ]


@blueprint.app_context_processor
def _badge() -> dict[str, Callable[[], str]]:
    return {"unread_notices": _unread}


def _unread() -> str:
    """As the badge says it; empty where there are none."""
    with read_session() as session:
        count = inbox.unread(session, g.visitor.person_id, at=now())
    return f"{inbox.COUNTED - 1}+" if count >= inbox.COUNTED else str(count or "")
