"""Files that broke other systems, each with what is right for it. `tests/data/README.md` says where they are from."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.db import Database
from app.models import Employment, Event, Person, Ticket
from app.paths import ROOT
from tests.imports.conftest import Import
from tests.imports.log import counts
from tests.support.world import World

TABLES = ROOT / "tests" / "data" / "tables"
Described = Callable[[], dict[str, str]]

pytestmark = [pytest.mark.usefixtures("world"), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def test_numbers_that_excel_cut_are_rejected_and_name_what_it_did(tickets_import: Import, described: Described) -> None:
    outcome = tickets_import(TABLES / "cut-numbers.csv", profile="default")
    assert (outcome.status, outcome.counts) == (0, counts(5, rejected=5))
    assert all("科学计数" in reject["expected"] and "文本" in reject["expected"] for reject in outcome.rejects)
    assert described() == {}


def test_what_is_not_read_may_be_of_any_length(tickets_import: Import, described: Described) -> None:
    assert tickets_import(TABLES / "long-remark.csv", profile="default").counts == counts(3, imported=3)
    assert {number: len(text) for number, text in described().items()} == {"INC-1": 5, "INC-2": 4, "INC-3": 4_100}


def test_a_description_of_many_lines_is_one(tickets_import: Import, described: Described) -> None:
    assert tickets_import(TABLES / "many-lines.csv", profile="default").counts == counts(2, imported=2)
    assert described()["INC-1"].count("\n") == 61
    assert described()["INC-2"] == "短"


def test_nothing_is_written_back_that_a_spreadsheet_runs(tickets_import: Import) -> None:
    outcome = tickets_import(TABLES / "formulas.csv", profile="default")
    assert outcome.counts == counts(21, rejected=21)
    shown = [reject["value"] for reject in outcome.rejects]
    assert [value for value in shown if not value.startswith("'")] == ["-1", "-100", "|calc", "%0A=1"]


def test_a_column_that_comes_twice_and_is_not_read_says_nothing(tickets_import: Import, described: Described) -> None:
    assert tickets_import(TABLES / "column-twice.csv", profile="default").counts == counts(1, imported=1)
    assert described() == {"J-1": "卡纸"}


def test_letters_that_xml_does_not_have_are_read_as_they_were(tickets_import: Import, described: Described) -> None:
    assert tickets_import(TABLES / "escapes.xlsx", profile="default").counts == counts(3, imported=3)
    assert described() == {"X-1": "第一行\n第二行", "X-2": "带控制符的", "X-3": "变量 _x0041_ 字面"}


def test_carriage_returns_end_lines_too(tickets_import: Import, described: Described) -> None:
    assert tickets_import(TABLES / "cr-only.csv", profile="default").counts == counts(1, imported=1)
    assert described() == {"G-1": "卡纸"}


def test_the_first_sheet_that_is_seen_is_read(tickets_import: Import, described: Described) -> None:
    assert tickets_import(TABLES / "hidden-first.xlsx", profile="default").counts == counts(1, imported=1)
    assert described() == {"M-1": "a"}


def test_a_workbook_is_read_whatever_else_a_program_wrote_into_it(tickets_import: Import, database: Database) -> None:
    outcome = tickets_import(TABLES / "empty-fill.xlsx", profile="default")
    assert (outcome.status, outcome.counts) == (0, counts(18, imported=6, rejected=12))
    with database.reading() as session:
        found = session.execute(select(Ticket.number, Event.at).join(Event, Event.ticket_id == Ticket.id)).all()
    eight = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
    assert sorted(found) == [
        ("12345", eight),
        ("S-1", eight),
        ("S-1", eight.replace(minute=30)),
        ("S-2", eight),
        ("S-4", eight),
        ("S-8", datetime(2026, 11, 19, 16, 0, tzinfo=UTC)),
    ]
    wrong = {
        "5": "日期序号",
        "7": "日期时间",
        "8": "真实存在",
        "9": "日期时间",
        "11": "真实存在",
        "12": "错误代码",
        "13": "错误代码",
        "14": "错误代码",
        "15": "逻辑值",
        "16": "15 位",
        "17": "15 位",
        "19": "公式算出的值",
    }
    assert [reject["line"] for reject in outcome.rejects] == [*wrong]
    assert all(wrong[reject["line"]] in reject["expected"] for reject in outcome.rejects), outcome.rejects


def test_a_workbook_with_a_password_is_said_to_have_one(tickets_import: Import) -> None:
    outcome = tickets_import(TABLES / "zip-password.xlsx", profile="default")
    assert outcome.status == 1
    assert "密码" in outcome.stderr


def test_nothing_has_happened_in_the_future(
    tickets_import: Import, described: Described, database: Database, world: World
) -> None:
    world.employ("000871", "甲某", "user")
    outcome = tickets_import(TABLES / "future.csv", profile="default")
    assert outcome.counts == counts(5, imported=3, rejected=2)
    assert [(reject["line"], reject["column"]) for reject in outcome.rejects] == [("3", "时间"), ("4", "时间")]
    assert described().keys() == {"FUT-1", "FUT-3"}


def test_what_nobody_sees_is_no_part_of_a_number_or_a_name(people_import: Import, database: Database) -> None:
    assert people_import(TABLES / "invisible.csv").counts == counts(10, imported=10)
    with database.reading() as session:
        people = session.scalars(select(Person).where(Person.staff_number.startswith("01")).order_by(Person.id)).all()
    assert [one.staff_number for one in people if len(one.staff_number) == 4] == [f"01{n:02}" for n in range(1, 11)]
    told = {one.staff_number: (one.name, one.telephone) for one in people}
    assert told["0103"] == ("丙某", "13800000003")
    assert told["0104"] == ("丁某", "13800000004")
    assert told["0105"] == ("戊某", "13800000005")
    assert told["0106"] == ("己　某", "1380000006")
    assert told["0107"] == ("庚某", "138-0000-0007")
    assert told["0109"] == ("壬某", "13800000009")
    assert told["0110"] == ("癸某", "8120转13800000010")


def test_nobody_leaves_by_one_comma_too_many(people_import: Import, database: Database) -> None:
    assert people_import(TABLES / "roster.csv").counts == counts(30, imported=30)
    outcome = people_import(TABLES / "roster-ragged.csv", "--full", "--yes")
    assert outcome.counts == counts(30, unchanged=29, rejected=1)
    assert "不处理离职" in outcome.stderr
    with database.reading() as session:
        assert session.scalars(select(Employment).where(Employment.valid_to.is_not(None))).all() == []


@pytest.fixture
def described(database: Database) -> Described:
    """The description of every ticket, by its number."""

    def look() -> dict[str, str]:
        with database.reading() as session:
            return dict(session.execute(select(Ticket.number, Ticket.description)).all())

    return look
