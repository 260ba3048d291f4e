"""Signed notes and checkpoints: those that others published, and each way to spoil one."""

from typing import Any

import pytest

from ledger.notes import Checkpoint, Forged, Malformed, Note, VerifierKey, sign
from tests.ledger.logs import ORIGIN, PRIVATE, key
from tests.ledger.test_proofs import PUBLISHED

ROOT = bytes(32)
TEXT = Checkpoint(ORIGIN, 5, ROOT).text
NOTE = sign(TEXT, ORIGIN, PRIVATE)


@pytest.mark.parametrize("case", PUBLISHED["notes"], ids=lambda case: case["why"])
def test_every_published_note_is_judged_right(case: dict[str, Any]) -> None:
    keys = [VerifierKey.read(text) for text in case["keys"]]
    try:
        found = Note.read(case["note"]).signers(keys)
    except Malformed:
        found = []
    assert (bool(found), found) == (case["valid"], case["verified_by"])


@pytest.mark.parametrize("case", PUBLISHED["checkpoint_texts"], ids=lambda case: case["why"])
def test_every_published_checkpoint_is_read_right(case: dict[str, Any]) -> None:
    if not case["valid"]:
        with pytest.raises(Malformed):
            Checkpoint.read(case["text"])
        return
    found = Checkpoint.read(case["text"])
    assert (found.origin, found.size, found.rest) == (case["origin"], case["size"], case["rest"])
    assert found.text == case["text"]


def test_a_key_is_written_as_it_is_read() -> None:
    assert VerifierKey.read(str(key())) == key()
    for case in PUBLISHED["notes"]:
        assert [str(VerifierKey.read(text)) for text in case["keys"]] == case["keys"]


def test_who_signed_is_named_once_whoever_else_signed() -> None:
    other = sign(TEXT, "other.example.com", bytes(32)).rpartition("\n\n")[2]
    assert Note.read(NOTE + NOTE.rpartition("\n\n")[2] + other).signers([key()]) == [ORIGIN]
    assert Note.read(NOTE).signers([key(bytes(32))]) == []  # the same name, another key


def test_a_forged_signature_is_no_unknown_one() -> None:
    with pytest.raises(Forged):
        Note.read(NOTE.replace(f"{ORIGIN}\n5", f"{ORIGIN}\n6")).signers([key()])


@pytest.mark.parametrize(
    "message",
    [
        "",
        "text\n",
        NOTE.replace("\n\n", "\n"),
        NOTE.removesuffix("\n"),
        NOTE + "\n",
        NOTE.replace("—", "-"),
        NOTE.replace("— ", "—"),
        NOTE.replace("— audit", "— an audit"),
        NOTE.replace("— audit", "— audit+"),
        NOTE[:-10] + "\n",
        NOTE.replace(ORIGIN + "\n", ORIGIN + "\r\n"),
        f"{TEXT}\n— {ORIGIN} AAAA\n",
        f"{TEXT}\n— {ORIGIN} \n",
        f"{TEXT}\n" + NOTE.rpartition("\n\n")[2] * 101,
    ],
)
def test_a_message_that_is_no_note_is_refused(message: str) -> None:
    with pytest.raises(Malformed):
        Note.read(message)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+",
        str(key()).replace("+", "-"),
        str(key()).replace(ORIGIN, "another"),
        str(key()).replace(ORIGIN, "an other"),
        str(key())[:-4],
        "name+1a2b3c4d+Ag==",
    ],
)
def test_a_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        VerifierKey.read(text)


def test_a_checkpoint_is_copied_as_one_line() -> None:
    found = Checkpoint("the hospital/history", 17, ROOT)
    assert found.line == f"the hospital/history 17 {'A' * 43}="
    assert Checkpoint.from_line(f"  {found.line}\n") == found
    for line in ("", "17", "origin 17", "origin seventeen AAAA", "origin 017 AAAA", "origin 17 A"):
        with pytest.raises(Malformed):
            Checkpoint.from_line(line)
