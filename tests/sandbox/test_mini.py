"""The mini-program's side: sessions, telephone numbers, messages by consent, codes, and the check of contents."""

import hashlib
import hmac
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
import requests
from PIL import Image

from sandbox.accounts import MINI
from sandbox.phones import PHONES
from sandbox.server import Running
from tests.sandbox.conftest import Post, Seconds
from tests.support.codes import read_codes

NURSE, ENGINEER = PHONES["nurse"], PHONES["engineer"]
SEND = "/cgi-bin/message/subscribe/send"
CODE = "/wxa/getwxacodeunlimit"
CHECK = "/wxa/msg_sec_check"
CREDENTIALS = {"appid": MINI.appid, "secret": MINI.secret, "grant_type": "authorization_code"}
DATA = {"character_string1": {"value": "T-7"}, "thing2": {"value": "打印机"}, "time3": {"value": "16:30"}}
FINISHED = "sandbox-mini-finished"
MESSAGE = {"touser": NURSE.mini_openid, "template_id": FINISHED, "page": "pages/rate/index?t=7", "data": DATA}


def test_a_login_code_gives_a_session_once_within_five_minutes(get: Post, turn: Post, seconds: Seconds) -> None:
    first, late = (turn("codes", phone="nurse")["code"] for _ in range(2))
    given = get("/sns/jscode2session", js_code=first, **CREDENTIALS)

    assert given.keys() == {"openid", "session_key"}
    assert given["openid"] == NURSE.mini_openid
    assert get("/sns/jscode2session", js_code=first, **CREDENTIALS)["errcode"] == 40163
    seconds.now += 300
    assert get("/sns/jscode2session", js_code=late, **CREDENTIALS)["errcode"] == 40029


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"appid": "wx0"}, 40013),
        ({"appid": "wxsandboxservice01", "secret": "sandbox-service-secret"}, 48001),
        ({"secret": "guess"}, 40125),
        ({"grant_type": "none"}, 40002),
        ({"js_code": ""}, 41008),
        ({"js_code": "made-up"}, 40029),
    ],
)
def test_a_wrong_login_is_refused(change: dict[str, str], errcode: int, get: Post, turn: Post) -> None:
    good = {**CREDENTIALS, "js_code": turn("codes", phone="nurse")["code"]}
    assert get("/sns/jscode2session", **{**good, **change})["errcode"] == errcode


def test_the_codes_of_login_and_of_the_number_are_not_exchanged(
    get: Post, post: Post, turn: Post, mini_token: str
) -> None:
    login, number = turn("codes", phone="nurse")["code"], turn("codes", phone="nurse", kind="phone")["code"]
    path = "/wxa/business/getuserphonenumber"

    assert get("/sns/jscode2session", js_code=number, **CREDENTIALS)["errcode"] == 40029
    assert post(path, {"code": login}, access_token=mini_token)["errcode"] == 40029
    told = post(path, {"code": number}, access_token=mini_token)["phone_info"]
    assert (told["purePhoneNumber"], told["watermark"]["appid"]) == (NURSE.number, MINI.appid)
    assert post(path, {"code": number}, access_token=mini_token)["errcode"] == 40163
    other = turn("codes", phone="nurse", kind="phone")["code"]
    assert post(path, {"code": other, "openid": ENGINEER.mini_openid}, access_token=mini_token)["errcode"] == 40003


def test_a_session_is_good_until_the_next_login(get: Post, turn: Post, mini_token: str) -> None:
    def checked(key: object) -> object:
        signature = hmac.new(str(key).encode(), b"", hashlib.sha256).hexdigest()
        query = {"openid": NURSE.mini_openid, "signature": signature, "sig_method": "hmac_sha256"}
        return get("/wxa/checksession", access_token=mini_token, **query)["errcode"]

    assert checked("") == 87009
    first, second = (session(get, turn)["session_key"] for _ in range(2))
    assert checked(first) == 87009
    assert checked(second) == 0


def test_one_consent_is_one_message(running: Running, post: Post, turn: Post, mini_token: str) -> None:
    def send() -> object:
        return post(SEND, MESSAGE, access_token=mini_token)["errcode"]

    assert send() == 43101
    assert turn("credits", phone="nurse", template_id=FINISHED, number=2) == {FINISHED: 2}
    assert [send(), send(), send()] == [0, 0, 43101]
    [_, delivered] = requests.get(f"{running.url}/sandbox/messages", timeout=5).json()["messages"]
    assert (delivered["channel"], delivered["openid"]) == ("subscription", NURSE.mini_openid)
    assert delivered["url"] == "pages/rate/index?t=7"
    assert delivered["fields"]["thing2"] == "打印机"


def test_a_message_id_may_come_or_not(post: Post, turn: Post, mini_token: str) -> None:
    turn("credits", phone="nurse", template_id=FINISHED, number=2)

    assert ["msgid" in post(SEND, MESSAGE, access_token=mini_token) for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"touser": NURSE.openid}, 40003),
        ({"template_id": "other"}, 40037),
        ({"template_id": "sandbox-finished"}, 40037),  # of the service account
        ({"page": "/pages/rate/index"}, 41030),
        ({"page": "pages/nowhere/index"}, 41030),
        ({"data": {}}, 47003),
    ],
)
def test_a_wrong_message_costs_no_consent(
    change: dict[str, object], errcode: int, post: Post, turn: Post, mini_token: str
) -> None:
    turn("credits", phone="nurse", template_id=FINISHED)

    assert post(SEND, {**MESSAGE, **change}, access_token=mini_token)["errcode"] == errcode
    assert post(SEND, MESSAGE, access_token=mini_token)["errcode"] == 0


