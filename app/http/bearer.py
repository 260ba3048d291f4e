"""Who asks: the bearer of an access token, or another system with its integration key."""

from typing import cast

from flask import g, request

from app.errors import Missing, Refused
from app.http import rate_limits
from app.http.context import now, read_session
from app.services.identity import api_sessions
from app.services.identity.api_sessions import Bearer
from app.services.identity.wechat_sign_in import PRIVACY_VERSION
from app.services.integrations import keys
from app.services.integrations.keys import Holder


def enter() -> None:
    """Only what nobody was ever given counts against the address it came from."""
    token = _token()
    with read_session() as db:
        try:
            g.bearer = api_sessions.bearer(db, token, at=now())
        except Refused as refused:
            count(refused, token)
            raise


def enter_system() -> None:
    """Another system, by its integration key."""
    with read_session() as db:
        try:
            g.system = keys.holder(db, _token())
        except Missing as missing:
            rate_limits.count_wrong(missing)
            raise


def system() -> Holder:
    return cast(Holder, g.system)


def may(scope: str) -> None:
    if scope not in system().scopes:
        raise Refused("scope_missing", scope=scope)


def _token() -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused("token_missing")
    return token.strip()


def count(refused: Refused, token: str) -> None:
    if not api_sessions.could_be_ours(token):
        rate_limits.count_wrong(refused)


def current() -> Bearer:
    return cast(Bearer, g.bearer)


def agreed() -> None:
    """Nothing is asked of anybody, nor shown to them, before they have seen the privacy notice."""
    if current().privacy_version != PRIVACY_VERSION:
        raise Refused("privacy_first", version=PRIVACY_VERSION)


def person_id() -> int:
    found = current().person_id
    if found is None:
        raise Refused("bind_first")
    return found
