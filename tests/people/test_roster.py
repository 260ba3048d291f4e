"""The roster: joiners, movers and leavers, dated; nothing is lost, nothing overwritten."""

import csv
import json
from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
import xlsxwriter
from flask import Flask
from sqlalchemy import select

from app import clock
from app.db import Database
from app.models import Department, Employment, Person, RoleGrant
from tests.imports.conftest import import_file
from tests.imports.log import Outcome, counts
from tests.support.world import ZONE, World

HEADER = ["工号", "姓名", "电话", "科室代码", "服务商代码", "班组", "岗位", "角色", "起始日期", "截止日期"]
NEW = ["00500", "钱多", "13900000500", "N07", "", "", "", "", "2026-01-01", ""]
WORLD = 9  # people at work in the small hospital

Import = Callable[..., Outcome]

pytestmark = pytest.mark.usefixtures("world")


def test_a_new_person_is_employed_and_a_second_run_changes_nothing(people_import: Import, database: Database) -> None:
    assert people_import([NEW]).counts == counts(1, imported=1)
    assert people_import([NEW]).counts == counts(1, unchanged=1)
    person = somebody(database, "00500")
    assert (person.name, person.telephone) == ("钱多", "13900000500")
    assert [(job.valid_from, job.valid_to) for job in jobs(database, "00500")] == [(date(2026, 1, 1), None)]
    assert roles(database, "00500") == {"user"}


def test_a_move_closes_the_old_employment_the_day_before(
    people_import: Import, database: Database, world: World
) -> None:
    moved = ["00017", "王丽", "", "P01", "", "", "", "", "2026-03-01", ""]
    assert people_import([moved]).counts == counts(1, imported=1)
    assert [(job.department_id, job.valid_from, job.valid_to) for job in jobs(database, "00017")] == [
        (world.ward.id, date(2020, 1, 1), date(2026, 2, 28)),
        (world.pharmacy.id, date(2026, 3, 1), None),
    ]
    assert somebody(database, "00017").telephone == world.nurse.telephone
    assert people_import([moved]).counts == counts(1, unchanged=1)


def test_a_move_without_a_date_is_of_today_and_can_be_corrected_the_same_day(
    people_import: Import, database: Database, world: World
) -> None:
    today = clock.now().astimezone(ZONE).date()
    for code in ("P01", "X01"):
        assert people_import([["00017", "王丽", "", code, "", "", "", "", "", ""]]).counts == counts(1, imported=1)
    old, new = jobs(database, "00017")
    assert (old.valid_to, new.valid_from, new.department_id) == (today - timedelta(days=1), today, world.it.id)


def test_somebody_who_left_and_comes_back_has_two_stretches(people_import: Import, database: Database) -> None:
    people_import([["00017", "王丽", "", "N07", "", "", "", "", "", "2026-01-31"]])
    assert [job.valid_to for job in jobs(database, "00017")] == [date(2026, 1, 31)]
    people_import([["00017", "王丽", "", "N07", "", "", "", "", "2026-06-01", ""]])
    assert [(job.valid_from, job.valid_to) for job in jobs(database, "00017")] == [
        (date(2020, 1, 1), date(2026, 1, 31)),
        (date(2026, 6, 1), None),
    ]


def test_roles_are_replaced_where_given_and_kept_where_empty(people_import: Import, database: Database) -> None:
    people_import([["00042", "吴芳", "", "X01", "", "", "", "监督员、用户", "", ""]])
    assert roles(database, "00042") == {"supervisor", "user"}
    people_import([["00042", "吴芳", "", "X01", "", "", "", "", "", ""]])
    assert roles(database, "00042") == {"supervisor", "user"}


def test_a_full_roster_shows_who_comes_moves_and_goes_and_closes_the_leavers(
    people_import: Import, database: Database, everybody: list[list[str]]
) -> None:
    rows = [row for row in everybody if row[0] != "00106"]
    rows += [["00500", "钱多", "", "N07", "", "", "", "", "", ""]]
    outcome = people_import(rows, "--full", "--yes")
    assert outcome.counts == counts(WORLD, imported=1, unchanged=WORLD - 1)
    shown = outcome.stdout
    assert shown.index("新进 1 人") < shown.index("00500") < shown.index("调动 0 人") < shown.index("离职 1 人")
    assert shown.index("离职 1 人") < shown.index("00106 李伟")
    yesterday = clock.now().astimezone(ZONE).date() - timedelta(days=1)
    assert [job.valid_to for job in jobs(database, "00106")] == [yesterday]


def test_more_than_a_tenth_leaving_or_moving_is_refused_and_nothing_is_changed(
    people_import: Import, database: Database, everybody: list[list[str]]
) -> None:
    outcome = people_import([*everybody[1:], NEW], "--full")
    assert outcome.status == 1
    assert "--yes" in outcome.stderr
    assert [job.valid_to for job in jobs(database, everybody[0][0])] == [None]
    with database.reading() as session:
        assert session.scalar(select(Person).where(Person.staff_number == "00500")) is None


