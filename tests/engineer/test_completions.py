"""What is fixed when work is finished, and stays fixed whatever changes afterwards."""

from datetime import date

import pytest
from sqlalchemy import select, update

from app.models import Campus, Completion, CompletionHelper, Contract, ContractScope, Employment, Provider, Team, Ticket
from app.services.tickets.completions import contract_for
from tests.support.world import World


def test_everything_a_rating_is_about_is_copied(world: World) -> None:
    ticket = world.ticket("finished", helpers=(world.second_engineer,))
    done = completion(world, ticket)
    assert (done.lead_id, done.team_id, done.provider_id) == (world.engineer.id, world.team.id, world.provider.id)
    assert (done.department_id, done.campus_id, done.contract_id) == (
        world.ward.id,
        world.campus.id,
        world.contract.id,
    )
    assert (done.category_id, done.cycle, done.rateable) == (world.printers.id, 1, True)
    with world.database.reading() as session:
        helpers = session.execute(select(CompletionHelper.completion_id, CompletionHelper.person_id)).all()
    assert [tuple(row) for row in helpers] == [(done.id, world.second_engineer.id)]


def test_a_later_change_of_team_changes_nothing_that_is_finished(world: World) -> None:
    before, running = world.ticket("finished"), world.ticket("accepted")
    with world.database.transaction() as session:
        other = Team(code="other", name="夜班组", provider_id=world.provider.id)
        session.add(other)
        session.flush()
        session.execute(update(Employment).where(Employment.person_id == world.engineer.id).values(team_id=other.id))
        session.execute(update(Ticket).where(Ticket.id == before.id).values(team_id=other.id))
    world.move(running, "finish")
    assert completion(world, before).team_id == world.team.id
    assert completion(world, running).team_id == world.team.id  # the team it was dispatched to


def test_each_cycle_has_its_own(world: World) -> None:
    ticket = world.ticket("reopened")
    world.move(ticket, "dispatch", lead=world.second_engineer)
    for verb in ("accept", "finish"):
        world.move(ticket, verb)
    leads = [(one.cycle, one.lead_id) for one in completions(world, ticket)]
    assert leads == [(1, world.engineer.id), (2, world.second_engineer.id)]


def test_the_most_particular_contract_in_force_wins(world: World, far: Campus) -> None:
    printers, network, here = world.printers.id, world.network.id, world.campus.id
    by_category = contract(world, "category", category_id=printers)
    by_campus = contract(world, "campus", campus_id=far.id)
    by_both = contract(world, "both", category_id=printers, campus_id=far.id)
    assert found(world, printers, far.id) == by_both
    assert found(world, printers, here) == by_category
    assert found(world, network, far.id) == by_campus
    assert found(world, network, here) == world.contract.id
    assert found(world, None, None) == world.contract.id
    assert found(world, printers, None) == by_category


def test_a_contract_with_several_scopes_covers_each_of_them(world: World, far: Campus) -> None:
    several = contract(world, "several", category_id=world.printers.id, campus_id=world.campus.id)
    with world.database.transaction() as session:
        session.add(ContractScope(contract_id=several, category_id=world.network.id, campus_id=far.id))
    assert found(world, world.printers.id, world.campus.id) == several
    assert found(world, world.network.id, far.id) == several
    assert found(world, world.printers.id, far.id) == world.contract.id


@pytest.mark.parametrize(
    ("day", "in_force"),
    [
        (date(2030, 12, 31), False),
        (date(2031, 1, 1), True),
        (date(2031, 12, 31), True),
        (date(2032, 1, 1), False),
    ],
)
def test_first_and_last_day_belong_to_the_contract(world: World, day: date, *, in_force: bool) -> None:
    year = contract(world, "year", category_id=world.printers.id, begins=date(2031, 1, 1), ends=date(2031, 12, 31))
    expected = year if in_force else world.contract.id
    assert found(world, world.printers.id, None, on=day) == expected


def test_another_providers_contract_never_covers(world: World) -> None:
    with world.database.transaction() as session:
        other = Provider(code="other", name="别家")
        session.add(other)
    with world.database.reading() as session:
        on = date(2026, 6, 1)
        assert contract_for(session, other.id, world.printers.id, world.campus.id, on) is None
        assert contract_for(session, None, world.printers.id, world.campus.id, on) is None


def found(world: World, category: int | None, campus: int | None, on: date = date(2031, 6, 1)) -> int | None:
    with world.database.reading() as session:
        return contract_for(session, world.provider.id, category, campus, on)


def contract(
    world: World,
    number: str,
    *,
    category_id: int | None = None,
    campus_id: int | None = None,
    begins: date = date(2020, 1, 1),
    ends: date = date(2039, 12, 31),
) -> int:
    with world.database.transaction() as session:
        made = Contract(number=number, provider_id=world.provider.id, valid_from=begins, valid_to=ends)
        session.add(made)
        session.flush()
        session.add(ContractScope(contract_id=made.id, category_id=category_id, campus_id=campus_id))
        return made.id


def completions(world: World, ticket: Ticket) -> list[Completion]:
    with world.database.reading() as session:
        query = select(Completion).where(Completion.ticket_id == ticket.id).order_by(Completion.cycle)
        return list(session.scalars(query))


def completion(world: World, ticket: Ticket) -> Completion:
    (only,) = completions(world, ticket)
    return only


@pytest.fixture
def far(world: World) -> Campus:
    with world.database.transaction() as session:
        campus = Campus(code="far", name="东院")
        session.add(campus)
    return campus
