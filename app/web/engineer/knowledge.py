"""Knowledge on the phone: searched by the words of a fault, and picked for the ticket it helped with."""

from flask import render_template, request

from app.http import forms
from app.http.context import now, read_session
from app.http.i18n import language
from app.services.registers import access, search, uses
from app.services.registers.access import Reader
from app.web.engineer.tickets import blueprint, of_register


@blueprint.get("/engineer/knowledge")
def knowledge() -> str:
    text = forms.clean(request.args.get("q", ""))
    with read_session() as db:
        found = uses.found(db, of_register(db), text)
    return render_template("engineer/knowledge.html", found=found, text=text, ticket=_ticket())


@blueprint.get("/engineer/knowledge/<id:record_id>")
def article(record_id: int) -> str:
    with read_session() as db:
        who: Reader = of_register(db)
        form = access.register(who, uses.ARTICLES)
        shown = search.one(db, who, uses.ARTICLES, record_id, day=now().date())
        facts = [
            (one.label(language()), value)
            for one, value in search.fields(form, shown.record.form, shown.row)
            if one.type in {"text", "long"} and one.name != "title" and value
        ]
        solved = uses.solved(db, record_id)
    return render_template("engineer/article.html", record=shown.record, facts=facts, solved=solved, ticket=_ticket())


def _ticket() -> str:
    """The ticket it is looked up for, if it is for one."""
    return forms.clean(request.args.get("ticket", ""))
