"""Refusals in words: what was wrong, what to do next. One table from code to status and text."""

from flask import Flask, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.errors import Missing, Refused
from app.web.edge import runtime
from app.web.i18n import gettext, mark

TEXTS: dict[str, tuple[int, str]] = {
    "bad_token": (404, mark("这个码认不出来。请重新扫描工单上的二维码，或联系服务热线。")),
    "no_such_ticket": (404, mark("没有这张工单。请核对编号。")),
    "form_not_of_this_visit": (403, mark("页面已过期，没有提交。请重新扫码后再试。")),
    "move_not_allowed": (409, mark("工单当前状态不能这样操作，可能已有人先处理。请刷新后查看。")),
    "cancel_needs_supervisor": (403, mark("已经开始处理的工单只能由信息科取消。")),
    "not_your_ticket": (403, mark("这张工单没有派给您。")),
    "not_offered": (409, mark("这张工单现在不用接手，可能已有人处理。请刷新后查看。")),
    "no_longer_yours": (410, mark("这张工单已改派给别人，不用您处理了。")),
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
    "wechat_busy": (503, mark("微信暂时没有回应，请稍后再试。")),
    "bound_already": (409, mark("这个微信已经绑定过工号。")),
    "no_such_invitation": (404, mark("这个绑定邀请已经撤回。需要时请找信息科重新生成。")),
    "invitation_used": (410, mark("这个绑定邀请已经用过。需要时请找信息科重新生成。")),
    "invitation_over": (410, mark("这个绑定邀请已过期。请找信息科重新生成。")),
    "admins_invite_admins": (403, mark("管理员的绑定邀请只能由管理员生成。")),
    "no_such_claim": (404, mark("没有这条认领，可能已处理。")),
    "not_bound": (404, mark("这个微信没有绑定工号。")),
    "page_expired": (403, mark("页面已过期，没有提交。请刷新后再试。")),
    "bad_filter": (400, mark("筛选条件看不懂（%(name)s）。请重新选择。")),
    "no_such_request": (404, mark("没有这条申请，可能已处理。")),
    "erases_himself": (409, mark("不能删除自己，请另一位管理员处理。")),
    "last_admin": (409, mark("这是最后一位管理员，不能删除。请先设另一位管理员。")),
    "no_such_person": (404, mark("没有这个人。")),
    "praise_decided": (409, mark("这条表扬已经处理过。")),
    "scan_over": (410, mark("这个登录码已过期或已用过。请回到电脑换一个。")),
    "no_console_role": (403, mark("您没有控制台的权限。需要时请联系信息科管理员。")),
    "not_the_demo": (404, mark("演示的人物不在这个数据库里。")),
    "urged_just_now": (409, mark("刚刚已经催过，工程师会看到，请稍等十分钟。")),
}
STATUS_TEXTS = {
    400: mark("请求看不懂，请返回重试。"),
    401: mark("请先登录，再试一次。"),
    403: mark("您没有权限打开这里。"),
    404: mark("没有这个页面。"),
    405: mark("这个地址不能这样使用。"),
    410: mark("已经结束。"),
    413: mark("内容太大，请缩短后再试。"),
    429: mark("试得太多了，请稍后再来。"),
    500: mark("系统出了点问题，已记录。请稍后再试。"),
}


def install(app: Flask) -> None:
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(CSRFError, lambda _error: _refused(Refused("page_expired")))
    app.register_error_handler(HTTPException, _http)


def words(refused: Refused) -> str:
    """The refusal as a sentence in the visitor's language."""
    _status, text = TEXTS.get(refused.code, (0, STATUS_TEXTS[400]))
    return gettext(text, **refused.facts)


def _refused(refused: Refused) -> tuple[str, int]:
    status = TEXTS.get(refused.code, (404 if isinstance(refused, Missing) else 409, ""))[0]
    return page(words(refused), status)


def _http(error: HTTPException) -> tuple[str, int] | HTTPException:
    if error.response is not None or (error.code or 500) < 400:
        return error
    status = error.code or 500
    return page(gettext(STATUS_TEXTS.get(status, STATUS_TEXTS[400])), status)


def page(text: str, status: int) -> tuple[str, int]:
    """An error page that fits where the visitor is: on the phone or in the console."""
    settings = runtime().settings
    at_desk = request.path.startswith(("/console", "/sign-in")) and not request.path.startswith("/sign-in/scan/")
    template = "console/fault.html" if at_desk and "console" in settings.surfaces else "fault.html"
    return render_template(template, text=text, status=status, hotline=settings.hotline), status
