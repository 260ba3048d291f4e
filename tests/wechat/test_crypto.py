"""Signatures and encryption against published samples, wechatpy, and everything that may be wrong with a push."""

import base64

import pytest
from wechatpy.crypto import WeChatCrypto

from tests.wechat.pushes import OFFICIAL, SEAL, TEXT, WXJAVA, official_seal, raw_encrypt
from wechat.crypto import BadPush, Fault, Seal


@pytest.mark.parametrize("part", ["get", "plain_post", "post"])
def test_the_official_signatures_are_ours(part: str) -> None:
    sample = OFFICIAL[part]
    official_seal().check(sample["signature"], sample["timestamp"], sample["nonce"])


@pytest.mark.parametrize("part", ["post", "reply"])
def test_the_official_signature_of_a_ciphertext_is_ours(part: str) -> None:
    sample = OFFICIAL[part]
    official_seal().check(sample["msg_signature"], sample["timestamp"], sample["nonce"], sample["encrypt"])


def test_a_sorted_signature_is_that_of_another_sdk() -> None:
    assert Seal("", "", "").signature("345", "123") == WXJAVA["sha1_of_sorted_123_345"]


def test_the_official_push_is_decrypted_byte_for_byte() -> None:
    assert official_seal().decrypt(OFFICIAL["post"]["encrypt"]).decode() == OFFICIAL["plaintext"]


@pytest.mark.parametrize(
    ("sample", "seal"),
    [
        (OFFICIAL["reply"], official_seal()),
        ({**OFFICIAL["post"], "random16": OFFICIAL["random16"], "plaintext": OFFICIAL["plaintext"]}, official_seal()),
        (WXJAVA, Seal(WXJAVA["appid"], "", WXJAVA["aes_key"])),
    ],
)
def test_a_known_message_is_encrypted_to_the_known_bytes(sample: dict[str, str], seal: Seal) -> None:
    encrypted = seal.encrypt(sample["plaintext"].encode(), random=sample["random16"].encode())
    assert encrypted == sample["encrypt"]
    assert seal.decrypt(encrypted).decode() == sample["plaintext"]


@pytest.mark.parametrize("length", range(65))
def test_every_length_of_padding_goes_there_and_back(length: int) -> None:
    assert SEAL.decrypt(SEAL.encrypt(b"x" * length)) == b"x" * length


def test_the_same_message_never_looks_the_same_twice() -> None:
    assert SEAL.encrypt(b"x") != SEAL.encrypt(b"x")


def test_wechatpy_reads_what_we_encrypt_and_we_read_what_it_encrypts() -> None:
    theirs = WeChatCrypto(SEAL.token, SEAL.aes_key, SEAL.appid)
    ours = SEAL.encrypt(TEXT.encode())
    read = theirs.decrypt_message({"Encrypt": ours}, SEAL.signature("1", "2", ours), "1", "2")
    assert read == TEXT
    written = theirs.encrypt_message(TEXT, "2", "1").split("<Encrypt><![CDATA[")[1].split("]]>")[0]
    assert SEAL.decrypt(written).decode() == TEXT


@pytest.mark.parametrize("given", ["", "0" * 40, "签名", "899CF89E464EFB63F54DDAC96B0A0A235F53AA78"])
def test_another_signature_is_not_genuine(given: str) -> None:
    sample = OFFICIAL["plain_post"]
    with pytest.raises(BadPush) as refused:
        official_seal().check(given, sample["timestamp"], sample["nonce"])
    assert (refused.value.fault, refused.value.reason) == (Fault.NOT_GENUINE, "signature")


def test_a_message_for_another_account_is_not_genuine() -> None:
    other = Seal("wxfedcba9876543210", SEAL.token, SEAL.aes_key)
    assert refusal(other.encrypt(TEXT.encode())) == (Fault.NOT_GENUINE, "appid")


def test_a_flipped_last_byte_is_found_by_its_padding() -> None:
    content = bytearray(base64.b64decode(OFFICIAL["post"]["encrypt"]))
    content[-1] ^= 1
    assert refusal(base64.b64encode(content).decode(), official_seal()) == (Fault.MALFORMED, "padding")


@pytest.mark.parametrize("last", [b"\x00" * 32, b"\x21" * 32, b"\x02" * 31 + b"\x03"])
def test_padding_that_wechat_does_not_make_is_refused(last: bytes) -> None:
    encrypted = base64.b64encode(raw_encrypt(b"r" * 32 + last)).decode()
    assert refusal(encrypted) == (Fault.MALFORMED, "padding")


@pytest.mark.parametrize(
    ("encrypted", "reason"),
    [
        ("", "ciphertext"),
        (base64.b64encode(b"x" * 15).decode(), "ciphertext"),
        (base64.b64encode(b"x" * 33).decode(), "ciphertext"),
        ("not base64!", "base64"),
        ("密文", "base64"),
        ("AAAAA", "base64"),
        # Sealed anew in each process: a name of its own, so that all of them speak of the same test.
        pytest.param(
            base64.b64encode(base64.b64decode(SEAL.encrypt(b"x" * 60))[:16]).decode(), "padding", id="one block"
        ),
    ],
)
def test_what_is_no_ciphertext_is_malformed(encrypted: str, reason: str) -> None:
    assert refusal(encrypted) == (Fault.MALFORMED, reason)


@pytest.mark.parametrize("said", [12, 2**31, 2**32 - 1])
def test_a_length_beyond_the_body_is_malformed(said: int) -> None:
    body = b"r" * 16 + said.to_bytes(4, "big") + b"x" * 11
    assert refusal(base64.b64encode(raw_encrypt(body + b"\x01")).decode()) == (Fault.MALFORMED, "length")


def test_a_message_too_short_for_its_own_length_is_malformed() -> None:
    assert refusal(base64.b64encode(raw_encrypt(b"r" * 16 + b"\x10" * 16)).decode()) == (Fault.MALFORMED, "length")


def test_a_key_is_read_whatever_its_spare_bits_say() -> None:
    twin = Seal(SEAL.appid, SEAL.token, f"{SEAL.aes_key[:-1]}H")
    assert twin.decrypt(SEAL.encrypt(b"x")) == b"x"


def test_what_is_secret_is_not_shown() -> None:
    assert SEAL.token not in repr(SEAL)
    assert SEAL.aes_key not in repr(SEAL)


def refusal(encrypted: str, seal: Seal = SEAL) -> tuple[Fault, str]:
    with pytest.raises(BadPush) as refused:
        seal.decrypt(encrypted)
    return refused.value.fault, refused.value.reason
