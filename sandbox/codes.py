"""Codes that prove once, within five minutes, who somebody is; and the grants of a sign-in by the service account."""

import secrets
from dataclasses import dataclass

from sandbox.database import Database
from sandbox.wire_errors import WireError

CODE_LIFE = 300
GRANT_LIFE = 7200
REFRESH_LIFE = 30 * 86_400
LOGIN, PHONE_NUMBER = "login", "phone"


@dataclass(frozen=True)
class Grant:
    """What came of a sign-in: its own access token, no kin of the account's."""

    access_token: str
    refresh_token: str
    openid: str
    scope: str


class Codes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def new(self, appid: str, who: str, scope: str, *, now: float) -> str:
        value = secrets.token_hex(16)
        with self._database.change() as db:
            db.execute(
                "INSERT INTO code (value, appid, who, scope, expires) VALUES (?, ?, ?, ?, ?)",
                (value, appid, who, scope, now + CODE_LIFE),
            )
        return value

    def use(self, value: object, appid: str, scopes: tuple[str, ...], *, now: float) -> tuple[str, str]:
        """Whose code it is and for what scope."""
        with self._database.change() as db:
            row = db.execute(
                "SELECT who, scope, used FROM code WHERE value = ? AND appid = ? AND expires > ?",
                (str(value), appid, now),
            ).fetchone()
            if row is None or row["scope"] not in scopes:
                raise WireError(40029)
            if row["used"]:
                raise WireError(40163)
            db.execute("UPDATE code SET used = 1 WHERE value = ?", (value,))
        return row["who"], row["scope"]

    def grant(self, openid: str, scope: str, *, now: float) -> Grant:
        made = Grant(secrets.token_urlsafe(64), secrets.token_urlsafe(64), openid, scope)
        with self._database.change() as db:
            for value, life in ((made.access_token, GRANT_LIFE), (made.refresh_token, REFRESH_LIFE)):
                db.execute("INSERT INTO grant_ VALUES (?, ?, ?, ?)", (value, openid, scope, now + life))
        return made

    def granted(self, value: str, *, now: float) -> tuple[str, str] | None:
        """The openid and scope an access or refresh token of a sign-in stands for."""
        with self._database.change() as db:
            row = db.execute(
                "SELECT openid, scope FROM grant_ WHERE value = ? AND expires > ?", (value, now)
            ).fetchone()
        return (row["openid"], row["scope"]) if row else None
