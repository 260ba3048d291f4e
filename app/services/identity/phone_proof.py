"""That somebody has a telephone, as WeChat says: kept by the user, signed, and only as a digest."""

import hmac
import re
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from app.errors import Refused
from app.services import spelling
from app.services.organisation import employment

LIFE = timedelta(minutes=10)
_DIGITS = 11


def make(keys: Sequence[str], *, identity_id: int, number: str) -> str:
    """For this identity only, and for a few minutes."""
    return _serializer(keys).dumps([identity_id, _digest(keys[0], number)])


def last_four(session: Session, keys: Sequence[str], proof: str, *, identity_id: int, staff_number: str) -> str:
    """The last four digits of this staff number's telephone, if it is the one of the proof; else none that fit."""
    try:
        whose, digest = _serializer(keys).loads(proof, max_age=int(LIFE.total_seconds()))
    except BadSignature as error:
        raise Refused("binding_proof") from error
    person = employment.by_staff_number(session, staff_number)
    if person is None or whose != identity_id or len(_digits(person.telephone)) != _DIGITS:
        return ""
    same = [hmac.compare_digest(digest, _digest(key, person.telephone)) for key in keys]
    return spelling.telephone(person.telephone)[-4:] if any(same) else ""


def _digest(key: str, number: str) -> str:
    return hmac.new(key.encode(), _digits(number).encode(), sha256).hexdigest()


def _digits(number: str) -> str:
    return re.sub("[^0-9]", "", number)[-_DIGITS:]


def _serializer(keys: Sequence[str]) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(list(reversed(keys)), salt="phone proof")
