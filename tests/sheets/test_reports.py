"""The quarter on paper and for everybody: the same sums as the page, formulas that come to them, nothing cut off."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from app.services.reports import charts, document, published, workbook
from app.services.sheets import agreeing
from app.services.sheets.entries import Value
from tests.conftest import Console
from tests.sheets.conftest import Story
from tests.support.world import ZONE

AT = datetime(2026, 10, 20, 9, tzinfo=UTC)
FACTS = {"状态": "已冻结", "指纹": "ab" * 32}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def frozen(story: Story) -> dict[str, Any]:
    story.finish()
    story.finish(30, served=story.world.ward)
    story.check(story.enter("C8.1", Value(count=1)))
    story.check(story.enter("deduction", Value(count=12_345)))
    story.enter("R1", Value(yes=True))
    story.count()
    story.freeze()
    content = story.view().content
    assert content is not None
    return content


def test_the_workbook_has_the_pages_sums_and_the_formulas_that_make_them(frozen: dict[str, Any]) -> None:
    made = workbook.workbook(frozen, FACTS, at=AT)
    values, formulas = load_workbook(BytesIO(made), data_only=True), load_workbook(BytesIO(made))
    assert values.sheetnames == ["汇总", "人员", "资源", "过程", "技术"]
    assert made == workbook.workbook(frozen, FACTS, at=AT)
    total, counted = 0.0, dict[str, float]()
    for name in values.sheetnames[1:]:
        rows = [[cell.value for cell in row] for row in values[name].iter_rows(min_row=2)]
        *lines, end = rows
        for line in lines:
            if line[11] is not None:
                counted[str(line[0])] = float(str(line[11]))
        assert end[11] == pytest.approx(sum(float(str(line[11] or 0)) for line in lines))
        assert formulas[name].cell(len(rows) + 1, 12).value == f"=SUM(L2:L{len(rows)})"
        total += float(str(end[11]))
    points = {line["code"]: line["points"] / 100 for line in frozen["lines"] if line["points"] is not None}
    assert counted == points
    summary = {str(row[0].value): row[1].value for row in values["汇总"].iter_rows()}
    assert summary["总分，最高 100.00"] == frozen["total"] / 100 == pytest.approx(total)
    assert summary["应付（元）"] == frozen["settlement"]["fee"] / 100
    said = [row[1].value for row in formulas["汇总"].iter_rows() if isinstance(row[1].value, str)]
    assert sum(text.startswith("=") for text in said) >= 8


@pytest.mark.slow("a whole Chinese font is embedded")
def test_the_document_says_every_line_with_a_glyph_for_each_sign(frozen: dict[str, Any]) -> None:
    with pypdfium2.PdfDocument(document.document(frozen, FACTS, at=AT)) as pdf:
        assert 2 <= len(pdf) <= 4
        text = "".join(page.get_textpage().get_text_bounded() for page in pdf)
    assert document.document(frozen, FACTS, at=AT) == document.document(frozen, FACTS, at=AT)
    seen = "".join(text.split())
    for line in frozen["lines"]:
        assert line["code"] in seen
        assert "".join(line["name"]["zh"].split()) in seen
    assert "〓" not in seen
    assert f"{frozen['total'] // 100}.{frozen['total'] % 100:02}" in seen
    assert "−123.45" in seen


def test_a_bar_is_the_share_of_its_weight(frozen: dict[str, Any]) -> None:
    chart = charts.dimensions(frozen)
    assert [bar.code for bar in chart.bars] == ["P", "R", "C", "T"]
    assert sum(bar.weight for bar in chart.bars) == 10_000
    assert all(bar.length == bar.points * chart.width // bar.weight for bar in chart.bars)


def test_everybody_reads_what_is_settled_and_nothing_before(
    story: Story, frozen: dict[str, Any], client: FlaskClient
) -> None:
    where = f"/published/{story.term.quarter}"
    assert client.get(where).status_code == 404
    assert client.get("/published").status_code == 200
    settle(story)
    page = client.get(where).text
    assert f"{frozen['total'] // 100}.{frozen['total'] % 100:02}" in page
    assert "<svg" in page
    assert "评价不足 5 条" in page
    assert str(story.term.quarter) in client.get("/published").text
    with story.world.database.reading() as session:
        [one] = published.of_quarter(session, str(story.term.quarter))
    assert one.satisfied is None


def settle(story: Story) -> None:
    view = story.view()
    assert view.standing is not None
    sheet, at = view.standing.sheet.id, story.at + timedelta(hours=1)
    how: dict[str, Any] = {"way": "password", "note": "同意", "at": at, "zone": ZONE}
    with story.world.database.transaction() as session:
        agreeing.sign(session, sheet, "provider", by=story.world.desk.id, **how)
        agreeing.sign(session, sheet, "hospital", by=story.world.supervisor.id, **how)
        agreeing.settle(session, sheet, by=story.world.admin.id, at=at, zone=ZONE)


@pytest.mark.slow("a whole Chinese font is embedded")
def test_the_sheet_is_taken_away_as_it_is_seen(story: Story, frozen: dict[str, Any], console: Console) -> None:
    here = f"/console/sheets/{story.term.contract.id}/{story.term.quarter}"
    for who in (story.world.auditor, story.world.desk):
        client = console(who)
        for ending, begins in ((".xlsx", b"PK"), (".pdf", b"%PDF")):
            answer = client.get(here + ending)
            assert answer.status_code == 200
            assert answer.data.startswith(begins)
    assert frozen["total"]
    assert console(story.world.desk).get(f"/console/sheets/{story.term.contract.id}/2020Q1.xlsx").status_code == 404