def test_somebody_whose_row_is_rejected_does_not_count_as_gone(
    people_import: Import, database: Database, everybody: list[list[str]]
) -> None:
    everybody[0][HEADER.index("起始日期")] = "31.2."
    outcome = people_import(everybody, "--full")
    assert (outcome.status, outcome.counts) == (0, counts(WORLD, unchanged=WORLD - 1, rejected=1))
    assert [job.valid_to for job in jobs(database, everybody[0][0])] == [None]


def test_without_a_readable_staff_number_in_every_row_nobody_leaves(
    people_import: Import, database: Database, everybody: list[list[str]]
) -> None:
    everybody[0][0] = ""
    outcome = people_import(everybody, "--full", "--yes")
    assert outcome.counts == counts(WORLD, unchanged=WORLD - 1, rejected=1)
    assert "不处理离职" in outcome.stderr
    with database.reading() as session:
        assert session.scalars(select(Employment).where(Employment.valid_to.is_not(None))).all() == []


@pytest.mark.parametrize("damage", ["one comma too many", "a stray quote", "stray bytes", "a NUL", "shifted", "twice"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_stands_in_a_row_that_cannot_be_read_has_not_left(
    damage: str, people_import: Import, database: Database, everybody: list[list[str]], tmp_path: Path
) -> None:
    more = [[f"010{number:02}", f"职工{number}", *NEW[2:]] for number in range(20)]
    people_import(more)
    path = tmp_path / "spoilt.csv"
    path.write_bytes(spoilt([HEADER, *everybody, *more], b"01007,", damage))
    outcome = people_import(path, "--full", "--yes")
    assert "不处理离职" in outcome.stderr or outcome.status == 1, (outcome.stdout, outcome.rejects)
    with database.reading() as session:
        assert session.scalars(select(Employment).where(Employment.valid_to.is_not(None))).all() == []


def test_a_refused_row_of_somebody_known_leaves_the_others_leaving(
    people_import: Import, database: Database, everybody: list[list[str]]
) -> None:
    everybody[0][HEADER.index("起始日期")] = "31.2."
    assert people_import(everybody[:-1], "--full", "--yes").counts == counts(WORLD - 1, unchanged=WORLD - 2, rejected=1)
    assert [job.valid_to is None for job in jobs(database, everybody[0][0])] == [True]
    assert [job.valid_to is None for job in jobs(database, everybody[-1][0])] == [False]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("工号", "", "必填"),
        ("工号", "servicenow:Caller 1", "冒号"),
        ("姓名", "", "必填"),
        ("科室代码", "Q99", "N07"),
        ("科室代码", "", "只填一个"),
        ("服务商代码", "huaxin", "只填一个"),
        ("岗位", "engineer", "服务商"),
        ("角色", "admin auditor", "不能是同一人"),
        ("角色", "皇帝", "监督员"),
        ("起始日期", "2026-02-30", "真实存在"),
        ("起始日期", "soon", "2026-01-31"),
        ("截止日期", "2025-12-31", "不早于"),
    ],
)
def test_a_row_that_cannot_be_right_is_rejected_with_its_reason(
    column: str, value: str, expected: str, people_import: Import, database: Database
) -> None:
    row = list(NEW)
    row[HEADER.index(column)] = value
    outcome = people_import([row])
    assert (outcome.status, outcome.counts) == (0, counts(1, rejected=1))
    assert expected in outcome.rejects[0]["expected"]
    with database.reading() as session:
        assert session.scalar(select(Person).where(Person.staff_number == "00500")) is None


@pytest.mark.parametrize("role", ["supervisor", "admin", "auditor"])
def test_nobody_of_the_provider_supervises(role: str, people_import: Import, database: Database) -> None:
    outcome = people_import([["W0003", "赵强", "", "", "huaxin", "onsite", "engineer", role, "", ""]])
    assert outcome.counts == counts(1, rejected=1)
    assert roles(database, "W0003") == {"engineer"}


def test_a_supervisor_who_goes_to_the_provider_must_give_the_role_up(people_import: Import, database: Database) -> None:
    row = ["00042", "吴芳", "", "", "huaxin", "onsite", "engineer", "", "", ""]
    assert people_import([row]).counts == counts(1, rejected=1)
    row[HEADER.index("角色")] = "工程师"
    assert people_import([row]).counts == counts(1, imported=1)
    assert roles(database, "00042") == {"engineer"}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (["00017", "王丽", "", "P01", "", "", "", "", "2019-06-01", ""], "起始日期"),
        (["00017", "王丽", "", "N07", "", "", "", "", "", "2019-12-31"], "截止日期"),
        (["00500", "钱多", "", "N07", "", "", "", "", "", "2019-12-31"], "截止日期"),
    ],
)
def test_nothing_moves_or_ends_before_it_began(
    row: list[str], column: str, people_import: Import, database: Database
) -> None:
    outcome = people_import([row])
    assert outcome.counts == counts(1, rejected=1)
    assert [reject["column"] for reject in outcome.rejects] == [column]
    assert [job.valid_to for job in jobs(database, "00017")] == [None]


