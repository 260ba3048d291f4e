"""Signatures and encryption of what WeChat pushes to us."""

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

from cryptography.hazmat.primitives.padding import PKCS7
from wechatpy.crypto.base import PKCS7Encoder, WeChatCipher
from wechatpy.utils import WeChatSigner

_BLOCK = 16
_PADDED_TO = 32  # WeChat's PKCS#7 has a block twice that of AES
_RANDOM, _LENGTH = 16, 4


class Fault(Enum):
    NOT_GENUINE = "not genuine"
    MALFORMED = "malformed"
    TOO_LARGE = "too large"


class BadPush(Exception):
    """A push that is not taken. `reason` is a stable code that names what was wrong; nothing of the content."""

    def __init__(self, fault: Fault, reason: str) -> None:
        super().__init__(f"{fault.value}: {reason}")
        self.fault = fault
        self.reason = reason


@dataclass(frozen=True)
class Seal:
    """What an account and WeChat share for pushes: the token signs, the AES key encrypts, the appid is checked."""

    appid: str
    token: str = field(repr=False)
    aes_key: str = field(repr=False)

    def signature(self, *parts: str) -> str:
        """Of timestamp and nonce; of an encrypted push, its ciphertext too."""
        signer = WeChatSigner()
        signer.add_data(self.token, *parts)
        return str(signer.signature)

    def check(self, signature: str, *parts: str) -> None:
        """Raises BadPush unless `given` is the signature of these parts."""
        if not hmac.compare_digest(signature.encode(), self.signature(*parts).encode()):
            raise BadPush(Fault.NOT_GENUINE, "signature")

    def encrypt(self, content: bytes, *, random: bytes | None = None) -> str:
        """`random` is 16 bytes that nobody can guess; given only to repeat a known sample."""
        head = (random or secrets.token_bytes(_RANDOM)) + len(content).to_bytes(_LENGTH, "big")
        padded = PKCS7Encoder.encode(head + content + self.appid.encode())
        return base64.b64encode(self._cipher.encrypt(padded)).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """The message inside. Raises BadPush where padding, length or appid are not as WeChat makes them."""
        plain = self._unpadded(encrypted)
        end = _RANDOM + _LENGTH + int.from_bytes(plain[_RANDOM : _RANDOM + _LENGTH], "big")
        if len(plain) < _RANDOM + _LENGTH or end > len(plain):
            raise BadPush(Fault.MALFORMED, "length")
        if not hmac.compare_digest(plain[end:], self.appid.encode()):
            raise BadPush(Fault.NOT_GENUINE, "appid")
        return plain[_RANDOM + _LENGTH : end]

    def _unpadded(self, encrypted: str) -> bytes:
        try:
            content = base64.b64decode(encrypted, validate=True)
        except (ValueError, binascii.Error) as error:
            raise BadPush(Fault.MALFORMED, "base64") from error
        if not content or len(content) % _BLOCK:
            raise BadPush(Fault.MALFORMED, "ciphertext")
        # Not wechatpy's own: it takes any padding for good.
        unpadder = PKCS7(_PADDED_TO * 8).unpadder()
        try:
            return unpadder.update(self._cipher.decrypt(content)) + unpadder.finalize()
        except ValueError as error:
            raise BadPush(Fault.MALFORMED, "padding") from error

    @cached_property
    def _cipher(self) -> WeChatCipher:
        # Not strict: the last character of a key may carry bits that belong to no byte.
        return WeChatCipher(base64.b64decode(self.aes_key + "="))
