import secrets

from sandbox.database import Database

# What scanning such an address does, WeChat alone knows; a phone of the sandbox asks here.
CODE_ADDRESS = "http://weixin.qq.com/q/"


class Scenes:
    """The parametric codes of the service account."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def new(self, scene: str, *, expires: float) -> str:
        """The ticket of its picture."""
        ticket = "gQ" + secrets.token_urlsafe(60)
        with self._database.change() as db:
            db.execute("INSERT INTO scene VALUES (?, ?, ?)", (ticket, scene, expires))
        return ticket

    def scene_of(self, ticket: str, *, now: float) -> str | None:
        with self._database.change() as db:
            row = db.execute("SELECT scene FROM scene WHERE ticket = ? AND expires > ?", (ticket, now)).fetchone()
        return row["scene"] if row else None

    def ticket(self, scene: str) -> str:
        """That of the newest code with this scene; a made-up one when nobody has asked for such a code."""
        with self._database.change() as db:
            row = db.execute("SELECT ticket FROM scene WHERE scene = ? ORDER BY rowid DESC", (scene,)).fetchone()
        return row["ticket"] if row else f"SANDBOX-{scene}"


def address(ticket: str) -> str:
    return CODE_ADDRESS + ticket


def ticket_in(url: str) -> str | None:
    return url.removeprefix(CODE_ADDRESS) if url.startswith(CODE_ADDRESS) else None
