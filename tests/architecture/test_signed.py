"""What we signed is read as the library reads it: every yes and every no of the short way is the library's own."""

import random  # noqa: TID251 seeded: the same spoilt words every time
from typing import Any

import pytest
from flask.json.tag import TaggedJSONSerializer
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from app.http.signed import SignedByUs

KEYS = ["an-old-key-" + "0" * 30, "the-newest-key-" + "1" * 30]
PHONE = {"identity": 7, "visit": "Zk1vYmlsZQ-_", "name": "护士"}
COOKIE: dict[str, Any] = {
    "salt": "cookie-session",
    "serializer": TaggedJSONSerializer(),
    "signer_kwargs": {"key_derivation": "hmac"},
}
ALPHABET = "ABCDxyz019-_.=~é "


def test_both_say_the_same_of_whatever_is_sent() -> None:
    chance = random.Random(7)
    for how in ({"salt": "visit form"}, COOKIE):
        library, ours = URLSafeTimedSerializer(KEYS, **how), SignedByUs(KEYS, **how)
        for value in (PHONE, [1, "x", 3], {}, "", None, {"large": "护" * 2_000}, {"a": " d", "b": '{" t":1}'}):
            sent = library.dumps(value)
            assert ours.dumps(value) == sent
            assert ours.loads(sent) == value
            for _ in range(60):
                spoilt = mutated(sent, chance)
                assert read(ours, spoilt) == read(library, spoilt), spoilt


def test_it_is_as_old_as_the_library_says(monkeypatch: pytest.MonkeyPatch) -> None:
    library, ours = URLSafeTimedSerializer(KEYS), SignedByUs(KEYS)
    sent, now = library.dumps(PHONE), TimestampSigner(KEYS).get_timestamp()
    for later in (-5, -1, 0, 60, 61, 10_000):
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self, later=later: now + later)
        assert read(ours, sent, 60) == read(library, sent, 60), later


def test_every_listed_key_verifies_and_no_other() -> None:
    for key in KEYS:
        assert SignedByUs(KEYS).loads(SignedByUs([key]).dumps(PHONE)) == PHONE
    for stranger in (SignedByUs(["a-key-of-somebody-else"]), SignedByUs(KEYS, salt="another purpose")):
        with pytest.raises(BadSignature):
            SignedByUs(KEYS).loads(stranger.dumps(PHONE))


def test_what_json_does_not_know_comes_back_as_it_was() -> None:
    value = {"set": (1, 2), "bytes": b"\x00\xff"}
    assert SignedByUs(KEYS, **COOKIE).loads(SignedByUs(KEYS, **COOKIE).dumps(value)) == value


def read(serializer: URLSafeTimedSerializer, sent: str, max_age: int = 1_000) -> Any:
    try:
        return serializer.loads(sent, max_age=max_age)
    except BadSignature as error:
        return type(error)


def mutated(sent: str, chance: random.Random) -> str:
    """A character changed, put in, left out, or something hung on."""
    place, other = chance.randrange(len(sent)), chance.choice(ALPHABET)
    return chance.choice(
        (
            sent[:place] + other + sent[place + 1 :],
            sent[:place] + other + sent[place:],
            sent[:place] + sent[place + 1 :],
            sent + other,
            sent.rpartition(".")[0],
            other + sent,
        )
    )
