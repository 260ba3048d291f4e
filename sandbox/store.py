import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

TOKEN_LIFE = 7200
CODE_LIFE = 300
SAME_MESSAGE_SECONDS = 600
# WeChat makes the next token by itself when so little is left; the old one lives to its end.
_RENEWED_BEFORE_END = 300

_SCHEMA = """
CREATE TABLE IF NOT EXISTS token (value TEXT PRIMARY KEY, appid TEXT, expires REAL, revoked INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS code (
    value TEXT PRIMARY KEY, appid TEXT, openid TEXT, scope TEXT, expires REAL, used INTEGER DEFAULT 0
);
CREATE TABLE IF NOT EXISTS message (
    msgid INTEGER PRIMARY KEY, at REAL, openid TEXT, template_id TEXT, url TEXT, client_msg_id TEXT, fields TEXT
);
CREATE TABLE IF NOT EXISTS following (openid TEXT PRIMARY KEY, follows INTEGER);
CREATE INDEX IF NOT EXISTS message_of ON message (openid, client_msg_id);
"""
# WeChat's message ids need all 64 bits.
_FIRST_MSGID = 3428411849815982087


@dataclass(frozen=True)
class Message:
    msgid: int
    at: float
    openid: str
    template_id: str
    url: str
    client_msg_id: str | None
    fields: Mapping[str, str]


class CodeRefused(Exception):
    def __init__(self, *, used: bool) -> None:
        self.used = used


class Store:
    """Tokens, codes and delivered messages, in memory or in a file that survives a restart."""

    def __init__(self, data_dir: Path | None) -> None:
        if data_dir:
            data_dir.mkdir(parents=True, exist_ok=True)
        path = data_dir / "sandbox.sqlite" if data_dir else ":memory:"
        self._lock = Lock()
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Cursor]:
        with self._lock, self._db, closing(self._db.cursor()) as cursor:
            yield cursor

    def stable_token(self, appid: str, *, force: bool, now: float) -> tuple[str, int]:
        """The token and what is left of its life; a forced one kills its predecessors."""
        with self._change() as db:
            if force:
                db.execute("UPDATE token SET revoked = 1 WHERE appid = ?", (appid,))
            row = db.execute(
                "SELECT value, expires FROM token WHERE appid = ? AND NOT revoked AND expires > ?"
                " ORDER BY expires DESC",
                (appid, now + _RENEWED_BEFORE_END),
            ).fetchone()
            if row:
                return row[0], int(row[1] - now)
            value = secrets.token_urlsafe(384)
            db.execute("INSERT INTO token (value, appid, expires) VALUES (?, ?, ?)", (value, appid, now + TOKEN_LIFE))
            return value, TOKEN_LIFE

    def token_state(self, value: str, *, now: float) -> str:
        with self._change() as db:
            row = db.execute("SELECT expires, revoked FROM token WHERE value = ?", (value,)).fetchone()
        if row is None or row[1]:
            return "unknown"
        return "valid" if row[0] > now else "expired"

    def new_code(self, appid: str, openid: str, scope: str, *, now: float) -> str:
        value = secrets.token_hex(16)
        with self._change() as db:
            db.execute(
                "INSERT INTO code (value, appid, openid, scope, expires) VALUES (?, ?, ?, ?, ?)",
                (value, appid, openid, scope, now + CODE_LIFE),
            )
        return value

    def use_code(self, value: str, appid: str, *, now: float) -> tuple[str, str]:
        """Whose code it is and for what scope."""
        with self._change() as db:
            row = db.execute(
                "SELECT openid, scope, used FROM code WHERE value = ? AND appid = ? AND expires > ?",
                (value, appid, now),
            ).fetchone()
            if row is None or row[2]:
                raise CodeRefused(used=row is not None)
            db.execute("UPDATE code SET used = 1 WHERE value = ?", (value,))
        return row[0], row[1]

    def deliver(
        self,
        openid: str,
        *,
        template_id: str,
        url: str,
        client_msg_id: str | None,
        fields: Mapping[str, str],
        now: float,
    ) -> tuple[int, bool]:
        """The msgid, the first one's when the same message came before; and whether this was the first."""
        with self._change() as db:
            row = db.execute(
                "SELECT msgid FROM message WHERE openid = ? AND client_msg_id = ? AND at > ?",
                (openid, client_msg_id, now - SAME_MESSAGE_SECONDS),
            ).fetchone()
            if row:
                return int(row[0]), False
            last = db.execute("SELECT max(msgid) FROM message").fetchone()[0]
            msgid = _FIRST_MSGID if last is None else int(last) + 1
            db.execute(
                "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?)",
                (msgid, now, openid, template_id, url, client_msg_id, json.dumps(dict(fields))),
            )
        return msgid, True

    def following(self, openid: str, default: bool) -> bool:
        with self._change() as db:
            row = db.execute("SELECT follows FROM following WHERE openid = ?", (openid,)).fetchone()
        return bool(row[0]) if row else default

    def set_following(self, openid: str, follows: bool) -> None:
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO following VALUES (?, ?)", (openid, follows))

    def messages(self, openid: str | None = None) -> list[Message]:
        """Newest first."""
        with self._change() as db:
            rows = db.execute(
                "SELECT msgid, at, openid, template_id, url, client_msg_id, fields FROM message"
                " WHERE openid = ? OR ? IS NULL ORDER BY msgid DESC",
                (openid, openid),
            ).fetchall()
        return [Message(**{**dict(row), "fields": json.loads(row["fields"])}) for row in rows]
