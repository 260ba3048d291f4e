"""Signing in: a code of WeChat for tokens, tokens for new ones."""

from app.api import asked, bearer, told
from app.api.operations import direct, entry, mini
from app.errors import Refused
from app.models import WeChatIdentity
from app.services import api_sessions, sign_in
from app.services.api_sessions import ACCESS_LIFE, REFRESH_LIFE, Tokens
from app.web import limits
from app.web.edge import moment, runtime, transaction
from app.web.wechat import exchanged


@direct(
    entry,
    "POST",
    "/sessions",
    {201: told.Session},
    *("sign_in_again", "wechat_busy", "no_mini_program"),
    asked=asked.SignIn,
)
def begin_session(given: asked.SignIn) -> told.Session:
    """Sign in with the code of wx.login(). No Idempotency-Key: a code works once."""
    program, settings = runtime().mini, runtime().settings
    if program is None or settings.mini is None:
        raise Refused("no_mini_program")
    limits.bound_sign_ins()
    who = exchanged(lambda: program.session(given.code))
    with transaction() as db:
        identity_id = sign_in.identify(
            db,
            appid=settings.mini.appid,
            openid=who.openid,
            unionid=who.unionid,
            keys=settings.secret_keys,
            at=moment(),
        )
        tokens = api_sessions.begin(db, identity_id, at=moment())
        return _told(tokens, db.get_one(WeChatIdentity, identity_id))


@direct(
    entry,
    "POST",
    "/sessions/refresh",
    {200: told.Session},
    *("token_unknown", "token_over", "refresh_used"),
    asked=asked.Refresh,
)
def refresh_session(given: asked.Refresh) -> told.Session:
    """New tokens for a refresh token. Used a second time, it ends the whole session."""

    def refreshed() -> told.Session | Refused:
        with transaction() as db:
            tokens = api_sessions.refresh(db, given.refresh_token, at=moment())
            if isinstance(tokens, Refused):
                return tokens
            return _told(tokens, db.get_one(WeChatIdentity, tokens.identity_id))

    answer = refreshed()
    if isinstance(answer, Refused):
        limits.count_wrong(answer)
        raise answer
    return answer


@direct(mini, "DELETE", "/sessions/current", {204: None})
def end_session() -> None:
    """Sign out: every token of this sign-in is worth nothing from now on."""
    who = bearer.current()
    with transaction() as db:
        api_sessions.end(db, who.identity_id, who.family, at=moment())


def _told(tokens: Tokens, identity: WeChatIdentity) -> told.Session:
    return told.Session(
        access_token=tokens.access,
        expires_in=int(ACCESS_LIFE.total_seconds()),
        refresh_token=tokens.refresh,
        refresh_expires_in=int(REFRESH_LIFE.total_seconds()),
        bound=identity.person_id is not None,
        privacy_accepted=identity.privacy_version == sign_in.PRIVACY_VERSION,
    )
