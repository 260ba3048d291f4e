"""Standard Webhooks: what we sign, a stranger verifies; the vectors of its own libraries."""

import json
from base64 import b64decode
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app import clock
from app.paths import ROOT
from app.services.integrations import signature

VECTORS: dict[str, Any] = json.loads((ROOT / "tests" / "data" / "webhooks.json").read_text("utf-8"))
BODY = b'{"type":"ticket.created"}'


@pytest.mark.parametrize("one", VECTORS["sign"])
def test_it_signs_as_the_libraries_do(one: dict[str, Any]) -> None:
    secret = b64decode(one["secret"].removeprefix(signature.PREFIX))
    headers = signature.sign([secret], one["id"], one["timestamp"], one["body"].encode())
    assert headers["webhook-signature"] == one["signature"]
    assert set(headers) == set(VECTORS["conventions"]["headers"])


def test_a_stranger_verifies_with_the_secret_of_the_page() -> None:
    secret = signature.secret("k" * 32, 7)
    now = int(clock.now().timestamp())
    headers = signature.sign([secret], "msg_1", now, BODY)
    assert Webhook(signature.written(secret)).verify(BODY, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(signature.written(signature.secret("k" * 32, 8))).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(signature.written(secret)).verify(BODY + b" ", headers)


def test_while_a_key_is_changed_either_secret_verifies() -> None:
    new, old = (signature.secret(key * 32, 1) for key in "no")
    headers = signature.sign([new, old], "msg_1", int(clock.now().timestamp()), BODY)
    for secret in (new, old):
        Webhook(signature.written(secret)).verify(BODY, headers)


def test_secrets_are_as_long_as_the_convention_wants_and_of_one_endpoint() -> None:
    secrets = {signature.secret("k" * 32, number) for number in range(9)}
    assert len(secrets) == 9
    assert {len(secret) for secret in secrets} == {32}
