"""Binding on the phone by an invitation, and undoing it: what is asked, what is told, and that looking binds nobody."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app import clock
from app.models import BindInvitation, IdentityClaim, Person, WeChatIdentity
from app.runtime import Runtime
from app.services.identity import invitations
from tests.conftest import Phone
from tests.support.console_forms import offers, send
from tests.support.world import World

WECHAT = {"User-Agent": "MicroMessenger/8.0.50"}


def test_one_tap_binds_and_looking_does_not(stranger: FlaskClient, link: str, world: World) -> None:
    for _ in range(2):
        page = stranger.get(link)
        assert page.status_code == 200
        assert "您是 冯*（工号尾号 44）吗？" in page.text
    assert person_of(world, world.stranger_identity) is None
    answer = send(stranger, link, link)
    assert (answer.status_code, answer.location) == (303, "/my")
    assert person_of(world, world.stranger_identity) == world.auditor.id
    assert stranger.get(link).location == "/my"


def test_an_engineer_lands_on_his_work(stranger: FlaskClient, runtime: Runtime, world: World) -> None:
    assert send(stranger, to := invite(runtime, world.second_engineer), to).location == "/engineer"


def test_the_name_and_number_are_not_given_away(stranger: FlaskClient, link: str) -> None:
    page = stranger.get(link).text
    assert "冯洁" not in page
    assert "00044" not in page


def test_who_is_not_signed_in_is_sent_to_wechat_and_back(client: FlaskClient, link: str) -> None:
    assert "/connect/oauth2/authorize" in client.get(link, headers=WECHAT).location
    assert "请用微信打开" in client.get(link).text


def test_the_privacy_notice_comes_first(stranger: FlaskClient, link: str, world: World) -> None:
    with world.database.transaction() as session:
        session.execute(update(WeChatIdentity).values(privacy_version=None))
    page = stranger.get(link).text
    assert "使用前请看" in page
    assert f'value="{link}"' in page


def test_without_the_form_of_this_visit_nobody_is_bound(stranger: FlaskClient, link: str, world: World) -> None:
    form = {"visit": visit_of(stranger.get(link))}
    assert stranger.post(link).status_code == 403
    assert stranger.post(link, data={"visit": form["visit"][:-2]}).status_code == 403
    assert person_of(world, world.stranger_identity) is None
    assert stranger.post(link, data=form).status_code == 303


def test_a_form_for_one_invitation_is_none_for_another(
    stranger: FlaskClient, link: str, runtime: Runtime, world: World
) -> None:
    form = {"visit": visit_of(stranger.get(link))}
    assert stranger.post(invite(runtime, world.desk), data=form).status_code == 403


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"used_at": clock.now()}, 410, "已经用过"),
        ({"expires_at": clock.now() - timedelta(seconds=1)}, 410, "已过期"),
    ],
)
def test_one_that_is_no_good_any_more_says_why(
    change: dict[str, object], status: int, words: str, stranger: FlaskClient, link: str, world: World
) -> None:
    with world.database.transaction() as session:
        session.execute(update(BindInvitation).values(change))
    answer = stranger.get(link)
    assert answer.status_code == status
    assert words in answer.text


def test_one_that_is_kept_no_more_was_withdrawn(stranger: FlaskClient, runtime: Runtime) -> None:
    answer = stranger.get(f"/bind/{runtime.links.invitation_token(7)}")
    assert answer.status_code == 404
    assert "已经撤回" in answer.text


def test_a_forged_one_is_a_wrong_code(stranger: FlaskClient, link: str) -> None:
    answer = stranger.get(link[:-1] + ("A" if link[-1] != "A" else "Q"))
    assert answer.status_code == 404
    assert "认不出来" in answer.text


def test_who_is_somebody_else_is_told_so(phone: Phone, link: str, world: World) -> None:
    answer = phone(world.nurse_identity).get(link)
    assert answer.status_code == 409
    assert "已经绑定过工号" in answer.text


def test_a_number_that_has_another_phone_goes_to_a_supervisor(
    stranger: FlaskClient, runtime: Runtime, world: World
) -> None:
    to = invite(runtime, world.engineer)
    answer = send(stranger, to, to)
    assert answer.status_code == 202
    assert "信息科核实" in answer.text
    assert person_of(world, world.engineer_identity) == world.engineer.id


def test_she_unbinds_herself_after_reading_what_stops(phone: Phone, world: World) -> None:
    nurse = phone(world.nurse_identity)
    assert 'href="/my/unbind"' in nurse.get("/my/me").text
    assert "不再收到通知" in nurse.get("/my/unbind").text
    assert person_of(world, world.nurse_identity) == world.nurse.id
    assert send(nurse, "/my/unbind", "/my/unbind").location == "/my"
    assert person_of(world, world.nurse_identity) is None
    assert "绑定工号" in nurse.get("/my").text
    with world.database.reading() as session:
        kept = session.scalars(select(IdentityClaim)).one()
    assert (kept.state, kept.decided_by_id) == ("unbound", world.nurse.id)


@pytest.mark.parametrize(("userids", "told"), [("staff_numbers", True), ("bound", False)])
def test_she_is_told_where_she_will_be_known_again(phone: Phone, world: World, told: bool) -> None:
    page = phone(world.nurse_identity).get("/my/unbind").text
    assert ("会按工号自动认出您" in page) is told


def test_unbinding_needs_the_form_and_a_binding(phone: Phone, stranger: FlaskClient, world: World) -> None:
    nurse = phone(world.nurse_identity)
    assert nurse.post("/my/unbind").status_code == 403
    assert person_of(world, world.nurse_identity) == world.nurse.id
    assert stranger.get("/my/unbind").location == "/my"
    assert not offers(stranger, "/my", "/my/unbind")


def test_the_command_line_gives_a_link_that_binds(app: Flask, stranger: FlaskClient, world: World) -> None:
    done = app.test_cli_runner().invoke(args=["people", "invite", "00044"])
    number, name, url = done.stdout.rstrip("\n").split("\t")
    assert (done.exit_code, number, name) == (0, "00044", "冯洁")
    path = url.removeprefix("http://localhost")
    assert send(stranger, path, path).status_code == 303
    assert person_of(world, world.stranger_identity) == world.auditor.id


def test_the_command_line_gives_one_line_to_every_engineer(app: Flask, world: World) -> None:
    done = app.test_cli_runner().invoke(args=["people", "invite", "--all-engineers"])
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[:2] for line in lines] == [["W0003", "赵强"], ["W0004", "孙磊"]]
    assert lines[0][2] == "已绑定"
    assert re.fullmatch(r"http://localhost/bind/[\w-]{22}", lines[1][2])


def test_the_command_line_reports_as_json(app: Flask, world: World) -> None:
    done = app.test_cli_runner().invoke(args=["people", "invite", "00044", "--json"])
    assert done.stdout.startswith('{"invitations": [{"staff_number": "00044", "name": "冯洁", "url": "http')


@pytest.mark.parametrize(("args", "status"), [(["99999"], 1), ([], 2), (["00044", "--all-engineers"], 2)])
def test_the_command_line_says_what_it_cannot_do(args: list[str], status: int, app: Flask, world: World) -> None:
    assert app.test_cli_runner().invoke(args=["people", "invite", *args]).exit_code == status


def invite(runtime: Runtime, person: Person) -> str:
    with runtime.database.transaction() as session:
        made = invitations.invite(session, person.id, by=None, at=clock.now(), users=False)
    return runtime.links.invitation_url(made.number).removeprefix(runtime.settings.public_url)


def person_of(world: World, identity: WeChatIdentity) -> int | None:
    with world.database.reading() as session:
        return session.get_one(WeChatIdentity, identity.id).person_id


def visit_of(page: TestResponse) -> str:
    found = re.search(r'name="visit" value="([^"]+)"', page.text)
    assert found
    return found[1]


@pytest.fixture
def userids() -> str:
    return "bound"


@pytest.fixture
def environ(environ: dict[str, str], userids: str) -> dict[str, str]:
    known = {"WECOM_CORPID": "ww1", "WECOM_AGENTID": "1000002", "WECOM_SECRET": "any-secret"}
    return {**environ, **known, "WECOM_USERIDS": userids}


@pytest.fixture
def stranger(phone: Phone, world: World) -> FlaskClient:
    return phone(world.stranger_identity)


@pytest.fixture
def link(runtime: Runtime, world: World) -> str:
    """The auditor's invitation."""
    return invite(runtime, world.auditor)
