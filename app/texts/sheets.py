"""What the quarter's sheet calls its states and figures, and how points and money are written."""

import re

from app.texts.catalogue import mark

WORDS: dict[str, dict[str, str]] = {
    "sheet_state": {
        "draft": mark("草稿"),
        "frozen": mark("已冻结，待签字"),
        "signed": mark("双方已签字"),
        "settled": mark("已结算"),
    },
    "sheet_side": {"hospital": mark("医院"), "provider": mark("服务商")},
    "sheet_way": {"password": mark("密码"), "paper": mark("纸质")},
    "sheet_dimension": {"P": mark("人员"), "R": mark("资源"), "C": mark("过程"), "T": mark("技术")},
    "sheet_why": {
        "nothing_counted": mark("本季度没有这样的工单，权重分给同组"),
        "few": mark("不足 30 条，只显示，不计分"),
        "few_for_provider": mark("太少或都一样，不显示"),
        "shown_only": mark("只显示，冻结后计分"),
        "not_entered": mark("还没有录入"),
        "file_missing": mark("还没有导入文件"),
        "register_unchecked": mark("台账里有的等第二人确认，还没有算进来"),
        "nothing_registered": mark("台账里本季度没有到期的"),
        "few_checked": mark("抽查的不够数，不计分"),
        "unchecked": mark("扣分项等第二人核对，暂不计分"),
        "declared": mark("已说明不适用"),
        "not_yet_shown": mark("冻结后显示"),
    },
    "sheet_measure": {
        "manual": mark("人工"),
        "imported": mark("导入"),
        "register": mark("台账"),
        "counted": mark("自动"),
    },
    "standing_measure": {
        "dispatch_in_time": mark("派单及时"),
        "response_in_time": mark("响应及时"),
        "arrival_in_time": mark("到场及时"),
        "solution_in_time": mark("解决及时"),
        "first_time_fix": mark("一次解决"),
        "satisfied": mark("满意"),
    },
    "sheet_rows": {"good": mark("分子里的"), "other": mark("其余的")},
    "entry_code": {
        "improvement": mark("被采纳的改进（加分）"),
        "veto": mark("一票否决的书面决定"),
        "deduction": mark("另行约定的扣款（分）"),
    },
}


def measured(measure: str) -> str:
    """Where a figure comes from: entered, a file, a register, or counted."""
    return measure if measure in {"manual", "imported", "register"} else "counted"


def points(hundredths: int | None) -> str:
    """As it is printed: 92.50; a dash where there are none."""
    return "—" if hundredths is None else f"{hundredths // 100}.{hundredths % 100:02}"


def per_cent(num: int, den: int) -> str:
    """With two decimals, half up."""
    whole = (num * 20_000 + den) // (2 * den)
    return f"{whole // 100}.{whole % 100:02}%"


def yuan(fen: int | None) -> str:
    return "—" if fen is None else f"{fen // 100:,}.{fen % 100:02}"


def read_yuan(text: str) -> int | None:
    """Fen; None for what is no sum."""
    found = re.fullmatch(r"([0-9]{1,11})(?:\.([0-9]{1,2}))?", text.strip().replace(",", ""))
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else None
