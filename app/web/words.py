"""What codes are called. The database keeps codes; people read these words."""

from app.web.i18n import gettext, language, mark
from config.touchpoints import touchpoints

WORDS: dict[str, dict[str, str]] = {
    "state": {
        "reported": mark("待派单"),
        "dispatched": mark("已派单"),
        "accepted": mark("已接单"),
        "arrived": mark("已到场"),
        "finished": mark("已完成"),
        "closed": mark("已关闭"),
        "cancelled": mark("已取消"),
        "reopened": mark("已重开"),
        "open": mark("未完成"),
    },
    "event": {
        "reported": mark("报修"),
        "dispatched": mark("派单"),
        "accepted": mark("接单"),
        "arrived": mark("到场"),
        "finished": mark("完成"),
        "closed": mark("关闭"),
        "cancelled": mark("取消"),
        "reopened": mark("重开"),
        "urged": mark("催单"),
        "still_broken": mark("用户说还没修好"),
        "opened": mark("查看"),
        "recorded": mark("导入的节点"),
        "rated": mark("作出评价"),
        "corrected": mark("更正评价"),
        "praise_approved": mark("表扬已转告"),
        "praise_refused": mark("表扬不转告"),
        "complained": mark("投诉"),
        "complaint_answered": mark("答复投诉"),
    },
    "source": {
        "wechat": mark("微信"),
        "phone": mark("电话"),
        "walk_in": mark("当面"),
        "desk": mark("服务台"),
        "monitoring": mark("监控"),
        "inspection": mark("巡检"),
        "import": mark("导入"),
    },
    "channel": {
        "wechat": mark("微信"),
        "scan": mark("扫码"),
        "browser": mark("浏览器"),
        "console": mark("控制台"),
        "import": mark("导入"),
        "phone": mark("电话"),
        "mini": mark("小程序"),
        "api": mark("接口"),
        "demo": mark("演示数据"),
    },
    "priority": {"1": mark("特急"), "2": mark("紧急"), "3": mark("普通"), "4": mark("不急")},
    "level": {
        "5": mark("非常满意"),
        "4": mark("满意"),
        "3": mark("基本满意"),
        "2": mark("不满意"),
        "1": mark("非常不满意"),
    },
    "role": {
        "user": mark("职工"),
        "engineer": mark("工程师"),
        "desk": mark("服务台"),
        "supervisor": mark("监督员"),
        "admin": mark("管理员"),
        "auditor": mark("审计员"),
    },
    "notice": {
        "dispatched": mark("派单通知"),
        "reassigned": mark("改派通知"),
        "reopened": mark("重开通知"),
        "not_opened": mark("派单还没有查看"),
        "backup": mark("请您接手"),
        "overdue_soon": mark("工单即将超时"),
        "overdue": mark("工单已超时"),
        "urged": mark("催单通知"),
        "finished": mark("完成通知"),
        "rate_reminder": mark("评价提醒"),
        "complaint_answered": mark("投诉已答复"),
        "recovered": mark("问题已补救"),
        "channel_stopped": mark("通知渠道停用"),
    },
    "notice_state": {
        "waiting": mark("等待发送"),
        "sending": mark("正在发送"),
        "sent": mark("已发送"),
        "failed": mark("没有送达"),
    },
    "notice_reason": {
        "no_wechat": mark("没有配置微信服务号"),
        "not_bound": mark("收件人还没有绑定微信"),
        "not_following": mark("收件人没有关注服务号"),
        "refused": mark("微信拒收这一条"),
        "busy": mark("微信暂时不通，会再试"),
        "stopped": mark("微信通道停用，需要管理员处理"),
        "uncertain": mark("不能确定是否已送达，不再重发"),
        "our_fault": mark("系统出错，已记录"),
        "user_block": mark("收件人拒收服务号的消息"),
        "system_failed": mark("微信没有送到，系统故障"),
        "freq_limit": mark("微信没有送到，发得太频繁"),
        "not_delivered": mark("微信没有送到"),
        "erased": mark("收件人的信息已删除"),
    },
    "notice_outcome": {
        "delivered": mark("已送到手机"),
        "unknown": mark("微信已接收，结果未知"),
    },
    "alert": {
        "engineer_left": mark("工程师取消关注，收不到派单通知"),
        "punished": mark("微信平台发来处罚通知"),
        "unreadable": mark("有一条微信消息处理不了，已记录"),
    },
    "served": {
        "requester": mark("报修人"),
        "department": mark("整个科室"),
        "nobody": mark("无（监控、巡检）"),
        "person": mark("另一位"),
    },
    "report_fault": {
        "needed": mark("这一项要填。"),
        "too_long": mark("最多 2000 个字。"),
        "nobody": mark("没有找到这个人，请核对工号或姓名。"),
        "several": mark("有几位同名，请选一位。"),
        "too_many": mark("同名的超过 50 位，请填工号。"),
        "of_the_provider": mark("服务商人员不能作报修人或服务对象（监控、巡检除外）。"),
        "served_nobody": mark("只有监控和巡检的工单可以没有服务对象。"),
        "unserved_source": mark("监控和巡检的工单没有服务对象，请选“无”。"),
    },
    "rating_show": {
        "low": mark("低分"),
        "praise": mark("待审核的表扬"),
        "flagged": mark("内容待复核"),
        "counted": mark("计入"),
        "unverified": mark("未核验"),
    },
    "complaint_state": {"open": mark("待答复"), "answered": mark("已答复")},
    "checked": {"review": mark("微信建议人工看一下"), "risky": mark("微信认为不妥")},
    "praise": {"asked": mark("待审核"), "approved": mark("已转告工程师"), "refused": mark("不转告")},
}


def word(table: str, code: object) -> str:
    """The word for a code in the visitor's language; the code itself where there is none."""
    text = WORDS[table].get(str(code))
    return gettext(text) if text else str(code)


def touch_word(kind: str, code: str) -> str:
    """The label of a reason, a quality or a face's touchpoint, as the hospital's file has it."""
    offered = touchpoints()
    choices = {
        "quality": offered.qualities,
        "face": offered.touchpoints,
        "reason": tuple(choice for mood in offered.reasons.values() for choice in mood),
    }[kind]
    return next((choice.label(language()) for choice in choices if choice.code == code), code)
