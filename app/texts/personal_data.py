"""What is kept about people, in their words: what it is, what it is for, how long it stays."""

from dataclasses import dataclass

from app.texts.catalogue import mark

FOR_EVER = mark("评价和考核的依据，一直保留；删除后只剩编号，不再有姓名。")
CONTRACT = mark("合同履行的记录，一直保留。")


@dataclass(frozen=True)
class DataNote:
    """`kept` may name the days of the hospital's setting."""

    title: str
    purpose: str
    kept: str
    days: str = ""


GROUPS: dict[str, DataNote] = {
    "person": DataNote(
        mark("身份"), mark("认出您、派单、联系您。"), mark("来自医院花名册；离职 %(days)s 天后删除电话。"), "leaver"
    ),
    "portrait": DataNote(mark("本人照片"), mark("让用户知道来的是谁。"), mark("本人撤回或申请删除后清除。")),
    "employments": DataNote(mark("任职"), mark("知道您在哪个科室或服务商。"), mark("医院的人事记录，一直保留。")),
    "duty": DataNote(mark("值班"), mark("排班，统计岗位到岗。"), CONTRACT),
    "registers": DataNote(
        mark("台账"),
        mark("您负责、领用或参加的事，供考核服务商。"),
        mark("合同履行的记录；离职后申请删除的，文字和照片清除。"),
    ),
    "reasons": DataNote(
        mark("写下的原因"), mark("说明为什么解除绑定、改角色、停用。"), mark("文字 %(days)s 天后删除。"), "comment"
    ),
    "filters": DataNote(mark("保存的筛选"), mark("下次一点就到您要的列表。"), mark("您删去或申请删除后清除。")),
    "roles": DataNote(mark("角色"), mark("决定您能打开哪些页面。"), mark("离职后不再有效。")),
    "bindings": DataNote(mark("微信"), mark("下次打开时认出您。"), mark("解除绑定、取消关注或申请删除后清除。")),
    "tickets": DataNote(
        mark("报过的工单"), mark("修好您报的故障。"), mark("合同履行的记录；申请删除后，您写的文字清除。")
    ),
    "photos": DataNote(mark("照片"), mark("让工程师看懂故障。"), mark("%(days)s 天后删除。"), "photo"),
    "ratings": DataNote(
        mark("评价"), mark("考核服务商。"), mark("评价一直保留；文字说明 %(days)s 天后删除。"), "comment"
    ),
    "entered": DataNote(
        mark("代录的评价"),
        mark("您在纸上或电话里给的评价，单独列出。"),
        mark("评价一直保留；照片 %(days)s 天后删除。"),
        "photo",
    ),
    "receipts": DataNote(mark("抽奖回执"), mark("您凭它核对抽奖、提出异议。"), mark("抽奖的记录，一直保留。")),
    "prizes": DataNote(
        mark("中奖和领奖"),
        mark("把奖品交到您手里，并能核对。"),
        mark("记录一直保留；照片 %(days)s 天后删除。"),
        "photo",
    ),
    "objections": DataNote(mark("对名单的异议"), mark("处理您提出的异议。"), mark("抽奖的记录，一直保留。")),
    "complaints": DataNote(mark("投诉和案件"), mark("处理并答复您。"), mark("申请删除后，文字清除。")),
    "notes": DataNote(mark("工单备注"), mark("让一起处理工单的人知道。"), mark("文字 %(days)s 天后删除。"), "comment"),
    "work": DataNote(mark("做过的工单"), CONTRACT, FOR_EVER),
    "acts": DataNote(mark("操作"), CONTRACT, FOR_EVER),
    "notices": DataNote(mark("收到的通知"), mark("告诉您工单的进展。"), mark("%(days)s 天后删除。"), "notice"),
    "binding_tries": DataNote(mark("试过的绑定"), mark("防止别人冒用工号。"), mark("%(days)s 天后删除。"), "sign_in"),
    "claims": DataNote(mark("换绑的记录"), mark("查清谁绑定过您的工号。"), mark("申请删除后清除。")),
    "invitations": DataNote(mark("绑定邀请"), mark("让您一步绑定。"), mark("过期 %(days)s 天后删除。"), "sign_in"),
    "subscriptions": DataNote(mark("订阅消息"), mark("只发您同意收的消息。"), mark("取消授权或申请删除后清除。")),
    "sessions": DataNote(mark("小程序登录"), mark("不用每次都登录。"), mark("过期 %(days)s 天后删除。"), "sign_in"),
    "messages": DataNote(mark("微信消息"), mark("答复您。"), mark("内容 7 天后清除。")),
    "console": DataNote(mark("控制台密码"), mark("登录控制台；只存无法还原的摘要。"), mark("申请删除后清除。")),
    "console_scans": DataNote(
        mark("扫码登录"), mark("确认是您在登录控制台。"), mark("过期 %(days)s 天后删除。"), "sign_in"
    ),
    "requests": DataNote(mark("删除申请"), mark("证明处理过您的申请。"), mark("一直保留，只有编号和时间。")),
}

