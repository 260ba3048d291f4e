"""Refusals in words: what was wrong, what to do next. One table from code to status and text."""

from flask import Flask, Response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app.errors import Missing, Refused
from app.http.context import runtime
from app.http.i18n import gettext, mark
from app.http.problems import CODES, DOCUMENT, asked_here, problem
from app.texts.codes import WORDS

TEXTS: dict[str, tuple[int, str]] = {
    "bad_token": (404, mark("这个码认不出来。请重新扫描工单上的二维码，或联系服务热线。")),
    "no_such_ticket": (404, mark("没有这张工单。请核对编号。")),
    "form_not_of_this_visit": (403, mark("页面已过期，没有提交。请重新扫码后再试。")),
    "move_not_allowed": (409, mark("工单当前状态不能这样操作，可能已有人先处理。请刷新后查看。")),
    "cancel_needs_supervisor": (403, mark("已经开始处理的工单只能由信息科取消。")),
    "not_your_ticket": (403, mark("这张工单没有派给您。")),
    "not_offered": (409, mark("这张工单现在不用接手，可能已有人处理。请刷新后查看。")),
    "take_over_first": (409, mark("请先接手这张工单，再连单子。")),
    "no_longer_yours": (410, mark("这张工单现在由别人处理，您不用再管。")),
    "no_such_slip": (404, mark("没有这个号码的空白单。请核对单子上的号码。")),
    "slip_taken": (409, mark("%(slip)s 已连到另一张工单，不能再改。请换一张空白单。")),
    "slip_too_late": (410, mark("这张工单的评价时间已过（完成后 %(days)s 天内可评），连上也不能评价。请核对工单。")),
    "pad_size": (422, mark("一次可印 1 到 %(most)s 张。")),
    "entered_before": (409, mark("这张工单已经代录过一条，不能再录。")),
    "photo_needed": (422, mark("纸面评价要有单子背面的照片。")),
    "absurd_time": (422, mark("这个时间不对，没有保存。请核对后再试。")),
    "not_an_engineer": (400, mark("只能派给工程师，请重新选择。")),
    "not_open": (409, mark("工单已经处理完，不用再催。")),
    "provider_staff": (403, mark("服务商人员不能评价自己的服务。")),
    "cancelled": (410, mark("这张工单已取消，不用评价。")),
    "not_rateable": (409, mark("这张工单没有服务对象，不用评价。")),
    "not_finished": (409, mark("工单还没有完成，完成后再评价。")),
    "window_over": (410, mark("评价时间已过（完成后 %(days)s 天内可评）。有话要说请打服务热线。")),
    "not_the_served": (403, mark("请由被服务的同事本人评价，代评不算。")),
    "no_level": (422, mark("没有选择满意程度，没有提交。请选一项再提交。")),
    "nothing_to_correct": (409, mark("您还没有评价过这张工单。")),
    "correction_over": (409, mark("评价后 24 小时内可以更正一次，现在不能再改。")),
    "detailed_before": (409, mark("补充说明已经收到，不用再填。")),
    "comment_too_long": (422, mark("说明最多 %(most)s 个字，请缩短后再提交。")),
    "sign_in_again": (403, mark("登录没有完成或已过期。请重新扫码。")),
    "snapshot": (403, mark("请点页面下方的“使用完整服务”，再打开一次。")),
    "not_a_member": (403, mark("您不是本单位企业微信的成员。请用微信扫码打开，或找信息科。")),
    "downloads_busy": (503, mark("正在下载的人太多，请过一会儿再下载。")),
    "wechat_busy": (503, mark("微信暂时没有回应，请稍后再试。")),
    "bound_already": (409, mark("这个微信已经绑定过工号。")),
    "no_such_invitation": (404, mark("这个绑定邀请已经撤回。需要时请找信息科重新生成。")),
    "invitation_used": (410, mark("这个绑定邀请已经用过。需要时请找信息科重新生成。")),
    "invitation_over": (410, mark("这个绑定邀请已过期。请找信息科重新生成。")),
    "not_in_wechat": (403, mark("请在微信里打开这个绑定邀请。")),
    "admins_invite_admins": (403, mark("管理员和审计员的绑定邀请只能由管理员生成。")),
    "users_bind_themselves": (
        403,
        mark("绑定邀请只给工程师、服务台、监督员、审计员和管理员。其他人请自己在手机上绑定，评价才可信。"),
    ),
    "no_such_claim": (404, mark("没有这条认领，可能已处理。")),
    "not_bound": (404, mark("这个微信没有绑定工号。")),
    "page_expired": (403, mark("页面已过期，没有提交。请刷新后再试。")),
    "bad_filter": (400, mark("筛选条件看不懂（%(name)s）。请重新选择。")),
    "nothing_to_print": (404, mark("没有可打印的。请放宽条件；已取消或没有服务对象的工单不印，停用的设备也不印。")),
    "too_much_to_print": (
        422,
        mark("共 %(count)s 张，一次最多打印 %(most)s 张。请缩小范围分几次打印，或请管理员用命令 flask qr 打印。"),
    ),
    "no_such_cell": (422, mark("每页只有 %(cells)s 格，请把开始的位置改小。")),
    "cells_too_small": (422, mark("格子太小，放不下评价码和文字。请减少列数或行数。")),
    "address_too_long": (409, mark("PUBLIC_URL 太长，印成的码扫不清。请联系管理员。")),
    "no_such_request": (404, mark("没有这条申请，可能已处理。")),
    "binding_changed": (409, mark("提出申请后，这个微信的绑定变了。请刷新再看；需要时请本人重新申请。")),
    "erases_himself": (409, mark("不能删除自己，请另一位管理员处理。")),
    "last_admin": (409, mark("这是最后一位管理员，不能删除。请先设另一位管理员。")),
    "no_such_person": (404, mark("没有这个人。")),
    "praise_decided": (409, mark("这条表扬已经处理过。")),
    "scan_over": (410, mark("这个登录码已过期或已用过。请回到电脑换一个。")),
    "no_console_role": (403, mark("您没有控制台的权限。需要时请联系信息科管理员。")),
    "not_the_demo": (404, mark("演示的人物不在这个数据库里。")),
    "urged_just_now": (409, mark("刚刚已经催过，工程师会看到，请稍等十分钟。")),
    "already_rated": (409, mark("这张工单已经评过，每张工单只计一次。")),
    "ward_closed": (403, mark("病区码只给医院职工使用。")),
    "complained_already": (409, mark("上一次投诉还在处理，有结果会告诉您。")),
    "complaint_answered": (409, mark("这条投诉已经答复过。")),
    "no_such_complaint": (404, mark("没有这条投诉。")),
    "photo_unreadable": (422, mark("照片打不开。请换一张 JPEG 或 PNG 照片。")),
    "photo_too_large": (413, mark("照片太大，每张最多 %(most)s。")),
    "photos_enough": (409, mark("每张工单最多 %(most)s 张照片。")),
    "photos_busy": (503, mark("别人的照片正在处理，请稍后再试。")),
    "no_such_photo": (404, mark("没有这张照片。")),
    "no_mini_program": (404, mark("这家医院还没有开通小程序。")),
    "token_missing": (401, mark("请先登录：请求头 Authorization 要写 Bearer 和登录得到的令牌。")),
    "token_unknown": (401, mark("登录令牌认不出来，请重新登录。")),
    "token_over": (401, mark("登录已过期，请刷新令牌或重新登录。")),
    "refresh_used": (401, mark("这个刷新令牌已经用过。为了安全，这次登录已全部退出，请重新登录。")),
    "privacy_first": (403, mark("请先看隐私说明并同意。")),
    "privacy_changed": (409, mark("隐私说明已更新，请看过新的一版再同意。")),
    "bind_first": (403, mark("请先绑定工号。")),
    "binding_proof": (422, mark("请填手机号后四位，或用微信手机号验证。")),
    "binding_wrong": (422, mark("填写的信息与医院花名册对不上，请核对后再试。")),
    "binding_too_many": (429, mark("试得太多了，请明天再试，或联系信息科。")),
    "unknown_category": (422, mark("没有这个服务类型，请从列表里选。")),
    "unknown_template": (422, mark("没有这个消息模板。")),
    "bad_request": (400, mark("请求看不懂，应是一段完整的 JSON。")),
    "not_json": (415, mark("内容的类型不对，应是 application/json。")),
    "not_a_file": (415, mark("内容的类型不对，应是 multipart/form-data，照片放在 photo 里。")),
    "invalid": (422, mark("内容有不符合要求的地方，没有提交。")),
    "idempotency_key_missing": (
        400,
        mark("请求头要有 Idempotency-Key：8 到 64 个字母、数字或 . _ : - ，每次提交用新的，重发用原来的。"),
    ),
    "idempotency_key_reused": (422, mark("这个 Idempotency-Key 已用于另一个请求，请换一个新的。")),
    "still_running": (409, mark("同一个请求还在处理，请稍后用原来的 Idempotency-Key 再试。")),
    "not_a_supervisor": (403, mark("只有信息科的监督员和管理员能这样做，服务商人员不能。")),
    "exclusion_unfounded": (422, mark("请选一个原因，并写明依据（最多 %(most)s 个字，不写姓名）。")),
    "no_such_rating": (404, mark("没有这条评价。")),
    "excluded_before": (409, mark("这条评价已经排除过。")),
    "not_in_the_list": (404, mark("名单里没有这个代号。")),
    "no_such_draw": (404, mark("没有这次抽奖。请核对编号。")),
    "no_result_yet": (404, mark("还没有结果，开奖后再来。")),
    "no_such_prize": (404, mark("这里没有您的奖品。")),
    "no_such_receipt": (404, mark("您在这次抽奖里没有回执。")),
    "no_such_file": (404, mark("这个文件还没有公布。")),
    "not_the_admin": (403, mark("只有管理员能公布抽奖。")),
    "not_the_committee": (403, mark("只有管理员和抽奖监督小组成员能这样做，服务商人员不能。")),
    "not_of_the_committee": (403, mark("领奖只能由抽奖监督小组成员核验。")),
    "draft_changed": (409, mark("内容和预览时不一样了，没有公布。请再预览一次。")),
    "too_many_tries": (429, mark("错误的领奖码输得太多了，请十分钟后再试。")),
    "not_the_auditor": (403, mark("只有审计员，或替他取的管理员，能取抽奖的密钥。")),
    "draft_says_ours": (422, mark("草稿里不能写 %(key)s，公布时由系统填写。")),
    "announcement_wrong": (422, mark("公告不合规则（%(check)s）：应为 %(expected)s，实为 %(found)s。")),
    "announced_late": (409, mark("公告太晚：最迟在评价截止前七天（%(until)s）公布。")),
    "draw_id_taken": (409, mark("编号 %(draw_id)s 已用过，请换一个。抽奖不能重来。")),
    "no_committee": (422, mark("请指定至少一名抽奖监督小组成员。")),
    "provider_in_committee": (422, mark("服务商人员不能进抽奖监督小组。")),
    "committee_too_large": (422, mark("抽奖监督小组最多 %(most)s 人。")),
    "committee_without_role": (422, mark("抽奖监督小组成员要有控制台权限（监督员或管理员）。")),
    "period_taken": (409, mark("评价期和抽奖 %(draw_id)s 重叠。同一条评价只参加一次抽奖。")),
    "issue_of_another_year": (422, mark("期号 %(issue)s 的年份和开奖时间对不上，请核对。")),
    "commit_by_early": (422, mark("最迟锁定名单的时间要比评价截止晚至少 1 小时，不然来不及锁定。")),
    "objections_short": (422, mark("异议截止要比最迟锁定名单晚至少 24 小时，让大家来得及核对。")),
    "claims_short": (422, mark("领奖截止要比最后一个开奖时间晚至少 24 小时，让中奖人来得及领。")),
    "file_altered": (500, mark("%(name)s 与公布时不同，已停止。请联系审计员。")),
    "written_before": (409, mark("%(name)s 已经公布，不能再写。")),
    "not_collecting": (409, mark("现在不在评价期内，没有日计数。")),
    "not_closed": (409, mark("评价截止（%(closes)s）后两分钟才能锁定名单。")),
    "commit_too_late": (409, mark("锁定名单的期限（%(until)s）已过，或离开奖不足 24 小时。")),
    "not_committed": (409, mark("名单还没有锁定。")),
    "objections_over": (410, mark("异议期（%(until)s）已过。")),
    "objections_not_over": (409, mark("异议期还没有过。")),
    "version_too_soon": (409, mark("上一版名单刚刚公布，请稍候再试。")),
    "receipt_not_ours": (422, mark("这张回执不是本次抽奖签发的，请核对内容是否完整。")),
    "nothing_missing": (409, mark("名单里有这张回执，张数不少：第 %(index)s 位（从 0 数起）。")),
    "objected_before": (409, mark("这张回执已经提过异议。")),
    "objection_right": (409, mark("按评价记录，这条异议是对的，不能判为不成立。")),
    "no_such_objection": (404, mark("没有这条异议。")),
    "objection_decided": (409, mark("这条异议已经处理过。")),
    **{code: (409, text) for code, text in WORDS["objection_fault"].items()},
    "round_not_open": (409, mark("第 %(round)s 轮还不能录入号码。")),
    "not_a_source": (422, mark("公告里没有号码来源 %(source)s。")),
    "number_stands": (409, mark("%(source)s 的号码已由两人核对一致，不能再改。")),
    "wrong_issue": (422, mark("期号 %(issue)s 写法不对，应为数字，不以 0 开头。")),
    "not_the_next_issue": (422, mark("公告的是第 %(issue)s 期。那一期停开时，只能用紧接着的下一期。")),
    "beacon_never_replaced": (422, mark("公告的是第 %(issue)s 轮。drand quicknet 每一轮都会开出，不能用别的轮代替。")),
    "not_drawn_yet": (409, mark("还没到开奖时间（%(drawn_at)s）。")),
    "beacon_not_signed": (422, mark("这不是 drand quicknet 第 %(issue)s 轮的签名，请原样粘贴 signature。")),
    "wrong_form": (422, mark("%(name)s 的号码写法不对：应为 %(expected)s，实为 %(found)s。")),
    "numbers_missing": (409, mark("第 %(round)s 轮的号码还没有全部由两人核对一致。")),
    "reason_missing": (422, mark("请写明理由。理由会公布，不要写姓名。")),
    "own_prize": (403, mark("这是您自己的奖，请另一位小组成员核验。")),
    "no_such_claim_code": (404, mark("没有这个领奖码。请核对后再输。")),
    "claims_open": (409, mark("领奖期（%(until)s）结束、每份奖品都有着落后才能继续。")),
    "claim_over": (410, mark("领奖期（%(until)s）已过。")),
    "claims_final": (409, mark("第二轮已出结果，第一轮的领奖不能再改。")),
    "claimed_before": (409, mark("这份奖品已经登记过。")),
    "no_second_round": (409, mark("这次抽奖没有第二轮。")),
    "nothing_to_redraw": (409, mark("奖品已全部领走，不用第二轮。")),
}
STATUS_TEXTS = {
    400: mark("请求看不懂，请返回重试。"),
    401: mark("请先登录，再试一次。"),
    403: mark("您没有权限打开这里。"),
    404: mark("没有这个页面。"),
    405: mark("这个地址不能这样使用。"),
    409: mark("现在不能这样做。"),
    410: mark("已经结束。"),
    413: mark("内容太大，请缩短后再试。"),
    415: mark("内容的类型不对。"),
    422: mark("内容有不符合要求的地方，没有提交。"),
    429: mark("试得太多了，请稍后再来。"),
    500: mark("系统出了点问题，已记录。请稍后再试。"),
    503: mark("暂时办不到，请稍后再试。"),
}


