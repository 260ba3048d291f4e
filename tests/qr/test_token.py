"""The token on the slip: ours or nothing."""

import secrets
import string
from base64 import urlsafe_b64encode
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qr.token import TOKEN_LENGTH, BadToken, read, sign
from tests.qr.scanning import some

OLD, NEW, OTHER = "o" * 32, "n" * 32, "x" * 32
ALPHABET = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"  # by their value in base64url
MOST = 2**48 - 1


@given(number=st.integers(0, MOST), purpose=st.text(max_size=12))
def test_every_number_comes_back(number: int, purpose: str) -> None:
    token = sign(number, purpose=purpose, keys=[NEW])
    assert read(token, purpose=purpose, keys=[NEW]) == number
    assert len(token) == TOKEN_LENGTH <= 22
    assert set(token) <= set(ALPHABET)


@given(number=st.integers(0, MOST), purpose=st.text(max_size=12))
def test_a_covered_number_comes_back_and_to_whom_the_keys_belong_alone(number: int, purpose: str) -> None:
    token = sign(number, purpose=purpose, keys=[NEW], covered=True)
    assert read(token, purpose=purpose, keys=[OTHER, NEW], covered=True) == number
    assert token == sign(number, purpose=purpose, keys=[NEW], covered=True)
    for keys, covered, other in (([OTHER], True, purpose), ([NEW], True, purpose + "s"), ([NEW], False, purpose)):
        with pytest.raises(BadToken):
            read(token, purpose=other, keys=keys, covered=covered)


def test_covered_numbers_do_not_count() -> None:
    """Of a hundred that follow one another no byte of the number is where it was, or grows."""
    tokens = [sign(n, purpose="case", keys=[NEW], covered=True) for n in range(1, 101)]
    assert len({token[:4] for token in tokens}) > 95
    assert tokens != sorted(tokens)


def test_the_same_ticket_always_has_the_same_token() -> None:
    assert sign(7, purpose="ticket", keys=[NEW, OLD]) == sign(7, purpose="ticket", keys=[NEW, OTHER])


def test_a_slip_printed_today_stays_good_tomorrow() -> None:
    """Printed slips hang on walls for years: this one was made when the form was fixed."""
    assert sign(1, purpose="ticket", keys=["k" * 32]) == "AAAAAAAB1NFRMomt0hTjTQ"


def test_a_ticket_too_great_for_the_form_is_refused() -> None:
    with pytest.raises(OverflowError):
        sign(MOST + 1, purpose="ticket", keys=[NEW])


def test_a_token_is_good_for_its_purpose_only() -> None:
    refuse(sign(7, purpose="ticket", keys=[NEW]), purpose="ward")


def test_purpose_and_number_cannot_run_into_each_other() -> None:
    token = sign(7, purpose="ticket", keys=[NEW])
    for purpose in ("", "ticke", "ticket\n", "tickets", "ticket\0"):
        refuse(token, purpose=purpose)


def test_after_a_rotation_old_slips_are_good_until_their_key_is_removed() -> None:
    token = sign(7, purpose="ticket", keys=[OLD])
    assert read(token, purpose="ticket", keys=[NEW, OLD]) == 7
    assert token != sign(7, purpose="ticket", keys=[NEW, OLD])
    refuse(token, keys=[NEW])


def test_every_change_of_a_single_character_is_refused() -> None:
    token = sign(123456, purpose="ticket", keys=[NEW])
    for place in range(TOKEN_LENGTH):
        for sign_ in ALPHABET:
            if sign_ != token[place]:
                refuse(token[:place] + sign_ + token[place + 1 :])


@pytest.mark.slow("a hundred thousand guesses and more")
def test_of_many_guesses_none_is_taken() -> None:
    mine, taken = sign(7, purpose="ticket", keys=[OTHER]), []
    for _ in range(some(500_000)):
        guess = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        for token in (guess, mine[:8] + guess[8:]):  # the second has a real ticket's number
            with suppress(BadToken):
                taken.append(read(token, purpose="ticket", keys=[NEW]))
    assert taken == []


def test_every_other_spelling_of_a_good_token_is_refused() -> None:
    token = sign(7, purpose="ticket", keys=[NEW])
    last = ALPHABET.index(token[-1])
    assert last % 16 == 0, "its last four bits carry nothing"
    for low in range(1, 16):
        refuse(token[:-1] + ALPHABET[last + low])


@pytest.mark.parametrize("spoiled", ["", "A", "{}=", "{}==", "{}A", " {}", "{}\n", "{}\x00", "%41{}"])
def test_a_token_with_more_or_less_around_it_is_refused(spoiled: str) -> None:
    refuse(spoiled.format(sign(7, purpose="ticket", keys=[NEW])))


def test_letters_that_only_look_alike_are_refused() -> None:
    token = next(t for t in (sign(n, purpose="ticket", keys=[NEW]) for n in range(99)) if {"-", "_"} & set(t))
    refuse(token.replace("-", "+").replace("_", "/"))
    refuse("".join(chr(ord(letter) + 0xFEE0) for letter in token))  # full width
    refuse(token[:10] + " " + token[11:])


@given(st.text(max_size=40))
def test_whatever_is_typed_is_refused_politely(typed: str) -> None:
    refuse(typed)


def refuse(token: str, *, purpose: str = "ticket", keys: list[str] | None = None) -> None:
    with pytest.raises(BadToken):
        read(token, purpose=purpose, keys=keys or [NEW])
