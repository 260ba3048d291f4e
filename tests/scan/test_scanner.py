"""WeChat's own scanner on the pages of users and engineers: signed for exactly that page, and nobody waits for it."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.models import WeChatToken
from app.runtime import Runtime
from tests.conftest import Phone
from tests.support.wechat import TOKEN, Sandbox
from tests.support.world import APPID, World
from wechat.account import page_signature

INSIDE = "MicroMessenger/8.0.50"
WECOM = "wxwork/4.1.22 MicroMessenger/7.0.1"
PAGES = ("/my", "/engineer", "/engineer?lang=en", "/my?text=large&lang=zh")


@pytest.mark.parametrize("page", PAGES)
def test_the_page_brings_a_signature_for_its_very_address(
    page: str, engineer: FlaskClient, runtime: Runtime, signing: None
) -> None:
    told = scanner_of(open_(engineer, page))
    with runtime.database.reading() as session:
        ticket = session.scalars(select(WeChatToken.value).where(WeChatToken.key == f"wechat-ticket-{APPID}")).one()
    assert told["signature"] == page_signature(
        ticket, nonce=told["nonce-str"], timestamp=int(told["timestamp"]), url=f"http://localhost{page}"
    )
    assert (told["app-id"], told["home"]) == (APPID, "http://localhost")


@pytest.mark.parametrize("page", PAGES)
def test_without_a_ticket_the_page_comes_at_once_without_the_button(
    page: str, engineer: FlaskClient, wechat: Sandbox
) -> None:
    answer = open_(engineer, page)
    assert answer.status_code == 200
    assert "data-signature" not in answer.text
    assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
    assert (wechat.calls("/cgi-bin/ticket/getticket"), wechat.calls(TOKEN)) == (0, 0)


def test_only_a_page_with_the_button_allows_the_script_of_wechat(engineer: FlaskClient, signing: None) -> None:
    open_(engineer, "/my?lang=zh")
    allowed = "script-src 'self' https://res.wx.qq.com;"
    policies = {page: open_(engineer, page).headers["Content-Security-Policy"] for page in ("/my", "/engineer", "/")}
    assert [allowed in policy for policy in policies.values()] == [True, True, False]
    assert "'unsafe-" not in "".join(policies.values())


@pytest.mark.parametrize("agent", ["Mozilla/5.0 Firefox/130", WECOM])
def test_elsewhere_than_in_wechat_there_is_no_button(agent: str, engineer: FlaskClient, signing: None) -> None:
    assert "data-signature" not in open_(engineer, "/engineer", agent).text


def open_(client: FlaskClient, page: str, agent: str = INSIDE) -> TestResponse:
    return client.get(page, headers={"User-Agent": agent})


def scanner_of(page: TestResponse) -> dict[str, str]:
    box = re.search(r'<div class="scanner" hidden ([^>]+)>', page.text)
    assert box
    return {name: unescape(value) for name, value in re.findall(r'data-([\w-]+)="([^"]*)"', box[1])}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def environ(environ: dict[str, str], wechat: Sandbox) -> dict[str, str]:
    return {**environ, "WECHAT_API_URL": wechat.url}


@pytest.fixture
def signing(runtime: Runtime) -> None:
    """A worker has fetched a ticket."""
    assert runtime.service_account
    runtime.service_account.renew_ticket()


@pytest.fixture
def engineer(phone: Phone, world: World) -> FlaskClient:
    return phone(world.engineer_identity)
