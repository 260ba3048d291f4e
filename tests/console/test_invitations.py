"""Invitations at the console: who makes them, what is shown, and where the account's own code comes from."""

import re
from base64 import b64decode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete

from app import clock
from app.jobs import loop, wechat_prefetch
from app.models import WeChatToken
from app.runtime import Runtime
from app.services.identity import invitations
from qr import symbol
from sandbox.accounts import SERVICE
from tests.conftest import Console
from tests.support.console_forms import offers, send
from tests.support.wechat import Sandbox
from tests.support.world import World

CODE = "/cgi-bin/qrcode/create"


def test_the_page_shows_the_link_at_once_and_asks_wechat_nothing(
    supervisor: FlaskClient, page: str, wechat: Sandbox, world: World
) -> None:
    answer = send(supervisor, page.removesuffix("/invitation"), page)
    assert (answer.status_code, answer.location) == (303, page)
    shown = supervisor.get(page).text
    link = re.search(r"http://localhost/bind/[\w-]{22}", shown)
    assert link
    assert pictures(shown) == [symbol.svg(link[0])]
    assert "look-again.js" in shown
    assert wechat.calls(CODE) == 0


def test_a_worker_fetches_the_accounts_own_code(
    supervisor: FlaskClient, page: str, runtime: Runtime, wechat: Sandbox
) -> None:
    send(supervisor, page.removesuffix("/invitation"), page)
    wechat_prefetch.ask(runtime, ticket_due=clock.now())
    shown = supervisor.get(page).text
    assert len(pictures(shown)) == 2
    assert "look-again.js" not in shown
    wechat_prefetch.ask(runtime, ticket_due=clock.now())
    assert wechat.calls(CODE) == 1


def test_while_wechat_does_not_answer_the_link_serves(
    supervisor: FlaskClient, page: str, runtime: Runtime, wechat: Sandbox
) -> None:
    wechat.trouble(CODE, next_status=[502])
    send(supervisor, page.removesuffix("/invitation"), page)
    wechat_prefetch.ask(runtime, ticket_due=clock.now())
    assert len(pictures(supervisor.get(page).text)) == 1
    wechat_prefetch.ask(runtime, ticket_due=clock.now())
    assert len(pictures(supervisor.get(page).text)) == 2


@pytest.mark.parametrize("callback", ["off"])
def test_where_callbacks_go_elsewhere_only_the_link_is_offered(
    supervisor: FlaskClient, page: str, runtime: Runtime, wechat: Sandbox
) -> None:
    send(supervisor, page.removesuffix("/invitation"), page)
    wechat_prefetch.ask(runtime, ticket_due=clock.now())
    shown = supervisor.get(page).text
    assert len(pictures(shown)) == 1
    assert "带参数的码扫了，这里收不到" in shown
    assert "look-again.js" not in shown
    assert wechat.calls(CODE) == 0


def test_what_the_command_line_made_is_on_nobodys_screen(world: World, runtime: Runtime, wechat: Sandbox) -> None:
    with world.database.transaction() as session:
        invitations.invite(session, world.second_engineer.id, by=None, at=clock.now(), users=False)
    wechat_prefetch.ask(runtime, ticket_due=clock.now())
    assert wechat.calls(CODE) == 0


def test_only_who_made_it_sees_it(supervisor: FlaskClient, page: str, console: Console, world: World) -> None:
    send(supervisor, page.removesuffix("/invitation"), page)
    for other in (world.admin, world.auditor):
        assert console(other).get(page).location == page.removesuffix("/invitation")
    assert console(world.desk).get(page).status_code == 403


def test_the_auditor_makes_none(page: str, console: Console, world: World) -> None:
    assert not offers(console(world.auditor), page.removesuffix("/invitation"), page)


@pytest.mark.parametrize("binding_proof", ["supervisor"])
def test_where_an_invitation_is_no_proof_users_get_none(supervisor: FlaskClient, world: World) -> None:
    page = f"/console/people/{world.doctor.id}"
    assert not offers(supervisor, page, f"{page}/invitation")
    supervisor.application.config["WTF_CSRF_ENABLED"] = False
    refused = supervisor.post(f"{page}/invitation")
    assert refused.status_code == 403
    assert "请自己在手机上申请绑定" in refused.text


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_a_supervisor_makes_none_for_an_admin_or_an_auditor(who: str, console: Console, world: World) -> None:
    page = f"/console/people/{getattr(world, who).id}"
    refused = send(console(world.supervisor), page, f"{page}/invitation")
    assert refused.status_code == 403
    assert "只能由管理员生成" in refused.text
    assert send(console(world.admin), page, f"{page}/invitation").status_code == 303


def test_the_ticket_that_signs_pages_is_fetched_beforehand_and_not_begged_for(
    runtime: Runtime, wechat: Sandbox, world: World
) -> None:
    ticket = "/cgi-bin/ticket/getticket"
    now = clock.now()
    assert wechat_prefetch.ask(runtime, ticket_due=now) - now < loop.SWEEP
    assert wechat.calls(ticket) == 1
    wechat.revoke()
    with world.database.transaction() as session:
        session.execute(delete(WeChatToken))
    wechat.trouble(ticket, next_errors=[48001])
    assert wechat_prefetch.ask(runtime, ticket_due=now) - now >= wechat_prefetch.REST
    assert wechat_prefetch.ask(runtime, ticket_due=now + wechat_prefetch.REST) == now + wechat_prefetch.REST
    assert wechat.calls(ticket) == 2


def pictures(page: str) -> list[bytes]:
    return [b64decode(found) for found in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)]


@pytest.fixture
def supervisor(console: Console, world: World) -> FlaskClient:
    return console(world.supervisor)


@pytest.fixture
def page(world: World) -> str:
    """Of the second engineer's invitation."""
    return f"/console/people/{world.second_engineer.id}/invitation"


@pytest.fixture
def callback() -> str:
    return "on"


@pytest.fixture
def environ(environ: dict[str, str], wechat: Sandbox, callback: str, binding_proof: str) -> dict[str, str]:
    received = {"WECHAT_SERVICE_TOKEN": SERVICE.token, "WECHAT_SERVICE_AES_KEY": SERVICE.aes_key}
    proof = {"BINDING_PROOF": binding_proof}
    return {**environ, **received, "WECHAT_API_URL": wechat.url, "WECHAT_CALLBACK": callback, **proof}


@pytest.fixture
def binding_proof() -> str:
    return "invitation,supervisor"
