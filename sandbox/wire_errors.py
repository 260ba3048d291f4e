import json
import secrets

from flask import Response

ERRMSG = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40029: "invalid code",
    40033: "invalid charset",
    40037: "invalid template_id",
    40039: "invalid url size",
    40066: "invalid url",
    40125: "invalid appsecret",
    40163: "code been used",
    40164: "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist",
    40241: "The message is duplicate in 60 seconds",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    42001: "access_token expired",
    43002: "require POST method",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    43108: "Cannot make concurrent calls to the same OpenID, please try again",
    43116: "This template_id is banned",
    43117: "Sending messages to this openid too frequently,please try later",
    44002: "empty post data",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit  mustslower  retry next minute",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
}


class WireError(Exception):
    """A refusal as WeChat words it."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        self.errcode = errcode
        self.errmsg = f"{ERRMSG.get(errcode, 'sandbox refusal')} {detail}".strip()


def answer(path: str, reply: dict[str, object]) -> Response:
    # So odd are the content types of the real answers, which is why nobody should believe them.
    kind = "text/plain" if path.startswith("/sns/") else "application/json; encoding=utf-8"
    return Response(json.dumps(reply, ensure_ascii=False), content_type=kind)


def refusal(path: str, error: WireError, *, now: float) -> Response:
    rid = f"{int(now):08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    comma = "," if path.startswith("/sns/") else ""
    return answer(path, {"errcode": error.errcode, "errmsg": f"{error.errmsg}{comma} rid: {rid}"})
