"""The quarter's sheet as a workbook: a page for the sum, one for each dimension; the sums are formulas.

A reader that does not calculate finds the values that were frozen; one that does must come to the same.
"""

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from app.services.tables.formulas import guarded
from app.texts.sheets import WORDS, measured, per_cent

HEAD = ("代码", "指标", "公式", "来源", "分子", "分母", "比率", "95% 区间", "次数", "是否", "计分权重", "得分", "说明")
WIDTHS = (7, 24, 46, 8, 9, 9, 9, 16, 7, 6, 9, 9, 30)
WEIGHT, POINTS = 10, 11  # columns


def workbook(content: dict[str, Any], facts: dict[str, str], *, at: datetime) -> bytes:
    """`facts`: what stands at the head, such as state, version, digest and moment; `at`: when it was counted, so that
    the same sheet is the same file.
    """
    out = BytesIO()
    with Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": at.astimezone(UTC).replace(tzinfo=None)})
        styles = _styles(book)
        first = book.add_worksheet("汇总")
        cells = {code: _dimension(book, code, content, styles) for code in _dimensions(content)}
        _summary(first, content, facts, cells, styles)
    return out.getvalue()


def _styles(book: Workbook) -> dict[str, Any]:
    wrap = {"text_wrap": True, "valign": "top"}
    return {
        "head": book.add_format({"bold": True, "bottom": 1, **wrap}),
        "text": book.add_format(wrap),
        "points": book.add_format({"num_format": "0.00", "valign": "top"}),
        "money": book.add_format({"num_format": "#,##0.00", "valign": "top"}),
        "total": book.add_format({"num_format": "#,##0.00", "bold": True, "top": 1}),
        "title": book.add_format({"bold": True, "font_size": 14}),
    }


def _dimensions(content: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(line["dimension"] for line in content["lines"]))


def _dimension(book: Workbook, code: str, content: dict[str, Any], styles: dict[str, Any]) -> tuple[str, int]:
    """The lines of a dimension; the cell of their sum, and what it comes to in hundredths."""
    name = WORDS["sheet_dimension"].get(code, code)
    page = book.add_worksheet(name)
    for column, (title, width) in enumerate(zip(HEAD, WIDTHS, strict=True)):
        page.set_column(column, column, width)
        page.write_string(0, column, title, styles["head"])
    lines = [line for line in content["lines"] if line["dimension"] == code]
    for row, line in enumerate(lines, start=1):
        _line(page, row, line, styles)
    end, points = len(lines) + 1, sum(line["points"] or 0 for line in lines)
    weights = sum(line["weight_spread"] or 0 for line in lines)
    page.write_string(end, 1, "小计", styles["head"])
    page.write_formula(end, WEIGHT, f"=SUM(K2:K{end})", styles["total"], weights / 100)
    page.write_formula(end, POINTS, f"=SUM(L2:L{end})", styles["total"], points / 100)
    page.freeze_panes(1, 2)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    return f"'{name}'!L{end + 1}", points


def _line(page: Worksheet, row: int, line: dict[str, Any], styles: dict[str, Any]) -> None:
    for column, text in _texts(line).items():
        page.write_string(row, column, guarded(text), styles["text"])
    figure = line["figure"] or {}
    for column, name in ((4, "num"), (5, "den"), (8, "count")):
        if name in figure:
            page.write_number(row, column, figure[name])
    for column, name in ((WEIGHT, "weight_spread"), (POINTS, "points")):
        if line[name] is not None:
            page.write_number(row, column, line[name] / 100, styles["points"])


def _texts(line: dict[str, Any]) -> dict[int, str]:
    figure = line["figure"] or {}
    origin = measured(line["measure"])
    return {
        0: line["code"],
        1: line["name"]["zh"],
        2: line["formula"]["zh"],
        3: WORDS["sheet_measure"][origin],
        6: per_cent(figure["num"], figure["den"]) if figure.get("den") else "",
        7: "–".join(f"{end / 100:.2f}%" for end in line["interval"] or ()),
        9: {True: "是", False: "否", None: ""}[figure.get("yes")],
        12: WORDS["sheet_why"].get(line["why"], ""),
    }


def _summary(
    page: Worksheet,
    content: dict[str, Any],
    facts: dict[str, str],
    cells: dict[str, tuple[str, int]],
    styles: dict[str, Any],
) -> None:
    page.set_column(0, 0, 44)
    page.set_column(1, 1, 24)
    page.write_string(0, 0, f"{content['quarter']} 季度考核表", styles["title"])
    row = 1
    for name, text in facts.items():
        page.write_string(row, 0, name, styles["text"])
        page.write_string(row, 1, text, styles["text"])
        row += 1
    first = row + 1
    for code, (cell, points) in cells.items():
        page.write_string(row, 0, WORDS["sheet_dimension"].get(code, code), styles["text"])
        page.write_formula(row, 1, f"={cell}", styles["points"], points / 100)
        row += 1
    bonus = content["bonus"]
    bonus_line = f"加分：表扬 {bonus['praises']} 次，改进 {bonus['improvements']} 项，最多 3.00"
    page.write_string(row, 0, bonus_line, styles["text"])
    page.write_formula(
        row,
        1,
        f"=MIN(3,{bonus['praise'] / 100:.2f}+{bonus['improvement'] / 100:.2f})",
        styles["points"],
        content["bonus_counted"] / 100,
    )
    row += 1
    page.write_string(row, 0, "总分，最高 100.00", styles["head"])
    total = (content["total"] or 0) / 100
    page.write_formula(row, 1, f"=MIN(100,ROUND(SUM(B{first}:B{row}),2))", styles["total"], total)
    _money(page, row + 1, content["settlement"], styles)


def _money(page: Worksheet, row: int, money: dict[str, Any], styles: dict[str, Any]) -> None:
    if money.get("fee") is None:
        return
    base = money["contract_base_fen"] / 100
    page.write_string(row, 0, "每季度服务费（元）", styles["text"])
    page.write_number(row, 1, base, styles["money"])
    page.write_string(row + 1, 0, f"合同天数 {money['days']} ÷ 季度天数 {money['of_days']}", styles["text"])
    share = f"=ROUND(B{row + 1}*{money['days']}/{money['of_days']},2)"
    page.write_formula(row + 1, 1, share, styles["money"], money["base_fen"] / 100)
    k = money["k"] / 100 if "k" in money else money["fee_before_deductions"] / max(1, money["base_fen"])
    page.write_string(row + 2, 0, f"系数 k {money.get('grade', '')}", styles["text"])
    page.write_number(row + 2, 1, k, styles["points"])
    page.write_string(row + 3, 0, "× k", styles["text"])
    before = money["fee_before_deductions"] / 100
    page.write_formula(row + 3, 1, f"=ROUND(B{row + 2}*B{row + 3},2)", styles["money"], before)
    page.write_string(row + 4, 0, "另行约定的扣款", styles["text"])
    page.write_number(row + 4, 1, money["deducted"] / 100, styles["money"])
    page.write_string(row + 5, 0, "应付（元）", styles["head"])
    page.write_formula(row + 5, 1, f"=MAX(0,B{row + 4}-B{row + 5})", styles["total"], money["fee"] / 100)
