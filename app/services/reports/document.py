"""The quarter's sheet as a PDF: a summary a director reads, every line behind it, and room for both stamps.

Flowing text in tables is fpdf2's work; the pinned Chinese font is embedded as far as it is used.
"""

from datetime import datetime
from typing import Any

from fpdf import FPDF
from fpdf.enums import TableBordersLayout
from fpdf.fonts import FontFace

from app.services.reports import charts
from app.texts.sheets import WORDS, measured, per_cent, points, yuan
from qr.font import PATH, SIMPLIFIED, font

LEADING = 0.55  # millimetres of a line for each point of its letters
SOFT, GREEN, PALE = (90, 90, 90), (6, 122, 63), (225, 225, 225)


class Document(FPDF):
    foot = ""
    numbered = True

    def footer(self) -> None:
        self.set_y(-12)
        self.set_font("sc", size=8)
        self.set_text_color(*SOFT)
        self.cell(w=0, h=6, text=f"{self.foot} · {self.page_no()} / {{nb}}" if self.numbered else self.foot, align="C")
        self.set_text_color(0, 0, 0)


def document(content: dict[str, Any], facts: dict[str, str], *, at: datetime) -> bytes:
    """`facts`: what stands at the head, such as state, version, digest and moment; `at`: when it was counted, so that
    the same sheet is the same file.
    """
    title = f"{content['quarter']} 季度考核表"
    pdf = begin(title, foot=f"{content['quarter']} {content['contract']}", at=at)
    _head(pdf, content, facts)
    _chart(pdf, content)
    _sum(pdf, content)
    _stamps(pdf)
    pdf.add_page(orientation="landscape")
    _lines(pdf, content)
    return bytes(pdf.output())


def begin(title: str, *, foot: str, at: datetime, only: str = "") -> Document:
    """A first page in the pinned font, or what a file has `only` of it; its moment is `at`, so that the same facts are
    the same file.
    """
    pdf = Document(format="A4")
    pdf.foot = printable(foot)
    pdf.add_font("sc", fname=only or PATH, collection_font_number=0 if only else SIMPLIFIED)
    pdf.set_creation_date(at)
    pdf.set_title(title)
    pdf.set_margin(16)
    pdf.set_auto_page_break(auto=True, margin=18)
    pdf.add_page()
    return pdf


def _head(pdf: FPDF, content: dict[str, Any], facts: dict[str, str]) -> None:
    line(pdf, f"{content['quarter']} 季度考核表", size=18)
    line(pdf, f"{content['provider']} · 合同 {content['contract']} · {content['from']} 至 {content['to']}", size=10)
    for name, text in facts.items():
        line(pdf, f"{name}：{text}", size=9, soft=True)
    pdf.ln(3)
    grade = content["settlement"].get("grade", "")
    line(pdf, f"总分 {points(content['total'])}　{grade}", size=22)


def _chart(pdf: FPDF, content: dict[str, Any]) -> None:
    """Bars of how much of its weight each dimension reached; the table below says the same."""
    left, width = pdf.l_margin, pdf.epw
    for bar in charts.dimensions(content).bars:
        y = pdf.get_y() + 1
        pdf.set_fill_color(*PALE)
        pdf.rect(left + 22, y, width - 62, 5, style="F")
        pdf.set_fill_color(*GREEN)
        pdf.rect(left + 22, y, (width - 62) * bar.points / bar.weight, 5, style="F")
        pdf.set_font("sc", size=10)
        pdf.cell(w=22, h=7, text=WORDS["sheet_dimension"].get(bar.code, bar.code))
        pdf.set_x(left + width - 38)
        text = f"{points(bar.points)} / {points(bar.weight)}"
        pdf.cell(w=38, h=7, text=text, align="R", new_x="LMARGIN", new_y="NEXT")
    pdf.set_fill_color(255, 255, 255)
    pdf.ln(3)


