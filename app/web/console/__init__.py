"""The console's doors. Importing the pages hangs them on their blueprints."""

from app.web.console import (
    assets,
    complaints,
    draws,
    draws_announce,
    draws_claims,
    entered,
    erasures,
    inbox,
    link_rule,
    new_ticket,
    notices,
    overview,
    pads,
    people,
    photos,
    printing,
    ratings,
    sign_in,
    sign_in_phone,
    tickets,
)
from app.web.console.blueprint import blueprint

_HOSPITAL = (
    ratings.blueprint,
    entered.blueprint,
    link_rule.blueprint,
    complaints.blueprint,
    people.blueprint,
    draws.blueprint,
)
DOORS = (sign_in.blueprint, sign_in_phone.blueprint, blueprint, *_HOSPITAL)

__all__ = [
    "DOORS",
    "assets",
    "draws_announce",
    "draws_claims",
    "erasures",
    "inbox",
    "new_ticket",
    "notices",
    "overview",
    "pads",
    "photos",
    "printing",
    "tickets",
]
