"""`flask assets import` and `flask places import`: what carries a label, from the hospital's own tables."""

from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app.models import Asset, Place
from tests.support.world import World

Import = Callable[..., Result]
ROOMS = "房间代码,名称,科室代码,院区代码,楼,楼层,门牌\nN07-1,呼吸内科护士站,N07,main,3号楼,7,701\n"
THINGS = (
    "资产编号,名称,服务类别代码,房间代码,科室代码,停用\n"
    "PRN-0032,激光打印机,printer,N07-1,N07,\n"
    "0047,查房车,,,N07,否\n"
    "OLD-1,针式打印机,printer,,,报废\n"
)


def test_rooms_and_assets_come_in_and_know_each_other(imported: Import, world: World) -> None:
    assert last(imported("places", ROOMS)) == "read=1 imported=1 unchanged=0 rejected=0"
    assert last(imported("assets", THINGS)) == "read=3 imported=3 unchanged=0 rejected=0"
    printer, cart, old = (asset(world, tag) for tag in ("PRN-0032", "0047", "OLD-1"))
    room = place(world, "N07-1")
    assert (room.name, room.department_id, room.building, room.room) == (
        "呼吸内科护士站",
        world.ward.id,
        "3号楼",
        "701",
    )
    assert (printer.place_id, printer.category_id, printer.retired_at) == (room.id, world.printers.id, None)
    assert (cart.place_id, cart.department_id) == (None, world.ward.id)
    assert old.retired_at is not None


def test_the_same_file_again_changes_nothing(imported: Import, world: World) -> None:
    for group, table in (("places", ROOMS), ("assets", THINGS)):
        imported(group, table)
        before = asset(world, "OLD-1").retired_at if group == "assets" else None
        rows = len(table.splitlines()) - 1
        assert last(imported(group, table)) == f"read={rows} imported=0 unchanged={rows} rejected=0"
    assert asset(world, "OLD-1").retired_at == before


def test_a_cell_left_empty_empties_and_a_column_left_out_leaves(imported: Import, world: World) -> None:
    imported("places", ROOMS)
    imported("assets", THINGS)
    table = "tag,name,place_code,retired\nPRN-0032,彩色打印机,,是\n"
    assert last(imported("assets", table)) == "read=1 imported=1 unchanged=0 rejected=0"
    printer = asset(world, "PRN-0032")
    assert (printer.name, printer.place_id, printer.category_id) == ("彩色打印机", None, world.printers.id)
    assert printer.retired_at is not None
    imported("assets", "tag,name,retired\nPRN-0032,彩色打印机,在用\n")
    assert asset(world, "PRN-0032").retired_at is None


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        (",打印机,,,,", "资产编号", "必填"),
        ("A1,,,,,", "名称", "必填"),
        ("A1,打印机,nothing,,,", "服务类别代码", "系统中已有的服务类别"),
        ("A1,打印机,,nowhere,,", "房间代码", "系统中已有的地点"),
        ("A1,打印机,,,nobody,", "科室代码", "系统中已有的科室代码"),
        ("A1,打印机,,,,也许", "停用", "以下之一"),
        ("PRN-0032,打印机,,,,", "资产编号", "每个编号只有一行"),
        (f"{'A' * 41},打印机,,,,", "资产编号", "不超过 40 个字符"),
        ("A1,打印机", "", "6 列（这一行有 2 列）"),
    ],
)
def test_a_row_that_cannot_be_taken_is_written_back_and_the_rest_comes_in(
    imported: Import, world: World, tmp_path: Path, row: str, column: str, expected: str
) -> None:
    imported("places", ROOMS)
    done = imported("assets", f"{THINGS}{row}\n")
    assert done.exit_code == 0
    assert last(done) == "read=4 imported=3 unchanged=0 rejected=1"
    (told,) = (tmp_path / "rejects.csv").read_text("utf-8-sig").splitlines()[1:]
    assert told.startswith(f"5,{column},")
    assert expected in told


def test_a_tag_that_excel_took_for_a_number_is_not_guessed(imported: Import, world: World, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "table.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((("资产编号", "名称"), (47, "查房车"), ("0048", "查房车"))):
            sheet.write_row(number, 0, row)
    assert last(imported("assets", tmp_path / "table.xlsx")) == "read=2 imported=1 unchanged=0 rejected=1"
    assert asset(world, "0048").name == "查房车"


def test_more_than_a_batch_comes_in(imported: Import, world: World) -> None:
    rows = "".join(f"A{number},扫码枪\n" for number in range(1001))
    assert last(imported("assets", f"tag,name\n{rows}")) == "read=1001 imported=1001 unchanged=0 rejected=0"


@pytest.mark.parametrize("table", ["", "tag\nA1\n", "名称\n打印机\n"])
def test_a_table_without_its_columns_is_refused(imported: Import, world: World, table: str) -> None:
    assert imported("assets", table).exit_code == 1


def last(done: Result) -> str:
    return done.stdout.splitlines()[-1]


def asset(world: World, tag: str) -> Asset:
    with world.database.reading() as session:
        return session.scalars(select(Asset).where(Asset.tag == tag)).one()


def place(world: World, code: str) -> Place:
    with world.database.reading() as session:
        return session.scalars(select(Place).where(Place.code == code)).one()


@pytest.fixture
def imported(app: Flask, tmp_path: Path) -> Import:
    """`imported("assets", "tag,name\\n...")`, or the path of a file."""

    def run(group: str, table: str | Path) -> Result:
        path = table if isinstance(table, Path) else tmp_path / "table.csv"
        if isinstance(table, str):
            path.write_text(table, "utf-8")
        rejects = str(tmp_path / "rejects.csv")
        return app.test_cli_runner().invoke(args=[group, "import", str(path), "--rejects", rejects])

    return run
