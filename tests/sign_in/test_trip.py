"""Signing in on a phone, over HTTP, against the sandbox: out to WeChat and back, and every way this goes wrong."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select, update

from app import clock
from app.models import OAuthAttempt, WeChatIdentity
from app.runtime import Runtime
from app.services.codes import slip_pads
from tests.sign_in.conftest import TakePhone
from tests.sign_in.trip import Trip, query
from tests.support.wechat import EXCHANGE, Sandbox
from tests.support.world import World


def test_the_nurse_is_signed_in_without_doing_anything(take_phone: TakePhone, site: str) -> None:
    page = take_phone("nurse").open("/my")
    assert page.status_code == 200
    assert page.url.split("#")[0] == f"{site}/my"  # no code, no state left in it
    assert "王丽" in page.text


def test_a_newcomer_gets_an_identity_and_the_privacy_notice(take_phone: TakePhone, world: World) -> None:
    assert "使用前请看" in newcomer(take_phone, world).open("/my").text
    with world.database.reading() as session:
        found = session.scalars(select(WeChatIdentity).where(WeChatIdentity.person_id.is_(None))).one()
    assert (found.openid, found.privacy_version) == (world.stranger_identity.openid, None)


def test_a_newcomer_is_told_of_a_slip_nobody_linked_after_all_that_is_asked_of_him_first(
    take_phone: TakePhone, world: World, runtime: Runtime
) -> None:
    with world.database.transaction() as session:
        slip_pads.reserve(session, 1, by=None, at=clock.now())
    slip, doctor = runtime.links.slip_path(1), {"staff_number": "00106", "name": "李伟", "last_four": "0106"}
    trip = newcomer(take_phone, world)
    agreed = trip.send(slip, "/privacy")
    assert urlsplit(agreed.url).path == "/my/bind"
    trip.send(slip, "/my/bind", **doctor)
    world.approve_claims()
    bound = trip.open(slip)
    assert bound.url.endswith("/report?slip=blank")
    assert "这张单子还没有连到工单" in bound.text


@pytest.mark.parametrize("asked", ["slip=//evil.example", "slip=blank&next=//evil.example"])
def test_what_stands_in_the_address_leads_nowhere_else(take_phone: TakePhone, world: World, asked: str) -> None:
    trip = newcomer(take_phone, world)
    trip.send(f"/report?{asked}", "/privacy")
    trip.send(f"/report?{asked}", "/my/bind", staff_number="00106", name="李伟", last_four="0106")
    waiting = trip.open(f"/report?{asked}")
    assert "申请收到了" in waiting.text
    world.approve_claims()
    sent = trip.open(urlsplit(waiting.url)._replace(scheme="", netloc="").geturl())
    assert sent.url.endswith("/report?slip=blank")
    assert "evil" not in sent.text


def test_the_way_out_has_a_new_state_each_time_and_our_configured_address(take_phone: TakePhone, site: str) -> None:
    nurse = take_phone("nurse")
    first = query(nurse.step(f"{site}/my", Host="evil.example").headers["Location"])
    second = query(nurse.to_wechat("/my"))
    assert first["redirect_uri"] == second["redirect_uri"] == f"{site}/wechat/signed-in"
    assert (first["scope"], first["state"] != second["state"]) == ("snsapi_base", True)


def test_a_state_is_used_once_and_back_lands_on_the_clean_page(
    take_phone: TakePhone, wechat: Sandbox, site: str
) -> None:
    nurse = take_phone("nurse")
    address = nurse.way_back("/my")
    for _ in range(3):
        assert nurse.step(address).headers["Location"] == "/my"
    assert wechat.calls(EXCHANGE) == 1


def test_a_spent_address_in_a_browser_that_is_not_signed_in_starts_anew(
    take_phone: TakePhone, wechat: Sandbox, world: World
) -> None:
    nurse = take_phone("nurse")
    address = nurse.way_back("/my")
    with world.database.transaction() as session:  # used: by a request whose answer was lost
        session.execute(update(OAuthAttempt).values(used_at=clock.now()))
    again = nurse.step(address)
    assert again.headers["Location"].startswith(f"{wechat.url}/connect/oauth2/authorize")
    assert nurse.step(nurse.step(again.headers["Location"]).headers["Location"]).headers["Location"] == "/my"


def test_an_attempt_that_took_too_long_starts_anew(take_phone: TakePhone, wechat: Sandbox, world: World) -> None:
    nurse = take_phone("nurse")
    address = nurse.way_back("/my")
    with world.database.transaction() as session:
        session.execute(update(OAuthAttempt).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert nurse.step(address).headers["Location"].startswith(wechat.url)
    assert wechat.calls(EXCHANGE) == 0


def test_an_address_begun_elsewhere_signs_nobody_in(take_phone: TakePhone, wechat: Sandbox) -> None:
    address = take_phone("engineer").way_back("/my")
    victim = take_phone("nurse")
    victim.to_wechat("/my")
    answer = victim.step(address)
    assert answer.status_code == 403
    assert "登录没有完成" in answer.text
    assert wechat.calls(EXCHANGE) == 0
    assert victim.open("/my").text.count("王丽") == 1


def test_a_browser_without_cookies_sees_a_clear_page_and_no_loop(take_phone: TakePhone) -> None:
    nurse = take_phone("nurse")
    address = nurse.way_back("/my")
    nurse.forget()
    answer = nurse.step(address)
    assert answer.status_code == 403
    assert "登录没有完成或已过期" in answer.text


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x", "?code=x&state=%00", "?code=&state="])
def test_a_made_up_return_is_refused_in_words(take_phone: TakePhone, query: str) -> None:
    answer = take_phone("nurse").step(take_phone("nurse").app_url + f"/wechat/signed-in{query}")
    assert answer.status_code in {400, 403}
    assert "操作没有成功" in answer.text


def test_a_code_wechat_does_not_know_is_refused(take_phone: TakePhone, wechat: Sandbox) -> None:
    nurse = take_phone("nurse")
    address = nurse.way_back("/my")
    answer = nurse.step(address.replace(query(address)["code"], "0" * 32))
    assert (answer.status_code, wechat.calls(EXCHANGE)) == (403, 1)
    assert "登录没有完成" in answer.text


@pytest.mark.parametrize("trouble", [{"next_errors": [-1]}, {"next_status": [502]}, {"next_errors": [40125]}])
def test_when_wechat_is_down_the_page_says_so_and_a_reload_tries_again(
    take_phone: TakePhone, wechat: Sandbox, trouble: dict[str, object]
) -> None:
    nurse = take_phone("nurse")
    address = nurse.way_back("/my")
    wechat.trouble(EXCHANGE, **trouble)
    answer = nurse.step(address)
    assert answer.status_code == 503
    assert "微信暂时没有回应" in answer.text
    assert "王丽" in nurse.open(address.removeprefix(nurse.app_url)).text


@pytest.mark.parametrize(
    "foreign",
    [
        *("//evil.example", "/\\evil.example", "\\evil.example", "https://evil.example", "javascript:alert(1)"),
        *("%2F%2Fevil.example", "/%09/evil.example", "/x%0d%0aA:b", "evil.example", ""),
    ],
)
def test_the_next_page_never_leaves_the_site(take_phone: TakePhone, foreign: str) -> None:
    nurse = take_phone("nurse")
    landed = nurse.step(nurse.way_back(f"/wechat/sign-in?next={foreign}"))
    assert (landed.status_code, landed.headers["Location"]) == (302, "/")


def test_a_preview_begins_no_attempt_and_ends(take_phone: TakePhone, world: World) -> None:
    for path in ("/my", "/wechat/sign-in?next=/my", "/report"):
        assert take_phone("nurse").head(path).status_code == 200
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OAuthAttempt)) == 0


def test_another_browser_is_told_to_open_wechat(take_phone: TakePhone, world: World) -> None:
    trip = take_phone("nurse")
    answer = trip.step(f"{trip.app_url}/my", **{"User-Agent": "Mozilla/5.0 (X11) Firefox/130"})
    assert answer.status_code == 200
    assert "请用微信打开" in answer.text


def test_who_is_bound_to_nobody_is_not_sent_round_in_circles(take_phone: TakePhone) -> None:
    stranger = take_phone("stranger")
    page = stranger.open("/engineer/20261122-0001")
    assert page.status_code == 200
    assert "绑定工号" in page.text
    assert 'value="/engineer/20261122-0001"' in page.text


def test_the_engineer_opens_his_notice_and_lands_on_his_ticket(take_phone: TakePhone, world: World) -> None:
    ticket = world.ticket("dispatched")
    page = take_phone("engineer").open(f"/engineer/{ticket.number}")
    assert page.status_code == 200
    assert "接单" in page.text
    assert take_phone("nurse").open("/engineer").status_code == 403


def newcomer(take_phone: TakePhone, world: World) -> Trip:
    with world.database.transaction() as session:
        session.delete(session.get_one(WeChatIdentity, world.stranger_identity.id))
    return take_phone("stranger")
