from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from wechatpy.oauth import WeChatOAuth

from sandbox.phones import PHONES
from tests.wechat.conftest import Canned, World
from wechat.account import Account
from wechat.errors import Action, WeChatError
from wechat.oauth import authorize_url, exchange

RETURN = "http://localhost:8000/sign-in/return?next=/r/abc"


def test_the_address_is_the_one_wechatpy_makes() -> None:
    account = Account("wx1", "hush")

    theirs = WeChatOAuth("wx1", "hush", RETURN, "snsapi_base", "s1").authorize_url

    assert authorize_url(account, RETURN, "s1") == theirs


def test_the_address_lies_on_the_configured_host(world: World) -> None:
    address = authorize_url(world.account, RETURN, "s1")

    assert address.startswith(f"{world.sandbox.url}/connect/oauth2/authorize?appid=wxsandboxservice01&redirect_uri=")
    assert address.endswith("&response_type=code&scope=snsapi_base&state=s1#wechat_redirect")


@pytest.mark.parametrize("state", ["", "a-b", "a b", "状态", "a" * 129, "ab\n"])
def test_a_state_wechat_would_refuse_is_refused_here(state: str) -> None:
    with pytest.raises(ValueError, match="128 letters"):
        authorize_url(Account("wx1", "hush"), RETURN, state)


def test_a_sign_in_tells_whose_phone_it_is(world: World) -> None:
    signed_in = exchange(world.account, code_of(world, "nurse"))

    assert signed_in.openid == PHONES["nurse"].openid
    assert signed_in.unionid is None
    assert signed_in.snapshot is False


def test_a_code_works_once(world: World) -> None:
    code = code_of(world, "nurse")
    exchange(world.account, code)

    with pytest.raises(WeChatError) as caught:
        exchange(world.account, code)

    assert caught.value.errcode == 40163
    assert caught.value.action is Action.LOGIN_AGAIN


def test_a_code_works_for_five_minutes(world: World) -> None:
    code = code_of(world, "nurse")
    world.clock.forward(301)

    with pytest.raises(WeChatError) as caught:
        exchange(world.account, code)

    assert caught.value.errcode == 40029
    assert caught.value.action is Action.LOGIN_AGAIN


def test_an_exchange_is_never_repeated(world: World) -> None:
    world.trouble("/sns/oauth2/access_token", next_errors=[-1, -1])

    with pytest.raises(WeChatError):
        exchange(world.account, "any")

    assert world.calls("/sns/oauth2/access_token") == 1


def test_a_snapshot_visitor_and_a_unionid_are_told(canned: Canned) -> None:
    url = canned({"openid": "oVirtual", "unionid": "oUnion", "is_snapshotuser": 1})

    signed_in = exchange(Account("wx1", "hush", url), "any")

    assert signed_in.snapshot
    assert signed_in.unionid == "oUnion"
    assert "oVirtual" not in repr(signed_in)


@pytest.mark.parametrize("reply", [{}, {"openid": ""}, {"openid": 7}])
def test_an_answer_without_an_openid_signs_nobody_in(canned: Canned, reply: object) -> None:
    with pytest.raises(WeChatError, match="broken reply"):
        exchange(Account("wx1", "hush", canned(reply)), "any")


def code_of(world: World, phone: str) -> str:
    answer = requests.get(
        authorize_url(world.account, RETURN, "s1"),
        cookies={"sandbox_phone": phone},
        allow_redirects=False,
        timeout=5,
    )
    target = answer.headers["Location"]
    assert target.startswith(RETURN + "&code=")
    query = parse_qs(urlsplit(target).query)
    assert query["state"] == ["s1"]
    return query["code"][0]
