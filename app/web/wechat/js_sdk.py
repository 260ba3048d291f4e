"""The button that opens WeChat's own scanner, on pages that WeChat lets use it."""

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import g, request

from app.http import session
from app.http.context import runtime
from wechat.account import PageSignature


@dataclass(frozen=True)
class Scanner:
    """What the page's script tells WeChat's; only codes of `home` are opened."""

    script: str
    home: str
    signature: PageSignature


def scanner() -> Scanner | None:
    """For the page being answered; None elsewhere than in WeChat, and while no ticket is at hand."""
    account, settings = runtime().service_account, runtime().settings
    if account is None or not session.in_wechat() or session.in_wecom():
        return None
    query = request.query_string.decode("ascii", "replace")
    url = settings.public_url + request.root_path + request.path + (f"?{query}" if query else "")
    signature = account.sign_page(url, nonce=secrets.token_hex(8))
    if signature is None:
        return None
    parts = urlsplit(settings.js_url)
    g.script_origin = f"{parts.scheme}://{parts.netloc}"
    return Scanner(settings.js_url, settings.public_url, signature)
