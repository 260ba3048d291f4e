"""The engineer's blueprint. Importing the pages registers their views."""

from app.web.engineer import duty, figures, knowledge, on_the_spot, portrait, tickets

BLUEPRINTS = (tickets.blueprint,)

__all__ = ["BLUEPRINTS", "duty", "figures", "knowledge", "on_the_spot", "portrait", "tickets"]