def install(app: Flask) -> None:
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(CSRFError, lambda _error: _refused(Refused("page_expired")))
    app.register_error_handler(HTTPException, _http)


def words(refused: Refused) -> str:
    """The refusal as a sentence in the visitor's language."""
    _status, text = TEXTS.get(refused.code, (0, STATUS_TEXTS[400]))
    return gettext(text, **refused.facts)


def status_of(refused: Refused) -> int:
    return TEXTS.get(refused.code, (404 if isinstance(refused, Missing) else 409, ""))[0]


def refusal(refused: Refused) -> Response:
    """For a program: problem+json."""
    status = status_of(refused)
    return problem(status, refused.code, title=_title(status), detail=words(refused), facts=refused.facts)


def _refused(refused: Refused) -> Response | tuple[str, int]:
    return refusal(refused) if asked_here() else page(words(refused), status_of(refused))


def _http(error: HTTPException) -> Response | tuple[str, int] | HTTPException:
    if error.response is not None or (error.code or 500) < 400:
        return error
    status = error.code or 500
    if not asked_here():
        return page(_title(status), status)
    code, text = CODES.get(status, CODES[400]), _title(status)
    answer = problem(status, code, title=text, detail=text, facts={"see": DOCUMENT})
    if isinstance(error, MethodNotAllowed):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return answer


def _title(status: int) -> str:
    return gettext(STATUS_TEXTS.get(status, STATUS_TEXTS[400]))


def page(text: str, status: int) -> tuple[str, int]:
    """An error page that fits where the visitor is: on the phone or in the console."""
    settings = runtime().settings
    at_desk = request.path.startswith(("/console", "/sign-in")) and not request.path.startswith("/sign-in/scan/")
    template = "console/fault.html" if at_desk and "console" in settings.surfaces else "fault.html"
    return render_template(template, text=text, status=status, hotline=settings.hotline), status
