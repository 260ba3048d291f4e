"""The console's doors. Importing the pages hangs them on their blueprints."""

from app.web.console import notices, overview, sign_in, sign_in_phone, tickets
from app.web.console.blueprint import blueprint

DOORS = (sign_in.blueprint, sign_in_phone.blueprint, blueprint)

__all__ = ["DOORS", "notices", "overview", "tickets"]
