"""What cannot be read is named, line by line, and everything else goes in."""

import gzip
import json
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter
from sqlalchemy import select

from app.db import Database
from app.models import Event, Ticket
from app.services.tables.lines import LINE_LIMIT
from tests.imports.conftest import Import
from tests.imports.log import Rows, as_bytes, counts, sample, write_xlsx

HEADER, ALL = sample()
ROWS = ALL[:12]
READ = len(ROWS)
SPOILT = 5  # the row that is spoilt; with the header it is line 7
LINE = str(SPOILT + 2)

# What is spoilt: column, the value put there, the value reported, a part of what was expected.
VALUES = {
    "an unreadable date": ("sys_updated_at", "yesterday", "yesterday", "%d-%m-%Y %H:%M"),
    "a date that does not exist": ("opened_at", "31-02-2016 01:16", "31-02-2016 01:16", "真实存在"),
    "a date nobody keeps": ("sys_created_at", "2016", "2016", "%d-%m-%Y %H:%M"),
    "a date of another age": ("closed_at", "01-01-0001 00:00", "01-01-0001 00:00", "1970"),
    "an unknown state": ("incident_state", "Asleep", "Asleep", "Awaiting User Info"),
    "an unknown priority": ("priority", "9 - Whenever", "9 - Whenever", "1 - Critical"),
    "an unknown way of contact": ("contact_type", "Pigeon", "Pigeon", "Phone"),
    "no number": ("number", "?", "", "必填"),
    "no state": ("incident_state", "?", "", "必填"),
    "no time": ("sys_updated_at", "", "", "必填"),
    "a count that is none": ("sys_mod_count", "-3", "-3", "整数"),
    "a NUL byte": ("caller_id", "Call\0er", "Call\\0er", "NUL"),
    "an endless number": ("number", "9" * 65, "9" * 40 + "…", "64"),
    "an endless value": ("u_symptom", "x" * 32_768, "x" * 40 + "…", "32767"),
    "a number cut by Excel": ("number", "2.02611E+17", "2.02611E+17", "科学计数"),
    "an error of Excel's": ("caller_id", "#N/A", "#N/A", "错误代码"),
    "a date for a number": ("number", "3月1日", "3月1日", "当成了日期"),
    "a truth for a number": ("number", "TRUE", "TRUE", "逻辑值"),
    "a number of a table of floats": ("number", "20261120.0", "20261120.0", "小数"),
    "a column too narrow": ("caller_id", "########", "########", "太窄"),
    "a serial number for a date": ("opened_at", "46346.33", "46346.33", "日期序号"),
    "a letter lost on the way": ("assigned_to", "Resol\ufffder", "Resol\ufffder", "丢了字"),
    "a year that is not yet": ("sys_updated_at", "01-01-2090 08:00", "01-01-2090 08:00", "已经发生"),
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_spoilt_value_is_named_and_the_other_rows_go_in(kind: str, tickets_import: Import) -> None:
    column, value, shown, expected = VALUES[kind]
    outcome = tickets_import(as_bytes(HEADER, spoilt(column, value)))
    assert (outcome.status, outcome.counts) == (0, counts(READ, imported=READ - 1, rejected=1))
    [reject] = outcome.rejects
    assert (reject["line"], reject["column"], reject["value"]) == (LINE, column, shown)
    assert expected in reject["expected"]


@pytest.mark.parametrize("column", ["resolved_at", "closed_at", "assigned_to", "caller_id", "u_symptom", "priority"])
def test_a_question_mark_in_an_optional_column_is_accepted(column: str, tickets_import: Import) -> None:
    assert tickets_import(as_bytes(HEADER, spoilt(column, "?"))).counts == counts(READ, imported=READ)


def test_a_state_the_log_does_not_explain_is_recorded_and_leaves_the_ticket_where_it_was(
    tickets_import: Import, database: Database
) -> None:
    node = next(row for row in ALL if row[HEADER.index("incident_state")] == "Active")
    later = list(node)
    later[HEADER.index("incident_state")], later[HEADER.index("sys_updated_at")] = "-100", "01/7/2016 08:00"
    assert tickets_import(as_bytes(HEADER, [node, later])).counts == counts(2, imported=2)
    with database.reading() as session:
        assert session.scalars(select(Ticket.state)).all() == ["accepted"]
        assert [event.state for event in session.scalars(select(Event).order_by(Event.at))] == ["accepted", None]


def test_the_same_moment_in_another_form_is_the_same_node(tickets_import: Import) -> None:
    tickets_import(as_bytes(HEADER, ROWS))
    at = HEADER.index("sys_updated_at")
    other = [[*row[:at], row[at].replace("-0", "/").replace("-", "/"), *row[at + 1 :]] for row in ROWS]
    assert tickets_import(as_bytes(HEADER, other)).counts == counts(READ, unchanged=READ)


@pytest.mark.parametrize("cells", [3, 35, 37])
def test_a_row_with_the_wrong_number_of_columns_is_rejected(cells: int, tickets_import: Import) -> None:
    rows = [list(row) for row in ROWS]
    rows[SPOILT] = (rows[SPOILT] * 2)[:cells]
    outcome = tickets_import(as_bytes(HEADER, rows))
    assert outcome.counts == counts(READ, imported=READ - 1, rejected=1)
    assert [(reject["line"], reject["expected"]) for reject in outcome.rejects] == [
        (LINE, f"36 列（这一行有 {cells} 列）")
    ]


def test_bytes_that_are_no_letters_cost_their_line_and_not_the_file(tickets_import: Import) -> None:
    rows = spoilt("u_symptom", "打印机SPOILT")
    rows[1][HEADER.index("u_symptom")] = "网络"
    outcome = tickets_import(as_bytes(HEADER, rows).replace(b"SPOILT", b"\xff\xfe"))
    assert outcome.counts == counts(READ, imported=READ - 1, rejected=1)
    assert [(reject["line"], reject["column"]) for reject in outcome.rejects] == [(LINE, "u_symptom")]
    assert "utf-8" in outcome.rejects[0]["expected"]


def test_a_quote_that_is_never_closed_ends_the_file_with_its_reason(tickets_import: Import) -> None:
    """What follows may stand inside of it: nobody knows."""
    lines = as_bytes(HEADER, ROWS).splitlines(keepends=True)
    lines[SPOILT + 1] = b'"' + lines[SPOILT + 1]
    outcome = tickets_import(b"".join(lines))
    assert outcome.counts == counts(SPOILT + 1, imported=SPOILT, rejected=1)
    assert [reject["line"] for reject in outcome.rejects] == [f"{LINE}–{READ + 1}"]
    assert outcome.status == 1
    assert f"第 {LINE} 行" in outcome.stderr
    assert "引号" in outcome.stderr


def test_a_quoted_value_may_run_over_lines_and_the_line_numbers_stay_those_of_the_file(tickets_import: Import) -> None:
    rows = spoilt("priority", "9")
    rows[1][HEADER.index("u_symptom")] = 'a "quoted"\r\nvalue, over\nthree lines'
    outcome = tickets_import(as_bytes(HEADER, rows))
    assert outcome.counts == counts(READ, imported=READ - 1, rejected=1)
    assert [reject["line"] for reject in outcome.rejects] == [str(int(LINE) + 2)]


def test_a_line_without_end_is_rejected_without_being_held(tickets_import: Import) -> None:
    lines = as_bytes(HEADER, ROWS).splitlines(keepends=True)
    lines.insert(SPOILT + 1, b"x" * (3 * LINE_LIMIT) + b"\n")
    outcome = tickets_import(b"".join(lines))
    assert outcome.counts == counts(READ + 1, imported=READ, rejected=1)
    assert [reject["line"] for reject in outcome.rejects] == [LINE]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_cut_anywhere_in_its_last_line_takes_in_what_is_whole(tickets_import: Import) -> None:
    whole = as_bytes(HEADER, ROWS).rstrip(b"\r\n")
    last = whole.rindex(b"\n") + 1
    ends = range(last + 1, len(whole))
    for end in [*ends[:40:8], *ends[-20:]]:
        outcome = tickets_import(whole[:end])
        assert outcome.status == 0
        assert outcome.counts["read"] == READ
        line = whole[last:end]
        complete = line.count(b",") == len(HEADER) - 1 and line.endswith(
            b","
        )  # only the optional last value is missing
        assert outcome.counts["rejected"] == (0 if complete else 1), line


def test_a_truncated_gzip_gives_what_is_readable_then_says_so_and_fails(tickets_import: Import, tmp_path: Path) -> None:
    path = tmp_path / "cut.csv.gz"
    packed = gzip.compress(as_bytes(HEADER, ALL[:400]))
    path.write_bytes(packed[: len(packed) // 2])
    outcome = tickets_import(path)
    assert outcome.status == 1
    assert 50 < outcome.counts["imported"] == outcome.counts["read"] - outcome.counts["rejected"] < 400
    assert "cut.csv.gz" in outcome.stderr
    assert "没有读到结尾" in outcome.stderr

    path.write_bytes(packed)
    again = tickets_import(path)
    assert again.counts == counts(400, imported=400 - outcome.counts["imported"], unchanged=outcome.counts["imported"])


def test_a_sheet_with_real_dates_and_numbers_reads_like_the_text(tickets_import: Import, tmp_path: Path) -> None:
    tickets_import(as_bytes(HEADER, ROWS))
    path = tmp_path / "typed.xlsx"
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy hh:mm"}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        for number, row in enumerate(ROWS, 1):
            for place, value in enumerate(row):
                sheet.write(number, place, typed(HEADER[place], value))
    assert tickets_import(path).counts == counts(READ, unchanged=READ)


def test_a_sheet_that_is_damaged_inside_is_refused(tickets_import: Import, tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "log.xlsx", HEADER, ROWS)
    whole = path.read_bytes()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "cut.xlsx", "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, content[: len(content) // 2] if name.endswith("sheet1.xml") else content)
    outcome = tickets_import(tmp_path / "cut.xlsx")
    assert outcome.status == 1
    assert 0 < outcome.counts["imported"] == outcome.counts["read"] < READ
    assert "没有读到结尾" in outcome.stderr
    path.write_bytes(whole[: len(whole) // 2])
    assert tickets_import(path).status == 1


def test_spoilt_rows_of_a_sheet_are_named_by_their_row(tickets_import: Import, tmp_path: Path) -> None:
    outcome = tickets_import(write_xlsx(tmp_path / "log.xlsx", HEADER, spoilt("opened_at", "31-02-2016 01:16")))
    assert outcome.counts == counts(READ, imported=READ - 1, rejected=1)
    assert [(reject["line"], reject["column"]) for reject in outcome.rejects] == [(LINE, "opened_at")]


def test_a_value_that_a_spreadsheet_would_run_is_shown_as_text(tickets_import: Import) -> None:
    outcome = tickets_import(as_bytes(HEADER, spoilt("priority", "=1+1")))
    assert [reject["value"] for reject in outcome.rejects] == ["'=1+1"]


def test_the_report_as_json_says_the_same(tickets_import: Import) -> None:
    outcome = tickets_import(as_bytes(HEADER, spoilt("priority", "9")), "--json")
    told = json.loads(outcome.stdout)
    assert told.pop("rejects").endswith("rejects.csv")
    assert told == {**counts(READ, imported=READ - 1, rejected=1), "error": None}


def spoilt(column: str, value: str) -> Rows:
    rows = [list(row) for row in ROWS]
    rows[SPOILT][HEADER.index(column)] = value
    return rows


def typed(column: str, value: str) -> object:
    if column.endswith("_at") and value != "?":
        return datetime.strptime(value, "%d-%m-%Y %H:%M")  # noqa: DTZ007 a cell has no zone
    return int(value) if value.isdecimal() else value
