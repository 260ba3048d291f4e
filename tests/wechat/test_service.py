"""What the service account does beside sending: codes to scan, who follows, pages that may use the JS-SDK."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from sandbox.accounts import SERVICE
from sandbox.phones import PHONES
from tests.wechat.conftest import Canned, Turned, World
from tests.wechat.messages import ENGINEER, TOKEN
from wechat.account import Account, PageSignature, ServiceAccount, page_signature
from wechat.errors import Action, WeChatError
from wechat.token import MemoryStore

CODE, INFO, TICKET = "/cgi-bin/qrcode/create", "/cgi-bin/user/info", "/cgi-bin/ticket/getticket"
PAGE = "https://rate.example/engineer?from=menu"


def test_who_scans_a_code_sends_us_its_scene(world: World) -> None:
    address = world.service.create_code("bind-7", seconds=600)

    assert address.startswith("http://weixin.qq.com/q/")
    ticket = address.rpartition("/")[2]
    picture = requests.get(f"{world.sandbox.url}/cgi-bin/showqrcode", {"ticket": ticket}, timeout=5)
    assert picture.headers["Content-Type"].startswith("image/")


def test_a_code_wechat_does_not_make_is_our_bug(world: World) -> None:
    with pytest.raises(WeChatError) as caught:
        world.service.create_code("x" * 65, seconds=600)

    assert (caught.value.errcode, caught.value.action) == (40053, Action.BUG)


def test_who_follows_is_known(world: World) -> None:
    assert world.service.follows(ENGINEER) is True
    assert world.service.follows(PHONES["stranger"].openid) is False


@pytest.mark.parametrize(
    ("path", "ask"),
    [
        (CODE, lambda service: service.create_code("bind-7", seconds=600)),
        (INFO, lambda service: service.follows(ENGINEER)),
        (TICKET, lambda service: service.renew_ticket()),
        (TOKEN, lambda service: service.renew_ticket()),
    ],
)
def test_what_changes_nothing_is_asked_once_more_when_wechat_is_busy(
    world: World, path: str, ask: Callable[[ServiceAccount], object]
) -> None:
    world.trouble(path, next_errors=[-1] * 3)

    with pytest.raises(WeChatError) as caught:
        ask(world.service)
    assert (caught.value.errcode, caught.value.action) == (-1, Action.RETRY)
    assert world.calls(path) == 2

    ask(world.service)
    assert world.calls(path) == 4


def test_the_signature_of_a_page_is_the_published_one() -> None:
    """The sample of WeChat's own page on the JS-SDK, 附录1."""
    signature = page_signature(
        "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg",
        nonce="Wm3WZYTPz0wzccnW",
        timestamp=1414587457,
        url="http://mp.weixin.qq.com?params=value#anchor",
    )

    assert signature == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


def test_a_page_is_signed_with_the_ticket_at_hand_to_its_last_second(world: World) -> None:
    for _ in range(3):
        world.service.renew_ticket()
    signed = world.service.sign_page(PAGE, nonce="n1")

    ticket = world.store.get(f"wechat-ticket-{SERVICE.appid}")
    assert ticket
    timestamp = int(world.clock.now.timestamp())
    signature = page_signature(ticket.value, nonce="n1", timestamp=timestamp, url=PAGE)
    assert signed == PageSignature(SERVICE.appid, timestamp, "n1", signature)
    assert world.calls(TICKET) == 1
    world.clock.forward(7199)
    assert world.service.sign_page(PAGE, nonce="n1")
    world.clock.forward(1)
    assert world.service.sign_page(PAGE, nonce="n1") is None
    assert world.calls(TICKET) == 1


def test_a_ticket_is_renewed_before_it_ends(world: World) -> None:
    world.service.renew_ticket()
    world.clock.forward(7200 - 300)
    world.service.renew_ticket()
    assert world.calls(TICKET) == 2


def test_without_a_ticket_no_page_is_signed_and_nobody_asked(world: World) -> None:
    assert world.service.sign_page(PAGE, nonce="n1") is None
    assert (world.calls(TICKET), world.calls(TOKEN)) == (0, 0)


def test_many_pages_at_once_need_one_ticket_and_one_token(world: World) -> None:
    world.trouble(TICKET, latency_before=0.2)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: world.new_service().renew_ticket(), range(8)))

    assert (world.calls(TICKET), world.calls(TOKEN)) == (1, 1)


def test_a_stale_token_is_renewed_for_every_call(world: World) -> None:
    world.service.follows(ENGINEER)
    world.revoke_tokens()

    world.service.create_code("bind-7", seconds=600)
    world.service.renew_ticket()

    assert world.calls(TOKEN) == 3  # ours, the somebody's, ours
    assert world.calls(CODE) == 2


@pytest.mark.parametrize("reply", [{}, {"url": ""}, {"url": 7}, {"ticket": 7, "expires_in": 7200}])
def test_an_answer_without_what_was_asked_for_is_broken(
    canned: Canned, clock: Turned, reply: dict[str, object]
) -> None:
    url = canned({"access_token": "t", "expires_in": 7200, **reply})
    service = ServiceAccount(Account("wx1", "hush", url), MemoryStore(), clock=clock)

    with pytest.raises(WeChatError, match="broken reply"):
        service.create_code("bind-7", seconds=600)
    with pytest.raises(WeChatError, match="broken reply"):
        service.renew_ticket()
    assert service.follows("oAny") is False
