"""The language of the commands: English where the terminal's locale says so, else Chinese."""

import os

from app.texts.catalogue import catalogue, named


def language() -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "en" if value.lower().startswith("en") else "zh"
    return "zh"


def gettext(message: str, **values: object) -> str:
    """The message in the terminal's language, with its %(name)s filled in."""
    words = named(catalogue(language()).ugettext(message))
    return words % values if values else words


_ = gettext
