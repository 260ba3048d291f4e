"""The engineer's blueprint. Importing the pages registers their views."""

from app.web.engineer import duty, portrait, tickets

BLUEPRINTS = (tickets.blueprint,)

__all__ = ["BLUEPRINTS", "duty", "portrait", "tickets"]
