"""Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks. Values in, text out."""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256

PREFIX = "whsec_"


def secret(key: str, endpoint_id: int) -> bytes:
    """An endpoint's own, made of one of the installation's keys: nothing secret lies in the database."""
    return hmac.new(key.encode(), f"webhook endpoint {endpoint_id}".encode(), sha256).digest()


def written(secret: bytes) -> str:
    """As the receiver enters it."""
    return PREFIX + b64encode(secret).decode()


def sign(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers; while a key is being changed, signed with the new and the old one."""
    content = b".".join((message_id.encode(), str(timestamp).encode(), body))
    made = [b64encode(hmac.new(one, content, sha256).digest()).decode() for one in secrets]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in made),
    }
