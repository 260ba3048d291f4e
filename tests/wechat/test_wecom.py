import json
import logging
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from sandbox.accounts import WECOM
from sandbox.phones import PHONES
from tests.wechat.conftest import Canned, Turned, World
from wechat.errors import Action, WeChatError
from wechat.group_robot import Robot
from wechat.token import MemoryStore, StoredToken
from wechat.wecom import WeCom, WeComUser

TOKEN, SEND, ROBOT = "/cgi-bin/gettoken", "/cgi-bin/message/send", "/cgi-bin/webhook/send"
URL = "http://localhost:8000/engineer/T20261120-0007"
RETURN = "http://localhost:8000/wecom/signed-in"
PASTED = "Äpfel 😀 "


def test_a_card_arrives_as_it_was_written(world: World) -> None:
    assert card(world.wecom)

    [message] = world.delivered()
    assert message["channel"] == "wecom"
    assert message["fields"] == {"title": "派单", "description": "内科 3 楼打印机"}
    assert message["url"] == URL


def test_the_same_card_sent_again_within_half_an_hour_arrives_once(world: World) -> None:
    first = card(world.wecom)
    world.clock.forward(1799)

    assert card(world.wecom) == first
    assert len(world.delivered()) == 1
    card(world.wecom, text="another")
    assert len(world.delivered()) == 2


def test_a_user_id_is_the_same_in_any_case(world: World) -> None:
    card(world.wecom, to="Engineer")

    assert len(world.delivered()) == 1


@pytest.mark.parametrize("to", ["nobody", "@all", "engineer|nurse", "", "工程师", "-x", "x" * 65])
def test_a_card_reaches_one_member_or_nobody(world: World, to: str) -> None:
    with pytest.raises(WeChatError) as caught:
        card(world.wecom, to=to)

    assert (caught.value.errcode, caught.value.action) == (81013, Action.PERMANENT)
    assert world.delivered() == []


@pytest.mark.parametrize("unreached", ["invaliduser", "unlicenseduser"])
def test_a_card_that_was_taken_and_reaches_nobody_is_no_success(canned: Canned, clock: Turned, unreached: str) -> None:
    wecom = talking_to(canned({"errcode": 0, "errmsg": "ok", unreached: "engineer", "msgid": "m"}), clock)

    with pytest.raises(WeChatError) as caught:
        card(wecom)

    assert caught.value.action is Action.PERMANENT
    assert "engineer" not in str(caught.value)


@pytest.mark.parametrize("text", ["一" * 300, "一" * 170 + "ab", "😀" * 150, "a" + "😀" * 150, "x" * 512, PASTED * 60])
def test_long_texts_are_cut_between_characters(world: World, text: str) -> None:
    card(world.wecom, title=text, text=text)

    [message] = world.delivered()
    fields = message["fields"]
    assert isinstance(fields, dict)
    for cut, most in ((fields["title"], 128), (fields["description"], 512)):
        assert most - 8 < len(cut.encode()) <= most
        assert text.startswith(cut.removesuffix("…"))


def test_a_member_signs_in(world: World) -> None:
    assert world.wecom.user(code_of(world, "engineer")) == WeComUser("engineer", None)


def test_a_stranger_is_told_from_a_member(world: World) -> None:
    assert world.wecom.user(code_of(world, "stranger")) == WeComUser(None, PHONES["stranger"].wecom_openid)


def test_a_code_works_once_and_is_never_tried_again(world: World) -> None:
    code = code_of(world, "engineer")
    world.trouble("/cgi-bin/auth/getuserinfo", next_errors=[-1] * 9)
    with pytest.raises(WeChatError):
        world.wecom.user(code)
    assert world.calls("/cgi-bin/auth/getuserinfo") == 1

    world.trouble("/cgi-bin/auth/getuserinfo")
    world.wecom.user(code)
    with pytest.raises(WeChatError) as caught:
        world.wecom.user(code)

    assert caught.value.action in {Action.LOGIN_AGAIN, Action.BUG}


