"""The script a page inside WeChat loads, and the check of the signature it is configured with."""

import hashlib
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, request

from sandbox.accounts import ACCOUNTS
from sandbox.state import state
from sandbox.tokens import TICKET

page_script = Blueprint("page_script", __name__)


@page_script.get("/open/js/jweixin-1.6.0.js")
def script() -> Response:
    """With a query it is the verdict: so a page needs to allow no other address than that of the script."""
    if request.args:
        return Response(f"wx._judged({_verdict()!r});\n", content_type="text/javascript")
    return current_app.send_static_file("jweixin.js")


def _verdict() -> str:
    query = request.args
    account = next((one for one in ACCOUNTS.values() if one.appid == query.get("appId")), None)
    if account is None:
        return "config:invalid appid"
    url = query.get("url", "")
    if urlsplit(url).hostname != state().app.hostname:
        return "config:invalid url domain"
    ticket, _ = state().tokens.kept(account.appid, TICKET, now=state().clock())
    signed = f"jsapi_ticket={ticket}&noncestr={query.get('nonceStr')}&timestamp={query.get('timestamp')}&url={url}"
    expected = hashlib.sha1(signed.encode()).hexdigest()  # noqa: S324 WeChat's choice
    return "config:ok" if query.get("signature") == expected else "config:invalid signature"
