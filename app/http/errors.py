"""A refusal as an answer: a page for people, problem+json for programs."""

from collections.abc import Sequence

from flask import Flask, Response, redirect, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response as Wire

from app.errors import Missing, Refused
from app.http import copied_links, way_back
from app.http.context import runtime
from app.http.i18n import gettext
from app.http.problems import CODES, DOCUMENT, asked_here, problem
from app.texts.refusals import STATUS_TEXTS, TEXTS

Answer = Wire | tuple[str, int]


def install(app: Flask) -> None:
    app.register_error_handler(Refused, answer_to)
    app.register_error_handler(CSRFError, lambda _error: answer_to(Refused("page_expired")))
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


def answer_to(refused: Refused) -> Answer:
    return refusal(refused) if asked_here() else page(words(refused), status_of(refused))


def answer_to_status(status: int) -> Answer:
    """Where no rule said no, but the way something was asked, or we ourselves."""
    if not asked_here():
        return page(_title(status), status)
    code, text = CODES.get(status, CODES[400]), _title(status)
    return problem(status, code, title=text, detail=text, facts={"see": DOCUMENT})


def _http(error: HTTPException) -> Answer | HTTPException:
    if error.response is not None or (error.code or 500) < 400:
        return error
    answer = answer_to_status(error.code or 500)
    if isinstance(error, MethodNotAllowed) and isinstance(answer, Response):
        answer.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return answer


def _title(status: int) -> str:
    return gettext(STATUS_TEXTS.get(status, STATUS_TEXTS[400]))


def page(text: str, status: int, again: Sequence[tuple[str, str]] = ()) -> Answer:
    """An error page that fits where the visitor is: on the phone or in the console; `again` is a form to send anew."""
    if status == 404 and request.method in {"GET", "HEAD"} and (better := copied_links.shortened(request.path)):
        return redirect(better)
    settings = runtime().settings
    at_desk = request.path.startswith(("/console", "/sign-in")) and not request.path.startswith("/sign-in/scan/")
    template = "console/fault.html" if at_desk and "console" in settings.surfaces else "fault.html"
    typed = way_back.typed()
    gone = status == 404 and request.method in {"GET", "HEAD"}  # nothing was done that could not succeed
    title = gettext("没有找到") if gone else gettext("操作没有成功")
    shown = {
        "title": title,
        "back": way_back.came_from(),
        "typed": typed,
        "prose": way_back.prose(typed),
        "again": again,
    }
    return render_template(template, text=text, status=status, **shown), status
