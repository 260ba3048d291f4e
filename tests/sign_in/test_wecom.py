"""Signing in inside WeCom, over HTTP, against the sandbox: members by their user id, everybody else kindly sent on."""

import pytest
from sqlalchemy import select

from app.models import IdentityClaim, Person, WeChatIdentity
from app.runtime import Runtime
from sandbox.accounts import WECOM as CORP
from tests.sign_in.conftest import TakePhone
from tests.sign_in.trip import WECHAT, WECOM, query
from tests.support.wechat import EXCHANGE, Sandbox
from tests.support.world import World

USER = "/cgi-bin/auth/getuserinfo"


def test_inside_wecom_its_own_app_asks_and_elsewhere_the_account(take_phone: TakePhone, site: str) -> None:
    inside = query(take_phone("nurse", WECOM).to_wechat("/my"))
    assert (inside["appid"], inside["agentid"]) == (CORP.corpid, str(CORP.agentid))
    assert inside["redirect_uri"] == f"{site}/wechat/signed-in"
    assert query(take_phone("nurse", WECHAT).to_wechat("/my"))["appid"] != CORP.corpid


def test_a_member_gets_an_identity_of_his_own_and_binds_as_in_wechat(
    take_phone: TakePhone, world: World, wechat: Sandbox
) -> None:
    nurse = take_phone("nurse", WECOM)
    assert "使用前请看" in nurse.open("/my").text
    nurse.send("/my", "/privacy")
    page = nurse.send("/my/bind", "/my/bind", staff_number="00106", name="李伟", last_four="0106")
    assert "申请收到了" in page.text
    assert person_of(world, "nurse") is None
    world.approve_claims()
    assert "李伟" in nurse.open("/my").text
    assert person_of(world, "nurse") == world.doctor.id
    assert person_of(world, world.nurse_identity.openid) == world.nurse.id
    assert (wechat.calls(USER), wechat.calls(EXCHANGE)) == (1, 0)


def test_who_is_no_member_is_told_so_and_leaves_no_row(take_phone: TakePhone, world: World) -> None:
    answer = take_phone("stranger", WECOM).open("/my")
    assert answer.status_code == 403
    assert "不是本单位企业微信的成员" in answer.text
    with world.database.reading() as session:
        assert session.scalar(select(WeChatIdentity).where(WeChatIdentity.appid == CORP.corpid)) is None


def test_a_code_of_wecom_is_never_taken_to_the_account(take_phone: TakePhone, wechat: Sandbox) -> None:
    nurse = take_phone("nurse", WECOM)
    back = nurse.way_back("/my")
    plain = take_phone("nurse", WECHAT)
    assert plain.step(back).status_code == 403
    assert nurse.step(back).headers["Location"] == "/my"
    assert wechat.calls(EXCHANGE) == 0


@pytest.mark.parametrize(
    ("trouble", "status"),
    [({"next_errors": [40029]}, 403), ({"next_errors": [-1]}, 503), ({"next_status": [502]}, 503)],
)
def test_trouble_is_said_in_words(
    take_phone: TakePhone, wechat: Sandbox, trouble: dict[str, object], status: int
) -> None:
    nurse = take_phone("nurse", WECOM)
    back = nurse.way_back("/my")
    wechat.trouble(USER, **trouble)
    assert nurse.step(back).status_code == status


@pytest.mark.parametrize("userids", ["staff_numbers"])
@pytest.mark.parametrize(("number", "bound"), [("NURSE", True), ("nurse", True), ("nurse1", False)])
def test_where_user_ids_are_staff_numbers_a_known_one_is_bound_at_once(
    take_phone: TakePhone, world: World, number: str, bound: bool
) -> None:
    world.employ(number, "周洁")
    take_phone("nurse", WECOM).open("/my")
    assert (person_of(world, "nurse") is not None) is bound


@pytest.mark.parametrize("userids", ["staff_numbers"])
def test_two_numbers_that_differ_in_case_only_are_no_match(take_phone: TakePhone, world: World) -> None:
    world.employ("NURSE", "周洁")
    world.employ("Nurse", "周杰")
    take_phone("nurse", WECOM).open("/my")
    assert person_of(world, "nurse") is None


@pytest.mark.parametrize("userids", ["staff_numbers"])
def test_a_number_that_another_member_holds_waits_for_a_supervisor(take_phone: TakePhone, world: World) -> None:
    person = world.employ("nurse", "周洁")
    member(world, "other", person)
    take_phone("nurse", WECOM).open("/my")
    assert person_of(world, "nurse") is None
    with world.database.reading() as session:
        assert session.scalars(select(IdentityClaim.person_id)).all() == [person.id]


def test_user_ids_are_not_taken_for_staff_numbers_unless_the_hospital_says_so(
    take_phone: TakePhone, world: World
) -> None:
    world.employ("nurse", "周洁")
    take_phone("nurse", WECOM).open("/my")
    assert person_of(world, "nurse") is None


def test_a_nurse_is_the_same_person_in_both_and_an_engineer_rates_in_neither(
    take_phone: TakePhone, world: World, runtime: Runtime
) -> None:
    path = runtime.links.ticket_path(world.ticket("finished", served=world.ward).id)
    for user_id, who in (("nurse", world.nurse), ("engineer", world.engineer)):
        member(world, user_id, who)
    for agent in (WECHAT, WECOM):
        assert f'action="{path}/rate"' not in take_phone("engineer", agent).open(path).text
    page = take_phone("nurse", WECOM).send(path, f"{path}/rate", level="5").text
    assert "非常满意" in page
    standing = take_phone("nurse", WECHAT).open(path).text
    assert "非常满意" in standing
    assert f'action="{path}/rate"' not in standing


def member(world: World, user_id: str, who: Person) -> None:
    with world.database.transaction() as session:
        seen, agreed = world.nurse_identity.first_seen_at, world.nurse_identity.privacy_version
        identity = WeChatIdentity(appid=CORP.corpid, openid=user_id, person_id=who.id, first_seen_at=seen)
        identity.privacy_version = agreed
        session.add(identity)


def person_of(world: World, openid: str) -> int | None:
    with world.database.reading() as session:
        return session.scalar(select(WeChatIdentity.person_id).where(WeChatIdentity.openid == openid))


@pytest.fixture
def userids() -> str:
    return "bound"


@pytest.fixture
def environ(environ: dict[str, str], wechat: Sandbox, userids: str) -> dict[str, str]:
    known = {"WECOM_CORPID": CORP.corpid, "WECOM_AGENTID": str(CORP.agentid), "WECOM_SECRET": CORP.secret}
    return {**environ, **known, "WECOM_URL": wechat.url, "WECOM_USERIDS": userids}
