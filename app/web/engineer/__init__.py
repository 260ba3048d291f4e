"""The engineer's blueprint. Importing the pages registers their views."""

from app.web.engineer import duty, figures, knowledge, portrait, tickets

BLUEPRINTS = (tickets.blueprint,)

__all__ = ["BLUEPRINTS", "duty", "figures", "knowledge", "portrait", "tickets"]
