import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Rules:
    """What the codes of one platform mean. None stands for a call that got no readable answer.

    A call repeats `stale` ones once with a renewed token; seen from outside, they mean that this did not help.
    """

    actions: Mapping[int | None, Action]
    pauses: Mapping[int | None, float]
    stale: frozenset[int]
    daily: frozenset[int] = frozenset()


BUSY = -1

_STALE = frozenset({40001, 40014, 42001})
_PAUSES: Mapping[int | None, float] = {
    None: 1.0,
    BUSY: 1.0,
    43108: 3.0,
    43117: 60.0,
    44990: 60.0,
    44991: 60.0,
    45011: 60.0,
}
_DAILY_QUOTA = frozenset({45009, 44993, 45029})
_WRONG_CREDENTIALS = frozenset({40013, 40125, 40243, 41004, 40164, 89503, 89506, 89507})
_NO_PERMISSION = frozenset({50007, 48001, 48004, 48006, 43107, 40249, 43116, 40037, 61007})
_BAD_ADDRESSEE = frozenset({40003, 43004, 43019, 43101, 43104, 48002, 45015, 45047, 45168, 61010})
_BAD_REQUEST = frozenset({40039, 40052, 40053, 40062, 40097, 40129, 40165, 40169, 41030, 44002, 47001, 47003, 85096})

WECHAT = Rules(
    actions={
        **dict.fromkeys(_PAUSES, Action.RETRY),
        40241: Action.DUPLICATE,
        **dict.fromkeys(_BAD_ADDRESSEE, Action.PERMANENT),
        **dict.fromkeys(_STALE | _DAILY_QUOTA | _WRONG_CREDENTIALS | _NO_PERMISSION, Action.STOPPED),
        **dict.fromkeys(_BAD_REQUEST, Action.BUG),
        **dict.fromkeys((40029, 40030, 40163, 42002, 42007), Action.LOGIN_AGAIN),
        40226: Action.REFUSED,
    },
    pauses=_PAUSES,
    stale=_STALE,
    daily=_DAILY_QUOTA,
)

# The same numbers often mean something else in WeCom (企业微信): 45009 is its rate of a minute, 40001 a wrong secret.
NOBODY_TO_REACH = 81013
_WECOM_STALE = frozenset({40014, 42001})
_WECOM_PAUSES: Mapping[int | None, float] = {None: 1.0, BUSY: 1.0, 45009: 60.0, 45033: 60.0}
_WECOM_STOPPED = frozenset({40001, 40013, 40056, 48002, 50003, 60011, 60020, 93000, 301002})

WECOM = Rules(
    actions={
        **dict.fromkeys(_WECOM_PAUSES, Action.RETRY),
        **dict.fromkeys((NOBODY_TO_REACH, 40003, 40031, 60111, 82001), Action.PERMANENT),
        **dict.fromkeys(_WECOM_STALE | _WECOM_STOPPED, Action.STOPPED),
        **dict.fromkeys((40058, 44004, 45002), Action.BUG),
        **dict.fromkeys((40029, 42003), Action.LOGIN_AGAIN),
    },
    pauses=_WECOM_PAUSES,
    stale=_WECOM_STALE,
)

_RID = re.compile(r"rid: ?([0-9a-f]+(?:-[0-9a-f]+)*)")
_CHINA = timezone(timedelta(hours=8))
_LONGEST_PAUSE = 60.0
_JITTER = 0.25
_chance = secrets.SystemRandom()


class WeChatError(Exception):
    """A call that failed. `uncertain`: WeChat may nevertheless have done what was asked.

    Without an errcode no readable answer came. Neither text nor fields hold a secret or an openid.
    """

    def __init__(
        self, errmsg: str, *, errcode: int | None = None, uncertain: bool = False, rules: Rules = WECHAT
    ) -> None:
        found = _RID.search(errmsg)
        self.errmsg = errmsg
        self.errcode = errcode
        self.rid = found[1] if found else None
        self.uncertain = uncertain
        self.rules = rules
        # A code nobody has met is for a developer to read: repeating it blindly is how loops start.
        self.action = rules.actions.get(errcode, Action.BUG)
        super().__init__(f"{self.action.value}: {errmsg} (errcode {errcode})")

    @property
    def stale_token(self) -> bool:
        return self.errcode in self.rules.stale

    def heals_at(self, at: datetime, *, attempt: int = 1) -> datetime | None:
        """The earliest time for another try after this, the `attempt`-th; None when it will not heal by itself.

        Of those that failed together no two come back together.
        """
        if self.errcode in self.rules.daily:
            tomorrow = at.astimezone(_CHINA) + timedelta(days=1)
            midnight = tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)
            return midnight.astimezone(at.tzinfo)
        pause = self.rules.pauses.get(self.errcode)
        if pause is None:
            return None
        if self.errcode in {None, BUSY}:
            pause = min(2.0 ** min(attempt - 1, 10), _LONGEST_PAUSE)
        return at + timedelta(seconds=pause * (1 + _chance.uniform(0, _JITTER)))


def short_pause(seconds: float) -> float:
    """About as long, and never the same twice."""
    return seconds * (1 + _chance.uniform(0, 1))
