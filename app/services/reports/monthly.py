"""A month of a contract: what was done and how, by the sheet's own figures; for the hospital what was rated, too."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace
from sqlalchemy.orm import Session

from app.errors import Missing
from app.models import Contract, Provider
from app.services.indicators import counting
from app.services.indicators.measures import MEASURES
from app.services.indicators.quarters import Quarter
from app.services.indicators.scope import Scope
from app.services.reports.document import PALE, begin, line, printable
from app.services.sheets import rule_sets
from app.services.tables import writer
from app.services.tables.writer import Cell
from app.texts.sheets import per_cent

_FORM = re.compile("(20[0-9]{2})-(0[1-9]|1[0-2])")
HEAD = ("代码", "指标", "公式", "分子", "分母或次数", "比率")
WIDTHS = (8, 26, 60, 14, 16, 14)


@dataclass(frozen=True)
class Month:
    contract: str
    provider: str
    first: date
    rows: Sequence[tuple[Cell, ...]]
    for_provider: bool

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
    rules = rule_sets.of(session, contract, Quarter.of(first).first)
    ends = (first + timedelta(days=31)).replace(day=1)
    begins, until = (datetime.combine(day, time(), tzinfo=zone) for day in (first, ends))
    scope = Scope(begins, until, contract.id)
    rows: list[tuple[Cell, ...]] = []
    for one in rules.indicators:
        if one.counted and not (for_provider and MEASURES[one.measure].of_ratings):
            found = counting.of(session, one.measure, scope)
            shares: tuple[Cell, ...] = (None, found.den, "") if one.takes == "count" else _shares(found.num, found.den)
            rows.append((one.code, one.zh, one.formula_zh, *shares))
    provider = session.get_one(Provider, contract.provider_id).name
    return Month(contract.number, provider, first, rows, for_provider)


def workbook(month: Month) -> bytes:
    return writer.xlsx([HEAD, *month.rows], title=f"{month.first:%Y-%m}")


def document(month: Month, *, at: datetime) -> bytes:
    pdf = begin(month.title, foot=f"{month.first:%Y-%m} {month.contract}", at=at)
    line(pdf, month.title, size=18)
    for note in month.notes:
        line(pdf, note, size=9, soft=True)
    pdf.ln(3)
    pdf.set_font("sc", size=9)
    with pdf.table(
        col_widths=WIDTHS,
        text_align=("LEFT", "LEFT", "LEFT", "RIGHT", "RIGHT", "RIGHT"),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=FontFace(fill_color=PALE),
        line_height=5,
    ) as table:
        for row in (HEAD, *month.rows):
            table.row([printable("" if cell is None else str(cell)) for cell in row])
    return bytes(pdf.output())


def _shares(num: int, den: int) -> tuple[Cell, ...]:
    return (num, den, per_cent(num, den) if den else "—")
