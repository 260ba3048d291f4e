"""The console's doors. Importing the pages hangs them on their blueprints."""

from app.web.console import (
    complaints,
    erasures,
    inbox,
    new_ticket,
    notices,
    overview,
    people,
    photos,
    ratings,
    sign_in,
    sign_in_phone,
    tickets,
)
from app.web.console.blueprint import blueprint

_HOSPITAL = (ratings.blueprint, complaints.blueprint, people.blueprint)
DOORS = (sign_in.blueprint, sign_in_phone.blueprint, blueprint, *_HOSPITAL)

__all__ = ["DOORS", "erasures", "inbox", "new_ticket", "notices", "overview", "photos", "tickets"]