def test_two_messages_at_once_to_one_person_are_too_many(post: Post, turn: Post, mini_token: str) -> None:
    for phone in ("nurse", "engineer"):
        turn("credits", phone=phone, template_id=FINISHED, number=2)
    turn("knobs", path=SEND, latency_after=0.5)
    other = {**MESSAGE, "touser": ENGINEER.mini_openid}
    with ThreadPoolExecutor(3) as pool:
        sent = [pool.submit(post, SEND, one, access_token=mini_token) for one in (MESSAGE, MESSAGE, other)]
    codes = [one.result()["errcode"] for one in sent]
    assert (sorted(codes[:2]), codes[2]) == ([0, 43108], 0)
    assert post(SEND, MESSAGE, access_token=mini_token)["errcode"] == 0


@pytest.mark.parametrize(("wanted", "kind"), [({}, "jpeg"), ({"is_hyaline": True}, "png")])
def test_a_code_is_a_picture_that_says_its_page_and_scene(
    wanted: dict[str, object], kind: str, running: Running, mini_token: str
) -> None:
    body = {"scene": "r=Ab3_-7", "page": "pages/rate/index", "width": 600, **wanted}
    answer = requests.post(f"{running.url}{CODE}", params={"access_token": mini_token}, json=body, timeout=10)

    assert answer.headers["Content-Type"] == f"image/{kind}"
    picture = Image.open(BytesIO(answer.content))
    assert (picture.format, picture.width) == (kind.upper(), 600)
    assert [read.text for read in read_codes(picture)] == ["pages/rate/index?scene=r=Ab3_-7"]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"scene": ""}, 40129),
        ({"scene": "工单"}, 40129),
        ({"scene": "a%20b"}, 40129),
        ({"scene": "x" * 33}, 40169),
        ({"scene": "scancode_time=1"}, 85096),
        ({"page": "/pages/rate/index"}, 41030),
        ({"page": "pages/rate/index?x=1", "check_path": False}, 41030),
        ({"page": "pages/new/index"}, 41030),
        ({"env_version": "beta"}, 40097),
        ({"width": 100}, 40097),
    ],
)
def test_a_code_that_cannot_be_is_refused_in_json(
    change: dict[str, object], errcode: int, post: Post, mini_token: str
) -> None:
    assert (
        post(CODE, {"scene": "r=7", "page": "pages/rate/index", **change}, access_token=mini_token)["errcode"]
        == errcode
    )


def test_a_page_that_is_not_released_yet_can_be_asked_for_unchecked(running: Running, mini_token: str) -> None:
    body = {"scene": "x" * 32, "page": "pages/new/index", "check_path": False, "env_version": "trial"}
    answer = requests.post(f"{running.url}{CODE}", params={"access_token": mini_token}, json=body, timeout=10)
    assert answer.headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("text", "suggest", "label"),
    [("修得很快", "pass", 100), ("你这白痴", "review", 20003), ("白痴，去死", "risky", 20003)],
)
def test_words_are_judged(
    text: str, suggest: str, label: int, get: Post, post: Post, turn: Post, mini_token: str
) -> None:
    session(get, turn)
    told = post(CHECK, judged(text), access_token=mini_token)
    assert told["result"] == {"suggest": suggest, "label": label}
    assert [len(part) for part in told["trace_id"].split("-")] == [8, 8, 8]


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"openid": NURSE.openid}, 43104),
        ({"openid": "oNobody"}, 40003),
        ({"openid": ENGINEER.mini_openid}, 61010),
        ({"scene": 5}, 40129),
        ({"version": 1}, 47001),
        ({"content": ""}, 47001),
        ({"content": "长" * 2501}, 47001),
    ],
)
def test_words_that_cannot_be_judged_are_refused(
    change: dict[str, object], errcode: int, get: Post, post: Post, turn: Post, mini_token: str
) -> None:
    session(get, turn)
    assert post(CHECK, {**judged("好"), **change}, access_token=mini_token)["errcode"] == errcode


def test_a_visit_counts_for_two_hours(get: Post, post: Post, turn: Post, mini_token: str, seconds: Seconds) -> None:
    session(get, turn)
    seconds.now += 7199
    token = post("/cgi-bin/stable_token", {**CREDENTIALS, "grant_type": "client_credential"})["access_token"]
    assert post(CHECK, judged("好"), access_token=token)["errcode"] == 0
    seconds.now += 1
    assert post(CHECK, judged("好"), access_token=token)["errcode"] == 61010


@pytest.mark.parametrize(
    ("url", "suggest"), [("https://x.example/a.jpg", "pass"), ("https://x.example/risky.jpg", "risky")]
)
def test_a_picture_is_judged_later_by_a_push(
    url: str, suggest: str, running: Running, get: Post, post: Post, turn: Post, mini_token: str
) -> None:
    session(get, turn)
    body = {"media_url": url, "media_type": 2, "version": 2, "scene": 2, "openid": NURSE.mini_openid}
    told = post("/wxa/media_check_async", body, access_token=mini_token)
    assert told["trace_id"]
    assert post("/wxa/media_check_async", {**body, "media_type": 3}, access_token=mini_token)["errcode"] == 47001
    deadline = time.monotonic() + 10
    while not (pushed := requests.get(f"{running.url}/sandbox/pushes", timeout=5).json()["pushes"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [(one["account"], one["what"]) for one in pushed] == [("mini", "wxa_media_check")]


def session(get: Post, turn: Post, phone: str = "nurse") -> dict[str, object]:
    return get("/sns/jscode2session", js_code=str(turn("codes", phone=phone)["code"]), **CREDENTIALS)


def judged(text: str) -> dict[str, object]:
    return {"content": text, "version": 2, "scene": 2, "openid": NURSE.mini_openid}
