"""The simulated phones in the browser."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

import requests
from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from sandbox import qr_scenes
from sandbox.accounts import MINI
from sandbox.authorize import SEAT, become
from sandbox.events import DATA_EVENTS
from sandbox.mailbox import CUSTOM, ROBOT, TEMPLATE, WECOM_CARD, Message
from sandbox.message_templates import TEMPLATES
from sandbox.phones import PHONES, Phone
from sandbox.state import State, state

_CODES_SECONDS = 2
_INBOX_LENGTH = 50
_REPLIES = 3
_SENDERS = {CUSTOM: "服务号", WECOM_CARD: "企业微信", ROBOT: "群机器人"}
_SENDERS_IN_ENGLISH = {CUSTOM: "The service account", WECOM_CARD: "WeCom", ROBOT: "The group's robot"}

phone_pages = Blueprint("phones", __name__)


@dataclass(frozen=True)
class Shown:
    """A message as the screen has it; `rows` are named fields."""

    at: datetime
    title: str
    english: str
    text: str = ""
    rows: Sequence[tuple[str, str]] = ()
    url: str = ""


@dataclass(frozen=True)
class ReplyPart:
    """A piece of what the account answered; with an address it is a link."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Code:
    label: str
    url: str


@phone_pages.get("/")
def all_phones() -> str:
    return render_template("phones.html", phones=PHONES.values())


@phone_pages.get("/phone/<name>")
def phone(name: str) -> BaseResponse:
    owner = PHONES.get(name)
    if owner is None:
        return _sorry("没有这部手机。", "There is no such phone.", 404)
    page = render_template(
        "phone.html",
        phone=owner,
        codes=_codes(state()),
        templates={name: template for name, template in TEMPLATES.items() if template.account == MINI.name},
        credits=state().people.credits(owner.mini_openid),
        data_events=DATA_EVENTS,
        **_screen(owner),
    )
    return make_response(page)


@phone_pages.get("/handset/<name>")
def handset(name: str) -> BaseResponse:
    """The same phone on a PC: in a frame of a phone's size, where everything it opens stays."""
    owner = PHONES.get(name)
    if owner is None:
        return _sorry("没有这部手机。", "There is no such phone.", 404)
    opened, link = url_for("phones.phone", name=name), request.args.get("url", "").strip()
    if link:
        opened = url_for("phones.open_link", name=name, url=link)
    return make_response(render_template("handset.html", phone=owner, opened=opened))


@phone_pages.get("/phone/<name>/inbox")
def inbox(name: str) -> BaseResponse:
    owner = PHONES.get(name)
    if owner is None:
        return _sorry("没有这部手机。", "There is no such phone.", 404)
    return make_response(render_template("inbox.html", phone=owner, **_screen(owner)))


@phone_pages.get("/group")
def group() -> str:
    return render_template("group.html", inbox=_group())


@phone_pages.get("/group/inbox")
def group_inbox() -> str:
    return render_template("inbox.html", inbox=_group(), follows=True)


@phone_pages.get("/phone/<name>/open")
def open_link(name: str) -> BaseResponse:
    owner, url = PHONES.get(name), request.args.get("url", "").strip()
    if owner is None:
        return _sorry("没有这部手机。", "There is no such phone.", 404)
    if qr_scenes.ticket_in(url):
        return make_response(render_template("scanned.html", phone=owner, url=url))
    target = _within_app(url, state())
    if target is None:
        return _sorry(
            f"这部手机只能打开 {state().app_url} 下的链接。",
            f"This phone opens only links under {state().app_url}.",
            400,
        )
    answer = redirect(f"{state().app_url}/seat/{owner.name}/demo/phone?to={quote(target, safe='')}")
    become(owner, answer)
    return answer


def _sorry(chinese: str, english: str, status: int) -> BaseResponse:
    return make_response(render_template("sorry.html", chinese=chinese, english=english), status)


def _screen(owner: Phone) -> dict[str, object]:
    """What changes on the phone while one looks: messages, answers of the account, whether it is followed."""
    replies = [_pieces(sent.reply) for sent in state().pushes.sent(owner.openid) if sent.reply]
    follows = state().people.follows(owner)
    return {"inbox": _inbox(owner), "replies": replies[:_REPLIES], "follows": follows}


def _pieces(reply: str) -> list[ReplyPart]:
    """WeChat shows a text as it is, save for links."""
    parts = re.split(r'<a href="([^"]*)">([^<]*)</a>', reply)
    links = (ReplyPart(text, url) for url, text in zip(parts[1::3], parts[2::3], strict=True))
    return [piece for plain in parts[::3] for piece in (ReplyPart(plain), next(links, ReplyPart("")))]


def _inbox(owner: Phone) -> list[Shown]:
    names = [name for name in (owner.openid, owner.mini_openid, owner.wecom) if name]
    return [_shown(message) for message in state().mailbox.messages(*names)[:_INBOX_LENGTH]]


def _group() -> list[Shown]:
    return [_shown(message) for message in state().mailbox.of_channel(ROBOT)[:_INBOX_LENGTH]]


def _shown(message: Message) -> Shown:
    at, fields = datetime.fromtimestamp(message.at, state().zone), message.fields
    template = TEMPLATES.get(message.template_id)
    if template:
        rows = [(template.fields.get(name, name), value) for name, value in fields.items()]
        # A subscription leads to a page of the mini-program, which no browser can show.
        link = message.url if message.channel == TEMPLATE else ""
        return Shown(at, template.title, template.english, rows=rows, url=link)
    title = fields.get("title") or _SENDERS.get(message.channel, "")
    text = fields.get("description") or fields.get("content", "")
    return Shown(at, title, _SENDERS_IN_ENGLISH.get(message.channel, ""), text=text, url=message.url)


def _within_app(url: str, here: State) -> str | None:
    """Path and query of a link into the app."""
    if not url.isprintable() or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if (parts.scheme, parts.netloc) != (here.app.scheme, here.app.netloc):
        return None
    path = SEAT.sub("", parts.path) or "/"  # copied out of the window of another phone
    return f"{path}?{parts.query}" if parts.query else path


def _codes(here: State) -> list[Code]:
    """What can be scanned now; none when the app does not answer."""
    try:
        with requests.Session() as session:
            session.trust_env = False
            offered = session.get(f"{here.app_url}/demo/codes", timeout=_CODES_SECONDS).json()["codes"]
        return [Code(str(code["label"]), str(code["url"])) for code in offered]
    except (requests.RequestException, LookupError, TypeError):
        return []
