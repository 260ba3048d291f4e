"""Binding a WeChat to a staff number: right, wrong, guessed, claimed twice; and what becomes of earlier ratings."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from time import sleep
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app import clock
from app.errors import Missing, Refused
from app.models import BindingTry, Completion, CountedRating, Notice, Person, Rating, Ticket, WeChatIdentity
from app.services.identity import binding, invitations
from app.services.identity.binding import Outcome
from app.services.ratings import rating
from app.services.tickets.scan import load
from tests.support.world import APPID, World

DAY = timedelta(days=1)


def test_number_name_and_digits_with_wechats_word_bind(desk: "Desk", world: World) -> None:
    assert desk.bind("00106", "李伟", "0106") is Outcome.BOUND
    assert desk.person_of(world.stranger_identity) == world.doctor.id


def test_what_stands_in_the_roster_binds_nobody_before_a_supervisor_says_yes(desk: "Desk", world: World) -> None:
    """All three are known to the provider: by them alone its second phone would be the doctor's."""
    ticket = world.ticket("finished", served=world.doctor)
    desk.rate(ticket, 5)
    for _ in range(2):
        assert desk.bind("00106", "李伟", "0106", proved=False) is Outcome.CLAIMED
    assert desk.person_of(world.stranger_identity) is None
    desk.rate(world.ticket("finished", served=world.doctor), 5)
    assert desk.counted(ticket) == []
    desk.decide(desk.only_claim(), approve=True)
    assert desk.person_of(world.stranger_identity) == world.doctor.id
    assert desk.counted(ticket) == [5]


def test_the_doctor_himself_is_bound_by_his_invitation_whoever_claims_his_number(desk: "Desk", world: World) -> None:
    assert desk.bind("00106", "李伟", "0106", proved=False) is Outcome.CLAIMED
    his = desk.newcomer("oHis")
    assert desk.invite(world.doctor, his) is Outcome.BOUND
    assert desk.person_of(his) == world.doctor.id
    assert desk.person_of(world.stranger_identity) is None
    with world.database.reading() as session:
        assert [one.plain for one in binding.waiting_claims(session, at=clock.now())] == [False]


def test_a_claim_is_answered_by_the_invitation_that_comes_after_it(desk: "Desk", world: World) -> None:
    now = clock.now()
    ticket = world.ticket("finished", served=world.doctor, reported_at=now - timedelta(days=9))
    desk.rate(ticket, 4, at=now - timedelta(days=8))
    assert desk.bind("00106", "李伟", "0106", proved=False, at=now - timedelta(days=3)) is Outcome.CLAIMED
    assert desk.invite(world.doctor, world.stranger_identity) is Outcome.BOUND
    with world.database.reading() as session:
        assert binding.waiting_claims(session, at=now) == []
    assert desk.counted(ticket) == [4]


def test_how_long_the_hospital_takes_for_its_yes_costs_no_rating(desk: "Desk", world: World) -> None:
    now = clock.now()
    ticket = world.ticket("finished", served=world.doctor, reported_at=now - timedelta(days=13))
    desk.rate(ticket, 2, at=now - timedelta(days=12))
    desk.bind("00106", "李伟", "0106", proved=False, at=now - timedelta(days=6))
    desk.decide(desk.only_claim(), approve=True)
    assert desk.counted(ticket) == [2]


def test_who_is_right_about_many_numbers_is_stopped_as_who_is_wrong(desk: "Desk", world: World) -> None:
    people = (world.nurse, world.second_nurse, world.doctor, world.supervisor, world.admin, world.auditor)
    outcomes = [desk.bind(one.staff_number, one.name, one.telephone[-4:], proved=False) for one in people]
    assert outcomes == [Outcome.CLAIMED] * 5 + [Outcome.TOO_MANY]


def test_one_tap_for_a_ward_leaves_out_whatever_is_contested(desk: "Desk", world: World) -> None:
    first, second, third = (desk.newcomer(f"o{number}") for number in range(3))
    desk.bind("00106", "李伟", "0106", identity=first, proved=False)
    for phone in (second, third):
        desk.bind("00018", "陈静", "0018", identity=phone, proved=False)
    desk.bind("00017", "王丽", "0017", proved=False)
    with world.database.reading() as session:
        wards = binding.by_ward(binding.waiting_claims(session, at=clock.now()))
    assert [(ward, len(found), len(plain)) for ward, found, plain in wards] == [("呼吸内科", 3, 0), ("药学部", 1, 1)]
    with pytest.raises(Missing, match="no_such_claim"):
        desk.decide(wards[0][1][0].claim.id, approve=True, among_many=True)
    desk.decide(wards[1][2][0], approve=True, among_many=True)
    assert desk.person_of(first) == world.doctor.id


