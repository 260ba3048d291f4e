"""The start page and the doors only the demo has."""

from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock, create_app
from app.demo import roles
from app.models import WeChatIdentity
from app.services.identity import wechat_sign_in
from config.settings import read_settings
from sandbox.phones import PHONES
from tests.browser import tickets
from tests.conftest import KEY, plain_environ
from tests.support.console_forms import send
from tests.support.scan_forms import Slip
from tests.support.world import APPID

pytestmark = pytest.mark.slow("the demo hospital")
ELSEWHERE = (
    "",
    "//evil.example/",
    "https://evil.example/",
    "/\\evil.example",
    "/\tevil",
    "evil",
    "\\\\evil",
    "/a\r\nb: c",
)


def test_the_start_page_offers_every_place_and_is_no_redirect(browser: FlaskClient) -> None:
    page = browser.get("/")
    assert page.status_code == 200
    for name in ("nurse", "engineer", "supervisor", "stranger"):
        assert f"http://localhost:8001/handset/{name}" in page.text
    for role in roles.CONSOLE:
        assert f'name="role" value="{role}"' in page.text
    assert roles.PASSWORD in page.text
    assert "监督热线 6120" in page.text


def test_production_has_the_public_page_alone(production: FlaskClient) -> None:
    page = production.get("/")
    assert page.status_code == 200
    assert "和平医院" in page.text
    assert ("服务热线 6000" in page.text, "监督热线 6120" in page.text) == (True, True)
    for part in (roles.PASSWORD, "/demo/", "/phone/", "/handset/", roles.NURSE.name, "sandbox"):
        assert part not in page.text
    assert [production.get(path).status_code for path in ("/demo/phone?to=/my", "/demo/codes")] == [404, 404]
    assert production.post("/demo/sign-in", data={"role": "admin"}).status_code in {403, 404}
    assert not [rule for rule in production.application.url_map.iter_rules() if rule.endpoint.startswith("demo.")]


def test_a_process_without_a_sandbox_has_no_demo_doors(client: FlaskClient) -> None:
    assert client.get("/").status_code == 200
    assert client.get("/demo/codes").status_code == 404


def test_without_a_console_the_page_offers_none(demo_environ: dict[str, str]) -> None:
    page = create_app(read_settings({**demo_environ, "SURFACES": "public"})).test_client().get("/")
    assert page.status_code == 200
    assert 'href="/console"' not in page.text


def test_the_first_rating_is_the_nurses_own_finished_ticket(browser: FlaskClient, demo_app: Flask) -> None:
    path = first_rating(browser)
    pick_up(browser, demo_app, "nurse")
    shown = browser.get(path)
    assert shown.status_code == 200
    assert f"{path}/rate" in shown.text


def test_when_it_is_rated_the_page_offers_another(browser: FlaskClient, demo_app: Flask) -> None:
    path = first_rating(browser)
    pick_up(browser, demo_app, "nurse")
    form = browser.get(path).text.split('name="visit" value="')[1].split('"')[0]
    assert browser.post(f"{path}/rate", data={"visit": form, "level": "5"}).status_code == 303
    assert first_rating(browser) != path


def test_each_phone_has_a_visit_of_its_own_in_one_browser(browser: FlaskClient) -> None:
    answer = browser.get("/seat/nurse/demo/phone?to=/my?lang=en")
    assert (answer.status_code, answer.location) == (302, "/seat/nurse/my?lang=en")
    assert browser.get_cookie("nurse.mashangping", path="/seat/nurse")
    assert not browser.get_cookie("mashangping")
    sent = browser.get("/seat/nurse/my").location
    assert "redirect_uri=http%3A%2F%2Flocalhost%2Fseat%2Fnurse%2Fwechat%2Fsigned-in&" in sent
    assert "微信打开" in browser.get("/seat/engineer/my").text  # which nobody has picked up
    assert "微信打开" in browser.get("/my").text


def test_what_a_page_leads_to_stays_in_its_seat(browser: FlaskClient) -> None:
    came = {"Referer": "http://localhost/seat/nurse/my"}
    assert browser.get("/report?a=%20b", headers=came).location == "/seat/nurse/report?a=%20b"
    posted = browser.post("/my/inbox/read", headers=came)
    assert (posted.status_code, posted.location) == (307, "/seat/nurse/my/inbox/read")
    assert browser.get("/", headers=came).status_code == 200
    assert browser.get("/demo/codes", headers=came).status_code == 200
    assert browser.get("/seat/nurse", headers=came).status_code == 200
    assert browser.get("/report", headers={"Referer": "http://localhost/my"}).status_code == 200


def test_without_a_sandbox_there_are_no_seats(client: FlaskClient) -> None:
    assert client.get("/seat/nurse/my").status_code == 404
    assert client.get("/my", headers={"Referer": "http://localhost/seat/nurse/my"}).status_code == 200


@pytest.mark.parametrize("to", ELSEWHERE)
def test_a_phone_is_never_sent_elsewhere(browser: FlaskClient, to: str) -> None:
    assert browser.get("/demo/phone", query_string={"to": to}).location == "/"


