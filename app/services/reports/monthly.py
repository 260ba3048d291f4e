"""A month of a contract: what was done and how, by the sheet's own figures; for the hospital what was rated, too."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import Missing
from app.models import Contract, Provider, RegisterFile, RegisterRecord
from app.services.indicators import counting
from app.services.indicators.measures import MEASURES
from app.services.indicators.quarters import Quarter
from app.services.indicators.scope import month
from app.services.reports.document import PALE, begin, line, printable
from app.services.sheets import beside_reports, rule_sets
from app.services.tables import writer
from app.services.tables.writer import Cell
from app.texts.sheets import per_cent
from config.registers import registers

_FORM = re.compile("(20[0-9]{2})-(0[1-9]|1[0-2])")
HEAD = ("代码", "指标", "公式", "分子", "分母或次数", "比率")
WIDTHS = (8, 26, 60, 14, 16, 14)
REPORTS = "reports"
BESIDE = ("编号", "服务商的报告", "数字", "报告写的", "我们计的", "说明")
BESIDE_WIDTHS = (12, 30, 26, 13, 13, 50)


@dataclass(frozen=True)
class Month:
    contract: str
    provider: str
    first: date
    rows: Sequence[tuple[Cell, ...]]
    for_provider: bool
    reported: Sequence[tuple[Cell, ...]] = ()
    """What the provider's reports say, beside what was counted here; for the hospital alone."""

    @property
    def title(self) -> str:
        return f"{self.first:%Y-%m} 服务月报"

    @property
    def notes(self) -> Sequence[str]:
        of_ratings = (
            "不含评价和投诉：服务商在冻结的季度表上看到。" if self.for_provider else "含评价和投诉，只供医院内部使用。"
        )
        return (f"{self.provider} · 合同 {self.contract}", f"按完成日期计；评价、重开以后还会增加。{of_ratings}")


def read(text: str) -> date:
    """The first day of a month written 2026-11. Raises Missing."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise Missing("no_such_month")
    return date(int(found[1]), int(found[2]), 1)


def of_month(session: Session, contract: Contract, first: date, *, zone: ZoneInfo, for_provider: bool) -> Month:
    """What ratings and complaints say is not in the provider's (law 11). Raises Refused."""
    rules = rule_sets.for_quarter(session, contract, Quarter.at(first).first)
    scope = month(first, zone=zone, contract_id=contract.id)
    rows: list[tuple[Cell, ...]] = []
    for one in rules.indicators:
        if one.counted and not (for_provider and MEASURES[one.measure].of_ratings):
            found = counting.count_of(session, one.measure, scope)
            shares: tuple[Cell, ...] = (None, found.den, "") if one.takes == "count" else _shares(found.num, found.den)
            rows.append((one.code, one.zh, one.formula_zh, *shares))
    provider = session.get_one(Provider, contract.provider_id).name
    beside = [] if for_provider else list(_reported(session, contract, first, zone))
    return Month(contract.number, provider, first, rows, for_provider, beside)


def workbook(month: Month) -> bytes:
    beside = [(), BESIDE, *month.reported] if month.reported else []
    return writer.xlsx([HEAD, *month.rows, *beside], title=f"{month.first:%Y-%m}")


def document(month: Month, *, at: datetime) -> bytes:
    pdf = begin(month.title, foot=f"{month.first:%Y-%m} {month.contract}", at=at)
    line(pdf, month.title, size=18)
    for note in month.notes:
        line(pdf, note, size=9, soft=True)
    pdf.ln(3)
    _table(pdf, HEAD, month.rows, WIDTHS, "RIGHT")
    if month.reported:
        pdf.ln(4)
        line(pdf, "服务商报告里的数字和我们计的", size=12)
        line(pdf, "按报告写的季度或月份比，评价算到交来那天；相差超过 2% 的标出。", size=9, soft=True)
        pdf.ln(2)
        _table(pdf, BESIDE, month.reported, BESIDE_WIDTHS, "LEFT")
    return bytes(pdf.output())


def _table(
    pdf: FPDF, head: Sequence[str], rows: Sequence[tuple[Cell, ...]], widths: tuple[int, ...], last: str
) -> None:
    pdf.set_font("sc", size=9)
    with pdf.table(
        col_widths=widths,
        text_align=("LEFT", "LEFT", "LEFT", "RIGHT", "RIGHT", last),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(fill_color=PALE),
        line_height=5,
    ) as table:
        for row in (head, *rows):
            table.row([printable("" if cell is None else str(cell)) for cell in row])


def _reported(session: Session, contract: Contract, first: date, zone: ZoneInfo) -> Iterator[tuple[Cell, ...]]:
    """A row for each report that is due or about these days, and one for each of its figures."""
    form = registers()[REPORTS]
    labels = {one.name: one.zh for one in form.fields}
    figures = beside_reports.of_month(session, REPORTS, contract.id, first, zone=zone)
    reports = beside_reports.about(session, REPORTS, contract.id, first)
    files = _files(session, reports)
    for one in reports:
        yield (one.code, one.title, one.period, None, None, "；".join(_delivered(one, files.get(one.id, 0))))
        for beside in figures:
            if beside.record.id == one.id:
                apart = f"相差 {'+' if beside.reported > beside.ours else '−'}{abs(beside.reported - beside.ours)}"
                marked = f"{apart} ⚠" if beside.differs else apart if beside.reported != beside.ours else "相同"
                yield (one.code, None, labels[beside.name], beside.reported, beside.ours, marked)


def _files(session: Session, reports: Sequence[RegisterRecord]) -> dict[int, int]:
    """How many each report has, without those taken out."""
    file = RegisterFile
    query = select(file.record_id, func.count().label("many")).where(
        file.record_id.in_([one.id for one in reports]), file.taken_out_at.is_(None)
    )
    return {row.record_id: row.many for row in session.execute(query.group_by(file.record_id))}


def _delivered(one: RegisterRecord, files: int) -> Iterator[str]:
    if one.due_on:
        yield f"应交 {one.due_on}"
    if one.done_on is None:
        yield "还没有交"
    else:
        yield f"{one.done_on} 交来" + ("，迟交" if one.due_on and one.done_on > one.due_on else "")
    yield f"附件 {files} 份" if files else "没有附件"
    if not one.period:
        yield "没有写季度或月份，不能比"
    elif one.confirmed_at is None:
        yield "数字还没有第二人确认"


def _shares(num: int, den: int) -> tuple[Cell, ...]:
    return (num, den, per_cent(num, den) if den else "—")
