"""The doors of the mini-program. Importing the operations hangs them on their blueprints."""

from app.api import openapi
from app.api.mini import me, scan, sessions, subscriptions, tickets
from app.api.operations import entry, mini

DOORS = (entry, mini)

__all__ = ["DOORS", "me", "openapi", "scan", "sessions", "subscriptions", "tickets"]
