from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
from PIL import Image

from sandbox.phones import PHONES
from tests.wechat.conftest import Canned, Turned, World
from tests.wechat.messages import FINISHED, TOKEN
from wechat.account import Account
from wechat.errors import Action, WeChatError
from wechat.mini import MiniProgram
from wechat.token import MemoryStore, StoredToken

NURSE = PHONES["nurse"]
SESSION, CHECK = "/sns/jscode2session", "/wxa/msg_sec_check"
PAGE = "pages/rate/index"


def test_a_sign_in_tells_who_it_is_and_sends_no_token(world: World) -> None:
    session = world.mini.session(code_of(world))

    assert session.openid == NURSE.mini_openid
    assert session.unionid is None
    assert session.session_key
    assert session.session_key not in repr(session)
    assert session.openid not in repr(session)
    assert world.calls(TOKEN) == 0


def test_a_unionid_is_told_where_the_accounts_are_joined(world: World) -> None:
    world.control("switches", unionids=True)

    assert world.mini.session(code_of(world)).unionid == NURSE.unionid


def test_a_sign_in_code_works_once(world: World) -> None:
    code = code_of(world)
    world.mini.session(code)

    with pytest.raises(WeChatError) as caught:
        world.mini.session(code)

    assert (caught.value.errcode, caught.value.action) == (40163, Action.LOGIN_AGAIN)


@pytest.mark.parametrize("trouble", [{"next_errors": [-1] * 9}, {"next_status": [502]}, {"next_truncated": 1}])
def test_a_sign_in_is_never_tried_twice(world: World, trouble: dict[str, object]) -> None:
    world.trouble(SESSION, **trouble)

    with pytest.raises(WeChatError) as caught:
        world.mini.session(code_of(world))

    assert caught.value.action is Action.RETRY
    assert world.calls(SESSION) == 1


def test_somebody_wechat_distrusts_is_refused(world: World) -> None:
    world.trouble(SESSION, next_errors=[40226])

    with pytest.raises(WeChatError) as caught:
        world.mini.session(code_of(world))

    assert caught.value.action is Action.REFUSED


def test_a_telephone_number_is_told_for_its_own_code(world: World) -> None:
    assert world.mini.phone_number(code_of(world, kind="phone")) == NURSE.number

    with pytest.raises(WeChatError) as caught:
        world.mini.phone_number(code_of(world))

    assert (caught.value.errcode, caught.value.action) == (40029, Action.LOGIN_AGAIN)


def test_a_consent_is_one_message(world: World) -> None:
    world.control("credits", phone="nurse", template_id="sandbox-mini-finished")

    send(world.mini)

    [message] = world.delivered()
    assert message["channel"] == "subscription"
    assert message["fields"] == FINISHED["fields"]
    assert message["url"] == PAGE
    with pytest.raises(WeChatError) as caught:
        send(world.mini)
    assert (caught.value.errcode, caught.value.action) == (43101, Action.PERMANENT)


@pytest.mark.parametrize(("reply", "msgid"), [({"errcode": 0}, ""), ({"errcode": 0, "msgid": 2**63}, str(2**63))])
def test_wechat_may_tell_the_msgid_or_not(canned: Canned, clock: Turned, reply: dict[str, object], msgid: str) -> None:
    assert send(talking_to(canned(reply), clock)) == msgid


def test_a_page_that_is_not_released_is_our_bug(world: World) -> None:
    with pytest.raises(WeChatError) as caught:
        world.mini.send_subscription(
            NURSE.mini_openid, template_id="sandbox-mini-finished", fields={}, page="pages/none"
        )

    assert (caught.value.errcode, caught.value.action) == (41030, Action.BUG)


@pytest.mark.parametrize(
    ("text", "suggest", "label"), [("修得很快", "pass", 100), ("白痴", "review", 20003), ("去死", "risky", 20003)]
)
def test_words_are_judged(world: World, text: str, suggest: str, label: int) -> None:
    world.mini.session(code_of(world))

    check = world.mini.check_text(NURSE.mini_openid, text)

    assert (check.suggest, check.label) == (suggest, label)
    assert check.trace_id


@pytest.mark.parametrize(("openid", "errcode"), [(NURSE.mini_openid, 61010), (NURSE.openid, 43104)])
def test_words_of_somebody_who_is_not_there_are_not_judged(world: World, openid: str, errcode: int) -> None:
    with pytest.raises(WeChatError) as caught:
        world.mini.check_text(openid, "修得很快")

    assert (caught.value.errcode, caught.value.action) == (errcode, Action.PERMANENT)


def test_a_judgement_is_asked_for_once_more_when_wechat_is_busy(world: World) -> None:
    world.mini.session(code_of(world))
    world.trouble(CHECK, next_errors=[-1])

    assert world.mini.check_text(NURSE.mini_openid, "修得很快").suggest == "pass"
    assert world.calls(CHECK) == 2


def test_a_code_is_a_picture_of_the_width_asked_for(world: World) -> None:
    picture = world.mini.code_image("t=a1B2", page=PAGE, width=400)

    assert Image.open(BytesIO(picture)).width == 400


def test_a_code_with_a_scene_wechat_does_not_take_is_our_bug(world: World) -> None:
    with pytest.raises(WeChatError) as caught:
        world.mini.code_image("科室", page=PAGE, width=400)

    assert (caught.value.errcode, caught.value.action) == (40129, Action.BUG)


@pytest.mark.parametrize("reply", [{"errcode": 0}, b"<html>", {"buffer": "picture"}])
def test_what_is_no_picture_is_not_taken_for_one(canned: Canned, clock: Turned, reply: object) -> None:
    mini = talking_to(canned(reply), clock)

    with pytest.raises(WeChatError, match="broken reply"):
        mini.code_image("t", page=PAGE, width=400)


@pytest.mark.parametrize(
    "ask",
    [
        lambda mini: mini.session("any"),
        lambda mini: mini.phone_number("any"),
        lambda mini: mini.check_text("oAny", "any"),
    ],
)
@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"openid": "", "session_key": "k", "phone_info": [], "result": []},
        {"openid": "oAny", "phone_info": {"purePhoneNumber": 1}, "result": {"suggest": "maybe", "label": 1}},
        {"openid": 1, "session_key": "k", "phone_info": {}, "result": {"suggest": "pass", "label": "100"}},
    ],
)
def test_an_answer_without_what_was_asked_for_is_broken(
    canned: Canned, clock: Turned, reply: object, ask: Callable[[MiniProgram], object]
) -> None:
    with pytest.raises(WeChatError, match="broken reply"):
        ask(talking_to(canned(reply), clock))


def send(mini: MiniProgram) -> str:
    return mini.send_subscription(
        NURSE.mini_openid, template_id="sandbox-mini-finished", fields=FINISHED["fields"], page=PAGE
    )


def code_of(world: World, kind: str = "login") -> str:
    return str(world.control("codes", phone="nurse", kind=kind)["code"])


def talking_to(url: str, clock: Turned) -> MiniProgram:
    """With a token at hand, so that only the answer in question is an odd one."""
    store = MemoryStore()
    store.put("wechat-token-wx1", StoredToken("T", clock.now + timedelta(hours=1)))
    return MiniProgram(Account("wx1", "hush", url), store, clock=clock)
