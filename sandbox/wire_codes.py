"""Codes: the parametric ones of the service account with their pictures, and those of the mini-program."""

import re
from collections.abc import Mapping

from flask import Blueprint, Response, request

from sandbox import qr_scenes
from sandbox.accounts import MINI, SERVICE
from sandbox.mini_pages import is_released
from sandbox.pictures import code_picture
from sandbox.request import caller, posted
from sandbox.state import state
from sandbox.wire_errors import WireError, answer

_NUMBERS = {"QR_SCENE": 2**31 - 1, "QR_LIMIT_SCENE": 100_000}
_TEXTS = {"QR_STR_SCENE", "QR_LIMIT_STR_SCENE"}
_LONGEST_SCENE, _LONGEST_LIFE, _LIFE = 64, 2_592_000, 60
_FOREVER = 1e12
_MINI_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@._~-]+")
_LONGEST_MINI_SCENE = 32
_WIDTHS, _WIDTH = range(280, 1281), 430

wire_codes = Blueprint("wire_codes", __name__)


@wire_codes.route("/cgi-bin/qrcode/create", methods=["GET", "POST"])
def create() -> Response:
    body = posted()
    caller(SERVICE)
    kind, life = str(body.get("action_name")), body.get("expire_seconds", _LIFE)
    scene = _scene(kind, body.get("action_info"))
    if not isinstance(life, int) or not 0 < life <= _LONGEST_LIFE:
        raise WireError(40053)
    lasts = "LIMIT" in kind
    ticket = state().scenes.new(scene, expires=_FOREVER if lasts else state().clock() + life)
    life_span = {} if lasts else {"expire_seconds": life}
    return answer(request.path, {"ticket": ticket, **life_span, "url": qr_scenes.address(ticket)})


@wire_codes.get("/cgi-bin/showqrcode")
def show() -> Response:
    ticket = request.args.get("ticket", "")
    if state().scenes.scene_of(ticket, now=state().clock()) is None:
        return Response("", status=404)
    return Response(code_picture(qr_scenes.address(ticket), width=_WIDTH), content_type="image/jpg")


@wire_codes.route("/wxa/getwxacodeunlimit", methods=["GET", "POST"])
def mini_code() -> Response:
    body = posted()
    caller(MINI)
    scene, page = _mini_scene(body.get("scene")), str(body.get("page", "pages/index/index"))
    if body.get("env_version", "release") not in {"release", "trial", "develop"}:
        raise WireError(40097)
    if "?" in page or (body.get("check_path", True) and not is_released(page)):
        raise WireError(41030)
    width = body.get("width", _WIDTH)
    if width not in _WIDTHS:
        raise WireError(40097)
    kind = "PNG" if body.get("is_hyaline") else "JPEG"
    # No camera of the sandbox reads a mini-program's own code; so it is a square one, which tests can read.
    picture = code_picture(f"{page}?scene={scene}", width=int(str(width)), form=kind)
    return Response(picture, content_type=f"image/{kind.lower()}")


def _scene(kind: str, info: object) -> str:
    words = info.get("scene") if isinstance(info, Mapping) else None
    scene = words if isinstance(words, Mapping) else {}
    if kind in _NUMBERS:
        number = scene.get("scene_id")
        if not isinstance(number, int) or not 0 < number <= _NUMBERS[kind]:
            raise WireError(40053)
        return str(number)
    if kind not in _TEXTS:
        raise WireError(40052)
    text = scene.get("scene_str")
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST_SCENE:
        raise WireError(40053)
    return text


def _mini_scene(scene: object) -> str:
    if not isinstance(scene, str) or not _MINI_SCENE.fullmatch(scene):
        raise WireError(40129)
    if len(scene) > _LONGEST_MINI_SCENE:
        raise WireError(40169)
    if scene.startswith("scancode_time="):
        raise WireError(85096)
    return scene
