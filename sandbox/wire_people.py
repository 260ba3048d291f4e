"""What WeChat tells about a person, and what it thinks of their words and pictures."""

import secrets

from flask import Blueprint, Response, request

from sandbox.accounts import MINI, SERVICE
from sandbox.phones import Phone, phone_of, phone_of_mini
from sandbox.pushes import sealed_push
from sandbox.request import caller, posted
from sandbox.state import state
from sandbox.wire_errors import WireError, answer

_NORMAL = 100
# Words the sandbox takes offence at: how much, and under which label.
_WORDS = {
    "去死": ("risky", 20003),
    "代开发票": ("risky", 20008),
    "白痴": ("review", 20003),
    "加我微信": ("review", 10001),
}
_LONGEST_TEXT = 2500
_MEDIA_SECONDS = 0.3

wire_people = Blueprint("wire_people", __name__)


@wire_people.get("/cgi-bin/user/info")
def user_info() -> Response:
    caller(SERVICE)
    phone = phone_of(request.args.get("openid"))
    if phone is None:
        raise WireError(40003)
    unionid = {"unionid": phone.unionid} if phone.unionid and state().switches.unionids else {}
    if not state().people.follows(phone):
        return answer(request.path, {"subscribe": 0, "openid": phone.openid, **unionid})
    since, scene = state().people.followed(phone)
    return answer(
        request.path,
        {
            "subscribe": 1,
            "openid": phone.openid,
            "language": "zh_CN",
            "subscribe_time": since,
            **unionid,
            "remark": "",
            "groupid": 0,
            "tagid_list": [],
            "subscribe_scene": "ADD_SCENE_QR_CODE" if scene else "ADD_SCENE_SEARCH",
            "qr_scene": int(scene) if scene.isdecimal() else 0,
            "qr_scene_str": "" if scene.isdecimal() else scene,
        },
    )


@wire_people.route("/wxa/msg_sec_check", methods=["GET", "POST"])
def check_text() -> Response:
    body = posted()
    caller(MINI)
    _visitor(body.get("openid"))
    if body.get("scene") not in {1, 2, 3, 4}:
        raise WireError(40129)
    text = body.get("content")
    if body.get("version") != 2 or not isinstance(text, str) or not 0 < len(text) <= _LONGEST_TEXT:
        raise WireError(47001)
    found = [(*judged, word) for word, judged in _WORDS.items() if word in text]
    suggest, label, word = max(found, default=("pass", _NORMAL, ""), key=lambda one: one[0] == "risky")
    detail = [{"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}]
    if word:
        keyword = {"strategy": "keyword", "errcode": 0, "suggest": suggest, "label": label, "level": 90}
        detail.append({**keyword, "keyword": word})
    result = {"suggest": suggest, "label": label}
    reply = {"errcode": 0, "errmsg": "ok", "result": result, "detail": detail, "trace_id": _trace_id()}
    return answer(request.path, reply)


@wire_people.route("/wxa/media_check_async", methods=["GET", "POST"])
def check_media() -> Response:
    """A picture is what its address says: one with `risky` or `review` in it is that."""
    body, account = posted(), caller(MINI)
    phone, url = _visitor(body.get("openid")), body.get("media_url")
    if body.get("version") != 2 or body.get("media_type") not in {1, 2} or not isinstance(url, str):
        raise WireError(47001)
    suggest, label = next(((word, 20002) for word in ("risky", "review") if word in url), ("pass", _NORMAL))
    trace_id = _trace_id()
    checked = {
        "MsgType": "event",
        "Event": "wxa_media_check",
        "appid": account.appid,
        "trace_id": trace_id,
        "version": 2,
        "detail": [{"strategy": "content_model", "errcode": 0, "suggest": suggest, "label": label, "prob": 90}],
        "errcode": 0,
        "errmsg": "ok",
        "result": {"suggest": suggest, "label": label},
    }
    push = sealed_push(MINI, checked, openid=phone.mini_openid, now=state().clock())
    state().pushes.later(push, seconds=_MEDIA_SECONDS)
    return answer(request.path, {"errcode": 0, "errmsg": "ok", "trace_id": trace_id})


def _visitor(openid: object) -> Phone:
    phone = phone_of_mini(openid)
    if phone is None:
        raise WireError(43104 if phone_of(openid) else 40003)
    if not state().people.visited(phone.mini_openid, now=state().clock()):
        raise WireError(61010)
    return phone


def _trace_id() -> str:
    return "-".join(secrets.token_hex(4) for _ in range(3))
