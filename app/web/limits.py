"""Wrong tokens are counted per address and slowed down; a valid one is always served (a hospital shares few)."""

from collections.abc import Callable
from functools import cache

from flask import abort, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from redis.exceptions import RedisError

from app.errors import Missing
from app.web.edge import runtime

WRONG_PER_MINUTE = 60


def known(read: Callable[[], int]) -> int:
    """What the token says; a wrong one is Missing, and after too many of them 429."""
    try:
        return read()
    except Missing:
        if not _hit(request.remote_addr or ""):
            abort(429)
        raise


def _hit(address: str) -> bool:
    try:
        return _limiter(runtime().settings.redis_url).hit(_WRONG, address)
    except RedisError:  # then each process counts for itself
        return _limiter("").hit(_WRONG, address)


_WRONG = RateLimitItemPerMinute(WRONG_PER_MINUTE, namespace="wrong-token")


@cache
def _limiter(redis_url: str) -> FixedWindowRateLimiter:
    return FixedWindowRateLimiter(storage_from_string(redis_url) if redis_url else MemoryStorage())
