"""`/`: what this is and where to go. In the demo, above it, whose place to take."""

from urllib.parse import quote

from flask import Blueprint, render_template

from app.demo import roles, sandbox_codes
from app.http import public_pages
from app.http.context import now, read_session, runtime
from app.services.draws import own_summary as draws
from app.web.public import team

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def show() -> str:
    settings = runtime().settings
    demo = bool(settings.sandbox_url)
    with read_session() as db:
        any_draw = draws.any_draw(db)
        face = team.face(db) if public_pages.open_to_visitor() else None
    return render_template(
        "home.html",
        any_draw=any_draw,
        face=face,
        has_console="console" in settings.surfaces,
        demo=demo,
        cast=roles,
        **(_story() if demo else {}),
    )


def _story() -> dict[str, dict[str, str] | None]:
    """What may be played: whose slip to rate, what to urge, a label to report by, each as the phone opens it."""
    links, at = runtime().links, now()
    with read_session() as db:
        first = sandbox_codes.first_to_rate(db, at=at)
        own = sandbox_codes.first_to_rate(db, roles.STRANGER, at=at)
        urged, labelled = sandbox_codes.to_urge(db), sandbox_codes.assets(db)
    return {
        "first": _on_phone("nurse", links.ticket_url(first.ticket_id), first.category) if first else None,
        "own": _on_phone("stranger", links.ticket_url(own.ticket_id), own.category) if own else None,
        "urged": _on_phone("nurse", links.ticket_url(urged.ticket_id), urged.category) if urged else None,
        "label": _on_phone("nurse", links.label_url("asset", labelled[0][0]), labelled[0][1]) if labelled else None,
        "prize": _on_phone("nurse", f"{runtime().settings.public_url}/my#inbox", ""),
    }


def _on_phone(phone: str, url: str, category: str) -> dict[str, str]:
    opened = f"{runtime().settings.sandbox_url}/handset/{phone}?url={quote(url, safe='')}"
    return {"category": category, "address": opened}
