"""Registers as tables: the same file in and out again, and a spoilt row named by its line, nothing else lost."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from app.models import Person, RegisterEntry, RegisterRecord
from app.services.registers import tables
from app.services.registers.access import Reader
from app.services.registers.records import Act
from app.services.tables.reader import open_table
from app.services.tables.writer import xlsx
from config.registers import Field, registers
from tests.conftest import Console
from tests.registers.conftest import AT, Write, stands
from tests.support.console_forms import offers, send
from tests.support.world import World

SAMPLE = {
    "text": "三楼 =1+1 “引号”",
    "long": "第一行\n第二行 _x0041_ ，<b>",
    "number": "17",
    "day": "2026-11-02",
    "person": "W0003",
    "quarter": "2026Q3",
    "contract": "HT-2020-001",
    "category": "printer",
}


def hospital(world: World) -> Reader:
    return Reader(world.supervisor.id, hospital=True, acts=True)


def taken_out(world: World, kind: str) -> bytes:
    with world.database.reading() as session:
        return xlsx(tables.rows(session, hospital(world), kind, registers()[kind]), title=registers()[kind].zh)


def brought_in(world: World, kind: str, content: bytes, place: Path) -> tables.ImportResult:
    path = place / "table.xlsx"
    path.write_bytes(content)
    with world.database.transaction() as session:
        return tables.take_in(session, kind, open_table(path), Act(hospital(world), AT))


def sample(one: Field, row: int) -> str:
    if one.type == "choice":
        return one.choices[row % len(one.choices)][1]
    return SAMPLE[one.type]


def book(kind: str, *rows: dict[str, Any]) -> bytes:
    """As somebody would type it in Excel."""
    written, filled = BytesIO(), Workbook()
    sheet: Any = filled.active
    head = tables.header(registers()[kind])
    sheet.append(head)
    for row in rows:
        sheet.append([row.get(name, "") for name in head])
    filled.save(written)
    return written.getvalue()


@pytest.mark.parametrize("kind", registers())
def test_every_register_brought_in_and_taken_out_is_the_same_file(world: World, kind: str, tmp_path: Path) -> None:
    register = registers()[kind]
    said = [
        [f"NR-{row}", *(sample(one, row) for one in register.current), register.states[row % len(register.states)][1]]
        + ([str(row)] if register.stock else [])
        for row in range(3)
    ]
    file = xlsx([tables.header(register), *said], title=register.zh)
    taken = brought_in(world, kind, file, tmp_path)
    assert (taken.written, taken.unchanged, taken.faults) == (3, 0, [])
    assert taken_out(world, kind) == file
    again = brought_in(world, kind, file, tmp_path)
    assert (again.written, again.unchanged, again.faults) == (0, 3, [])
    assert taken_out(world, kind) == file


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=2, max_size=2))
def test_whatever_was_written_is_the_same_after_a_way_through_the_table(
    world: World, write: Write, tmp_path: Path, words: list[str]
) -> None:
    title, text = words
    record = write("desk_rules", title=f"制度{title}", text=text, due="2026-12-01")
    once = taken_out(world, "desk_rules")
    taken = brought_in(world, "desk_rules", once, tmp_path)
    assert taken.faults == []
    assert taken_out(world, "desk_rules") == once
    assert stands(world, record).title.startswith("制度")


def test_a_spoilt_row_is_named_and_nothing_else_is_lost(world: World, write: Write, tmp_path: Path) -> None:
    write("inspections", title="旧的", due="2026-12-01")
    good = {"内容": "", "巡检内容": "机房", "合同": "HT-2020-001", "计划日期": "2026-12-05", "发现问题数": "0"}
    rows: list[dict[str, Any]] = [
        {**good, "编号": "IN-0001", "巡检内容": "旧的改了"},
        {**good, "编号": "N-1"},
        {**good, "编号": "N-2", "计划日期": "下周"},
        {**good, "编号": "N-1", "巡检内容": "又一次"},
        {**good, "编号": "N-4", "发现问题数": "二"},
        {**good, "编号": "N-5", "巡检人": 17},
        {**good, "编号": "N-6", "合同": "HT-NONE"},
        {**good, "编号": "N-7", "巡检内容": ""},
        {**good, "编号": 1.5},
        {**good, "编号": "N-8", "状态": "做完了"},
        {**good, "编号": "", "巡检内容": "没有编号"},
    ]
    taken = brought_in(world, "inspections", book("inspections", *rows), tmp_path)
    assert [(fault.line, fault.column, fault.code) for fault in taken.faults] == [
        (4, "计划日期", "register_day"),
        (5, "编号", "tag_twice"),
        (6, "发现问题数", "register_number"),
        (7, "巡检人", "staff_number_is_a_number"),
        (8, "合同", "register_contract"),
        (9, "巡检内容", "register_missing"),
        (10, "编号", "excel_number"),
        (11, "状态", "register_choice"),
    ]
    assert taken.written == 3
    with world.database.reading() as session:
        titles = session.execute(select(RegisterRecord.code, RegisterRecord.title).order_by(RegisterRecord.id)).all()
    assert [tuple(row) for row in titles] == [("IN-0001", "旧的改了"), ("N-1", "机房"), ("IN-0002", "没有编号")]


def test_a_date_of_excel_is_a_day_and_a_column_left_out_leaves_what_is_known(
    world: World, write: Write, tmp_path: Path
) -> None:
    record = write("inspections", title="机房", due="2026-12-01", place="B1", person="W0003", faults="2")
    written, filled = BytesIO(), Workbook()
    sheet: Any = filled.active
    for row in (("编号", "巡检内容", "计划日期", "状态"), ("IN-0001", "机房", AT.replace(tzinfo=None), "")):
        sheet.append(row)
    filled.save(written)
    assert brought_in(world, "inspections", written.getvalue(), tmp_path).written == 1
    kept = stands(world, record)
    assert (str(kept.due_on), kept.words, kept.data) == ("2026-11-20", {"place": "B1"}, {"faults": 2})
    assert (kept.person_id, kept.contract_id) == (world.engineer.id, world.contract.id)


def test_how_many_there_are_is_a_count_in_the_history(world: World, tmp_path: Path) -> None:
    part = {"编号": "SP-9", "名称": "硒鼓", "合同": "HT-2020-001"}
    for count in ("5", "3", "3"):
        brought_in(world, "spares", book("spares", {**part, "数量": count}), tmp_path)
    with world.database.reading() as session:
        moved = select(RegisterEntry.change, RegisterEntry.stock).where(RegisterEntry.kind == "moved")
        assert [tuple(row) for row in session.execute(moved.order_by(RegisterEntry.id))] == [(5, 5), (-2, 3)]
        assert session.scalar(select(func.count()).select_from(RegisterRecord)) == 1


def test_a_file_goes_out_and_comes_in_by_the_page(world: World, console: Console, write: Write) -> None:
    write("uniform", title="三楼", checked="20", passed="19", done="2026-11-19", person="W0003")
    supervisor, page = console(world.supervisor), "/console/registers/uniform"
    file = supervisor.get(f"{page}.xlsx")
    assert (file.status_code, file.data) == (200, taken_out(world, "uniform"))
    sheet: Any = load_workbook(BytesIO(file.data)).active
    assert [cell.value for cell in sheet[2]][:4] == ["UB-0001", "三楼", "20", "19"]
    sheet["D2"] = "18"
    sheet.append(["", "五楼", "二十"])
    changed = BytesIO()
    sheet.parent.save(changed)
    changed.seek(0)
    sent = send(supervisor, page, f"{page}/table", table=(changed, "着装.xlsx"))
    assert sent.status_code == 200
    assert "写入 1 条" in sent.text
    assert "第 3 行" in sent.text
    assert "请填整数，不带单位。" in sent.text
    assert stands(world, 1).data["passed"] == 18


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x00\x01", "UTF-16"),
        (b"", "是空的"),
        (b"a,b\n1,2\n", "表头缺少列：编号, 抽查地点"),
        (b"%PDF-1.7\n", "只有一列"),
    ],
)
def test_what_is_no_table_of_this_register_is_refused_whole(
    world: World, console: Console, content: bytes, said: str
) -> None:
    page = "/console/registers/uniform"
    sent = send(console(world.supervisor), page, f"{page}/table", table=(BytesIO(content), "x.xlsx"))
    assert sent.status_code == 422
    assert said in sent.text


def test_tables_name_people_by_numbers_and_are_not_for_the_provider(
    world: World, console: Console, manager: Person
) -> None:
    page = "/console/registers/inspections"
    desk, auditor = console(manager), console(world.auditor)
    assert desk.get(f"{page}.xlsx").status_code == 403
    assert not offers(desk, page, f"{page}/table")
    assert auditor.get(f"{page}.xlsx").status_code == 200
    assert not offers(auditor, page, f"{page}/table")
