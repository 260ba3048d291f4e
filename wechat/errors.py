import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from enum import Enum


class Action(Enum):
    """What the caller has to do about a failed call."""

    RETRY = "retry"
    DUPLICATE = "duplicate"
    PERMANENT = "permanent"
    STOPPED = "stopped"
    BUG = "bug"
    LOGIN_AGAIN = "login again"
    REFUSED = "refused"


# A call repeats these once with a renewed token; seen from outside, they mean that this did not help.
STALE_TOKEN = frozenset({40001, 40014, 42001})

_RETRY_AFTER: Mapping[int | None, float] = {
    None: 1.0,
    -1: 1.0,
    43108: 3.0,
    43117: 60.0,
    44990: 60.0,
    44991: 60.0,
    45011: 60.0,
}
_DAILY_QUOTA = frozenset({45009, 44993, 45029})
_WRONG_CREDENTIALS = frozenset({40013, 40125, 40243, 41004, 40164, 89503, 89506, 89507})
_NO_PERMISSION = frozenset({50007, 48001, 48004, 48006, 43107, 40249, 43116, 40037, 61007})
_BAD_ADDRESSEE = frozenset({40003, 43004, 43019, 43101, 48002, 45015, 45047, 45168})
_BAD_REQUEST = frozenset({40039, 40062, 40165, 41030, 44002, 47001, 47003})

DECISIONS: Mapping[int | None, Action] = {
    **dict.fromkeys(_RETRY_AFTER, Action.RETRY),
    40241: Action.DUPLICATE,
    **dict.fromkeys(_BAD_ADDRESSEE, Action.PERMANENT),
    **dict.fromkeys(STALE_TOKEN | _DAILY_QUOTA | _WRONG_CREDENTIALS | _NO_PERMISSION, Action.STOPPED),
    **dict.fromkeys(_BAD_REQUEST, Action.BUG),
    **dict.fromkeys((40029, 40030, 40163, 42002, 42007), Action.LOGIN_AGAIN),
    40226: Action.REFUSED,
}

_RID = re.compile(r"rid: ?([0-9a-f]+(?:-[0-9a-f]+)*)")
_CHINA = timezone(timedelta(hours=8))


class WeChatError(Exception):
    """A call that failed. `uncertain`: WeChat may nevertheless have done what was asked.

    Without an errcode no readable answer came. Neither text nor fields hold a secret or an openid.
    """

    def __init__(self, errmsg: str, *, errcode: int | None = None, uncertain: bool = False) -> None:
        found = _RID.search(errmsg)
        self.errmsg = errmsg
        self.errcode = errcode
        self.rid = found[1] if found else None
        self.uncertain = uncertain
        # A code nobody has met is for a developer to read: repeating it blindly is how loops start.
        self.action = DECISIONS.get(errcode, Action.BUG)
        self.retry_after = _RETRY_AFTER.get(errcode)
        super().__init__(f"{self.action.value}: {errmsg} (errcode {errcode})")

    def heals_at(self, at: datetime) -> datetime | None:
        """The earliest time for another try; None when it will not heal by itself."""
        if self.errcode in _DAILY_QUOTA:
            tomorrow = at.astimezone(_CHINA) + timedelta(days=1)
            midnight = tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)
            return midnight.astimezone(at.tzinfo)
        return None if self.retry_after is None else at + timedelta(seconds=self.retry_after)
