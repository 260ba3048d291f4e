"""What the page of a contract's rules calls its fields, and what it says of one that is wrong."""

from app.texts.catalogue import mark

WORDS: dict[str, dict[str, str]] = {
    "rules_field": {
        "weight": mark("权重"),
        "type": mark("类型"),
        "target": mark("目标"),
        "floor": mark("底线"),
        "per": mark("每次（档）扣"),
        "step": mark("每档"),
        "least": mark("分数至少"),
        "grade": mark("等级"),
        "k": mark("系数 k"),
        "mode": mark("方式"),
        "full_at": mark("满额分数"),
        "veto_k": mark("一票否决时 k 至多"),
        "praise": mark("每次表扬加"),
        "praise_most": mark("表扬至多加"),
        "improvement": mark("每项改进加"),
        "improvement_most": mark("改进至多加"),
        "objections": mark("异议期限"),
        "calendar": mark("日历"),
        "priorities": mark("优先级"),
        "departments": mark("科室类型"),
        "campuses": mark("院区"),
        "dispatch": mark("派单"),
        "response": mark("响应"),
        "arrival": mark("到场"),
        "solution": mark("解决"),
        "measure": mark("算法"),
        "small_sample": mark("小样本"),
        "zh": mark("名称"),
        "en": mark("英文名称"),
        "formula_zh": mark("公式"),
        "formula_en": mark("英文公式"),
        "group": mark("组"),
        "dimension": mark("维度"),
        "register": mark("台账"),
        "code": mark("代码"),
    },
    "rules_part": {
        "settlement": mark("结算"),
        "bonus": mark("加分"),
        "bands": mark("等级"),
        "limits": mark("时限"),
        "rules": mark("规则"),
    },
    "rules_type": {"L": mark("L 线性"), "D": mark("D 扣分"), "Y": mark("Y 是否")},
    "rules_mode": {"bands": mark("按等级"), "proportional": mark("按比例")},
    "rules_fault": {
        "form": mark("写法不对"),
        "points": mark("应写成 3.00"),
        "share": mark("应写成 95%"),
        "limit": mark("应写成 30m、2h、1wd 或 5wd end"),
        "weights_sum": mark("各项权重合计必须是 100.00"),
        "code_twice": mark("代码重复"),
        "type_fields": mark("L 要填目标和底线；D 要填每次扣分（按档扣的再填目标和每档）；Y 都不填"),
        "floor_is_target": mark("底线不能等于目标"),
        "step_none": mark("每档要大于 0"),
        "source": mark("和它的来源不符"),
        "register": mark("和它的来源不符"),
        "other_figure": mark("比率不能改成次数，次数不能改成比率"),
        "unknown": mark("没有这样的"),
        "settlement_mode": mark("按等级的要有等级，按比例的要有满额分数，不能都填"),
        "k_above_one": mark("k 不能大于 1.00"),
        "bands_order": mark("从高到低，最后一级从 0.00 起"),
        "full_at_none": mark("要大于 0"),
        "last_limit": mark("最后一行要对所有工单都适用"),
    },
}

_POINTS = frozenset(
    {"weight", "per", "least", "k", "full_at", "veto_k", "praise", "praise_most", "improvement", "improvement_most"}
)
_SHARES = frozenset({"target", "floor", "step"})
_LIMITS = frozenset({"objections", "dispatch", "response", "arrival", "solution"})


def fault(field: str, code: str) -> str:
    """The code of what is said of a field: how it is written, or which rule it breaks."""
    name = field.rpartition(".")[2]
    if code != "form":
        return code
    return "points" if name in _POINTS else "share" if name in _SHARES else "limit" if name in _LIMITS else code
