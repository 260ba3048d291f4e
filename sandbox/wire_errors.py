import json
import secrets
from collections.abc import Mapping

from flask import Response

ERRMSG: Mapping[int, str] = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40030: "invalid refresh_token",
    40033: "invalid charset",
    40037: "invalid template_id",
    40039: "invalid url size",
    40052: "invalid action name",
    40053: "invalid action info",
    40066: "invalid url",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    40164: "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist",
    40165: "invalid weapp pagepath",
    40169: "invalid length for scene, or the data is not json string",
    40241: "The message is duplicate in 60 seconds",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    41030: "invalid page hint",
    42001: "access_token expired",
    43002: "require POST method",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    43104: "appid not match openid",
    43108: "Cannot make concurrent calls to the same OpenID, please try again",
    43116: "This template_id is banned",
    43117: "Sending messages to this openid too frequently,please try later",
    44002: "empty post data",
    44991: "reach max minute quota limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit  mustslower  retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    48006: "forbid to clear quota because of reaching the limit",
    61010: "code is expired",
    76021: "cgi_path not found, please check",
    76022: "no permission to use this cgi_path",
    85096: "scancode_time is a reserved field",
    87009: "invalid signature",
}
_WECOM_ERRMSG: Mapping[int, str] = {
    40001: "invalid credential",
    40013: "invalid corpid",
    40056: "invalid agentid",
    40058: "invalid Request Parameter",
    45009: "api freq out of limit",
    60020: "not allow to access from your ip",
    81013: "user & party & tag all invalid",
    93000: "invalid webhook url",
}
WECOM_PATHS = frozenset(
    {
        "/cgi-bin/gettoken",
        "/cgi-bin/auth/getuserinfo",
        "/cgi-bin/user/getuserinfo",
        "/cgi-bin/message/send",
        "/cgi-bin/webhook/send",
    }
)


class WireError(Exception):
    """A refusal as WeChat words it."""

    def __init__(self, errcode: int, detail: str = "") -> None:
        self.errcode = errcode
        self.detail = detail


def answer(path: str, reply: Mapping[str, object]) -> Response:
    # So odd are the content types of the real answers, which is why nobody should believe them.
    kind = "text/plain" if path.startswith("/sns/") else "application/json; encoding=utf-8"
    return Response(json.dumps(reply, ensure_ascii=False), content_type=kind)


def refusal(path: str, error: WireError, *, now: float) -> Response:
    words = _wecom_words(error, now) if path in WECOM_PATHS else _words(path, error, now)
    return answer(path, {"errcode": error.errcode, "errmsg": words})


def _words(path: str, error: WireError, now: float) -> str:
    rid = f"{int(now):08x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    comma = "," if path.startswith("/sns/") else ""
    words = f"{ERRMSG.get(error.errcode, 'sandbox refusal')} {error.detail}".strip()
    return f"{words}{comma} rid: {rid}"


def _wecom_words(error: WireError, now: float) -> str:
    words = _WECOM_ERRMSG.get(error.errcode) or ERRMSG.get(error.errcode, "sandbox refusal")
    words = f"{words} {error.detail}".strip()
    hint = f"hint: [{int(now)}_1_{secrets.token_hex(16)}], from ip: 127.0.0.1"
    return f"{words}, {hint}, more info at https://open.work.weixin.qq.com/devtool/query?e={error.errcode}"
