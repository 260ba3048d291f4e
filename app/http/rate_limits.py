"""Wrong tokens are counted per address and slowed down; a valid one is always served (a hospital shares few)."""

from collections.abc import Callable
from typing import TypeVar, cast

import redis
import structlog
from flask import abort, current_app, request
from limits import RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter

from app import redis_pool
from app.errors import Missing, Refused
from app.http.context import runtime

T = TypeVar("T")

WRONG = RateLimitItemPerMinute(60, namespace="wrong-token")
WRONG_PASSWORDS = RateLimitItemPerMinute(50, 15, namespace="wrong-password")  # several people may forget theirs

CLAIM_CODES = RateLimitItemPerMinute(10, 10, namespace="claim-code")  # of eight signs: nobody guesses one
# Of somebody of the provider, who names people on tickets; nobody takes a call every half minute all day.
PEOPLE_NAMED = RateLimitItemPerHour(120, namespace="people-named")
PEOPLE_MISSED = RateLimitItemPerHour(20, namespace="people-missed")
PHONE_PROOFS = RateLimitItemPerMinute(5, 10, namespace="mini-phone")  # WeChat charges for each
SIGN_INS = RateLimitItemPerMinute(600, namespace="mini-sign-in")  # a whole hospital may come to work at one address


WRONG_CODES = RateLimitItemPerMinute(10, 10, namespace="wrong-code")  # WeChat's own are wrong when they are old


def throttle_unknown(read: Callable[[], T]) -> T:
    """What the token says; a wrong one is Missing, and after too many of them 429."""
    try:
        return read()
    except Missing as missing:
        count_wrong(missing)
        raise


def count_wrong(refused: Refused) -> None:
    """Counts what nobody was ever given, and what is only over not; after too many, 429."""
    if isinstance(refused, Missing) and not _ask(lambda limiter: limiter.hit(WRONG, _address())):
        abort(429)


def bound_sign_ins() -> None:
    """Each costs a call to WeChat and a row, whoever it is; too many from one address are 429."""
    if not _ask(lambda limiter: limiter.hit(SIGN_INS, _address())):
        abort(429)


def codes_were_right() -> bool:
    """Whether few made-up codes came from this address lately."""
    return _ask(lambda limiter: limiter.test(WRONG_CODES, _address()))


def count_wrong_code() -> None:
    _ask(lambda limiter: limiter.hit(WRONG_CODES, _address()))


def bound_posts(identity_id: int) -> None:
    """Nobody taps this often."""
    most = runtime().settings.posts_per_minute
    posts = RateLimitItemPerMinute(most, namespace="mini-post")
    if most and not _ask(lambda limiter: limiter.hit(posts, str(identity_id))):
        abort(429)


def bound_phone_proofs(identity_id: int) -> None:
    if not _ask(lambda limiter: limiter.hit(PHONE_PROOFS, str(identity_id))):
        abort(429)


def may_name_people(by: int) -> bool:
    """Counts that somebody is about to look people up, whatever is found; false after too many or too many misses."""
    return _ask(lambda limiter: limiter.test(PEOPLE_MISSED, str(by)) and limiter.hit(PEOPLE_NAMED, str(by)))


def count_missed_person(by: int) -> None:
    _ask(lambda limiter: limiter.hit(PEOPLE_MISSED, str(by)))


def tries_left() -> bool:
    """Whether this address may still try console passwords; only wrong ones are counted."""
    return _ask(lambda limiter: limiter.test(WRONG_PASSWORDS, _address()))


def count_try() -> None:
    _ask(lambda limiter: limiter.hit(WRONG_PASSWORDS, _address()))


def claim_code(read: Callable[[], T], *, by: int) -> T:
    """What the code says; who has tried too many wrong ones is refused, whatever they try next."""
    if not _ask(lambda limiter: limiter.test(CLAIM_CODES, str(by))):
        raise Refused("too_many_tries")
    try:
        return read()
    except Missing:
        _ask(lambda limiter: limiter.hit(CLAIM_CODES, str(by)))
        raise


def _address() -> str:
    return request.remote_addr or ""


def _ask(question: Callable[[FixedWindowRateLimiter], bool]) -> bool:
    """Whatever is wrong with the Redis, its address or its rights: nobody is kept out for it."""
    if url := runtime().settings.redis_url:
        try:
            return question(_limiter(url))
        except (redis.ConnectionError, redis.TimeoutError):
            pass  # the pool has said so
        except Exception as error:
            structlog.get_logger().warning("Redis does not count", error=type(error).__name__, reason=str(error))
    return question(_limiter(""))  # each process counts for itself


def _limiter(redis_url: str) -> FixedWindowRateLimiter:
    kept = current_app.extensions.setdefault("wrong tokens", {})
    if redis_url not in kept:
        pool = redis_pool.pool(redis_url) if redis_url else None
        kept[redis_url] = FixedWindowRateLimiter(RedisStorage(redis_url, pool) if pool else MemoryStorage())
    return cast(FixedWindowRateLimiter, kept[redis_url])
