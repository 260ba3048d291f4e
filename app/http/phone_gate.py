"""The one gate of the phone's pages: WeChat says who this is, the privacy notice was seen, a person is bound.

A page asks `before` what its visitor has to do first; a form asks `identity` or `person` who has sent it.
"""

import secrets
from collections.abc import Callable
from functools import partial, wraps
from urllib.parse import urlencode

from flask import redirect, render_template, request
from flask import session as cookie
from werkzeug.wrappers import Response

from app.errors import Refused
from app.http import rate_limits, session
from app.http.context import Page, now, read_session, runtime, transaction
from app.services.identity import wechat_sign_in
from wechat.oauth import authorize_url

LONGEST_PATH = 300
SERVICE, WECOM = "service", "wecom"  # the accounts that know who somebody is


def before(path: str, *, bound: bool = False) -> Response | str | None:
    """What comes before the page at `path` and leads back to it; None for who has been through the gate."""
    found = known_identity()
    if found is None:
        return to_wechat(path)
    with read_session() as db:
        agreed = wechat_sign_in.privacy_accepted(db, found)
    if not agreed:
        return privacy_notice(path)
    if bound and session.phone_visitor() is None:
        return redirect(f"/my/bind?{urlencode({'next': path}, safe='/')}")
    return None


def before_in_wechat(path: str) -> Response | str | None:
    """Inside WeChat a sign-in costs nobody a tap; elsewhere the page is shown to nobody in particular."""
    return to_wechat(path) if session.identity_id() is None and session.in_wechat() else None


def for_person(view: Callable[..., Page]) -> Callable[..., Page]:
    """A page about whoever holds this phone: the view gets the person's id, once they are through the gate."""

    @wraps(view)
    def shown(**parts: str) -> Page:
        return before(request.path, bound=True) or view(person(), **parts)

    return shown


def known_identity() -> int | None:
    """Whose phone this is. One whose identity was forgotten is signed out, and WeChat tells anew who it is."""
    found = session.identity_id()
    if found is None:
        return None
    with read_session() as db:
        if wechat_sign_in.still_known(db, found):
            return found
    session.leave_phone()
    return None


def identity() -> int:
    """The identity that sends this form."""
    found = known_identity()
    if found is None:
        raise Refused("sign_in_again")
    return found


def person() -> int:
    """The person who sends this form."""
    visitor = session.phone_visitor()
    if visitor is None:
        raise Refused("sign_in_again")
    return visitor.person_id


def privacy_notice(path: str) -> str:
    return render_template("privacy.html", next_path=path, token=session.form_token("privacy"))


def to_wechat(path: str) -> Response | str:
    """The sign-in trip for this browser, or the page that says to open it in WeChat."""
    account = _account()
    preview = request.method == "HEAD"  # begins no attempt
    if account is None or preview or not session.in_wechat() or not rate_limits.may_begin_sign_in():
        return render_template("open_in_wechat.html")
    if "oauth" not in cookie:
        cookie["oauth"] = secrets.token_urlsafe(16)
    name, address = account
    with transaction() as db:
        state = wechat_sign_in.start(db, account=name, next_path=local_path(path), browser=cookie["oauth"], at=now())
    return redirect(address(f"{runtime().settings.public_url}/wechat/signed-in", state))


def local_path(text: str) -> str:
    """The path of this site that was asked for; / for anything that might lead elsewhere."""
    plain = len(text) <= LONGEST_PATH and text.isprintable() and "\\" not in text
    return text if plain and text.startswith("/") and not text.startswith("//") else "/"


def _account() -> tuple[str, Callable[[str, str], str]] | None:
    """Which account asks WeChat who this is, and how; WeCom's also knows a member who comes in plain WeChat."""
    here = runtime()
    if here.wecom and (session.in_wecom() or not here.account):
        return WECOM, here.wecom.authorize_url
    return (SERVICE, partial(authorize_url, here.account)) if here.account else None
