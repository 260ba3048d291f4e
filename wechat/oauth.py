import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from wechat.account import Account, wire_of
from wechat.http import CODE_SECONDS, Call


@dataclass(frozen=True)
class SignedIn:
    """`snapshot`: a made-up identity of WeChat's snapshot mode, which must not be believed."""

    openid: str = field(repr=False)
    unionid: str | None = field(repr=False)
    snapshot: bool


def authorize_url(account: Account, redirect_uri: str, state: str, scope: str = "snsapi_base") -> str:
    return authorize_address(account.open_url, account.appid, redirect_uri, state, scope=scope)


def authorize_address(open_url: str, appid: str, redirect_uri: str, state: str, *, scope: str, **more: str) -> str:
    if not re.fullmatch("[A-Za-z0-9]{1,128}", state):
        raise ValueError("a state has 1 to 128 letters and digits")
    # WeChat checks the order of the parameters.
    parameters = {
        "appid": appid,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": scope,
        "state": state,
        **more,
    }
    query = urlencode(parameters, quote_via=quote, safe="")
    return f"{open_url.rstrip('/')}/connect/oauth2/authorize?{query}#wechat_redirect"


def exchange(account: Account, code: str) -> SignedIn:
    """Who came back from `authorize_url`. A code works once, so it is never tried again here."""
    wire = wire_of(account)
    query = {"appid": account.appid, "secret": account.secret, "code": code, "grant_type": "authorization_code"}
    reply = wire.ask(Call("/sns/oauth2/access_token", query, hide=(account.secret, code), timeout=CODE_SECONDS))
    openid, unionid = reply.get("openid"), reply.get("unionid")
    if not isinstance(openid, str) or not openid:
        raise wire.broken_reply()
    return SignedIn(
        openid,
        unionid if isinstance(unionid, str) and unionid else None,
        snapshot=reply.get("is_snapshotuser") == 1,
    )
