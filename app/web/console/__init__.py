"""The console's doors. Importing the pages hangs them on their blueprints."""

from app.web.console import (
    assets,
    complaints,
    erasures,
    inbox,
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

_HOSPITAL = (ratings.blueprint, complaints.blueprint, people.blueprint)
DOORS = (sign_in.blueprint, sign_in_phone.blueprint, blueprint, *_HOSPITAL)

__all__ = [
    "DOORS",
    "assets",
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
