"""The console's doors. Importing the pages hangs them on their blueprints."""

from app.web.console import erasures, new_ticket, notices, overview, people, ratings, sign_in, sign_in_phone, tickets
from app.web.console.blueprint import blueprint

DOORS = (sign_in.blueprint, sign_in_phone.blueprint, blueprint, ratings.blueprint, people.blueprint)

__all__ = ["DOORS", "erasures", "new_ticket", "notices", "overview", "tickets"]
