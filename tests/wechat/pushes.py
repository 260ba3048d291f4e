"""Published samples of WeChat's pushes, and pushes made here the way WeChat makes them."""

import base64
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from wechat.crypto import Seal

SAMPLES: dict[str, dict[str, Any]] = {
    sample["id"]: sample
    for sample in json.loads((Path(__file__).parents[1] / "data" / "wechat_callbacks.json").read_text("utf-8"))[
        "callbacks"
    ]
}
OFFICIAL = SAMPLES["V1-official-miniprogram-json"]
WXJAVA = SAMPLES["V3-wxjava-encrypt"]

SEAL = Seal("wx0123456789abcdef", "token123", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG")
AES_KEY = base64.b64decode(SEAL.aes_key + "=")
WHEN, NONCE = "1714112445", "415670741"
TEXT = (
    "<xml><ToUserName><![CDATA[gh_1]]></ToUserName><FromUserName><![CDATA[oUser]]></FromUserName>"
    "<CreateTime>1482048670</CreateTime><MsgType><![CDATA[text]]></MsgType>"
    "<Content><![CDATA[打印机坏了]]></Content><MsgId>1234567890123456</MsgId></xml>"
)


def official_seal() -> Seal:
    return Seal(OFFICIAL["appid"], OFFICIAL["token"], OFFICIAL["aes_key"])


def official_query(**changes: str) -> dict[str, str]:
    post = OFFICIAL["post"]
    named = {name: post[name] for name in ("timestamp", "nonce", "signature", "msg_signature")}
    return {**named, "encrypt_type": "aes", "openid": "whoever", **changes}


def plain_query(seal: Seal = SEAL, **changes: str) -> dict[str, str]:
    return {"timestamp": WHEN, "nonce": NONCE, "signature": seal.signature(WHEN, NONCE), **changes}


def encrypted_query(encrypted: str, seal: Seal = SEAL, **changes: str) -> dict[str, str]:
    signed = {"encrypt_type": "aes", "msg_signature": seal.signature(WHEN, NONCE, encrypted)}
    return {**plain_query(seal), **signed, **changes}


def envelope(encrypted: str) -> bytes:
    return f"<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()


def raw_encrypt(padded: bytes, key: bytes = AES_KEY) -> bytes:
    """AES alone: the padding, whatever it is, is the caller's."""
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    return encryptor.update(padded) + encryptor.finalize()
