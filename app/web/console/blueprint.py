"""The console's main door: overview, tickets, notices."""

from flask import Blueprint
from flask.blueprints import BlueprintSetupState

from app.web.words import touch_word, word


def console_blueprint(name: str) -> Blueprint:
    """A door of the console, whose templates can say the word for a code."""
    made = Blueprint(name, __name__)
    made.record_once(_lend_words)
    return made


def _lend_words(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals.update(word=word, touch_word=touch_word)


blueprint = console_blueprint("console")
