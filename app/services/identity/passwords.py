"""Console passwords: argon2, checked in constant time, hashed anew when the parameters have grown."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import Refused

MIN_LENGTH = 12
MAX_LENGTH = 1024  # hashing costs time; nobody types more

hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The hash to keep; refuses a password that is too short (`password_too_short`) or absurdly long."""
    if len(password) < MIN_LENGTH:
        raise Refused("password_too_short", least=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise Refused("password_too_long", most=MAX_LENGTH)
    return hasher.hash(password)


def check(password_hash: str, password: str) -> bool:
    """Whether the password is the one; a hash that cannot be read fits none."""
    if len(password) > MAX_LENGTH:
        return False
    try:
        return hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(password_hash: str) -> bool:
    """After a good sign-in: whether to keep a new hash because the parameters have changed."""
    return hasher.check_needs_rehash(password_hash)
