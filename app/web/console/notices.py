"""Every notice: sent, waiting, or why not."""

from flask import render_template

from app.models.notice import NOTICE_STATES
from app.services import notice_list
from app.web.console import asked
from app.web.console.blueprint import blueprint
from app.web.edge import reading


@blueprint.get("/console/notices")
def notice_index() -> str:
    state = asked.code("state", NOTICE_STATES)
    with reading() as session:
        page = notice_list.find(session, state=state, after=asked.row_id("after"))
    return render_template("console/notices.html", page=page, tabs=("", "failed", "waiting", "sending", "sent"))
