"""What a call brings along: its body, its credentials, its token."""

import json
from collections.abc import Mapping

from flask import request
from werkzeug.datastructures import MultiDict

from sandbox.accounts import ACCOUNTS, WECOM, SandboxAccount
from sandbox.state import state
from sandbox.wire_errors import WireError


def posted() -> Mapping[str, object]:
    if request.method != "POST":
        raise WireError(43002)
    raw = request.get_data()
    if not raw:
        raise WireError(44002)
    if b"\\u" in raw:
        raise WireError(40033)
    try:
        body = json.loads(raw)
    except ValueError as unreadable:
        raise WireError(47001) from unreadable
    if not isinstance(body, dict):
        raise WireError(47001)
    return body


def credentials(fields: Mapping[str, object] | MultiDict[str, str], secret: str = "secret") -> SandboxAccount:  # noqa: S107 a name
    """Whose they are."""
    if not fields.get("appid"):
        raise WireError(41002)
    account = next((one for one in ACCOUNTS.values() if one.appid == fields.get("appid")), None)
    if account is None:
        raise WireError(40013)
    if not fields.get(secret):
        raise WireError(41004)
    if fields.get(secret) != account.secret:
        raise WireError(40125)
    return account


def check_address() -> None:
    if state().switches.ip_refused:
        raise WireError(40164)


def caller(*allowed: SandboxAccount) -> SandboxAccount:
    """Whose token it is; the call is counted for that account."""
    now, value = state().clock(), request.args.get("access_token", "")
    if not value:
        raise WireError(41001)
    appid, wrong = state().tokens.owner(value, now=now)
    account = next((one for one in ACCOUNTS.values() if one.appid == appid), None)
    if account is None or state().switches.token_is_refused():
        raise WireError(40001)
    if wrong:
        raise WireError(42001)
    if account not in (allowed or ACCOUNTS.values()):
        raise WireError(48001)
    state().quotas.spend(appid, request.path, now=now)
    return account


def check_wecom_caller() -> None:
    value = request.args.get("access_token", "")
    if not value:
        raise WireError(41001)
    if state().switches.ip_refused:
        raise WireError(60020)
    owner, wrong = state().tokens.owner(value, now=state().clock())
    if owner != WECOM.corpid or state().switches.token_is_refused():
        raise WireError(40014)
    if wrong:
        raise WireError(42001)
