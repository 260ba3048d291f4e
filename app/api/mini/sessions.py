"""Signing in: a code of WeChat for tokens, tokens for new ones."""

from app.api.mini import requests, responses
from app.api.operations import entry, mini, route
from app.errors import Refused
from app.http import bearer, rate_limits
from app.http.context import now, runtime, transaction
from app.http.wechat_exchange import exchanged
from app.models import WeChatIdentity
from app.services.identity import api_sessions, wechat_sign_in
from app.services.identity.api_sessions import ACCESS_LIFE, REFRESH_LIFE, Tokens


@route(
    entry,
    "POST",
    "/sessions",
    {201: responses.Session},
    *("sign_in_again", "wechat_busy", "no_mini_program"),
    body=requests.SignIn,
)
def begin_session(body: requests.SignIn) -> responses.Session:
    """Sign in with the code of wx.login(). No Idempotency-Key: a code works once."""
    program, settings = runtime().mini, runtime().settings
    if program is None or settings.mini is None:
        raise Refused("no_mini_program")
    rate_limits.bound_sign_ins()
    who = exchanged(lambda: program.session(body.code))
    with transaction() as db:
        identity_id = wechat_sign_in.identify(
            db,
            appid=settings.mini.appid,
            openid=who.openid,
            unionid=who.unionid,
            keys=settings.secret_keys,
            at=now(),
        )
        tokens = api_sessions.begin(db, identity_id, at=now())
        return _response(tokens, db.get_one(WeChatIdentity, identity_id))


@route(
    entry,
    "POST",
    "/sessions/refresh",
    {200: responses.Session},
    *("token_unknown", "token_over", "refresh_used"),
    body=requests.Refresh,
)
def refresh_session(body: requests.Refresh) -> responses.Session:
    """New tokens for a refresh token. Used a second time, it ends the whole session."""

    def refreshed() -> responses.Session | Refused:
        with transaction() as db:
            tokens = api_sessions.refresh(db, body.refresh_token, at=now())
            if isinstance(tokens, Refused):
                return tokens
            return _response(tokens, db.get_one(WeChatIdentity, tokens.identity_id))

    answer = refreshed()
    if isinstance(answer, Refused):
        bearer.count(answer, body.refresh_token)
        raise answer
    return answer


@route(mini, "DELETE", "/sessions/current", {204: None})
def end_session() -> None:
    """Sign out: every token of this sign-in is worth nothing from now on."""
    who = bearer.current()
    with transaction() as db:
        api_sessions.end(db, who.identity_id, who.family, at=now())


def _response(tokens: Tokens, identity: WeChatIdentity) -> responses.Session:
    return responses.Session(
        access_token=tokens.access,
        expires_in=int(ACCESS_LIFE.total_seconds()),
        refresh_token=tokens.refresh,
        refresh_expires_in=int(REFRESH_LIFE.total_seconds()),
        bound=identity.person_id is not None,
        privacy_accepted=identity.privacy_version == wechat_sign_in.PRIVACY_VERSION,
    )
