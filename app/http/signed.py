"""What we signed and gave to a browser, read again: as the library does, without its detours where all is plain."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cached_property
from typing import Any, cast

from itsdangerous import TimestampSigner, URLSafeTimedSerializer

_TAG = b'{" '  # where Flask writes a value that JSON does not know


class SignedByUs(URLSafeTimedSerializer):
    """Says yes to what itsdangerous says yes to, and leaves every no, and whatever is unusual, to it.

    Its way to a yes costs more than the statement of a tap. `tests/architecture/test_signed.py` holds the two together.
    """

    def loads(  # type: ignore[override]
        self,
        s: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
        salt: str | bytes | None = None,
    ) -> Any:
        """What was signed; raises BadSignature."""
        if isinstance(s, str) and s.isascii() and not return_timestamp and salt is None:
            payload = self._payload(s.encode(), max_age)
            if payload is not None and _TAG not in payload:
                return json.loads(payload.decode())
        return super().loads(s, max_age, return_timestamp, salt)

    def _payload(self, sent: bytes, max_age: int | None) -> bytes | None:
        """What is signed by one of our keys, in the library's spelling, and not too old; else nothing."""
        signed, _, signature = sent.rpartition(b".")
        payload, _, stamp = signed.rpartition(b".")
        if not payload or payload.startswith(b"."):  # that one is packed
            return None
        if not any(hmac.compare_digest(_signature(begun, signed), signature) for begun in self._begun):
            return None
        age = self._signer.get_timestamp() - int.from_bytes(_decoded(stamp), "big")
        return _decoded(payload) if max_age is None or 0 <= age <= max_age else None

    @cached_property
    def _signer(self) -> TimestampSigner:
        return cast(TimestampSigner, self.make_signer(self.salt))

    @cached_property
    def _begun(self) -> list[hmac.HMAC]:
        """The signatures of our keys, each begun: a copy goes on where it stands."""
        return [hmac.new(self._signer.derive_key(key), digestmod="sha1") for key in self._signer.secret_keys]


def _signature(begun: hmac.HMAC, signed: bytes) -> bytes:
    ours = begun.copy()
    ours.update(signed)
    return urlsafe_b64encode(ours.digest()).rstrip(b"=")


def _decoded(coded: bytes) -> bytes:
    return urlsafe_b64decode(coded + b"=" * (-len(coded) % 4))
