"""`/`: what this is and where to go. In the demo, above it, whose place to take."""

from urllib.parse import quote

from flask import Blueprint, render_template

from app.demo import roles, sandbox_codes
from app.http.context import now, read_session, runtime
from app.services.draws import own_summary as draws

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def show() -> str:
    settings = runtime().settings
    demo = bool(settings.sandbox_url)
    with read_session() as db:
        any_draw = draws.any_draw(db)
    return render_template(
        "home.html",
        hospital=settings.hospital_name,
        any_draw=any_draw,
        has_console="console" in settings.surfaces,
        demo=demo,
        cast=roles,
        first=_first_rating() if demo else None,
    )


def _first_rating() -> dict[str, str] | None:
    """What the nurse may rate, at the address their camera would open."""
    with read_session() as db:
        slip = sandbox_codes.first_to_rate(db, at=now())
    if slip is None:
        return None
    address = quote(runtime().links.ticket_url(slip.ticket_id), safe="")
    phone = f"{runtime().settings.sandbox_url}/phone/{roles.NURSE.phone}"
    return {"category": slip.category, "address": f"{phone}/open?url={address}"}
