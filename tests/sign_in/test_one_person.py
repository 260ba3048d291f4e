"""One nurse and one engineer, each with two accounts: signing in, binding, rating, and who never rates.

All of it twice: with no unionid anywhere, as silent sign-in has it, and with unionids, which join what is one.
"""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select, update

from app import clock
from app.models import CountedRating, Person, Rating, WeChatIdentity
from app.runtime import Runtime
from app.services.identity import binding, wechat_sign_in
from app.services.identity.wechat_sign_in import PRIVACY_VERSION
from sandbox.accounts import MINI
from sandbox.phones import PHONES
from tests.sign_in.conftest import TakePhone
from tests.support.phone import Phone, code, told
from tests.support.wechat import Sandbox
from tests.support.world import APPID, World

NURSE = {"staff_number": "00017", "name": "王丽", "last_four": "0017"}
NOWHERE, EVERYWHERE = pytest.param(False, id="no unionid"), pytest.param(True, id="unionids")

Program = Callable[[str], Phone]


def test_she_signs_in_to_both_and_is_two_identities_but_one_person_where_that_is_known(
    program: Program, take_phone: TakePhone, world: World, known: bool
) -> None:
    assert "王丽" in take_phone("nurse").open("/my").text
    assert told(program("nurse").get("/me"))["bound"] is known
    assert {one.appid for one in identities(world, world.nurse)} == ({APPID, MINI.appid} if known else {APPID})


def test_who_is_not_joined_claims_her_number_and_is_the_same_person(
    program: Program, world: World, known: bool
) -> None:
    nurse = program("nurse")
    answer = nurse.post("/binding", NURSE)
    if known:
        assert code(answer) == (409, "bound_already")
    else:
        assert told(answer) == {"outcome": "claimed"}
        world.approve_claims()
    assert {one.appid for one in identities(world, world.nurse)} == {APPID, MINI.appid}


def test_she_rates_once_whichever_account_she_comes_by(
    program: Program, take_phone: TakePhone, world: World, runtime: Runtime, known: bool
) -> None:
    ticket = world.ticket("finished")
    path = runtime.links.ticket_path(ticket.id)
    browser, nurse = take_phone("nurse"), program("nurse")
    if not known:
        nurse.post("/binding", NURSE)
        world.approve_claims()
    answer = nurse.rate(path.removeprefix("/r/"), 5)
    assert answer.status_code == 201, answer.text
    page = browser.open(path).text
    assert "非常满意" in page
    assert f'action="{path}/rate"' not in page
    assert counted(world) == [world.nurse.id]


def test_an_engineer_rates_by_no_account_that_is_known_to_be_his(
    program: Program, take_phone: TakePhone, world: World, runtime: Runtime, known: bool
) -> None:
    """Unbound in the mini-program and without a unionid the engineer is a stranger, whose rating never counts."""
    ticket = world.ticket("finished", served=world.engineer)
    path = runtime.links.ticket_path(ticket.id)
    token = path.removeprefix("/r/")
    engineer = program("engineer")
    assert f'action="{path}/rate"' not in take_phone("engineer").open(path).text
    seen = engineer.scan(token)
    answer = engineer.post(f"/scan/{token}/rating", {"form": seen["form"], "level": 5})
    if known:
        assert code(answer) == (403, "provider_staff")
    else:
        assert answer.status_code == 201
        engineer.post("/binding", {"staff_number": "W0003", "name": "赵强", "last_four": "0003"})
        world.approve_claims()
        assert engineer.scan(token)["answer"]["counted"] is False
    assert counted(world) == []


def test_unbound_in_one_he_is_unbound_wherever_he_is_known_to_be_the_same(
    program: Program, world: World, known: bool
) -> None:
    """Else their next sign-in would bind the phone again that the supervisor has just unbound."""
    nurse = program("nurse")
    if not known:
        nurse.post("/binding", NURSE)
        world.approve_claims()
    with world.database.transaction() as session:
        binding.unbind(session, world.nurse_identity.id, by=world.supervisor.id, at=clock.now())
    assert {one.appid for one in identities(world, world.nurse)} == (set() if known else {MINI.appid})
    assert told(program("nurse").get("/me"))["bound"] is not known


