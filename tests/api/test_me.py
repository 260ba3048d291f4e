"""Binding with last four digits or with WeChat's word for the number; what is told about oneself."""

import pytest
from sqlalchemy import func, select

from app.models import BindingTry, IdempotentPost
from sandbox.phones import PHONES
from tests.api.conftest import TakePhone
from tests.support.phone import Phone, code, told
from tests.support.wechat import Sandbox
from tests.support.world import World

LI_WEI = {"staff_number": "00106", "name": "李伟", "last_four": "0106"}
NUMBER = PHONES["stranger"].number


@pytest.fixture
def binding_proof() -> str:
    return "invitation,phone,wecom,supervisor"


@pytest.fixture
def environ(environ: dict[str, str], binding_proof: str) -> dict[str, str]:
    return {**environ, "BINDING_PROOF": binding_proof}


@pytest.fixture
def stranger(take_phone: TakePhone) -> Phone:
    return take_phone("stranger")


def test_the_three_right_answers_bind_once_a_supervisor_says_yes(stranger: Phone, world: World) -> None:
    answer = stranger.post("/binding", LI_WEI)
    assert (answer.status_code, told(answer)) == (202, {"outcome": "claimed"})
    assert told(stranger.get("/me"))["bound"] is False
    world.approve_claims()
    me = told(stranger.get("/me"))
    assert (me["bound"], me["name"], me["staff_number"], me["roles"]) == (True, "李伟", "00106", ["user"])
    assert code(stranger.post("/binding", LI_WEI)) == (409, "bound_already")


def test_a_wrong_answer_is_kept_as_a_try_and_five_of_them_end_it(stranger: Phone, world: World) -> None:
    wrong = {**LI_WEI, "last_four": "0000"}
    assert [code(stranger.post("/binding", wrong)) for _ in range(5)] == [(422, "binding_wrong")] * 5
    assert code(stranger.post("/binding", LI_WEI)) == (429, "binding_too_many")
    assert tries(world) == 5


def test_the_same_wrong_answer_sent_twice_is_one_try(stranger: Phone, world: World) -> None:
    wrong = {**LI_WEI, "last_four": "0000"}
    first, second = (stranger.post("/binding", wrong, key="one-and-the-same") for _ in range(2))
    assert (first.status_code, first.data) == (second.status_code, second.data)
    assert tries(world) == 1


def test_a_number_that_is_taken_waits_for_the_supervisor(take_phone: TakePhone, stranger: Phone, world: World) -> None:
    take_phone("nurse", world.nurse)
    answer = stranger.post("/binding", {"staff_number": "00017", "name": "王丽", "last_four": "0017"})
    assert (answer.status_code, told(answer)) == (202, {"outcome": "claimed"})
    assert told(stranger.get("/me"))["bound"] is False


def test_unbound_he_is_nobody_again(stranger: Phone, world: World) -> None:
    stranger.post("/binding", LI_WEI)
    world.approve_claims()
    assert stranger.delete("/binding").status_code == 204
    assert code(stranger.delete("/binding")) == (404, "not_bound")
    assert code(stranger.get("/tickets")) == (403, "bind_first")


def test_wechats_word_for_the_number_stands_for_the_last_four(stranger: Phone, world: World, wechat: Sandbox) -> None:
    with world.database.transaction() as session:
        person = session.merge(world.doctor)
        person.telephone = NUMBER
    proof = prove(stranger, wechat)
    assert NUMBER not in proof
    asked = {"staff_number": person.staff_number, "name": person.name, "phone_proof": proof}
    assert told(stranger.post("/binding", asked)) == {"outcome": "bound"}


def test_who_has_another_account_already_binds_by_wechats_word_and_only_claims_by_the_digits(
    stranger: Phone, world: World, wechat: Sandbox
) -> None:
    with world.database.transaction() as session:
        session.merge(world.nurse).telephone = NUMBER
    nurse = {"staff_number": "00017", "name": "王丽"}
    assert told(stranger.post("/binding", {**nurse, "last_four": NUMBER[-4:]})) == {"outcome": "claimed"}
    assert told(stranger.get("/me"))["bound"] is False
    assert told(stranger.post("/binding", {**nurse, "phone_proof": prove(stranger, wechat)})) == {"outcome": "bound"}


@pytest.mark.parametrize("binding_proof", ["supervisor,wecom"])
def test_where_the_hospital_does_not_ask_wechat_its_word_is_a_claim(
    stranger: Phone, world: World, wechat: Sandbox
) -> None:
    with world.database.transaction() as session:
        session.merge(world.doctor).telephone = NUMBER
    asked = {"staff_number": "00106", "name": "李伟", "phone_proof": prove(stranger, wechat)}
    assert told(stranger.post("/binding", asked)) == {"outcome": "claimed"}


@pytest.mark.parametrize("binding_proof", ["invitation,phone"])
def test_where_no_supervisor_says_yes_the_digits_are_refused(stranger: Phone, world: World, wechat: Sandbox) -> None:
    assert code(stranger.post("/binding", LI_WEI)) == (403, "binding_by_roster")
    with world.database.transaction() as session:
        session.merge(world.doctor).telephone = NUMBER
    asked = {"staff_number": "00106", "name": "李伟", "phone_proof": prove(stranger, wechat)}
    assert told(stranger.post("/binding", asked)) == {"outcome": "bound"}


def test_the_number_of_somebody_else_proves_nothing(stranger: Phone, wechat: Sandbox) -> None:
    asked = {"staff_number": "00106", "name": "李伟", "phone_proof": prove(stranger, wechat)}
    assert code(stranger.post("/binding", asked)) == (422, "binding_wrong")


def test_a_proof_is_good_for_the_phone_it_was_given_to_only(
    take_phone: TakePhone, stranger: Phone, world: World, wechat: Sandbox
) -> None:
    with world.database.transaction() as session:
        person = session.merge(world.doctor)
        person.telephone = NUMBER
    asked = {"staff_number": person.staff_number, "name": person.name, "phone_proof": prove(stranger, wechat)}
    assert code(take_phone("supervisor").post("/binding", asked)) == (422, "binding_wrong")
    forged = stranger.post("/binding", {**asked, "phone_proof": "made-up"})
    assert code(forged) == (422, "binding_proof")


def test_with_neither_digits_nor_proof_it_says_what_is_missing(stranger: Phone) -> None:
    asked = {"staff_number": "00106", "name": "李伟"}
    assert code(stranger.post("/binding", asked)) == (422, "binding_proof")


def test_a_phone_code_works_once_and_its_answer_is_given_again(stranger: Phone, wechat: Sandbox, world: World) -> None:
    given = {"code": wechat.code("stranger", "phone")}
    first = stranger.post("/phone", given, key="first-tap")
    again = stranger.post("/phone", given, key="first-tap")
    assert (first.status_code, first.data) == (again.status_code, again.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert code(stranger.post("/phone", given)) == (403, "sign_in_again")
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(IdempotentPost)) == 1  # a failure can be tried again


def test_when_wechat_is_down_the_same_key_may_be_tried_again(stranger: Phone, wechat: Sandbox) -> None:
    wechat.trouble("/wxa/business/getuserphonenumber", next_status=[502])
    given = {"code": wechat.code("stranger", "phone")}
    assert code(stranger.post("/phone", given, key="first-tap")) == (503, "wechat_busy")
    assert stranger.post("/phone", given, key="first-tap").status_code == 200


def prove(phone: Phone, wechat: Sandbox) -> str:
    return str(told(phone.post("/phone", {"code": wechat.code("stranger", "phone")}))["phone_proof"])


def tries(world: World) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count()).select_from(BindingTry)) or 0
