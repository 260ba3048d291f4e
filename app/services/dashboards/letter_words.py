"""The department's letter. Paper speaks to the hospital's people: Chinese, whatever language the page has."""

from datetime import date

TITLE = "{} 信息服务：您说，我们做"
TO = "致 {}"
SERVED, YOU_SAID, DID, COMPLAIN = "本季服务", "您说", "我们做了", "不满意怎么办"
FINISHED = "为贵科室完成工单 {} 件。"
RATED = "收到计入考核的评价 {} 条。没有评价就是没有，不当作满意。"
FEW = "计入考核的评价不足 {} 条，不写数字：任何一个人的评价都不能从这封信里看出来。"
ALIKE = "评价还不多，而且都一样，不写满意率：任何一个人的评价都不能从这封信里看出来。"
SATISFIED = "满意率 {rate}（{x} ÷ {n}，非常满意和满意），95% 区间 {low:.1f}–{high:.1f}%。"
REASON = "{}：{} 人次"
NO_REASONS = "没有哪个原因有 {} 人次以上提到。"
NO_REASONS_OF_FEW = "评价太少或都一样，不写原因。"
DONE, DOING = "我们做了：{}", "正在做：{}（{} 前）"
SAID_BEFORE, EVERYWHERE = "您说：{}　", "全院 · {}"
REGISTERED = "{}：{}"
NOTHING_DONE = "本季没有登记与贵科室有关的改进。"
BY_CODE = "用微信扫工单或科室的码，评价、说“还没修好”，或者投诉；服务商看不到您的评价。"
BY_LINE = "也可以打监督热线 {}，由信息科接听，不经过服务商。"
HANDLED = "低分和投诉由信息科的人回访，处理结果请您再评。"


def did(feedback: str, done: str) -> str:
    return f"{SAID_BEFORE.format(feedback) if feedback else ''}{DONE.format(done)}"


def doing(action: str, until: date) -> str:
    return DOING.format(action, until)


def everywhere(feedback: str, done: str) -> str:
    return EVERYWHERE.format(did(feedback, done))


def ways(hotline: str) -> list[str]:
    """How to complain."""
    return [BY_CODE, *([BY_LINE.format(hotline)] if hotline else []), HANDLED]
