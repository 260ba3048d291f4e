"""A dispatch nobody opens: told again after three minutes, after five the backup is told, and may take it over."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import update

from app import clock
from app.errors import Refused
from app.models import Employment, Person, RoleGrant, Ticket
from app.pagination import Line
from app.services.service_levels import escalation
from app.services.tickets import lifecycle
from tests.support.told import Told
from tests.support.world import World

AGAIN, BACKUP = ("not_opened", "赵强"), ("backup", "孙磊")


@pytest.mark.parametrize("by", ["dispatched", "reopened"])
@pytest.mark.parametrize(
    ("minutes", "expected"), [(2.9, []), (3.1, [AGAIN]), (5.1, [AGAIN, BACKUP]), (1439, [AGAIN, BACKUP])]
)
def test_who_is_told_when(minutes: float, expected: list[tuple[str, str]], by: str, told: Told, world: World) -> None:
    told.dispatched(minutes, by=by)
    told.look()
    told.look()
    assert told.escalated() == expected


def test_it_hangs_on_the_dispatch_itself(told: Told) -> None:
    told.dispatched(6)
    told.look()
    rung = [notice.event_id for notice, _name in told.rows() if notice.kind in {"not_opened", "backup"}]
    assert (len(rung), len(set(rung))) == (2, 1)


def test_the_watch_sleeps_until_the_next_is_due_and_a_minute_at_most(told: Told) -> None:
    assert told.look() == timedelta(minutes=1)
    told.dispatched(2.5)
    assert timedelta(seconds=20) < told.look() <= timedelta(seconds=30)
    told.dispatched(4.7)
    assert timedelta() < told.look() <= timedelta(seconds=18)


def test_what_is_a_day_old_rings_nobody(told: Told) -> None:
    told.dispatched(24 * 60 + 1)
    told.look()
    assert told.escalated() == []


@pytest.mark.parametrize("state", ["accepted", "finished", "cancelled"])
def test_what_is_no_longer_waited_for_rings_nobody(state: str, told: Told, world: World) -> None:
    world.ticket(state)
    told.look()
    assert told.escalated() == []


def test_what_was_opened_rings_nobody(told: Told, world: World) -> None:
    ticket = told.dispatched(10)
    see(world, ticket, world.engineer)
    told.look()
    assert told.escalated() == []


def test_a_new_dispatch_begins_anew(told: Told, world: World) -> None:
    ticket = told.dispatched(10)
    told.look()
    world.move(ticket, "dispatch", lead=world.second_engineer, at=clock.now() - timedelta(minutes=4))
    told.look()
    assert told.escalated() == [AGAIN, BACKUP, ("not_opened", "孙磊")]


def test_many_workers_tell_once(told: Told) -> None:
    for _ in range(4):
        told.dispatched(6)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: told.look(), range(6)))
    assert sorted(told.escalated()) == sorted([AGAIN, BACKUP] * 4)


def test_a_helper_is_the_backup_before_anybody_else(told: Told, world: World) -> None:
    helper = engineer(world, "W0009", "郑九")
    told.dispatched(6, helpers=(helper,))
    told.look()
    assert told.escalated() == [AGAIN, ("backup", "郑九")]


def test_else_it_is_the_least_busy_of_the_team_who_works_today(told: Told, world: World) -> None:
    world.ticket("accepted", lead=world.second_engineer)
    engineer(world, "W0007", "别组", team=False)
    engineer(world, "W0008", "已走", until=clock.now().date() - timedelta(days=2))
    engineer(world, "W0009", "郑九")
    told.dispatched(6)
    told.look()
    assert told.escalated() == [AGAIN, ("backup", "郑九")]


def test_without_a_backup_the_lead_is_told_and_the_desk_sees_it(told: Told, world: World) -> None:
    with world.database.transaction() as session:
        session.execute(update(Employment).where(Employment.person_id == world.second_engineer.id).values(team_id=None))
    ticket = told.dispatched(6)
    told.look()
    assert told.escalated() == [AGAIN]
    (row,) = red(world)
    assert (row.number, row.lead, row.telephone, row.backup) == (ticket.number, "赵强", "13800000003", None)


def test_who_has_no_team_has_no_backup_among_others_without_one(told: Told, world: World) -> None:
    with world.database.transaction() as session:
        session.execute(update(Employment).values(team_id=None))
    told.dispatched(6)
    told.look()
    assert told.escalated() == [AGAIN]


def test_the_desk_sees_who_is_to_be_telephoned(told: Told, world: World) -> None:
    told.dispatched(4)
    opened, accepted = told.dispatched(6), told.dispatched(6)
    see(world, opened, world.engineer)
    world.move(accepted, "accept")
    late = told.dispatched(6)
    told.look()
    (row,) = red(world)
    assert (row.number, row.lead, row.backup, row.backup_telephone) == (late.number, "赵强", "孙磊", "13800000004")


def test_the_backup_takes_it_over_and_the_former_lead_is_told(told: Told, world: World) -> None:
    ticket = told.dispatched(6)
    told.look()
    taken = take_over(world, ticket, world.second_engineer)
    assert (taken.state, taken.lead_id) == ("accepted", world.second_engineer.id)
    # In office hours a limit is over by now, too.
    steps = [kind for kind in told.events(ticket) if kind != "limit_missed"]
    assert steps == ["reported", "dispatched", "opened", "dispatched", "accepted"]
    assert told.of("reassigned") == [("reassigned", "赵强")]
    told.look()
    kinds = [notice.kind for notice, _name in told.rows() if notice.kind != "limit_missed"]
    assert kinds == ["dispatched", "not_opened", "backup", "reassigned"]
    assert red(world) == []


def test_a_helper_who_left_does_not_keep_the_backup_from_it(told: Told, world: World) -> None:
    leaver, stays = engineer(world, "W0008", "要走"), engineer(world, "W0009", "郑九")
    ticket = told.dispatched(6, helpers=(leaver, stays))
    with world.database.transaction() as session:
        gone = update(Employment).where(Employment.person_id == leaver.id)
        session.execute(gone.values(valid_to=clock.now().date() - timedelta(days=2)))
    told.look()
    assert take_over(world, ticket, stays).lead_id == stays.id


@pytest.mark.parametrize("case", ["too early", "somebody else", "opened", "accepted", "dispatched anew", "cancelled"])
def test_nobody_takes_over_what_is_not_offered_to_him(case: str, told: Told, world: World) -> None:
    ticket = told.dispatched(4 if case == "too early" else 6)
    told.look()
    who = engineer(world, "W0009", "郑九") if case == "somebody else" else world.second_engineer
    if case == "opened":
        see(world, ticket, world.engineer)
    elif case == "accepted":
        world.move(ticket, "accept")
    elif case == "dispatched anew":
        world.move(ticket, "dispatch", lead=world.engineer)
    elif case == "cancelled":
        world.move(ticket, "cancel")
    with pytest.raises(Refused, match="not_offered"):
        take_over(world, ticket, who)


def test_two_backups_at_once_one_takes_it(told: Told, world: World) -> None:
    ticket = told.dispatched(6)
    told.look()

    def tap(_: int) -> str:
        try:
            return take_over(world, ticket, world.second_engineer).state
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(tap, range(4))) == ["accepted", *["not_offered"] * 3]


def test_a_redispatch_tells_the_former_lead_and_nobody_else(told: Told, world: World) -> None:
    ticket = world.ticket("accepted")
    world.move(ticket, "dispatch", lead=world.engineer)
    assert "reassigned" not in [notice.kind for notice, _name in told.rows()]
    world.move(ticket, "dispatch", lead=world.second_engineer)
    assert [(notice.kind, name) for notice, name in told.rows()][-2:] == [
        ("reassigned", "赵强"),
        ("dispatched", "孙磊"),
    ]


def red(world: World) -> Sequence[Line]:
    with world.database.reading() as session:
        return escalation.red(session, at=clock.now())


def see(world: World, ticket: Ticket, person: Person) -> None:
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        lifecycle.mark_opened(session, held, by=person.id, at=clock.now(), channel="test")


def take_over(world: World, ticket: Ticket, person: Person) -> Ticket:
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        lifecycle.take_over(session, held, by=person.id, at=clock.now(), channel="test")
    return held


def engineer(world: World, number: str, name: str, *, team: bool = True, until: date | None = None) -> Person:
    """One more engineer of the provider, in the lead's team if nothing else is said."""
    with world.database.transaction() as session:
        person = Person(staff_number=number, name=name)
        session.add(person)
        session.flush()
        session.add(RoleGrant(person_id=person.id, role="engineer"))
        job = {"provider_id": world.provider.id, "team_id": world.team.id if team else None}
        session.add(Employment(person_id=person.id, valid_from=date(2020, 1, 1), valid_to=until, **job))
    return person
