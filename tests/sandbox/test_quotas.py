import pytest

from sandbox.accounts import SERVICE, WECOM
from tests.sandbox.conftest import Post, Seconds
from tests.sandbox.test_mini import session

INFO = "/cgi-bin/getcallbackip"
CLEAR = "/cgi-bin/clear_quota"
SEND = "/cgi-bin/message/template/send"
BY_SECRET = {"appid": SERVICE.appid, "appsecret": SERVICE.secret}


def test_a_day_has_its_number_of_calls_and_ends_at_midnight_in_beijing(
    get: Post, turn: Post, token: str, seconds: Seconds
) -> None:
    turn("quotas", path=INFO, daily=2)
    seconds.now = 1_794_931_199  # 2026-11-17 23:59:59 there

    assert [asked(get, token) for _ in range(3)] == [None, None, 45009]
    seconds.now += 1
    assert asked(get, token) is None


def test_a_minute_has_its_number_of_calls(get: Post, turn: Post, token: str, seconds: Seconds) -> None:
    turn("quotas", path=INFO, minute=1)

    assert [asked(get, token) for _ in range(2)] == [None, 45011]
    seconds.now += 60
    assert asked(get, token) is None


def test_who_asks_is_told_the_numbers(get: Post, post: Post, token: str) -> None:
    def quota(path: str) -> dict[str, object]:
        return post("/cgi-bin/openapi/quota/get", {"cgi_path": path}, access_token=token)

    asked(get, token)
    assert quota(INFO)["quota"] == {"daily_limit": 10_000, "used": 1, "remain": 9_999}
    assert quota(SEND)["quota"] == {"daily_limit": 100_000, "used": 0, "remain": 100_000}
    assert quota("/cgi-bin/stable_token")["rate_limit"] == {"call_count": 10_000, "refresh_second": 60}
    assert quota("/cgi-bin/unheard")["errcode"] == 76021
    assert quota("/sns/jscode2session")["errcode"] == 76022


def test_a_quota_can_be_cleared_ten_times_a_month_in_both_ways_together(
    get: Post, post: Post, turn: Post, token: str, seconds: Seconds
) -> None:
    turn("quotas", path=INFO, daily=1)
    for number in range(10):
        assert [asked(get, token), asked(get, token)] == [None, 45009]
        cleared = (
            post(CLEAR, {"appid": SERVICE.appid}, access_token=token)
            if number % 2
            else post(f"{CLEAR}/v2", **BY_SECRET)
        )
        assert cleared == {"errcode": 0, "errmsg": "ok"}
    assert post(CLEAR, {"appid": SERVICE.appid}, access_token=token)["errcode"] == 48006
    assert post(f"{CLEAR}/v2", **BY_SECRET)["errcode"] == 48006
    seconds.now += 31 * 86_400
    assert post(f"{CLEAR}/v2", **BY_SECRET)["errcode"] == 0


def test_nobody_clears_the_quota_of_another(post: Post, token: str) -> None:
    assert post(CLEAR, {"appid": "wx0"}, access_token=token)["errcode"] == 40013
    assert post(f"{CLEAR}/v2", **{**BY_SECRET, "appsecret": "guess"})["errcode"] == 40125


def test_a_robot_says_twenty_things_a_minute(post: Post, seconds: Seconds) -> None:
    def say() -> dict[str, object]:
        return post("/cgi-bin/webhook/send", {"msgtype": "text", "text": {"content": "急单"}}, key=WECOM.robot_key)

    assert [say()["errcode"] for _ in range(20)] == [0] * 20
    refused = say()
    assert refused["errcode"] == 45009
    assert str(refused["errmsg"]).startswith("api freq out of limit, hint: [")
    seconds.now += 60
    assert say()["errcode"] == 0


@pytest.mark.parametrize(("phone", "errcode"), [("nurse", 45011), ("engineer", None)])
def test_a_person_signs_in_a_hundred_times_a_minute(phone: str, errcode: int | None, get: Post, turn: Post) -> None:
    for _ in range(100):
        assert "openid" in session(get, turn)
    assert session(get, turn, phone).get("errcode") == errcode


def asked(get: Post, token: str) -> object:
    return get(INFO, access_token=token).get("errcode")
