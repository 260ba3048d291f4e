"""Wrong tokens are counted per address and slowed down; a valid one is always served (a hospital shares few)."""

from collections.abc import Callable
from ipaddress import IPv6Network, ip_address
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
# Passwords: of one account from one place; from one address, where several people may forget theirs; of one account
# from everywhere, which closes it only to browsers nobody has signed in with, and leaves WeChat's way open.
PASSWORDS = RateLimitItemPerMinute(5, 15, namespace="password")
WRONG_PASSWORDS = RateLimitItemPerMinute(50, 15, namespace="wrong-password")
WRONG_FOR_ACCOUNT = RateLimitItemPerHour(200, namespace="wrong-for-account")

CLAIM_CODES = RateLimitItemPerMinute(10, 10, namespace="claim-code")  # of eight signs: nobody guesses one
# Of somebody of the provider, who names people on tickets; nobody takes a call every half minute all day.
PEOPLE_NAMED = RateLimitItemPerHour(120, namespace="people-named")
PEOPLE_MISSED = RateLimitItemPerHour(20, namespace="people-missed")
# Of those who are bound to nobody: a photo of a ward's code and any WeChat are enough to be one.
UNVERIFIED_ACTS = RateLimitItemPerHour(20, namespace="unverified-acts")
UNVERIFIED_IN_WARD = RateLimitItemPerHour(60, namespace="unverified-in-ward")
PHONE_PROOFS = RateLimitItemPerMinute(5, 10, namespace="mini-phone")  # WeChat charges for each
SYSTEM_POSTS = RateLimitItemPerMinute(600, namespace="system-post")
SIGN_INS = RateLimitItemPerMinute(600, namespace="sign-in")  # a whole hospital may come to work at one address


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


def may_begin_sign_in() -> bool:
    """Each costs a row, and maybe a call to WeChat, whoever it is."""
    return _ask(lambda limiter: limiter.hit(SIGN_INS, _address()))


def bound_sign_ins() -> None:
    """Too many from one address are 429."""
    if not may_begin_sign_in():
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


def bound_system(integration_id: int) -> None:
    """What another system sends; a monitoring system that raves is slowed down, and only it."""
    if not _ask(lambda limiter: limiter.hit(SYSTEM_POSTS, str(integration_id))):
        abort(429)


def bound_unverified(identity_id: int, *, in_ward: int | None = None) -> None:
    """What somebody bound to nobody rates or, in a ward, says; a rating of one is never kept out by those of others."""
    if not _ask(lambda limiter: limiter.hit(UNVERIFIED_ACTS, str(identity_id))):
        raise Refused("unverified_too_many")
    if in_ward is not None and not _ask(lambda limiter: limiter.hit(UNVERIFIED_IN_WARD, str(in_ward))):
        raise Refused("unverified_too_many")


def bound_phone_proofs(identity_id: int) -> None:
    if not _ask(lambda limiter: limiter.hit(PHONE_PROOFS, str(identity_id))):
        abort(429)


def may_name_people(by: int) -> bool:
    """Counts that somebody is about to look people up, whatever is found; false after too many or too many misses."""
    return _ask(lambda limiter: limiter.test(PEOPLE_MISSED, str(by)) and limiter.hit(PEOPLE_NAMED, str(by)))


def count_missed_person(by: int) -> None:
    _ask(lambda limiter: limiter.hit(PEOPLE_MISSED, str(by)))


def tries_left(number: str) -> bool:
    """Whether a browser nobody has signed in with may try passwords; only wrong ones are counted."""
    return _ask(lambda limiter: limiter.test(WRONG_PASSWORDS, _address()) and limiter.test(WRONG_FOR_ACCOUNT, number))


def begin_try(number: str, browser: str) -> bool:
    """Counts a try before its password is looked at, so that tries side by side cannot outrun the limit.

    `browser`: what is known of one that has signed in with this number before, else its address stands for it.
    """
    return _ask(lambda limiter: limiter.hit(PASSWORDS, number, browser or _address()))


def count_wrong_password(number: str) -> None:
    _ask(lambda limiter: limiter.hit(WRONG_PASSWORDS, _address()) and limiter.hit(WRONG_FOR_ACCOUNT, number))


def forget_tries(number: str, browser: str) -> None:
    """The password was right."""

    def clear(limiter: FixedWindowRateLimiter) -> bool:
        limiter.clear(PASSWORDS, number, browser or _address())
        return True

    _ask(clear)


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
    """Who asks; of IPv6 the network, for one line has as many addresses as it likes."""
    asked_from = request.remote_addr or ""
    try:
        address = ip_address(asked_from)
    except ValueError:  # what a proxy of theirs says
        return asked_from
    if address.version == 4 or address.ipv4_mapped:
        return asked_from
    return str(IPv6Network((int(address), 64), strict=False))


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
        made = FixedWindowRateLimiter(RedisStorage(redis_url, pool) if pool else MemoryStorage())
        kept.setdefault(redis_url, made)  # of threads that begin side by side, one's counts for all
    return cast(FixedWindowRateLimiter, kept[redis_url])
