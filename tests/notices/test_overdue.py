"""A ticket's time: told to its lead at four fifths of it and at its end, once each in a cycle."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from app import clock
from app.models import Ticket
from tests.imports.conftest import importer
from tests.imports.log import as_bytes, sample
from tests.support.told import Told
from tests.support.world import World

SOON, OVER = ("overdue_soon", "赵强"), ("overdue", "赵强")
MINUTES = {1: 60, 2: 240, 3: 480, 4: 2880}


@pytest.mark.parametrize("priority", MINUTES)
def test_each_priority_is_warned_in_time_of_its_own(priority: int, told: Told, world: World) -> None:
    whole = timedelta(minutes=MINUTES[priority])
    for spent, expected in ((0.79, []), (0.81, [SOON]), (0.99, [SOON]), (1.01, [SOON, OVER]), (1.02, [SOON, OVER])):
        if spent == 0.79:
            ticket = world.ticket("accepted")
            with world.database.transaction() as session:
                session.execute(update(Ticket).where(Ticket.id == ticket.id).values(priority=priority))
        told.due(ticket, whole * (1 - spent))
        told.look()
        assert told.of("overdue_soon", "overdue") == expected


@pytest.mark.parametrize("state", ["dispatched", "accepted", "arrived", "reopened"])
def test_whoever_has_it_is_told_until_it_is_finished(state: str, told: Told, world: World) -> None:
    told.due(world.ticket(state), timedelta(minutes=-1))
    told.look()
    assert told.of("overdue_soon", "overdue") == [OVER]


@pytest.mark.parametrize("state", ["reported", "finished", "closed", "cancelled"])
def test_nobody_is_told_where_nobody_works(state: str, told: Told, world: World) -> None:
    told.due(world.ticket(state), timedelta(minutes=-1))
    told.look()
    assert told.of("overdue_soon", "overdue") == []


def test_what_has_been_late_for_a_day_is_not_told_anew(told: Told, world: World) -> None:
    told.due(world.ticket("accepted"), timedelta(hours=-24, minutes=-1))
    told.look()
    assert told.of("overdue_soon", "overdue") == []


def test_a_new_cycle_has_a_new_time(told: Told, world: World) -> None:
    ticket = world.ticket("accepted")
    told.due(ticket, timedelta(minutes=-1))
    told.look()
    assert told.of("overdue_soon", "overdue") == [OVER]
    world.move(ticket, "finish")
    reopened = world.move(ticket, "reopen")
    assert reopened.due_at is not None
    assert reopened.due_at > clock.now()
    told.due(ticket, timedelta(minutes=95))
    told.look()
    assert told.of("overdue_soon", "overdue") == [OVER, SOON]


def test_another_lead_is_not_told_a_second_time(told: Told, world: World) -> None:
    ticket = world.ticket("accepted")
    told.due(ticket, timedelta(minutes=-1))
    told.look()
    world.move(ticket, "dispatch", lead=world.second_engineer)
    told.look()
    assert told.of("overdue_soon", "overdue") == [OVER]


def test_an_import_of_tickets_rings_nobody(told: Told, world: World, app: Flask, tmp_path: Path) -> None:
    """Not even where the log is of today, and its tickets look as if somebody worked on them."""
    header, rows = sample()
    assert importer(app, tmp_path)(as_bytes(header, rows[:100])).status == 0
    today = {"reported_at": clock.now() - timedelta(hours=9), "state": "accepted", "lead_id": world.engineer.id}
    with world.database.transaction() as session:
        assert session.execute(update(Ticket).values(**today).returning(Ticket.id)).all() != []
    told.look()
    assert told.rows() == []
