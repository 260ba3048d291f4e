"""What WeChat remembers about people: whom they follow, when they came, what they agreed to be sent."""

import secrets
from base64 import b64encode

from sandbox.database import Database
from sandbox.phones import Phone

VISIT_SECONDS = 7200


class People:
    def __init__(self, database: Database) -> None:
        self._database = database

    def follows(self, phone: Phone) -> bool:
        with self._database.change() as db:
            row = db.execute("SELECT follows FROM following WHERE openid = ?", (phone.openid,)).fetchone()
        return bool(row["follows"]) if row else phone.follows

    def follow(self, phone: Phone, follows: bool, *, now: float, scene: str = "") -> None:
        with self._database.change() as db:
            db.execute("INSERT OR REPLACE INTO following VALUES (?, ?, ?, ?)", (phone.openid, follows, now, scene))

    def followed(self, phone: Phone) -> tuple[int, str]:
        """Since when, and by which scene."""
        with self._database.change() as db:
            row = db.execute("SELECT at, scene FROM following WHERE openid = ?", (phone.openid,)).fetchone()
        return (int(row["at"]), row["scene"]) if row else (0, "")

    def log_in(self, mini_openid: str, *, now: float) -> str:
        """A new session key; the one before is worth nothing any more."""
        key = b64encode(secrets.token_bytes(16)).decode()
        with self._database.change() as db:
            db.execute("INSERT OR REPLACE INTO session VALUES (?, ?, ?)", (mini_openid, key, now))
        return key

    def session_key(self, mini_openid: str) -> str | None:
        with self._database.change() as db:
            row = db.execute("SELECT session_key FROM session WHERE openid = ?", (mini_openid,)).fetchone()
        return row["session_key"] if row else None

    def visited(self, mini_openid: str, *, now: float) -> bool:
        """Within two hours, as WeChat's check of contents wants it."""
        with self._database.change() as db:
            row = db.execute(
                "SELECT 1 FROM session WHERE openid = ? AND at > ?", (mini_openid, now - VISIT_SECONDS)
            ).fetchone()
        return row is not None

    def agree(self, mini_openid: str, template_id: str) -> None:
        """One more message of this template."""
        with self._database.change() as db:
            db.execute(
                "INSERT INTO credit VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET number = number + 1",
                (mini_openid, template_id),
            )

    def refuse(self, mini_openid: str, template_id: str) -> None:
        with self._database.change() as db:
            db.execute("DELETE FROM credit WHERE openid = ? AND template_id = ?", (mini_openid, template_id))

    def credits(self, mini_openid: str) -> dict[str, int]:
        with self._database.change() as db:
            rows = db.execute(
                "SELECT template_id, number FROM credit WHERE openid = ? AND number > 0", (mini_openid,)
            ).fetchall()
        return {row["template_id"]: row["number"] for row in rows}

    def spend_credit(self, mini_openid: str, template_id: str) -> bool:
        with self._database.change() as db:
            spent = db.execute(
                "UPDATE credit SET number = number - 1 WHERE openid = ? AND template_id = ? AND number > 0",
                (mini_openid, template_id),
            )
            return spent.rowcount == 1

    def allow_replies(self, openid: str, number: int, *, until: float) -> None:
        with self._database.change() as db:
            db.execute("INSERT INTO reply_window VALUES (?, ?, ?)", (openid, until, number))

    def spend_reply(self, openid: str, *, now: float) -> bool | None:
        """Whether one was left; None when no window is open."""
        with self._database.change() as db:
            windows = db.execute(
                "SELECT rowid, number FROM reply_window WHERE openid = ? AND until > ? ORDER BY number DESC",
                (openid, now),
            ).fetchall()
            if not windows:
                return None
            db.execute("UPDATE reply_window SET number = number - 1 WHERE rowid = ? AND number > 0", windows[0][:1])
        return bool(windows[0]["number"] > 0)
