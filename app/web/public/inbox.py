"""The inbox: notices as their pages show them, read by a POST, never by looking; and whether reminders are wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from app.http import phone_gate, session
from app.http.context import now, runtime, transaction
from app.http.i18n import gettext
from app.http.words import word
from app.models.kinds import INBOX_ONLY
from app.pagination import Cursor
from app.services.notices import content, inbox
from app.services.notices.inbox import Entry
from app.services.ratings import reminders
from app.services.tickets.own_list import Outcome
from config.notices import notice_kinds

blueprint = Blueprint("inbox", __name__)

ASKS_TO_RATE = frozenset({"finished", "rate_reminder"})
SETTLED = frozenset({"rated", "over"})


@dataclass(frozen=True)
class Message:
    title: str
    text: str
    link: str
    at: datetime
    opened: bool
    outcome: Outcome | None = None
    """Of the rating it asks for: what was done, or that the time for it is over."""


def message(
    entry: Entry, came_of: Mapping[int, Outcome] = MappingProxyType({}), *, at_console: bool = False
) -> Message:
    """The entry in words; a kind that is no longer known keeps its title."""
    outcome = _outcome(entry, came_of)
    at, opened = entry.at, entry.opened or outcome in SETTLED
    if entry.kind in INBOX_ONLY:
        text = gettext("抽奖结果里有您。请打开看领奖码，按期领取。")
        link = f"{runtime().settings.public_url}/my/prizes/{entry.context.about}"
        return Message(word("notice", entry.kind), text, link, at, opened)
    kind = notice_kinds().get(entry.kind)
    if kind is None:
        return Message(word("notice", entry.kind), "", "", at, opened)
    text = content.text(kind, entry.context, runtime().settings.timezone)
    settings, links = runtime().settings, runtime().links
    link = content.url(kind, entry.context, links, settings.console_url, at_console=at_console)
    return Message(word("notice", entry.kind), text, link, at, opened, outcome)


def settled(entries: Sequence[Entry], came_of: Mapping[int, Outcome]) -> int:
    """How many of those not opened ask for nothing any more."""
    return sum(not one.opened and _outcome(one, came_of) in SETTLED for one in entries)


def _outcome(entry: Entry, came_of: Mapping[int, Outcome]) -> Outcome | None:
    return came_of.get(entry.context.ticket_id or 0) if entry.kind in ASKS_TO_RATE else None


def unread_of(messages: Sequence[Message]) -> dict[str, object]:
    """What the button needs that marks them as read: whether one is not, and up to which."""
    newest = max((one.at for one in messages), default=None)
    return {
        "some_unread": not all(one.opened for one in messages),
        "newest": Cursor(newest, 0) if newest else "",
    }


def read_up_to() -> datetime:
    """Of the form: the newest that was shown, or nothing at all."""
    shown = Cursor.read(request.form.get("up_to", ""))
    return shown.at if shown else datetime.min.replace(tzinfo=UTC)


@blueprint.post("/my/inbox/read")
@session.checks_its_own_form
def read() -> Response:
    session.check_form("inbox")
    with transaction() as db:
        inbox.mark_read(db, phone_gate.person(), up_to=read_up_to(), at=now())
    return redirect("/my#inbox", 303)


@blueprint.post("/my/reminders")
@session.checks_its_own_form
def remind() -> Response:
    session.check_form("reminders")
    with transaction() as db:
        reminders.wish(db, phone_gate.person(), on=request.form.get("on") == "1", at=now())
    return redirect("/my/me#reminders", 303)