def _sum(pdf: FPDF, content: dict[str, Any]) -> None:
    bonus, money = content["bonus"], content["settlement"]
    rows = [(WORDS["sheet_dimension"].get(code, code), points(got)) for code, got in content["dimensions"].items()]
    text = f"加分：表扬 {bonus['praises']} 次，改进 {bonus['improvements']} 项（最多 3.00）"
    rows += [
        (text, points(content["bonus_counted"])),
        ("总分（四舍五入到 0.01，最高 100.00）", points(content["total"])),
    ]
    if money.get("fee") is not None:
        share = f"服务费：{yuan(money['contract_base_fen'])} 元 × {money['days']} ÷ {money['of_days']} 天"
        rows.append((share, yuan(money["base_fen"])))
        if "k" in money:
            rows.append((f"系数 k（{money['grade']}）", points(money["k"])))
        if money["veto"]:
            rows.append(("一票否决（书面决定）", "是"))
        rows.append(("× k，四舍五入到分", yuan(money["fee_before_deductions"])))
        rows += [("另行约定的扣款", f"−{yuan(one['fen'])}") for one in money["deductions"]]
        rows.append(("应付（元）", yuan(money["fee"])))
    if both := content["satisfied_with_excluded"]:
        rows.append(("满意率，含已排除的评价", per_cent(both["num"], both["den"]) if both["den"] else "—"))
    pdf.set_font("sc", size=10)
    with pdf.table(
        col_widths=(7, 3), text_align=("LEFT", "RIGHT"), first_row_as_headings=False, line_height=6.5
    ) as table:
        for name, value in rows:
            table.row((printable(name), printable(value)))
    if content.get("termination_review"):
        line(pdf, "连续两季或合同内三季低于 75 分：启动终止评估。", size=10)
    text = "没有数据的指标不给满分，权重按比例分给同组其他指标。没有评价就是没有，不当作满意。"
    line(pdf, f"按 {content['rules']} 规则。{text}", size=9, soft=True)


def _stamps(pdf: FPDF) -> None:
    """The paper way: both sides sign and stamp."""
    pdf.ln(8)
    pdf.set_font("sc", size=11)
    half = pdf.epw / 2
    for side in ("医院（签字、盖章）", "服务商（签字、盖章）"):
        pdf.cell(w=half, h=8, text=side)
    pdf.ln(24)
    for _side in range(2):
        pdf.cell(w=half, h=8, text="　　　　年　　月　　日")
    pdf.ln(8)


def _lines(pdf: FPDF, content: dict[str, Any]) -> None:
    line(pdf, "附：逐项", size=14)
    pdf.set_font("sc", size=8)
    heads = FontFace(fill_color=PALE)
    with pdf.table(
        col_widths=(9, 32, 58, 12, 34, 30, 14, 14, 44),
        text_align=("LEFT", "LEFT", "LEFT", "LEFT", "LEFT", "LEFT", "RIGHT", "RIGHT", "LEFT"),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        headings_style=heads,
        line_height=4.5,
    ) as table:
        table.row(("代码", "指标", "公式", "来源", "数字", "95% 区间", "权重", "得分", "说明"))
        for one in content["lines"]:
            table.row([printable(cell) for cell in _cells(one)])


def _cells(line: dict[str, Any]) -> tuple[str, ...]:
    figure, ends = line["figure"] or {}, line["interval"] or ()
    origin = measured(line["measure"])
    text = "—"
    if "yes" in figure:
        text = "是" if figure["yes"] else "否"
    elif "count" in figure:
        text = str(figure["count"])
    elif figure.get("den"):
        text = f"{per_cent(figure['num'], figure['den'])} = {figure['num']} ÷ {figure['den']}"
    return (
        line["code"],
        line["name"]["zh"],
        line["formula"]["zh"],
        WORDS["sheet_measure"][origin],
        text,
        "–".join(f"{points(end)}%" for end in ends),
        points(line["weight_spread"]),
        points(line["points"]),
        WORDS["sheet_why"][line["why"]] if line["why"] else "",
    )


def line(pdf: FPDF, text: str, *, size: int, soft: bool = False) -> None:
    pdf.set_font("sc", size=size)
    if soft:
        pdf.set_text_color(*SOFT)
    pdf.multi_cell(w=0, h=size * LEADING, text=printable(text), new_x="LMARGIN", new_y="NEXT")
    pdf.set_text_color(0, 0, 0)


def printable(text: str) -> str:
    """With a sign in the place of what the font does not have, never a box."""
    return font().printable(text)
