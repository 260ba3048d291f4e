import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from threading import Lock

from sandbox.database import Database

SAME_MESSAGE_SECONDS = 600
TEMPLATE, SUBSCRIPTION, CUSTOM, WECOM_CARD, ROBOT = "template", "subscription", "custom", "wecom", "robot"
# WeChat's message ids need all 64 bits.
_FIRST_MSGID = 3428411849815982087


@dataclass(frozen=True, kw_only=True)
class Sending:
    """To an `openid`, to a `user_id` of WeCom, or (by the robot) to the group."""

    channel: str
    fields: Mapping[str, str]
    openid: str = ""
    user_id: str = ""
    template_id: str = ""
    url: str = ""
    client_msg_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Message(Sending):
    """What was delivered."""

    msgid: int
    at: float


class Mailbox:
    """What was delivered over every channel."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = Lock()
        self._under_way: set[str] = set()

    def begin(self, openid: str) -> bool:
        """False while another message to this person is under way."""
        with self._lock:
            free = openid not in self._under_way
            self._under_way.add(openid)
            return free

    def end(self, openid: str) -> None:
        with self._lock:
            self._under_way.discard(openid)

    def deliver(self, one: Sending, *, now: float, same_seconds: float = SAME_MESSAGE_SECONDS) -> tuple[int, bool]:
        """The msgid, the first one's when the same message came before; and whether this was the first."""
        with self._database.change() as db:
            row = db.execute(
                "SELECT msgid FROM message WHERE channel = ? AND openid = ? AND user_id = ? AND client_msg_id = ?"
                " AND at > ?",
                (one.channel, one.openid, one.user_id, one.client_msg_id, now - same_seconds),
            ).fetchone()
            if row:
                return int(row["msgid"]), False
            last = db.execute("SELECT max(msgid) FROM message").fetchone()[0]
            msgid = _FIRST_MSGID if last is None else int(last) + 1
            db.execute(
                "INSERT INTO message (msgid, channel, at, openid, user_id, template_id, url, client_msg_id, fields)"
                " VALUES (:msgid, :channel, :at, :openid, :user_id, :template_id, :url, :client_msg_id, :fields)",
                {**asdict(one), "msgid": msgid, "at": now, "fields": json.dumps(dict(one.fields))},
            )
        return msgid, True

    def messages(self, *names: str) -> list[Message]:
        """Newest first; those of one person where their openids and user ids are given."""
        those = f"WHERE openid IN ({_marks(names)}) OR user_id IN ({_marks(names)})" if names else ""
        with self._database.change() as db:
            # Only question marks are put into the statement.
            rows = db.execute(f"SELECT * FROM message {those} ORDER BY msgid DESC", names * 2).fetchall()  # noqa: S608
        return [Message(**{**dict(row), "fields": json.loads(row["fields"])}) for row in rows]

    def of_channel(self, channel: str) -> list[Message]:
        return [message for message in self.messages() if message.channel == channel]


def _marks(names: tuple[str, ...]) -> str:
    return ", ".join("?" * len(names))