@pytest.mark.parametrize("known", [EVERYWHERE])
def test_binding_one_account_binds_the_other(program: Program, world: World) -> None:
    stranger = program("stranger")
    assert told(stranger.get("/me"))["bound"] is False
    with world.database.transaction() as session:
        identity = session.get_one(WeChatIdentity, world.stranger_identity.id)
        binding.attach(session, identity, world.doctor.id, at=clock.now())
    assert told(stranger.get("/me"))["name"] == "李伟"


@pytest.mark.parametrize("known", [EVERYWHERE])
def test_a_unionid_that_becomes_known_later_joins_too(program: Program, world: World) -> None:
    stranger, who = program("stranger"), PHONES["stranger"]
    with world.database.transaction() as session:
        identity = session.get_one(WeChatIdentity, world.stranger_identity.id)
        identity.unionid, identity.person_id = None, world.doctor.id
    assert told(stranger.get("/me"))["bound"] is False
    with world.database.transaction() as session:
        wechat_sign_in.identify(
            session, appid=APPID, openid=who.openid, unionid=who.unionid, keys=("k" * 32,), at=clock.now()
        )
    assert told(stranger.get("/me"))["name"] == "李伟"


@pytest.mark.parametrize("known", [EVERYWHERE])
def test_a_join_never_moves_a_binding(program: Program, world: World) -> None:
    """Her number has another phone in the mini-program already."""
    with world.database.transaction() as session:
        seen = world.nurse_identity.first_seen_at
        other = WeChatIdentity(appid=MINI.appid, openid="oOther", person_id=world.nurse.id, first_seen_at=seen)
        session.add(other)
    assert told(program("nurse").get("/me"))["bound"] is False
    assert {one.openid for one in identities(world, world.nurse)} == {world.nurse_identity.openid, "oOther"}


@pytest.mark.parametrize("known", [EVERYWHERE])
def test_who_is_two_people_by_one_unionid_is_joined_to_neither(program: Program, world: World) -> None:
    with world.database.transaction() as session:
        unionid, seen = PHONES["nurse"].unionid, world.nurse_identity.first_seen_at
        other = WeChatIdentity(appid="wxThird", openid="o", unionid=unionid, person_id=world.doctor.id)
        other.first_seen_at = seen
        session.add(other)
    assert told(program("nurse").get("/me"))["bound"] is False


@pytest.mark.parametrize("known", [EVERYWHERE])
def test_of_the_provider_he_stays_though_unbound(program: Program, world: World, runtime: Runtime) -> None:
    with world.database.transaction() as session:
        binding.unbind(session, world.engineer_identity.id, by=world.supervisor.id, at=clock.now())
    token = runtime.links.ticket_path(world.ticket("finished", served=world.ward).id).removeprefix("/r/")
    engineer = program("engineer")
    seen = engineer.scan(token)
    assert code(engineer.post(f"/scan/{token}/rating", {"form": seen["form"], "level": 5})) == (403, "provider_staff")


def identities(world: World, person: Person) -> list[WeChatIdentity]:
    with world.database.reading() as session:
        return list(session.scalars(select(WeChatIdentity).where(WeChatIdentity.person_id == person.id)))


def counted(world: World) -> list[int | None]:
    with world.database.reading() as session:
        rated = select(Rating.person_id).join(CountedRating, CountedRating.rating_id == Rating.id)
        return list(session.scalars(rated))


def agree(world: World) -> None:
    with world.database.transaction() as session:
        session.execute(update(WeChatIdentity).values(privacy_version=PRIVACY_VERSION))


@pytest.fixture(params=[NOWHERE, EVERYWHERE])
def known(request: pytest.FixtureRequest) -> bool:
    """Whether WeChat tells unionids; the service account never hears them at a silent sign-in."""
    return bool(request.param)


@pytest.fixture
def program(app: Flask, wechat: Sandbox, world: World, known: bool) -> Program:
    """`program("nurse")`: her mini-program, signed in; she has read the privacy notice."""
    wechat.switch(unionids=known)
    with world.database.transaction() as session:
        for phone in PHONES.values() if known else ():
            on_phone = WeChatIdentity.openid == phone.openid
            session.execute(update(WeChatIdentity).where(on_phone).values(unionid=phone.unionid))

    def take(name: str) -> Phone:
        phone = Phone(app.test_client())
        assert phone.sign_in(wechat.code(name)).status_code == 201
        agree(world)
        return phone

    return take


@pytest.fixture
def environ(environ: dict[str, str]) -> dict[str, str]:
    return {**environ, "WECHAT_MINI_APPID": MINI.appid, "WECHAT_MINI_SECRET": MINI.secret}
