"""What cases, their stages and their acts are called."""

from app.texts.catalogue import mark

WORDS: dict[str, dict[str, str]] = {
    "case_reason": {
        "low_score": mark("低分"),
        "complaint": mark("投诉"),
        "pressure": mark("有人要求改评价"),
        "urge": mark("催单无人答复"),
    },
    "case_about": {
        "ticket": mark("这张工单"),
        "service": mark("整个服务"),
        "supervisor": mark("信息科的监督员"),
    },
    "case_stage": {
        "received": mark("已收到"),
        "investigating": mark("调查中"),
        "answered": mark("已答复"),
        "agreed": mark("已商定补救"),
        "recovered": mark("已补救"),
        "rerated": mark("已再评"),
        "closed": mark("已结案"),
    },
    "case_step": {"call": mark("回电"), "answer": mark("答复"), "close": mark("办结")},
    "case_show": {"mine": mark("我负责的"), "pressed": mark("要求改评价的"), "closed": mark("已结案")},
    "call_outcome": {
        "reached": mark("打通了"),
        "not_reached": mark("没有打通"),
        "refused": mark("不愿再谈"),
    },
    "case_end": {"user": mark("用户同意结案"), "timeout": mark("超时结案，有记录")},
    "case_note": {
        "complaint": mark("投诉"),
        "caller": mark("来电人"),
        "call": mark("回访"),
        "answer": mark("答复"),
        "agreement": mark("商定的补救"),
        "recovery": mark("已做的补救"),
        "insistence": mark("没有解决"),
        "closing": mark("结案的依据"),
    },
    "found_kind": {
        "discipline": mark("在岗纪律"),
        "service": mark("服务态度"),
        "skill": mark("技术能力"),
        "other": mark("其他"),
    },
    "found_upheld": {"True": mark("查实"), "False": mark("不成立")},
    "appeal_state": {"waiting": mark("等医院决定"), "upheld": mark("申诉成立"), "refused": mark("申诉不成立")},
    # As whoever complained reads it.
    "own_case": {
        "case_opened": mark("已收到"),
        "complained": mark("您投诉"),
        "case_answered": mark("医院答复"),
        "complaint_answered": mark("医院答复"),
        "recovery_agreed": mark("商定补救"),
        "case_recovered": mark("已补救"),
        "case_rerated": mark("您再评"),
        "case_insisted": mark("您说没有解决"),
        "case_closed": mark("已结案"),
    },
}
