"""The access tokens, each kind in a space of its own, and the tickets that live as long."""

import secrets
from sqlite3 import Cursor

from sandbox.database import Database
from sandbox.wire_errors import WireError

TOKEN_LIFE = 7200
STABLE, LEGACY, WECOM_APP, TICKET = "stable", "legacy", "wecom", "ticket"
# WeChat makes the next stable token by itself when so little is left; the old one lives to its end.
_RENEWED_BEFORE_END = 300
_OVERLAP = 300
_FORCED_APART, _FORCED_A_DAY = 30, 20
_DAY = 86_400


class Tokens:
    def __init__(self, database: Database) -> None:
        self._database = database

    def stable(self, appid: str, *, force: bool, now: float) -> tuple[str, int]:
        """The token and what is left of its life; a forced one kills its predecessors."""
        with self._database.change() as db:
            if force:
                _check_forced(db, appid, now)
                _revoke(db, appid, STABLE, now)
            return _current(db, appid, STABLE, now, _RENEWED_BEFORE_END) or _new(db, appid, STABLE, now, force)

    def legacy(self, appid: str, *, now: float) -> tuple[str, int]:
        """Always a new one; the one before lives five minutes more."""
        with self._database.change() as db:
            _revoke(db, appid, LEGACY, now + _OVERLAP)
            return _new(db, appid, LEGACY, now)

    def kept(self, appid: str, kind: str, *, now: float) -> tuple[str, int]:
        """The same one as long as it lives."""
        with self._database.change() as db:
            return _current(db, appid, kind, now) or _new(db, appid, kind, now)

    def revoke(self, appid: str, *, now: float) -> None:
        with self._database.change() as db:
            for kind in (STABLE, LEGACY, WECOM_APP):
                _revoke(db, appid, kind, now)

    def owner(self, value: str, *, now: float) -> tuple[str, str]:
        """The appid and what is the matter with its token: unknown, expired, or nothing."""
        with self._database.change() as db:
            row = db.execute(
                "SELECT appid, expires, revoked_at FROM token WHERE value = ? AND kind != ?", (value, TICKET)
            ).fetchone()
        if row is None or (row["revoked_at"] is not None and row["revoked_at"] <= now):
            return "", "unknown"
        return row["appid"], "" if row["expires"] > now else "expired"


def _current(db: Cursor, appid: str, kind: str, now: float, margin: float = 0) -> tuple[str, int] | None:
    row = db.execute(
        "SELECT value, expires FROM token WHERE appid = ? AND kind = ? AND revoked_at IS NULL AND expires > ?"
        " ORDER BY expires DESC",
        (appid, kind, now + margin),
    ).fetchone()
    return (row["value"], int(row["expires"] - now)) if row else None


def _new(db: Cursor, appid: str, kind: str, now: float, forced: bool = False) -> tuple[str, int]:
    value = secrets.token_urlsafe(384 if kind != TICKET else 64)
    db.execute(
        "INSERT INTO token (value, appid, kind, expires, forced, at) VALUES (?, ?, ?, ?, ?, ?)",
        (value, appid, kind, now + TOKEN_LIFE, forced, now),
    )
    return value, TOKEN_LIFE


def _revoke(db: Cursor, appid: str, kind: str, at: float) -> None:
    db.execute(
        "UPDATE token SET revoked_at = ? WHERE appid = ? AND kind = ? AND (revoked_at IS NULL OR revoked_at > ?)",
        (at, appid, kind, at),
    )


def _check_forced(db: Cursor, appid: str, now: float) -> None:
    times = [
        row["at"]
        for row in db.execute(
            "SELECT at FROM token WHERE appid = ? AND forced AND at > ? ORDER BY at DESC", (appid, now - _DAY)
        )
    ]
    if times and now - times[0] < _FORCED_APART:
        raise WireError(45011)
    if len(times) >= _FORCED_A_DAY:
        raise WireError(45009)
