"""The default profile: a hospital's own export, with Chinese column names and people of its roster."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app import clock
from app.db import Database
from app.models import Completion, Contract, ContractScope, Event, Ticket
from app.services.imports.ticket_log import importer as imports
from app.services.imports.ticket_log import profile
from app.services.imports.ticket_log.node_reader import Node, NodeReader
from app.services.tables.reader import open_table
from app.services.tables.records import Row
from tests.imports.conftest import Import
from tests.imports.log import as_bytes, counts
from tests.support.world import ZONE, World

HEADER = ["工单编号", "时间", "状态", "报修人工号", "科室代码", "工程师工号", "班组", "服务类别", "优先级", "描述"]
NODES = [
    ["A-1", "2026-03-01 08:00", "报修", "00017", "N07", "", "", "printer", "高", "打印机卡纸"],
    ["A-1", "2026-03-01 08:10", "已接单", "00017", "N07", "W0003", "onsite", "printer", "高", "打印机卡纸"],
    ["A-1", "2026/3/1 09:00", "已完成", "00017", "N07", "W0003", "onsite", "printer", "高", "打印机卡纸"],
]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_the_people_of_the_roster_are_found_by_staff_number(
    encoding: str, tickets_import: Import, world: World, database: Database
) -> None:
    outcome = tickets_import(as_bytes(HEADER, NODES, encoding), profile="default")
    assert (outcome.counts, outcome.rejects) == (counts(3, imported=3), [])
    with database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
        completion = session.scalars(select(Completion)).one()
    assert (ticket.description, ticket.priority, ticket.state) == ("打印机卡纸", 2, "finished")
    assert (ticket.served_person_id, ticket.lead_id) == (world.nurse.id, world.engineer.id)
    told = (completion.lead_id, completion.team_id, completion.department_id, completion.campus_id)
    assert told == (world.engineer.id, world.team.id, world.ward.id, world.campus.id)
    assert completion.rateable


@pytest.mark.parametrize(("column", "value"), [("报修人工号", "99999"), ("科室代码", "X99")])
@pytest.mark.usefixtures("world")
def test_somebody_nobody_knows_is_rejected_with_his_column(
    column: str, value: str, tickets_import: Import, database: Database
) -> None:
    rows = [list(row) for row in NODES]
    rows[1][HEADER.index(column)] = value
    outcome = tickets_import(as_bytes(HEADER, rows), profile="default")
    assert outcome.counts == counts(3, imported=2, rejected=1)
    assert [(reject["line"], reject["column"], reject["value"]) for reject in outcome.rejects] == [("3", column, value)]


@pytest.mark.usefixtures("world")
def test_a_team_nobody_knows_is_created(tickets_import: Import, database: Database) -> None:
    rows = [[*row[:6], "夜班组", *row[7:]] for row in NODES]
    assert tickets_import(as_bytes(HEADER, rows), profile="default").counts == counts(3, imported=3)


def test_what_happened_here_since_is_part_of_the_ticket_s_life(
    tickets_import: Import, world: World, database: Database
) -> None:
    tickets_import(as_bytes(HEADER, NODES), profile="default")
    with database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()
    reopened = world.move(ticket, "reopen", at=clock.now() - timedelta(hours=1))
    assert reopened.cycle == 2

    late = ["A-1", "2026-03-01 08:30", "已到场", "00017", "N07", "W0003", "onsite", "printer", "高", "打印机卡纸"]
    assert tickets_import(as_bytes(HEADER, [*NODES, late]), profile="default").counts == counts(4, 1, 3)
    with database.reading() as session:
        after = session.scalars(select(Ticket)).one()
        states = session.scalars(select(Event.state).order_by(Event.at)).all()
        completions = session.scalars(select(Completion.cycle)).all()
    assert (after.state, after.cycle, after.finished_at) == ("reopened", 2, None)
    assert states == ["reported", "accepted", "arrived", "finished", "reopened"]
    assert completions == [1]


def test_a_provider_named_by_the_profile_is_on_the_completion_with_its_contract(
    world: World, database: Database, tmp_path: Path
) -> None:
    take(database, tmp_path, "huaxin")
    with database.reading() as session:
        completion = session.scalars(select(Completion)).one()
    assert (completion.provider_id, completion.contract_id) == (world.provider.id, world.contract.id)


def test_the_contract_is_that_of_the_hospitals_day(world: World, database: Database, tmp_path: Path) -> None:
    """Half an hour after midnight in Beijing it is still the last day of the old contract in Greenwich."""
    with database.transaction() as session:
        old = session.get_one(Contract, world.contract.id)
        old.valid_to = date(2026, 2, 28)
        new = Contract(
            number="HT-2026-001", provider_id=old.provider_id, valid_from=date(2026, 3, 1), valid_to=date(2027, 2, 28)
        )
        session.add(new)
        session.flush()
        session.add(ContractScope(contract_id=new.id))
    night = [[number, moment[:-5] + f"00:{index:02}", *rest] for index, (number, moment, *rest) in enumerate(NODES)]
    take(database, tmp_path, "huaxin", night)
    with database.reading() as session:
        assert session.scalars(select(Completion.contract_id)).all() == [new.id]


@pytest.mark.usefixtures("world")
def test_a_provider_nobody_knows_is_refused_before_anything_is_written(database: Database, tmp_path: Path) -> None:
    with pytest.raises(profile.BadProfile):
        take(database, tmp_path, "nobody")
    with database.reading() as session:
        assert session.scalars(select(Ticket)).all() == []


def take(database: Database, folder: Path, provider: str, nodes_of_log: list[list[str]] = NODES) -> None:
    (folder / "log.csv").write_bytes(as_bytes(HEADER, nodes_of_log))
    table = open_table(folder / "log.csv")
    chosen = replace(profile.load("default"), provider=provider)
    reader = NodeReader(chosen, table.header, ZONE, now=clock.now())
    read = [reader.read(row) for row in table.rows(reader.columns) if isinstance(row, Row)]
    nodes = [node for node in read if isinstance(node, Node)]
    with database.transaction() as session:
        imports.import_rows(session, nodes, chosen, at=clock.now().astimezone(ZONE))
