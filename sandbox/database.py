import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock

# A kept file of another version is begun anew: nothing in it is worth a migration.
_VERSION = 2
_SCHEMA = f"""
CREATE TABLE token (
    value TEXT PRIMARY KEY, appid TEXT, kind TEXT, expires REAL, revoked_at REAL, forced INTEGER DEFAULT 0, at REAL
);
CREATE TABLE code (value TEXT PRIMARY KEY, appid TEXT, who TEXT, scope TEXT, expires REAL, used INTEGER DEFAULT 0);
CREATE TABLE grant_ (value TEXT PRIMARY KEY, openid TEXT, scope TEXT, expires REAL);
CREATE TABLE message (
    msgid INTEGER PRIMARY KEY, channel TEXT, at REAL, openid TEXT, user_id TEXT, template_id TEXT, url TEXT,
    client_msg_id TEXT, fields TEXT
);
CREATE INDEX message_of ON message (openid, client_msg_id);
CREATE TABLE following (openid TEXT PRIMARY KEY, follows INTEGER, at REAL, scene TEXT);
CREATE TABLE session (openid TEXT PRIMARY KEY, session_key TEXT, at REAL);
CREATE TABLE credit (openid TEXT, template_id TEXT, number INTEGER, PRIMARY KEY (openid, template_id));
CREATE TABLE reply_window (openid TEXT, until REAL, number INTEGER);
CREATE TABLE scene (ticket TEXT PRIMARY KEY, scene TEXT, expires REAL);
PRAGMA user_version = {_VERSION};
"""


class Database:
    """What a sandbox remembers, in memory or in a file that survives a restart."""

    def __init__(self, data_dir: Path | None) -> None:
        self._lock = Lock()
        self._db = _opened(data_dir)
        self._db.row_factory = sqlite3.Row

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def change(self) -> Iterator[sqlite3.Cursor]:
        with self._lock, self._db, closing(self._db.cursor()) as cursor:
            yield cursor


def _opened(data_dir: Path | None) -> sqlite3.Connection:
    path = data_dir / "sandbox.sqlite" if data_dir else None
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path or ":memory:", check_same_thread=False)
    if database.execute("PRAGMA user_version").fetchone()[0] == _VERSION:
        return database
    for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        database.execute(f"DROP TABLE {table}")
    database.executescript(_SCHEMA)
    return database