def test_every_code_offered_opens_and_there_are_at_most_thirty(browser: FlaskClient, demo_app: Flask) -> None:
    codes = browser.get("/demo/codes").get_json()["codes"]
    assert 20 <= len(codes) <= 30
    assert {urlsplit(code["url"]).path[:3] for code in codes} == {"/r/", "/w/", "/a/", "/bi"}
    pick_up(browser, demo_app, "nurse")
    assert {browser.get(code["url"]).status_code for code in codes if "/bind/" not in code["url"]} == {200}


def test_the_stranger_scans_his_own_invitation_and_his_rating_counts(browser: FlaskClient, demo_app: Flask) -> None:
    """A proof that is played through: his strip of the ward's sheet, as one of the codes."""
    runtime = demo_app.extensions["mashangping"]
    ticket, slip = tickets.make(runtime, "finished", served=roles.STRANGER), Slip(runtime)
    meet_stranger(demo_app)
    pick_up(browser, demo_app, "stranger")
    slip.rate(browser, ticket, 4)
    assert "未核验" in browser.get(slip.path(ticket)).text
    assert slip.counted(ticket) == []
    (link,) = invitations(browser)
    assert "许*" in browser.get(link).text
    assert send(browser, link, link).location == "/my"
    assert slip.counted(ticket) == [(4, None)]  # of the rating as it was given; the slot knows for whom
    assert "未核验" not in browser.get(slip.path(ticket)).text
    assert invitations(browser) == []


@pytest.mark.parametrize("role", roles.CONSOLE)
def test_a_place_at_the_console_is_taken_by_a_button(browser: FlaskClient, role: str) -> None:
    answer = take(browser, role)
    assert answer.status_code == 303
    seat = f"/seat/console-{role}"
    assert browser.get(answer.location).location == f"{seat}/console"
    assert roles.CONSOLE[role].name in browser.get(f"{seat}/console").text
    assert browser.get(f"{seat}/console/ratings").status_code == (403 if role == "desk" else 200)
    assert browser.get("/console").status_code == 302  # nobody sits outside the seats


def test_a_place_is_not_taken_without_the_pages_form(browser: FlaskClient) -> None:
    assert browser.post("/demo/sign-in", data={"role": "admin"}).status_code == 403
    assert take(browser, "engineer").status_code == 400
    assert browser.get("/seat/console-admin/demo/seat?role=admin&form=x").status_code == 403
    with browser.session_transaction() as session:
        assert "console" not in session


def test_on_other_data_the_places_are_not_there(app_without_the_story: FlaskClient) -> None:
    assert app_without_the_story.get("/").status_code == 200
    assert app_without_the_story.get(take(app_without_the_story, "desk").location).status_code == 404


def take(browser: FlaskClient, role: str) -> TestResponse:
    page = browser.get("/").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    return browser.post("/demo/sign-in", data={"role": role, "csrf_token": token})


def first_rating(browser: FlaskClient) -> str:
    """The path of the ticket that the start page opens on the nurse's phone."""
    page = browser.get("/").text
    address = next(part for part in page.split('"') if part.startswith("http://localhost:8001/handset/nurse?url="))
    return urlsplit(parse_qs(urlsplit(unescape(address)).query)["url"][0]).path


def invitations(browser: FlaskClient) -> list[str]:
    codes = browser.get("/demo/codes").get_json()["codes"]
    return [urlsplit(code["url"]).path for code in codes if "/bind/" in code["url"]]


def meet_stranger(app: Flask) -> None:
    """He has signed in once, and agreed to the privacy notice."""
    with app.extensions["mashangping"].database.transaction() as session:
        openid = PHONES["stranger"].openid
        identity = wechat_sign_in.identify(
            session, appid=APPID, openid=openid, unionid=None, keys=(KEY,), at=clock.now()
        )
        wechat_sign_in.accept_privacy(session, identity, at=clock.now())


def pick_up(browser: FlaskClient, app: Flask, name: str) -> None:
    with app.extensions["mashangping"].database.reading() as session:
        openid = PHONES[name].openid
        identity = session.scalars(select(WeChatIdentity.id).where(WeChatIdentity.openid == openid)).one()
    with browser.session_transaction() as visit:
        visit.update(identity=identity, visit="a visit", phone=True)


@pytest.fixture
def browser(demo_app: Flask) -> FlaskClient:
    return demo_app.test_client()


@pytest.fixture
def production(sqlite_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    environ = {
        **plain_environ(sqlite_url, tmp_path),
        "APP_ENV": "production",
        "PUBLIC_URL": "https://rating.example",
        "SANDBOX_URL": "http://localhost:8001",
        "WECHAT_SERVICE_APPID": "wx0123456789abcdef",
        "WECHAT_SERVICE_SECRET": "the-hospitals-own",
    }
    app = create_app(read_settings(environ))
    yield app.test_client()
    app.extensions["mashangping"].database.engine.dispose()


@pytest.fixture
def app_without_the_story(sqlite_url: str, tmp_path: Path) -> Iterator[FlaskClient]:
    environ = {**plain_environ(sqlite_url, tmp_path), "APP_ENV": "demo", "SANDBOX_URL": "http://localhost:8001"}
    app = create_app(read_settings(environ))
    yield app.test_client()
    app.extensions["mashangping"].database.engine.dispose()
