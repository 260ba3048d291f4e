"""Lists as files: all rows by the list's own conditions, a part at a time, nothing run by a spreadsheet."""

import csv
import io
import zipfile
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.models import Asset, Place, Ticket
from app.pagination import SIZE
from app.services.tables import writer
from app.services.tables.reader import open_table
from tests.conftest import Console
from tests.console.conftest import Rate
from tests.support.console_forms import offers, send
from tests.support.world import World

ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
EVIL = '=HYPERLINK("http://evil","x")'


def rows(client: FlaskClient, path: str) -> list[list[str]]:
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


@ONE
def test_all_rows_come_by_the_conditions_of_the_list(world: World, console: Console) -> None:
    for number in range(SIZE + 3):
        world.ticket("reported", description=str(number))
    closed = world.ticket("closed")
    head, *found = rows(console(world.supervisor), "/console/tickets?state=reported&as=csv")
    assert head[0] == "编号"
    assert len(found) == SIZE + 3
    assert len({row[0] for row in found}) == SIZE + 3
    assert closed.number not in {row[0] for row in found}


@ONE
def test_no_cell_is_a_formula_and_no_zero_is_lost(world: World, console: Console) -> None:
    world.ticket("reported", description=EVIL)
    supervisor = console(world.supervisor)
    [_head, row] = rows(supervisor, "/console/tickets?as=csv")
    assert f"'{EVIL}" in row
    answer = supervisor.get("/console/tickets?as=xlsx")
    assert answer.mimetype == writer.XLSX
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        assert book.testzip() is None
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "&apos;=HYPERLINK" in sheet or "'=HYPERLINK" in sheet


@ONE
def test_every_list_has_its_files_and_each_for_whom_it_is(world: World, console: Console, rate: Rate) -> None:
    rate(world.ticket("finished"), 2)
    supervisor, desk = console(world.supervisor), console(world.desk)
    assert len(rows(supervisor, "/console/ratings?as=csv&from=")) == 2
    assert desk.get("/console/ratings?as=csv").status_code == 403
    head, low = rows(supervisor, "/console/cases?as=csv")
    assert dict(zip(head, low, strict=True))["起因"] == "低分"
    assert len(rows(supervisor, "/console/cases?show=closed&as=csv")) == 1
    people = rows(supervisor, "/console/people?as=csv")
    assert [world.engineer.staff_number, world.engineer.name] in [row[:2] for row in people]
    assert desk.get("/console/people?as=csv").status_code == desk.get("/console/cases?as=csv").status_code == 403
    whole, less = rows(supervisor, "/console/notices?as=csv"), rows(desk, "/console/notices?as=csv")
    assert "工号" in whole[0]
    assert "工号" not in less[0]
    assert 'as=xlsx"' in desk.get("/console/tickets").text


@ONE
def test_assets_and_rooms_come_whole_beyond_the_first_page(world: World, console: Console) -> None:
    tags = [f"A{number:03}" for number in range(SIZE + 3)]
    with world.database.transaction() as session:
        session.add_all(Asset(tag=tag, name="电脑") for tag in tags)
        session.add(Place(code="R-1", name="护士站"))
    supervisor = console(world.supervisor)
    assert [row[0] for row in rows(supervisor, "/console/assets?as=csv")] == ["编号", *tags]
    assert [row[0] for row in rows(supervisor, "/console/assets?show=places&as=csv")] == ["编号", "R-1"]
    assert [row[0] for row in rows(supervisor, "/console/assets?as=csv&q=A00")] == ["编号", *tags[:10]]


def test_a_workbook_is_written_front_to_end_and_read_again(tmp_path: Path) -> None:
    parts = list(writer.as_xlsx([["编号", "n"], ["0012", 7], ["<&>", None], ["_x0041_", "\x0b\ufffe=1"]]))
    assert len(parts) > 4
    file = tmp_path / "list.xlsx"
    file.write_bytes(b"".join(parts))
    table = open_table(file)
    assert table.header == ["编号", "n"]
    assert [getattr(row, "cells", None) for row in table.records] == [
        ["0012", 7],
        ["<&>", ""],
        ["_x0041_", "'=1"],
    ]


@ONE
def test_a_ticket_that_waits_is_dispatched_from_the_list(world: World, console: Console) -> None:
    ticket = world.ticket("reported")
    given, desk = world.ticket("dispatched"), console(world.desk)
    answer = send(desk, "/console/tickets", f"/console/tickets/{ticket.number}/dispatch", lead=str(world.engineer.id))
    assert answer.status_code == 303
    with world.database.reading() as session:
        assert session.get_one(Ticket, ticket.id).lead_id == world.engineer.id
    assert not offers(desk, "/console/tickets", f"/console/tickets/{given.number}/dispatch")
    assert not offers(console(world.auditor), "/console/tickets", f"/console/tickets/{ticket.number}/dispatch")
