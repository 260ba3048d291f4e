"""The mini-program's blueprints. Importing the operations registers their views."""

from app.api import openapi
from app.api.mini import me, scan, sessions, subscriptions, tickets
from app.api.operations import entry, mini

BLUEPRINTS = (entry, mini)

__all__ = ["BLUEPRINTS", "me", "openapi", "scan", "sessions", "subscriptions", "tickets"]