@pytest.mark.parametrize(
    ("reply", "user"),
    [
        ({"userid": "ZhangSan"}, WeComUser("zhangsan", None)),
        ({"UserId": "ZhangSan", "DeviceId": "d"}, WeComUser("zhangsan", None)),
        ({"OpenId": "oAny"}, WeComUser(None, "oAny")),
    ],
)
def test_both_spellings_are_read(canned: Canned, clock: Turned, reply: dict[str, str], user: WeComUser) -> None:
    assert talking_to(canned({"errcode": 0, **reply}), clock).user("any") == user


@pytest.mark.parametrize("reply", [{}, {"userid": ""}, {"UserId": 7}])
def test_an_answer_that_names_nobody_signs_nobody_in(canned: Canned, clock: Turned, reply: dict[str, str]) -> None:
    with pytest.raises(WeChatError, match="broken reply"):
        talking_to(canned(reply), clock).user("any")


def test_the_address_of_the_sign_in_names_the_app(world: World) -> None:
    address = world.wecom.authorize_url(RETURN, "s1")

    assert address == (
        f"{world.sandbox.url}/connect/oauth2/authorize?appid={WECOM.corpid}"
        "&redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Fwecom%2Fsigned-in&response_type=code&scope=snsapi_base&state=s1"
        f"&agentid={WECOM.agentid}#wechat_redirect"
    )


def test_an_address_that_is_not_on_wecoms_list_stops_the_channel(world: World) -> None:
    world.control("switches", ip_refused=True)

    with pytest.raises(WeChatError) as caught:
        card(world.wecom)

    assert (caught.value.errcode, caught.value.action) == (60020, Action.STOPPED)


def test_the_robot_speaks_to_its_group(world: World) -> None:
    world.robot.send_text("T20261120-0007 无人接单", mentioned=["engineer"])
    world.robot.send_text("T20261120-0008 无人接单")

    newest, _ = world.delivered()
    assert newest["channel"] == "robot"
    assert newest["fields"] == {"content": "T20261120-0008 无人接单"}


def test_the_robot_calls_members_only_and_never_everybody(canned: Canned, heard: list[bytes]) -> None:
    robot = Robot("key", url=canned({"errcode": 0}))
    robot.send_text("any", mentioned=["@all", "W0003", "a|b"])
    robot.send_text("any", mentioned=["@all"])

    assert [json.loads(body)["text"] for body in heard] == [
        {"content": "any", "mentioned_list": ["W0003"]},
        {"content": "any"},
    ]


def test_the_robot_says_no_more_than_2048_bytes(world: World) -> None:
    world.robot.send_text("一" * 1000)

    [message] = world.delivered()
    assert message["fields"] == {"content": "一" * 681 + "…"}


def test_the_robot_speaks_twenty_times_a_minute(world: World) -> None:
    for number in range(20):
        world.robot.send_text(f"{number}")

    with pytest.raises(WeChatError) as caught:
        world.robot.send_text("one too many")

    assert (caught.value.errcode, caught.value.action) == (45009, Action.RETRY)
    heals = caught.value.heals_at(world.clock.now)
    assert heals
    assert heals >= world.clock.now + timedelta(seconds=60)


def test_a_robot_that_was_removed_is_stopped_and_its_key_told_to_nobody(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    robot = Robot("removed-removed", url=world.sandbox.url)

    with pytest.raises(WeChatError) as caught:
        robot.send_text("any")

    assert (caught.value.errcode, caught.value.action) == (93000, Action.STOPPED)
    assert "POST /cgi-bin/webhook/send" in caplog.text
    assert "removed-removed" not in caplog.text + str(caught.value)


def card(wecom: WeCom, *, to: str = "engineer", title: str = "派单", text: str = "内科 3 楼打印机") -> str:
    return wecom.send_card(to, title=title, text=text, url=URL)


def talking_to(url: str, clock: Turned) -> WeCom:
    """With a token at hand, so that only the answer in question is an odd one."""
    store = MemoryStore()
    store.put("wecom-token-ww1-1", StoredToken("T", clock.now + timedelta(hours=1)))
    return WeCom(store, corpid="ww1", agentid=1, secret="hush", clock=clock, url=url)


def code_of(world: World, phone: str) -> str:
    answer = requests.get(
        world.wecom.authorize_url(RETURN, "s1"),
        cookies={"sandbox_phone": phone},
        allow_redirects=False,
        timeout=5,
    )
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
