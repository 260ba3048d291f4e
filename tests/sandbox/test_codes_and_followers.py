"""Parametric codes, who follows by them, and what may be answered to those who have just done something."""

from io import BytesIO

import pytest
import requests
from PIL import Image

from sandbox.phones import PHONES
from sandbox.server import Running
from tests.sandbox.conftest import CREDENTIALS, Post, Seconds
from tests.support.codes import read_codes

CREATE = "/cgi-bin/qrcode/create"
CUSTOM = "/cgi-bin/message/custom/send"
NURSE, STRANGER = PHONES["nurse"], PHONES["stranger"]
WORDS = {"touser": NURSE.openid, "msgtype": "text", "text": {"content": "您好"}}


def test_a_code_has_a_ticket_a_picture_and_an_address_that_can_be_drawn(
    running: Running, post: Post, token: str, seconds: Seconds
) -> None:
    made = post(CREATE, asked(), access_token=token)

    assert made["expire_seconds"] == 600
    assert made["url"].startswith("http://weixin.qq.com/q/")
    answer = picture(running, made["ticket"])
    assert answer.headers["Content-Type"] == "image/jpg"
    drawn = Image.open(BytesIO(answer.content))
    assert drawn.format == "JPEG"
    assert [read.text for read in read_codes(drawn)] == [made["url"]]
    assert picture(running, "made-up").status_code == 404
    seconds.now += 600
    assert picture(running, made["ticket"]).status_code == 404


def test_a_permanent_code_does_not_end(running: Running, post: Post, token: str, seconds: Seconds) -> None:
    made = post(CREATE, asked(action_name="QR_LIMIT_STR_SCENE"), access_token=token)
    seconds.now += 10**9

    assert made.keys() == {"ticket", "url"}
    assert picture(running, made["ticket"]).status_code == 200


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"action_name": "QR_TEXT"}, 40052),
        ({"action_info": {}}, 40053),
        ({"action_info": {"scene": {"scene_str": ""}}}, 40053),
        ({"action_info": {"scene": {"scene_str": "x" * 65}}}, 40053),
        ({"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 0}}}, 40053),
        ({"action_name": "QR_SCENE", "action_info": {"scene": {"scene_id": 2**31}}}, 40053),
        ({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 100_001}}}, 40053),
        ({"expire_seconds": 2_592_001}, 40053),
        ({"expire_seconds": "600"}, 40053),
    ],
)
def test_a_code_that_cannot_be_is_refused(change: dict[str, object], errcode: int, post: Post, token: str) -> None:
    assert post(CREATE, asked(**change), access_token=token)["errcode"] == errcode


def test_scanning_a_code_is_following_by_its_scene(running: Running, get: Post, post: Post, token: str) -> None:
    def info() -> dict[str, object]:
        return get("/cgi-bin/user/info", access_token=token, openid=STRANGER.openid)

    assert info() == {"subscribe": 0, "openid": STRANGER.openid}
    url = post(CREATE, asked(), access_token=token)["url"]
    page = requests.get(f"{running.url}/phone/stranger/open", params={"url": url}, timeout=5)
    assert page.status_code == 200
    assert url in page.text
    assert info()["subscribe"] == 0  # looking is not following
    assert tap(running, "stranger", "scan", url=url).ok
    followed = info()
    assert (followed["subscribe"], followed["qr_scene_str"]) == (1, "bind-7")
    assert followed["subscribe_scene"] == "ADD_SCENE_QR_CODE"
    tap(running, "stranger", "unfollow")
    assert info()["subscribe"] == 0


def test_a_code_with_a_number_says_so(running: Running, get: Post, post: Post, token: str) -> None:
    wanted = asked(action_name="QR_SCENE", action_info={"scene": {"scene_id": 42}})
    tap(running, "stranger", "scan", url=post(CREATE, wanted, access_token=token)["url"])

    info = get("/cgi-bin/user/info", access_token=token, openid=STRANGER.openid)
    assert (info["qr_scene"], info["qr_scene_str"]) == (42, "")


def test_a_code_that_has_ended_is_no_code(running: Running, post: Post, token: str, seconds: Seconds) -> None:
    url = post(CREATE, asked(), access_token=token)["url"]
    seconds.now += 600

    assert tap(running, "stranger", "scan", url=url).json()["errcode"] == 40066


def test_nobody_is_told_about_a_stranger_to_the_account(get: Post, token: str) -> None:
    reply = get("/cgi-bin/user/info", access_token=token, openid=NURSE.mini_openid)
    assert reply["errcode"] == 40003


@pytest.mark.parametrize(("act", "most", "seconds_open"), [("say", 5, 48 * 3600), ("click", 3, 60), ("follow", 3, 60)])
def test_somebody_who_did_something_can_be_answered_for_a_while(
    act: str, most: int, seconds_open: int, running: Running, post: Post, turn: Post, token: str
) -> None:
    def answer() -> object:
        return post(CUSTOM, WORDS, access_token=token)["errcode"]

    assert answer() == 45015
    tap(running, "nurse", act, text="在吗")
    assert [answer() for _ in range(most + 1)] == [0] * most + [45047]
    assert "您好" in requests.get(f"{running.url}/phone/nurse", timeout=5).text
    tap(running, "nurse", act, text="在吗")
    assert answer() == 0
    turn("clock", forward=seconds_open)
    token = str(post("/cgi-bin/stable_token", CREDENTIALS)["access_token"])
    assert post(CUSTOM, WORDS, access_token=token)["errcode"] == 45015


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"touser": "oNobody"}, 40003),
        ({"msgtype": "image"}, 47001),
        ({"text": {"content": ""}}, 47001),
        ({"text": {"content": "长" * 683}}, 47001),
    ],
)
def test_an_answer_that_cannot_be_sent_is_refused(
    change: dict[str, object], errcode: int, running: Running, post: Post, token: str
) -> None:
    tap(running, "nurse", "say", text="在吗")
    assert post(CUSTOM, {**WORDS, **change}, access_token=token)["errcode"] == errcode


def asked(**change: object) -> dict[str, object]:
    scene = {"scene": {"scene_str": "bind-7"}}
    return {"expire_seconds": 600, "action_name": "QR_STR_SCENE", "action_info": scene, **change}


def picture(running: Running, ticket: str) -> requests.Response:
    return requests.get(f"{running.url}/cgi-bin/showqrcode", params={"ticket": ticket}, timeout=5)


def tap(running: Running, phone: str, act: str, **form: str) -> requests.Response:
    return requests.post(f"{running.url}/phone/{phone}/{act}", data=form, timeout=5)
