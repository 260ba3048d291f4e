"""Refusals in words: what was wrong, what to do next. One table from code to status and text."""

from flask import Flask, g, render_template, request
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
    "not_your_ticket": (403, mark("这张工单没有派给您。")),
    "not_an_engineer": (400, mark("只能派给工程师，请重新选择。")),
    "not_open": (409, mark("工单已经处理完，不用再催。")),
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
    app.register_error_handler(CSRFError, lambda _error: _refused(Refused("form_not_of_this_visit")))
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
    console = request.path.startswith("/console")
    template = "console/fault.html" if console else "fault.html"
    visitor = g.get("visitor") if console else None
    settings = runtime().settings
    return render_template(template, text=text, status=status, hotline=settings.hotline, visitor=visitor), status