def test_the_report_of_a_full_roster_as_json_names_who_comes_moves_and_goes(
    people_import: Import, everybody: list[list[str]]
) -> None:
    outcome = people_import([*everybody, NEW], "--full", "--json")
    told = json.loads(outcome.stdout)
    assert (told["joiners"], told["movers"], told["leavers"], told["imported"]) == (["00500"], [], [], 1)


def test_one_staff_number_has_one_row(people_import: Import) -> None:
    outcome = people_import([NEW, [*NEW[:1], "另一个", *NEW[2:]]])
    assert outcome.counts == counts(2, imported=1, rejected=1)
    assert [reject["line"] for reject in outcome.rejects] == ["3"]


def test_unknown_codes_are_created_only_when_asked(people_import: Import, database: Database) -> None:
    row = [*NEW[:3], "N99", *NEW[4:]]
    assert people_import([row]).counts == counts(1, rejected=1)
    assert people_import([row], "--create").counts == counts(1, imported=1)
    with database.reading() as session:
        assert session.scalar(select(Department.name).where(Department.code == "N99")) == "N99"


def test_a_staff_number_kept_as_a_number_has_lost_its_zeros_and_is_rejected(
    people_import: Import, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "roster.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER[:4])
        sheet.write_row(1, 0, [500, "钱多", 13900000500, "N07"])
        sheet.write_row(2, 0, ["00501", "孙一", 13900000501, "N07"])
    outcome = people_import(path)
    assert outcome.counts == counts(2, imported=1, rejected=1)
    assert [(reject["line"], reject["value"]) for reject in outcome.rejects] == [("2", "500")]
    assert "前导零" in outcome.rejects[0]["expected"]
    assert somebody(database, "00501").telephone == "13900000501"


def test_a_roster_without_staff_numbers_is_refused(people_import: Import, tmp_path: Path) -> None:
    (tmp_path / "wrong.csv").write_text("姓名,科室代码\n王丽,N07\n", encoding="gb18030")
    outcome = people_import(tmp_path / "wrong.csv")
    assert outcome.status == 1
    assert "工号" in outcome.stderr


def spoilt(rows: list[list[str]], start: bytes, damage: str) -> bytes:
    """The roster as bytes, with the line that begins so spoilt."""
    text = StringIO()
    csv.writer(text).writerows(rows)
    lines = text.getvalue().encode().splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if line.startswith(start))
    line = lines[place]
    lines[place] = {
        "one comma too many": line.replace(b",N07", b",,N07"),
        "a stray quote": line.replace(b",N07", b',"N07'),
        "stray bytes": line.replace(b"N07", b"\xff\xfe"),
        "a NUL": line.replace(b"N07", b"N\x0007"),
        "shifted": line.removeprefix(start).replace(b"\r\n", b",\r\n"),
        "twice": line.replace(start, b"01008,"),
    }[damage]
    assert lines[place] != line
    return b"".join(lines)


def somebody(database: Database, staff_number: str) -> Person:
    with database.reading() as session:
        return session.scalars(select(Person).where(Person.staff_number == staff_number)).one()


def jobs(database: Database, staff_number: str) -> list[Employment]:
    query = select(Employment).join(Person, Person.id == Employment.person_id).order_by(Employment.valid_from)
    with database.reading() as session:
        return list(session.scalars(query.where(Person.staff_number == staff_number)))


def roles(database: Database, staff_number: str) -> set[str]:
    query = select(RoleGrant.role).join(Person, Person.id == RoleGrant.person_id)
    with database.reading() as session:
        return set(session.scalars(query.where(Person.staff_number == staff_number)))


@pytest.fixture
def everybody(world: World) -> list[list[str]]:
    """The small hospital's own people as a roster."""
    ward = [[one.staff_number, one.name, "", "N07"] for one in (world.nurse, world.second_nurse)]
    it = [[one.staff_number, one.name, "", "X01"] for one in (world.supervisor, world.admin, world.auditor)]
    own = [*ward, [world.doctor.staff_number, world.doctor.name, "", "P01"], *it]
    servants = (world.engineer, world.second_engineer, world.desk)
    theirs = [[one.staff_number, one.name, "", "", "huaxin", "onsite", "engineer", "", "", ""] for one in servants]
    return [[*row, "", "", "", "", "", ""] for row in own] + theirs


@pytest.fixture
def people_import(app: Flask, tmp_path: Path) -> Import:
    """`people_import(rows)` or `people_import(path)`, with further options."""

    def run(rows: list[list[str]] | Path, *options: str) -> Outcome:
        path = rows if isinstance(rows, Path) else tmp_path / "roster.csv"
        if not isinstance(rows, Path):
            text = StringIO()
            csv.writer(text).writerows([HEADER, *rows])
            path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
        return import_file(app, tmp_path, "people", path, *options)

    return run