def test_the_person_hears_of_each_claim_and_each_binding(desk: "Desk", world: World) -> None:
    desk.bind("00017", "王丽", "0017", proved=False)
    desk.bind("00106", "李伟", "0106", identity=desk.newcomer("oHis"))
    with world.database.reading() as session:
        told = session.execute(select(Notice.person_id, Notice.kind, Notice.about).order_by(Notice.id)).all()
    his = desk.newest()
    assert [tuple(row) for row in told] == [
        (world.nurse.id, "bound", f"identity:{world.stranger_identity.id}"),
        (world.doctor.id, "bound", f"identity:{his}"),
    ]


def test_spaces_around_do_not_matter(desk: "Desk") -> None:
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
    desk: "Desk", world: World, number: str, name: str, digits: str
) -> None:
    assert desk.bind(number, name, digits) is Outcome.WRONG
    assert desk.person_of(world.stranger_identity) is None


def test_who_has_no_telephone_in_the_roster_cannot_bind_by_guessing(desk: "Desk", world: World) -> None:
    with world.database.transaction() as session:
        session.get_one(Person, world.doctor.id).telephone = ""
    assert desk.bind("00106", "李伟", "") is Outcome.WRONG


def test_five_wrong_tries_end_it_for_a_day_even_with_the_right_answer(desk: "Desk") -> None:
    began = clock.now()
    for _ in range(5):
        assert desk.bind("00106", "李伟", "9999", at=began) is Outcome.WRONG
    assert desk.bind("00106", "李伟", "0106", at=began + DAY - timedelta(seconds=1)) is Outcome.TOO_MANY
    assert desk.bind("00106", "李伟", "0106", at=began + DAY) is Outcome.BOUND


def test_ten_wrong_tries_for_a_number_close_it_to_everybody(desk: "Desk", world: World) -> None:
    for number in range(10):
        assert desk.bind("00106", "李伟", "9999", identity=desk.newcomer(f"o{number}")) is Outcome.WRONG
    assert desk.bind("00106", "李伟", "0106") is Outcome.TOO_MANY
    assert desk.bind("00018", "陈静", "0018") is Outcome.BOUND


def test_parallel_guesses_are_counted_one_by_one(desk: "Desk", world: World) -> None:
    def guess(digits: int) -> Outcome:
        return desk.bind("00106", "李伟", f"{digits:04}")

    with ThreadPoolExecutor(12) as pool:
        outcomes = list(pool.map(guess, range(200, 220)))
    assert outcomes.count(Outcome.WRONG) == 5
    assert outcomes.count(Outcome.TOO_MANY) == 15


