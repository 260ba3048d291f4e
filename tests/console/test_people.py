"""People, their bindings, and claims to a number that is bound already."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock
from app.db import Database
from app.models import BindInvitation, IdentityClaim, WeChatIdentity
from app.services.links import Links
from app.services.organisation import directory
from tests.conftest import KEY, Console, Phone
from tests.support.console_forms import offers, send
from tests.support.world import World


@pytest.mark.parametrize("asked", ["q=00017", "q=%E4%B8%BD", "q=000&department={ward}"])
def test_people_are_found_by_number_name_and_department(asked: str, supervisor: FlaskClient, world: World) -> None:
    shown = supervisor.get(f"/console/people?{asked.format(ward=world.ward.id)}").text
    assert world.nurse.name in shown
    assert world.doctor.name not in shown


def test_pages_of_people_follow_each_other(
    supervisor: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "SIZE", 3)
    first = supervisor.get("/console/people").text
    second = supervisor.get("/console/people?after=00042").text
    assert "after=00042" in first
    names = [world.nurse.name, world.supervisor.name, world.admin.name]
    assert [name in first.split("<tbody>")[1] for name in names] == [True, True, False]
    assert [name in second.split("<tbody>")[1] for name in names] == [False, False, True]


def test_a_person_is_shown_with_his_work_and_a_masked_openid(supervisor: FlaskClient, world: World) -> None:
    shown = supervisor.get(f"/console/people/{world.nurse.id}").text
    openid = world.nurse_identity.openid
    assert world.ward.name in shown
    assert f"{openid[:4]}…{openid[-4:]}" in shown
    assert openid not in shown


@pytest.mark.parametrize("address", ["999999", "x", "99999999999999999999"])
def test_nobody_is_not_found(address: str, supervisor: FlaskClient) -> None:
    assert supervisor.get(f"/console/people/{address}").status_code == 404


def test_a_binding_is_undone_by_the_supervisor(supervisor: FlaskClient, world: World, database: Database) -> None:
    page = f"/console/people/{world.nurse.id}"
    assert send(supervisor, page, f"{page}/unbind/{world.nurse_identity.id}", reason="换手机").status_code == 303
    with database.reading() as session:
        assert session.get_one(WeChatIdentity, world.nurse_identity.id).person_id is None
        kept = session.scalars(select(IdentityClaim)).one()
    assert (kept.state, kept.person_id, kept.decided_by_id) == ("unbound", world.nurse.id, world.supervisor.id)


def test_a_binding_is_undone_only_on_its_own_page(supervisor: FlaskClient, world: World, database: Database) -> None:
    page = f"/console/people/{world.nurse.id}"
    token = supervisor.get(page).text.split('name="csrf_token" value="')[1].split('"')[0]
    foreign = f"{page}/unbind/{world.engineer_identity.id}"
    assert supervisor.post(foreign, data={"csrf_token": token, "reason": "换手机"}).status_code == 404
    with database.reading() as session:
        assert session.get_one(WeChatIdentity, world.engineer_identity.id).person_id == world.engineer.id


@pytest.mark.parametrize(("decision", "holder"), [("approve", "stranger_identity"), ("refuse", "nurse_identity")])
def test_a_claim_is_decided_by_the_supervisor(
    decision: str, holder: str, supervisor: FlaskClient, world: World, database: Database, claim: int
) -> None:
    assert "<b>1</b>待处理的绑定申请" in supervisor.get("/console").text
    to = f"/console/people/claims/{claim}"
    assert send(supervisor, "/console/people/claims", to, decision=decision).status_code == 303
    with database.reading() as session:
        held = session.query(WeChatIdentity).filter_by(person_id=world.nurse.id).one()
    assert held.id == getattr(world, holder).id
    assert not offers(supervisor, "/console/people/claims", to)


def test_the_auditor_reads_and_changes_nothing(console: Console, world: World, claim: int) -> None:
    auditor = console(world.auditor)
    page = f"/console/people/{world.nurse.id}"
    assert not offers(auditor, page, f"{page}/unbind/{world.nurse_identity.id}")
    assert world.nurse.name in auditor.get("/console/people/claims").text
    assert not offers(auditor, "/console/people/claims", f"/console/people/claims/{claim}")


def test_a_ward_of_claims_is_approved_with_one_tap_but_for_the_contested(
    supervisor: FlaskClient, world: World, database: Database, claim: int
) -> None:
    """The nurse has a phone; her colleague's claim has nothing against it."""
    with database.transaction() as session:
        phone = WeChatIdentity(appid="wxTest", openid="oColleague", first_seen_at=clock.now())
        session.add(phone)
        session.flush()
        told: dict[str, Any] = {"person_id": world.second_nurse.id, "state": "waiting", "created_at": clock.now()}
        session.add(IdentityClaim(identity_id=phone.id, **told))
    page = supervisor.get("/console/people/claims").text
    assert "这 1 位是本人，一次绑定" in page
    assert "工号已绑定微信，或有别的申请" in page
    mine = page.split('name="claim" value="')[1].split('"')[0]
    asked: list[str] = [mine, str(claim), "nonsense"]
    answer = send(supervisor, "/console/people/claims", "/console/people/claims", claim=asked)
    assert answer.status_code == 303
    assert "已绑定 1 人" in supervisor.get("/console/people/claims").text
    with database.reading() as session:
        assert session.get_one(WeChatIdentity, phone.id).person_id == world.second_nurse.id
        assert session.get_one(WeChatIdentity, world.stranger_identity.id).person_id is None
        assert session.get_one(IdentityClaim, claim).state == "waiting"


def test_a_wards_invitations_are_one_sheet_a_strip_for_everybody_not_yet_bound(
    supervisor: FlaskClient, world: World, console: Console, phone: Phone
) -> None:
    listed, page = f"/console/people?department={world.ward.id}", f"/console/people/wards/{world.ward.id}/invitations"
    assert send(supervisor, listed, page).location == page
    sheet = supervisor.get(page).text
    assert (world.second_nurse.name in sheet, world.nurse.name in sheet) == (True, False)
    assert sheet.count('class="strip"') == 1
    assert "不要张贴" in sheet
    assert world.second_nurse.name not in console(world.admin).get(page).text  # whoever sees it can use it
    assert console(world.desk).get(page).status_code == 403
    with world.database.reading() as session:
        made = session.scalars(select(BindInvitation)).one()
    assert made.expires_at > clock.now() + timedelta(days=13)
    link = f"/bind/{Links('', (KEY,)).invitation_token(made.number)}"
    stranger = phone(world.stranger_identity)
    assert send(stranger, link, link).location == "/my"
    assert 'class="strip"' not in supervisor.get(page).text


def test_the_page_of_a_ward_that_is_none_says_so(supervisor: FlaskClient) -> None:
    assert supervisor.get("/console/people/wards/999/invitations").status_code == 404


@pytest.fixture
def supervisor(console: Console, world: World) -> FlaskClient:
    return console(world.supervisor)


@pytest.fixture
def claim(database: Database, world: World) -> int:
    """The stranger claims the nurse's number."""
    with database.transaction() as session:
        made = IdentityClaim(
            identity_id=world.stranger_identity.id, person_id=world.nurse.id, state="waiting", created_at=clock.now()
        )
        session.add(made)
    return made.id
