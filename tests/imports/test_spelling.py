"""One spelling of numbers, telephones and names; what Excel did to a number; and what a spreadsheet must not run."""

import re

import pytest

from app.paths import ROOT
from app.services import spelling
from app.services.tables import cells
from app.services.tables.formulas import guarded


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("０１０５", "0105"),
        ("\u202d0102\u202c", "0102"),
        ("\ufeff0107\u200b", "0107"),
        ("0106\u00a0", "0106"),
        ("ＩＮＣ－１", "INC-1"),
        ("①", "1"),
        ("INC\u00ad-1\u2060", "INC-1"),
        ("I\x07NC\x00-1", "INC-1"),
        ("INC 1", "INC 1"),
        ("⼯单-1", "工单-1"),
    ],
)
def test_a_number_has_one_spelling(typed: str, kept: str) -> None:
    assert spelling.number(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("１３８００００００００", "13800000000"),
        ("13800000009.0", "13800000009"),
        ("138-0000-0007", "138-0000-0007"),
        ("+86 138\u200b00000000", "+86 13800000000"),
        ("8120转13800000010", "8120转13800000010"),
    ],
)
def test_a_telephone_has_one_spelling(typed: str, kept: str) -> None:
    assert spelling.telephone(typed) == kept


@pytest.mark.parametrize(
    "name", ["阿依古丽·买买提", "阿依古丽•买买提", "阿依古丽 ・ 买买提", "阿依古丽．买买提\u200b", "阿依古丽‧买买提"]
)
def test_a_name_is_the_same_however_its_dot_is_typed(name: str) -> None:
    assert spelling.name_key(name) == spelling.name_key("阿依古丽·买买提") != spelling.name_key("阿依古丽买买提")


def test_blanks_and_compatible_letters_make_no_other_name() -> None:
    assert spelling.name_key(" 己　某 ") == spelling.name_key("己某")
    assert spelling.name_key("Ａｎｎa Li") == spelling.name_key("Anna Li")


@pytest.mark.parametrize(
    "number",
    [
        *(
            "2.02611E+17",
            "2E+17",
            "2.0e17",
            "-1.5E-7",
            "#N/A",
            "#REF!",
            "#DIV/0!",
            "#NAME?",
            "########",
            "TRUE",
            "FALSE",
        ),
        *("3月1日", "2026年3月", "1-Mar", "Mar-26", "20261120.0", "职工\ufffd", "INC\n1", "＃N/A"),
    ],
)
def test_what_excel_made_of_a_number_is_no_number(number: str) -> None:
    with pytest.raises(cells.Spoilt):
        cells.number(number, 64)


@pytest.mark.parametrize("cell", [True, 2.02611e17, 1234567890123456, 12.5, float("inf"), float("nan")])
def test_a_cell_that_has_lost_digits_is_no_number(cell: float) -> None:
    with pytest.raises(cells.Spoilt):
        cells.number(cell, 400)


@pytest.mark.parametrize(
    "number", ["3E10", "1E5", "3E-10", "1-2", "1.0", "TRUE-1", "12345", "202611200800001234", "/", "new", ".."]
)
def test_an_odd_number_stays_what_it_is(number: str) -> None:
    assert cells.number(number, 64) == number


@pytest.mark.parametrize("cell", [12345, 12345.0, 999999999999999])
def test_a_whole_number_of_a_cell_is_taken(cell: float) -> None:
    assert cells.number(cell, 64) == str(int(cell))


@pytest.mark.parametrize(
    "value",
    [
        *("=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1+1", "\u00a0=1", "\ufeff=1", "\u200b\ufeff@a"),
        *(
            "＝1+1",
            "＋1",
            "－1",
            "＠SUM(1)",
            "−1+1",
            "-9cmd|' /C calc'!A0",
            "-",
            "+",
            "+１",
            "-2+3",
            "\ttext",
            "﹢1",
            "﹦1",
        ),
    ],
)
def test_what_a_spreadsheet_would_run_is_guarded(value: str) -> None:
    assert guarded(value) == f"'{value}"


@pytest.mark.parametrize(
    "value", ["-1", "-100", "+8613800000000", "-1.5", "-1,000.00", "1e5", "-12%", "", "打印机", "a=b", "5-3", "'=1"]
)
def test_a_plain_value_stays(value: str) -> None:
    assert guarded(value) == value


def test_whatever_writes_a_table_guards_its_values() -> None:
    writes = re.compile(r"csv\.(?:Dict)?[Ww]riter|xlsxwriter|text/csv|to_csv|openpyxl")
    for path in sorted((ROOT / "app").rglob("*.py")):
        source = path.read_text("utf-8")
        assert not writes.search(source) or "guarded" in source, path