def test_two_phones_at_once_bind_one_and_claim_the_other(desk: "Desk", world: World) -> None:
    phones = [desk.newcomer(f"o{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda phone: desk.bind("00106", "李伟", "0106", identity=phone), phones))
    assert sorted(outcome.name for outcome in outcomes) == ["BOUND"] + ["CLAIMED"] * 7


def test_who_is_bound_cannot_bind_again(desk: "Desk", world: World) -> None:
    with pytest.raises(Refused, match="bound_already"):
        desk.bind("00106", "李伟", "0106", identity=world.nurse_identity)


def test_the_database_keeps_one_identity_per_person_and_account(desk: "Desk", world: World) -> None:
    with pytest.raises(IntegrityError), world.database.transaction() as session:
        session.get_one(WeChatIdentity, world.stranger_identity.id).person_id = world.nurse.id


@pytest.mark.parametrize(("proved", "outcome"), [(False, Outcome.CLAIMED), (True, Outcome.BOUND)])
def test_who_has_a_phone_in_one_account_proves_himself_in_another(
    desk: "Desk", world: World, proved: bool, outcome: Outcome
) -> None:
    """Name and telephone are on every ticket: by them alone the desk would be the nurse."""
    phone = desk.newcomer("oMini", appid="wxMini")
    assert desk.bind("00017", "王丽", "0017", identity=phone, proved=proved) is outcome
    assert (desk.person_of(phone) == world.nurse.id) is proved
    assert desk.person_of(world.nurse_identity) == world.nurse.id


def test_a_claim_to_another_account_takes_nothing_from_the_first(desk: "Desk", world: World) -> None:
    phone = desk.newcomer("oMini", appid="wxMini")
    desk.bind("00017", "王丽", "0017", identity=phone, proved=False)
    desk.decide(desk.only_claim(), approve=True)
    assert desk.person_of(phone) == desk.person_of(world.nurse_identity) == world.nurse.id


@pytest.mark.parametrize(("unionid", "outcome"), [("u1", Outcome.BOUND), ("u2", Outcome.CLAIMED)])
def test_the_same_wechat_user_binds_without_a_claim(desk: "Desk", world: World, unionid: str, outcome: Outcome) -> None:
    phone = desk.newcomer("oMini", appid="wxMini")
    with world.database.transaction() as session:
        session.get_one(WeChatIdentity, world.nurse_identity.id).unionid = "u1"
        session.get_one(WeChatIdentity, phone.id).unionid = unionid
    assert desk.bind("00017", "王丽", "0017", identity=phone, proved=False) is outcome


def test_a_proof_moves_no_number_within_an_account(desk: "Desk", world: World) -> None:
    assert desk.bind("00017", "王丽", "0017", proved=True) is Outcome.CLAIMED


@pytest.mark.parametrize("proved", [False, True])
def test_an_engineers_phone_becomes_a_users_only_by_a_supervisor_and_stays_known(
    desk: "Desk", world: World, proved: bool
) -> None:
    phone = world.engineer_identity
    desk.unbind(phone)
    assert desk.bind("00106", "李伟", "0106", identity=phone, proved=proved) is Outcome.CLAIMED
    desk.decide(desk.only_claim(), approve=True)
    desk.unbind(phone)
    assert desk.bind("00106", "李伟", "0106", identity=phone) is Outcome.CLAIMED
    assert desk.bind("W0004", "孙磊", "0004", identity=phone) is Outcome.BOUND


@pytest.mark.parametrize("unbound", [False, True])
def test_the_engineers_other_account_is_no_users_either(desk: "Desk", world: World, unbound: bool) -> None:
    phone = desk.newcomer("oMini", appid="wxMini")
    if unbound:
        desk.unbind(world.engineer_identity)
    with world.database.transaction() as session:
        for identity in (phone, world.engineer_identity):
            session.get_one(WeChatIdentity, identity.id).unionid = "u1"
    assert desk.bind("00106", "李伟", "0106", identity=phone) is Outcome.CLAIMED


def test_a_second_claim_waits_and_moves_the_number_only_when_approved(desk: "Desk", world: World) -> None:
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


def test_of_two_claims_to_one_number_decided_at_once_one_stands(desk: "Desk", world: World) -> None:
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


def test_a_refused_claim_leaves_the_others_waiting(desk: "Desk", world: World) -> None:
    for phone in (desk.newcomer("o1"), world.stranger_identity):
        desk.bind("00017", "王丽", "0017", identity=phone)
    with world.database.reading() as session:
        first, second = (one.claim.id for one in binding.waiting_claims(session, at=clock.now()))
    desk.decide(first, approve=False)
    assert desk.only_claim() == second


def test_a_refused_claim_changes_nothing(desk: "Desk", world: World) -> None:
    desk.bind("00017", "王丽", "0017")
    desk.decide(desk.only_claim(), approve=False)
    assert desk.person_of(world.stranger_identity) is None
    assert desk.person_of(world.nurse_identity) == world.nurse.id


def test_a_claim_of_a_phone_that_found_its_own_number_cannot_be_approved(desk: "Desk", world: World) -> None:
    desk.bind("00017", "王丽", "0017")
    assert desk.bind("00106", "李伟", "0106") is Outcome.BOUND
    with pytest.raises(Refused, match="bound_already"):
        desk.decide(desk.only_claim(), approve=True)
    assert desk.person_of(world.stranger_identity) == world.doctor.id
    assert desk.person_of(world.nurse_identity) == world.nurse.id


def test_binding_counts_what_was_rated_in_the_last_week(desk: "Desk", world: World) -> None:
    ticket = world.ticket("finished", served=world.doctor)
    desk.rate(ticket, 2)
    assert desk.counted(ticket) == []
    desk.bind("00106", "李伟", "0106")
    assert desk.counted(ticket) == [2]


def test_what_binding_has_verified_stays_his_when_he_unbinds(desk: "Desk", world: World) -> None:
    desk.rate(world.ticket("finished", served=world.doctor), 2)
    desk.bind("00106", "李伟", "0106")
    desk.unbind(world.stranger_identity)
    with world.database.reading() as session:
        assert session.scalars(select(CountedRating.person_id)).all() == [world.doctor.id]


def test_an_approved_claim_counts_too(desk: "Desk", world: World) -> None:
    ticket = world.ticket("finished")
    desk.rate(ticket, 4)
    desk.bind("00017", "王丽", "0017")
    assert desk.counted(ticket) == []
    desk.decide(desk.only_claim(), approve=True)
    assert desk.counted(ticket) == [4]


def test_what_is_older_than_a_week_stays_unverified(desk: "Desk", world: World) -> None:
    now = clock.now()
    ticket = world.ticket("finished", served=world.doctor, reported_at=now - timedelta(days=9))
    desk.rate(ticket, 5, at=now - timedelta(days=8))
    desk.bind("00106", "李伟", "0106", at=now)
    assert desk.counted(ticket) == []


def test_a_taken_slot_stays_taken(desk: "Desk", world: World) -> None:
    ticket = world.ticket("finished", served=world.ward)
    desk.rate(ticket, 1)
    desk.rate(ticket, 5, identity=world.nurse_identity)
    desk.bind("00018", "陈静", "0018")
    assert desk.counted(ticket) == [5]


def test_binding_as_somebody_who_was_not_served_counts_nothing(desk: "Desk", world: World) -> None:
    ticket = world.ticket("finished")
    desk.rate(ticket, 1)
    desk.bind("00106", "李伟", "0106")
    assert desk.counted(ticket) == []


def test_an_engineer_who_binds_does_not_verify_a_rating_of_his(desk: "Desk", world: World) -> None:
    ticket = world.ticket("finished", served=world.second_engineer)
    desk.rate(ticket, 5)
    assert desk.bind("W0004", "孙磊", "0004") is Outcome.BOUND
    assert desk.counted(ticket) == []


def test_every_try_is_kept(desk: "Desk", world: World) -> None:
    desk.bind("00106", "李伟", "1")
    desk.bind("00106", "李伟", "0106")
    with world.database.reading() as session:
        kept = session.execute(select(BindingTry.staff_number, BindingTry.succeeded).order_by(BindingTry.id)).all()
    assert [tuple(row) for row in kept] == [("00106", False), ("00106", True)]


class Desk:
    """Calls the service as the pages do, for the stranger's phone and with WeChat's word if nothing else is said."""

    def __init__(self, world: World) -> None:
        self.world = world

    def bind(
        self,
        number: str,
        name: str,
        digits: str,
        *,
        identity: WeChatIdentity | None = None,
        proved: bool = True,
        at: datetime | None = None,
    ) -> Outcome:
        phone = identity or self.world.stranger_identity
        who = {"staff_number": number, "name": name, "last_four": digits}
        with self.world.database.transaction() as session:
            return binding.bind(session, identity_id=phone.id, **who, proved=proved, at=at or clock.now())

    def invite(self, person: Person, phone: WeChatIdentity) -> Outcome:
        with self.world.database.transaction() as session:
            made = invitations.invite(session, person.id, by=self.world.admin.id, at=clock.now(), users=True)
            return invitations.accept(session, made.number, identity_id=phone.id, at=clock.now())

    def newest(self) -> int:
        with self.world.database.reading() as session:
            return session.scalar(select(func.max(WeChatIdentity.id))) or 0

    def unbind(self, phone: WeChatIdentity) -> None:
        with self.world.database.transaction() as session:
            binding.unbind(session, phone.id, by=self.world.supervisor.id, at=clock.now())

    def newcomer(self, openid: str, appid: str = APPID) -> WeChatIdentity:
        with self.world.database.transaction() as session:
            identity = WeChatIdentity(appid=appid, openid=openid, first_seen_at=clock.now())
            session.add(identity)
        return identity

    def person_of(self, identity: WeChatIdentity) -> int | None:
        with self.world.database.reading() as session:
            return session.get_one(WeChatIdentity, identity.id).person_id

    def only_claim(self) -> int:
        with self.world.database.reading() as session:
            (one,) = binding.waiting_claims(session, at=clock.now())
            return one.claim.id

    def decide(self, claim: int, *, approve: bool, among_many: bool = False) -> None:
        how: dict[str, Any] = {"approve": approve, "among_many": among_many}
        with self.world.database.transaction() as session:
            binding.decide_claim(session, claim, **how, by=self.world.supervisor.id, at=clock.now())

    def rate(
        self, ticket: Ticket, level: int, *, identity: WeChatIdentity | None = None, at: datetime | None = None
    ) -> None:
        phone, at = identity or self.world.stranger_identity, at or clock.now()
        with self.world.database.transaction() as session:
            scan = load(session, ticket.id, identity_id=phone.id, at=at)
            rating.rate(session, scan, level=level, identity_id=phone.id, trust_all=False, source="scan", at=at)

    def counted(self, ticket: Ticket) -> list[int]:
        with self.world.database.reading() as session:
            assert (session.scalar(select(func.count()).select_from(Rating)) or 0) > 0
            levels = select(Rating.level).join(CountedRating, CountedRating.rating_id == Rating.id)
            return list(
                session.scalars(
                    levels.join(Completion, Completion.id == Rating.completion_id).where(
                        Completion.ticket_id == ticket.id
                    )
                )
            )


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)
