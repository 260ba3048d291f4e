"""The console's main door: overview, tickets, notices."""

from flask import Blueprint
from flask.blueprints import BlueprintSetupState
from werkzeug.routing import IntegerConverter, Map


class RowId(IntegerConverter):
    """A number in an address that a database can hold; a longer one leads nowhere."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=2**63 - 1)


def console_blueprint(name: str) -> Blueprint:
    """A door of the console; its addresses know ids."""
    made = Blueprint(name, __name__)
    made.record_once(_know_ids)
    return made


def _know_ids(state: BlueprintSetupState) -> None:
    state.app.url_map.converters["id"] = RowId


blueprint = console_blueprint("console")
