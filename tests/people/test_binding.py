"""Binding a WeChat to a staff number: right, wrong, guessed, claimed twice; and what becomes of earlier ratings."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app import clock
from app.errors import Missing, Refused
from app.models import BindingTry, CountedRating, Person, WeChatIdentity
from app.services.identity import binding
from app.services.identity.binding import Outcome
from tests.people.desk import Desk
from tests.support.world import World

DAY = timedelta(days=1)


def test_number_name_and_digits_with_wechats_word_bind(desk: Desk, world: World) -> None:
    assert desk.bind("00106", "李伟", "0106") is Outcome.BOUND
    assert desk.person_of(world.stranger_identity) == world.doctor.id


def test_spaces_around_do_not_matter(desk: Desk) -> None:
    assert desk.bind(" 00106 ", " 李伟", "0106 ") is Outcome.BOUND


@pytest.mark.parametrize(
    ("number", "name", "digits"),
    [
        ("００１０６", "阿依·古丽", "０１０６"),
        ("\u202d00106\u202c", "阿依 • 古丽", "0106\u200b"),
        ("00106\u00a0", "阿　依．古丽\ufeff", "0106"),
    ],
)
def test_another_spelling_is_the_same_person(desk: "Desk", world: World, number: str, name: str, digits: str) -> None:
    with world.database.transaction() as session:
        doctor = session.get_one(Person, world.doctor.id)
        doctor.name, doctor.telephone = "阿依・古丽", f"{doctor.telephone}\u202c"
    assert desk.bind(number, name, digits) is Outcome.BOUND


@pytest.mark.parametrize(
    ("number", "name", "digits"),
    [
        ("106", "李伟", "0106"),  # leading zeros are part of the number
        ("00106", "李佳", "0106"),
        ("00106", "李伟", "0107"),
        ("00106", "李伟", ""),
        ("99999", "李伟", "0106"),
        ("", "", ""),
        ("W0003", "赵强", "000"),
    ],
)
def test_a_wrong_triple_does_not_bind_whatever_was_wrong(
    desk: Desk, world: World, number: str, name: str, digits: str
) -> None:
    assert desk.bind(number, name, digits) is Outcome.WRONG
    assert desk.person_of(world.stranger_identity) is None


def test_who_has_no_telephone_in_the_roster_cannot_bind_by_guessing(desk: Desk, world: World) -> None:
    with world.database.transaction() as session:
        session.get_one(Person, world.doctor.id).telephone = ""
    assert desk.bind("00106", "李伟", "") is Outcome.WRONG


def test_five_wrong_tries_end_it_for_a_day_even_with_the_right_answer(desk: Desk) -> None:
    began = clock.now()
    for _ in range(5):
        assert desk.bind("00106", "李伟", "9999", at=began) is Outcome.WRONG
    assert desk.bind("00106", "李伟", "0106", at=began + DAY - timedelta(seconds=1)) is Outcome.TOO_MANY
    assert desk.bind("00106", "李伟", "0106", at=began + DAY) is Outcome.BOUND


def test_ten_wrong_tries_for_a_number_close_it_to_everybody(desk: Desk, world: World) -> None:
    for number in range(10):
        assert desk.bind("00106", "李伟", "9999", identity=desk.newcomer(f"o{number}")) is Outcome.WRONG
    assert desk.bind("00106", "李伟", "0106") is Outcome.TOO_MANY
    assert desk.bind("00018", "陈静", "0018") is Outcome.BOUND


def test_parallel_guesses_are_counted_one_by_one(desk: Desk, world: World) -> None:
    def guess(digits: int) -> Outcome:
        return desk.bind("00106", "李伟", f"{digits:04}")

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(guess, range(200, 220)))
    assert outcomes.count(Outcome.WRONG) == 5
    assert outcomes.count(Outcome.TOO_MANY) == 15


def test_two_phones_at_once_bind_one_and_claim_the_other(desk: Desk, world: World) -> None:
    phones = [desk.newcomer(f"o{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda phone: desk.bind("00106", "李伟", "0106", identity=phone), phones))
    assert sorted(outcome.name for outcome in outcomes) == ["BOUND"] + ["CLAIMED"] * 7


def test_who_is_bound_cannot_bind_again(desk: Desk, world: World) -> None:
    with pytest.raises(Refused, match="bound_already"):
        desk.bind("00106", "李伟", "0106", identity=world.nurse_identity)


def test_the_database_keeps_one_identity_per_person_and_account(desk: Desk, world: World) -> None:
    with pytest.raises(IntegrityError), world.database.transaction() as session:
        session.get_one(WeChatIdentity, world.stranger_identity.id).person_id = world.nurse.id


@pytest.mark.parametrize(("proved", "outcome"), [(False, Outcome.CLAIMED), (True, Outcome.BOUND)])
def test_who_has_a_phone_in_one_account_proves_himself_in_another(
    desk: Desk, world: World, proved: bool, outcome: Outcome
) -> None:
    """Name and telephone are on every ticket: by them alone the desk would be the nurse."""
    phone = desk.newcomer("oMini", appid="wxMini")
    assert desk.bind("00017", "王丽", "0017", identity=phone, proved=proved) is outcome
    assert (desk.person_of(phone) == world.nurse.id) is proved
    assert desk.person_of(world.nurse_identity) == world.nurse.id


def test_a_claim_to_another_account_takes_nothing_from_the_first(desk: Desk, world: World) -> None:
    phone = desk.newcomer("oMini", appid="wxMini")
    desk.bind("00017", "王丽", "0017", identity=phone, proved=False)
    desk.decide(desk.only_claim(), approve=True)
    assert desk.person_of(phone) == desk.person_of(world.nurse_identity) == world.nurse.id


@pytest.mark.parametrize(("unionid", "outcome"), [("u1", Outcome.BOUND), ("u2", Outcome.CLAIMED)])
def test_the_same_wechat_user_binds_without_a_claim(desk: Desk, world: World, unionid: str, outcome: Outcome) -> None:
    phone = desk.newcomer("oMini", appid="wxMini")
    with world.database.transaction() as session:
        session.get_one(WeChatIdentity, world.nurse_identity.id).unionid = "u1"
        session.get_one(WeChatIdentity, phone.id).unionid = unionid
    assert desk.bind("00017", "王丽", "0017", identity=phone, proved=False) is outcome


def test_a_proof_moves_no_number_within_an_account(desk: Desk, world: World) -> None:
    assert desk.bind("00017", "王丽", "0017", proved=True) is Outcome.CLAIMED


@pytest.mark.parametrize("proved", [False, True])
def test_an_engineers_phone_becomes_a_users_only_by_a_supervisor_and_stays_known(
    desk: Desk, world: World, proved: bool
) -> None:
    phone = world.engineer_identity
    desk.unbind(phone)
    assert desk.bind("00106", "李伟", "0106", identity=phone, proved=proved) is Outcome.CLAIMED
    desk.decide(desk.only_claim(), approve=True)
    desk.unbind(phone)
    assert desk.bind("00106", "李伟", "0106", identity=phone) is Outcome.CLAIMED
    assert desk.bind("W0004", "孙磊", "0004", identity=phone) is Outcome.BOUND


@pytest.mark.parametrize("unbound", [False, True])
def test_the_engineers_other_account_is_no_users_either(desk: Desk, world: World, unbound: bool) -> None:
    phone = desk.newcomer("oMini", appid="wxMini")
    if unbound:
        desk.unbind(world.engineer_identity)
    with world.database.transaction() as session:
        for identity in (phone, world.engineer_identity):
            session.get_one(WeChatIdentity, identity.id).unionid = "u1"
    assert desk.bind("00106", "李伟", "0106", identity=phone) is Outcome.CLAIMED


def test_a_second_claim_waits_and_moves_the_number_only_when_approved(desk: Desk, world: World) -> None:
    for _ in range(2):
        assert desk.bind("00017", "王丽", "0017") is Outcome.CLAIMED
    assert desk.person_of(world.stranger_identity) is None
    claim = desk.only_claim()
    desk.decide(claim, approve=True)
    assert desk.person_of(world.stranger_identity) == world.nurse.id
    assert desk.person_of(world.nurse_identity) is None
    with pytest.raises(Missing, match="no_such_claim"):
        desk.decide(claim, approve=False)
    assert desk.bind("00106", "李伟", "0106", identity=world.nurse_identity) is Outcome.BOUND


def test_of_two_claims_to_one_number_decided_at_once_one_stands(desk: Desk, world: World) -> None:
    phones = [desk.newcomer(f"o{number}") for number in range(2)]
    for phone in phones:
        assert desk.bind("00017", "王丽", "0017", identity=phone) is Outcome.CLAIMED
    with world.database.reading() as session:
        claims = [one.claim.id for one in binding.waiting_claims(session, at=clock.now())]

    def approve(claim: int) -> str:
        try:
            desk.decide(claim, approve=True)
        except Missing as missing:
            return missing.code
        return "approved"

    with ThreadPoolExecutor(1) as pool:
        with world.database.transaction() as session:
            binding.decide_claim(session, claims[0], approve=True, by=world.supervisor.id, at=clock.now())
            at_once = pool.submit(approve, claims[1])
            sleep(0.3)  # the other one is at the door
        outcome = at_once.result()
    holders = [desk.person_of(phone) for phone in phones]
    assert (outcome, holders) == ("no_such_claim", [world.nurse.id, None])
    assert desk.person_of(world.nurse_identity) is None


def test_a_refused_claim_leaves_the_others_waiting(desk: Desk, world: World) -> None:
    for phone in (desk.newcomer("o1"), world.stranger_identity):
        desk.bind("00017", "王丽", "0017", identity=phone)
    with world.database.reading() as session:
        first, second = (one.claim.id for one in binding.waiting_claims(session, at=clock.now()))
    desk.decide(first, approve=False)
    assert desk.only_claim() == second


def test_a_refused_claim_changes_nothing(desk: Desk, world: World) -> None:
    desk.bind("00017", "王丽", "0017")
    desk.decide(desk.only_claim(), approve=False)
    assert desk.person_of(world.stranger_identity) is None
    assert desk.person_of(world.nurse_identity) == world.nurse.id


def test_a_claim_of_a_phone_that_found_its_own_number_cannot_be_approved(desk: Desk, world: World) -> None:
    desk.bind("00017", "王丽", "0017")
    assert desk.bind("00106", "李伟", "0106") is Outcome.BOUND
    with pytest.raises(Refused, match="bound_already"):
        desk.decide(desk.only_claim(), approve=True)
    assert desk.person_of(world.stranger_identity) == world.doctor.id
    assert desk.person_of(world.nurse_identity) == world.nurse.id


def test_binding_counts_what_was_rated_in_the_last_week(desk: Desk, world: World) -> None:
    ticket = world.ticket("finished", served=world.doctor)
    desk.rate(ticket, 2)
    assert desk.counted(ticket) == []
    desk.bind("00106", "李伟", "0106")
    assert desk.counted(ticket) == [2]


def test_what_binding_has_verified_stays_his_when_he_unbinds(desk: Desk, world: World) -> None:
    desk.rate(world.ticket("finished", served=world.doctor), 2)
    desk.bind("00106", "李伟", "0106")
    desk.unbind(world.stranger_identity)
    with world.database.reading() as session:
        assert session.scalars(select(CountedRating.person_id)).all() == [world.doctor.id]


def test_an_approved_claim_counts_too(desk: Desk, world: World) -> None:
    ticket = world.ticket("finished")
    desk.rate(ticket, 4)
    desk.bind("00017", "王丽", "0017")
    assert desk.counted(ticket) == []
    desk.decide(desk.only_claim(), approve=True)
    assert desk.counted(ticket) == [4]


def test_what_is_older_than_a_week_stays_unverified(desk: Desk, world: World) -> None:
    now = clock.now()
    ticket = world.ticket("finished", served=world.doctor, reported_at=now - timedelta(days=9))
    desk.rate(ticket, 5, at=now - timedelta(days=8))
    desk.bind("00106", "李伟", "0106", at=now)
    assert desk.counted(ticket) == []


def test_a_taken_slot_stays_taken(desk: Desk, world: World) -> None:
    ticket = world.ticket("finished", served=world.ward)
    desk.rate(ticket, 1)
    desk.rate(ticket, 5, identity=world.nurse_identity)
    desk.bind("00018", "陈静", "0018")
    assert desk.counted(ticket) == [5]


def test_binding_as_somebody_who_was_not_served_counts_nothing(desk: Desk, world: World) -> None:
    ticket = world.ticket("finished")
    desk.rate(ticket, 1)
    desk.bind("00106", "李伟", "0106")
    assert desk.counted(ticket) == []


def test_an_engineer_who_binds_does_not_verify_a_rating_of_his(desk: Desk, world: World) -> None:
    ticket = world.ticket("finished", served=world.second_engineer)
    desk.rate(ticket, 5)
    assert desk.bind("W0004", "孙磊", "0004") is Outcome.BOUND
    assert desk.counted(ticket) == []


def test_every_try_is_kept(desk: Desk, world: World) -> None:
    desk.bind("00106", "李伟", "1")
    desk.bind("00106", "李伟", "0106")
    with world.database.reading() as session:
        kept = session.execute(select(BindingTry.staff_number, BindingTry.succeeded).order_by(BindingTry.id)).all()
    assert [tuple(row) for row in kept] == [("00106", False), ("00106", True)]


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)