FIELDS: dict[str, str] = {
    "staff_number": mark("工号"),
    "name": mark("姓名"),
    "telephone": mark("电话"),
    "job_type": mark("人员类别"),
    "reminders_since": mark("同意提醒于"),
    "valid_from": mark("从"),
    "valid_to": mark("到"),
    "department": mark("科室"),
    "provider": mark("服务商"),
    "team": mark("班组"),
    "post": mark("岗位"),
    "role": mark("角色"),
    "day": mark("日期"),
    "shift": mark("班次"),
    "checked_in_at": mark("签到于"),
    "account": mark("来自"),
    "first_seen_at": mark("第一次打开"),
    "bound_at": mark("绑定于"),
    "privacy_version": mark("隐私说明"),
    "privacy_at": mark("同意于"),
    "unionid_known": mark("有统一编号"),
    "number": mark("编号"),
    "ticket": mark("工单"),
    "reported_at": mark("报修时间"),
    "finished_at": mark("完成时间"),
    "state": mark("状态"),
    "category": mark("服务"),
    "description": mark("说明"),
    "location": mark("位置"),
    "at": mark("时间"),
    "media_type": mark("格式"),
    "level": mark("满意程度"),
    "source": mark("方式"),
    "counted": mark("计入考核"),
    "entered": mark("方式"),
    "given_at": mark("评价于"),
    "photo": mark("有照片"),
    "draw": mark("抽奖"),
    "round": mark("轮次"),
    "tier": mark("奖级"),
    "entry": mark("代号"),
    "prize_state": mark("结果"),
    "reason": mark("理由"),
    "show_name": mark("同意显示部分姓名"),
    "tickets": mark("张数"),
    "receipt_at": mark("签发于"),
    "objection_state": mark("状态"),
    "corrected_to": mark("更正为"),
    "corrected_at": mark("更正于"),
    "reasons": mark("原因"),
    "quality": mark("分项"),
    "faces": mark("环节"),
    "comment": mark("文字"),
    "praise": mark("表扬"),
    "signed": mark("署名"),
    "public": mark("同意上表扬墙"),
    "pressed": mark("有人要求改评价"),
    "text": mark("内容"),
    "case_reason": mark("起因"),
    "stage": mark("进展"),
    "note": mark("说的是"),
    "act": mark("操作"),
    "by_way_of": mark("方式"),
    "notice": mark("通知"),
    "notice_state": mark("状态"),
    "created_at": mark("时间"),
    "opened_at": mark("打开于"),
    "succeeded": mark("成功"),
    "claim": mark("结果"),
    "decided_at": mark("处理于"),
    "expires_at": mark("有效到"),
    "used_at": mark("用于"),
    "template_id": mark("模板"),
    "credits": mark("还可以发"),
    "refused": mark("已拒收"),
    "updated_at": mark("更新于"),
    "issued_at": mark("登录于"),
    "revoked_at": mark("退出于"),
    "kind": mark("类型"),
    "history_event": mark("什么事"),
    "event": mark("事件"),
    "received_at": mark("收到于"),
    "password": mark("有控制台密码（只存散列）"),
    "confirmed_at": mark("确认于"),
    "erasure": mark("状态"),
}

# Which words a value is said in, where it is a code.
CODES = {
    "role": "role",
    "shift": "shift",
    "state": "state",
    "source": "channel",
    "level": "level",
    "corrected_to": "level",
    "praise": "praise",
    "entered": "entered",
    "prize_state": "claim_state",
    "objection_state": "objection_state",
    "act": "event",
    "history_event": "history_event",
    "by_way_of": "channel",
    "notice": "notice",
    "notice_state": "notice_state",
    "case_reason": "case_reason",
    "stage": "case_stage",
    "note": "case_note",
}
OUTCOMES: dict[str, dict[str, str]] = {
    "claim": {
        "waiting": mark("等待核实"),
        "approved": mark("已换绑"),
        "refused": mark("已拒绝"),
        "unbound": mark("已解除绑定"),
    },
    "kind": {
        "event": mark("事件"),
        "text": mark("文字"),
        "image": mark("图片"),
        "voice": mark("语音"),
        "video": mark("视频"),
        "location": mark("位置"),
    },
    "event": {
        "subscribe": mark("关注"),
        "SCAN": mark("扫码"),
        "CLICK": mark("点菜单"),
        "VIEW": mark("从菜单打开网页"),
        "TEMPLATESENDJOBFINISH": mark("通知送达的回执"),
        "subscribe_msg_popup_event": mark("选择收哪些消息"),
        "subscribe_msg_change_event": mark("更改收哪些消息"),
        "subscribe_msg_sent_event": mark("通知送达的回执"),
        "wxa_media_check": mark("内容检查的结果"),
    },
    "erasure": {"waiting": mark("等待处理"), "done": mark("已删除"), "withdrawn": mark("已撤回")},
}
