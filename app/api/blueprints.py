"""The blueprints of the API. Importing the operations registers their views."""

from app.api import openapi
from app.api.integration import tickets as integration_tickets
from app.api.mini import me, scan, sessions, subscriptions, tickets
from app.api.operations import entry, integration, mini

BLUEPRINTS = (openapi.blueprint, entry, mini, integration)

__all__ = ["BLUEPRINTS", "integration_tickets", "me", "openapi", "scan", "sessions", "subscriptions", "tickets"]
