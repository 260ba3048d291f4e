"""What levels, verdicts and complaints are called."""

from app.texts.catalogue import mark

WORDS: dict[str, dict[str, str]] = {
    "level": {
        "5": mark("非常满意"),
        "4": mark("满意"),
        "3": mark("基本满意"),
        "2": mark("不满意"),
        "1": mark("非常不满意"),
    },
    "rating_outcome": {"waits": mark("待评价"), "rated": mark("已评价"), "over": mark("评价时间已过")},
    "entered": {"paper": mark("纸面"), "telephone": mark("电话")},
    "rating_show": {
        "low": mark("低分"),
        "praise": mark("待审核的表扬"),
        "wall": mark("表扬墙"),
        "flagged": mark("内容待复核"),
        "counted": mark("计入"),
        "unverified": mark("未核验"),
        "excluded": mark("已排除"),
    },
    "integrity_show": {"decided": mark("已处理")},
    "integrity_outcome": {
        "unfounded": mark("查无异常"),
        "watched": mark("继续观察"),
        "confirmed": mark("属实"),
    },
    "exclusion": {
        "mistaken": mark("评错了（本人说明点错或评错工单）"),
        "malicious": mark("恶意评价"),
        "not_the_person": mark("评的是系统或规定，不是这次服务"),
    },
    "checked": {"review": mark("微信建议人工看一下"), "risky": mark("微信认为不妥")},
    "praise": {"asked": mark("待审核"), "approved": mark("已转告工程师"), "refused": mark("不转告")},
    "rate_band": {"3": mark("85% 及以上"), "2": mark("75% 到 85%"), "1": mark("60% 到 75%"), "0": mark("不到 60%")},
    "habit": {
        "response": mark("响应及时"),
        "arrival": mark("到场及时"),
        "solution": mark("解决及时"),
        "fixed_at_once": mark("一次修好，没有重开"),
        "shown": mark("完成后出示了二维码"),
    },
    "habit_tip": {
        "response": mark("收到派单先接单，忙就马上退回或移交。"),
        "arrival": mark("出发前打个电话说几点到；到了先点“到场”。"),
        "solution": mark("要等配件、等用户，就写明原因暂停，不要拖着。"),
        "fixed_at_once": mark("走之前请用户当面试一遍，讲清楚原因和下次怎么办。"),
        "shown": mark("完成后出示二维码，说一句“请您离开后再评”，不要说评几分。"),
    },
    "touchpoint": {"complaint": mark("投诉"), "recovery": mark("弥补"), "overall": mark("总评")},
    "moment_of_truth": {
        "serve": mark("关键时刻：服务"),
        "complaint": mark("关键时刻：处理投诉"),
        "recovery": mark("关键时刻：弥补"),
    },
    "dimension": {
        "department": mark("科室"),
        "job": mark("人员类别"),
        "team": mark("班组"),
        "category": mark("服务"),
        "campus": mark("院区"),
    },
    "spot_change": {
        "rose": mark("比上季度高，不是偶然"),
        "fell": mark("比上季度低，不是偶然"),
        "chance": mark("变化不超过偶然"),
        "new": mark("上季度没有可比的"),
    },
    "complaint_state": {"open": mark("待答复"), "answered": mark("已答复")},
}
