"""What the sealed history calls its entries, and what can be wrong with them."""

from app.texts.catalogue import mark
from app.texts.draws import WORDS as DRAWS
from app.texts.tickets import WORDS as TICKETS

FAULTS: dict[str, str] = {
    "changed": mark("第 %(where)s 条被改过。"),
    "missing": mark("第 %(where)s 条不见了。"),
    "put_in": mark("第 %(where)s 条是后来插入的。"),
    "cut_off": mark("有人抄下的检查点有 %(where)s 条，现在没有这么多：后面的被删掉了。"),
    "rewritten": mark("前 %(where)s 条和当时抄下的检查点不符：历史被重写过。"),
    "checkpoint_differs": mark("前 %(where)s 条和系统里的检查点不符。"),
    "note_altered": mark("%(where)s 条的检查点和它签名的内容不符。"),
    "note_forged": mark("%(where)s 条的检查点，签名是假的或读不了。"),
    "seal_altered": mark("从第 %(where)s 条起，封存的记录本身被改过。"),
}

SAME = mark("第 %(first)s 条到第 %(size)s 条，全部与封存时一致。")
NOTHING_NEW = mark("没有新封存的记录要核对（共封存 %(size)s 条）。")


def holds(first: int, size: int) -> str:
    """What is said where everything compared is as it was sealed."""
    return SAME if first <= size else NOTHING_NEW


WORDS: dict[str, dict[str, str]] = {
    "history_event": {
        **DRAWS["draw_event"],
        **TICKETS["event"],
        "roles_changed": mark("改角色"),
        "employment_changed": mark("改岗位"),
        "password_changed": mark("改控制台密码"),
        "account_switched_off": mark("停用控制台账号"),
        "category_changed": mark("改服务目录"),
        "department_changed": mark("改科室"),
        "post_changed": mark("改岗位设置"),
        "campus_changed": mark("改院区"),
        "provider_changed": mark("改服务商"),
        "team_changed": mark("改班组"),
        "duty_planned": mark("排班"),
        "duty_swapped": mark("同意换班"),
        "duty_swap_refused": mark("不同意换班"),
        "checked_in": mark("值班签到"),
        "post_approved": mark("同意任岗"),
        "bound": mark("绑定微信"),
        "unbound": mark("解除绑定"),
        "erased": mark("删除个人信息"),
        "contract_made": mark("登记合同"),
        "contract_changed": mark("改合同"),
        "contract_base_set": mark("登记季度服务费"),
        "rules_drafted": mark("起草考核规则"),
        "rules_dropped": mark("放弃规则草案"),
        "rules_tried": mark("试算考核规则"),
        "rules_in_force": mark("考核规则生效"),
        "figure_entered": mark("录入考核数字"),
        "figure_checked": mark("核对考核数字"),
        "sheet_frozen": mark("冻结考核表"),
        "sheet_objected": mark("对考核表提出异议"),
        "sheet_answered": mark("答复异议"),
        "sheet_signed": mark("考核表签字"),
        "sheet_settled": mark("考核结算"),
        "signal_raised": mark("诚信信号提示"),
        "signal_decided": mark("诚信信号处理"),
        "settings_changed": mark("改设置"),
        "mark_changed": mark("换医院标识"),
        "integrations_changed": mark("改对接"),
        "days_off_taken_in": mark("登记放假通知"),
        "history_exported": mark("导出历史"),
        "register_written": mark("写台账"),
        "register_confirmed": mark("确认台账"),
        "register_moved": mark("备件进出"),
        "register_due": mark("台账将到期"),
        "register_overdue": mark("台账超期"),
        "register_filed": mark("台账加证据"),
        "register_taken_out": mark("台账撤下证据"),
        "register_used": mark("用于工单"),
        "measure_taken_up": mark("立项整改"),
        "measure_done": mark("整改办完"),
    },
    "history_subject": {
        "ticket": mark("工单"),
        "rating": mark("评价"),
        "case": mark("案件"),
        "corridor": mark("客户走廊"),
        "complaint": mark("投诉"),
        "draw": mark("抽奖"),
        "person": mark("人员"),
        "contract": mark("合同"),
        "setting": mark("设置"),
        "history": mark("历史"),
        "sheet": mark("考核表"),
        "register": mark("台账"),
        "signal": mark("诚信信号"),
        "category": mark("服务"),
        "department": mark("科室"),
        "post": mark("岗位"),
        "campus": mark("院区"),
        "provider": mark("服务商"),
        "team": mark("班组"),
    },
    "history_show": {"looks": mark("谁取走过什么")},
    "seal_cause": {"day": mark("每日"), "act": mark("大事之后")},
}
