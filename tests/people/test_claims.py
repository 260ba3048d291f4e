"""What stands in the roster claims a number: who says yes to it, when, and who hears of it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.errors import Missing
from app.models import Notice
from app.services.identity import binding
from app.services.identity.binding import Outcome
from tests.people.desk import Desk
from tests.support.world import World


def test_what_stands_in_the_roster_binds_nobody_before_a_supervisor_says_yes(desk: Desk, world: World) -> None:
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


def test_the_doctor_himself_is_bound_by_his_invitation_whoever_claims_his_number(desk: Desk, world: World) -> None:
    assert desk.bind("00106", "李伟", "0106", proved=False) is Outcome.CLAIMED
    his = desk.newcomer("oHis")
    assert desk.invite(world.doctor, his) is Outcome.BOUND
    assert desk.person_of(his) == world.doctor.id
    assert desk.person_of(world.stranger_identity) is None
    with world.database.reading() as session:
        assert [one.plain for one in binding.waiting_claims(session, at=clock.now())] == [False]


def test_a_claim_is_answered_by_the_invitation_that_comes_after_it(desk: Desk, world: World) -> None:
    now = clock.now()
    ticket = world.ticket("finished", served=world.doctor, reported_at=now - timedelta(days=9))
    desk.rate(ticket, 4, at=now - timedelta(days=8))
    assert desk.bind("00106", "李伟", "0106", proved=False, at=now - timedelta(days=3)) is Outcome.CLAIMED
    assert desk.invite(world.doctor, world.stranger_identity) is Outcome.BOUND
    with world.database.reading() as session:
        assert binding.waiting_claims(session, at=now) == []
    assert desk.counted(ticket) == [4]


def test_how_long_the_hospital_takes_for_its_yes_costs_no_rating(desk: Desk, world: World) -> None:
    now = clock.now()
    ticket = world.ticket("finished", served=world.doctor, reported_at=now - timedelta(days=13))
    desk.rate(ticket, 2, at=now - timedelta(days=12))
    desk.bind("00106", "李伟", "0106", proved=False, at=now - timedelta(days=6))
    desk.decide(desk.only_claim(), approve=True)
    assert desk.counted(ticket) == [2]


def test_who_is_right_about_many_numbers_is_stopped_as_who_is_wrong(desk: Desk, world: World) -> None:
    people = (world.nurse, world.second_nurse, world.doctor, world.supervisor, world.admin, world.auditor)
    outcomes = [desk.bind(one.staff_number, one.name, one.telephone[-4:], proved=False) for one in people]
    assert outcomes == [Outcome.CLAIMED] * 5 + [Outcome.TOO_MANY]


def test_one_tap_for_a_ward_leaves_out_whatever_is_contested(desk: Desk, world: World) -> None:
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


def test_the_person_hears_of_each_claim_and_each_binding(desk: Desk, world: World) -> None:
    desk.bind("00017", "王丽", "0017", proved=False)
    desk.bind("00106", "李伟", "0106", identity=desk.newcomer("oHis"))
    with world.database.reading() as session:
        told = session.execute(select(Notice.person_id, Notice.kind, Notice.about).order_by(Notice.id)).all()
    his = desk.newest()
    assert [tuple(row) for row in told] == [
        (world.nurse.id, "bound", f"identity:{world.stranger_identity.id}"),
        (world.doctor.id, "bound", f"identity:{his}"),
    ]


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)
