"""How often an account may call what, by the published numbers."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from threading import Lock

from sandbox.wire_errors import WireError

_CHINA = timezone(timedelta(hours=8))
_CLEARS_A_MONTH = 10


@dataclass(frozen=True)
class Quota:
    """None is no limit; a `personal` minute is counted for each user."""

    daily: int | None = None
    minute: int | None = None
    personal: bool = False
    over_minute: int = 45011


QUOTAS: Mapping[str, Quota] = {
    "/cgi-bin/token": Quota(daily=2_000),
    "/cgi-bin/stable_token": Quota(daily=500_000, minute=10_000),
    "/cgi-bin/message/template/send": Quota(daily=100_000),
    "/cgi-bin/message/subscribe/send": Quota(daily=10_000_000),
    "/cgi-bin/message/custom/send": Quota(daily=500_000),
    "/cgi-bin/qrcode/create": Quota(daily=100_000),
    "/cgi-bin/user/info": Quota(daily=5_000_000),
    "/cgi-bin/ticket/getticket": Quota(daily=1_000_000),
    "/cgi-bin/getcallbackip": Quota(daily=10_000),
    "/cgi-bin/get_api_domain_ip": Quota(daily=10_000),
    "/cgi-bin/openapi/quota/get": Quota(daily=10_000),
    "/wxa/getwxacodeunlimit": Quota(minute=5_000),
    "/wxa/msg_sec_check": Quota(daily=2_000_000, minute=4_000, over_minute=44991),
    "/wxa/media_check_async": Quota(daily=200_000, minute=2_000, over_minute=44991),
    "/wxa/business/getuserphonenumber": Quota(),
    "/wxa/checksession": Quota(),
    "/sns/jscode2session": Quota(minute=100, personal=True),
    "/sns/oauth2/access_token": Quota(minute=50_000),
    "/cgi-bin/webhook/send": Quota(minute=20, over_minute=45009),
}


class Quotas:
    def __init__(self) -> None:
        self._lock = Lock()
        self._quotas = dict(QUOTAS)
        self._used: Counter[tuple[str, ...]] = Counter()

    def change(self, path: str, *, daily: int | None, minute: int | None) -> None:
        with self._lock:
            self._quotas[path] = Quota(daily, minute, over_minute=self.quota(path).over_minute)

    def quota(self, path: str) -> Quota:
        return self._quotas.get(path, Quota())

    def spend(self, appid: str, path: str, *, now: float, who: str = "") -> None:
        """Raises WireError when there is none left; calls refused for that are not counted."""
        quota = self.quota(path)
        today = (appid, path, _day(now))
        this_minute = (appid, path, who if quota.personal else "", str(now // 60))
        with self._lock:
            if quota.minute is not None and self._used[this_minute] >= quota.minute:
                raise WireError(quota.over_minute)
            if quota.daily is not None and self._used[today] >= quota.daily:
                raise WireError(45009)
            self._used.update((today, this_minute))

    def used_today(self, appid: str, path: str, *, now: float) -> int:
        with self._lock:
            return self._used[appid, path, _day(now)]

    def clear(self, appid: str, *, now: float) -> None:
        month = (appid, "clear_quota", _day(now)[:7])
        with self._lock:
            if self._used[month] >= _CLEARS_A_MONTH:
                raise WireError(48006)
            self._used[month] += 1
            for key in [key for key in self._used if key[0] == appid and key[2] == _day(now)]:
                del self._used[key]


def _day(now: float) -> str:
    """Of Beijing, where the quotas begin anew at midnight."""
    return datetime.fromtimestamp(now, UTC).astimezone(_CHINA).date().isoformat()
