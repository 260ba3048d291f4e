"""The catalogue of texts. Chinese stands in the source; English comes from app/translations/en.po."""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LANGUAGES = {"zh": "中文", "en": "English"}
CATALOGUES = Path(__file__).parents[1] / "translations"


@cache
def catalogue(language: str) -> NullTranslations:
    """The catalogue of a language, compiled from its .po when first asked for; zh is the source itself."""
    path = CATALOGUES / f"{language}.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source))
    compiled.seek(0)
    return Translations(compiled)


def mark(message: str) -> str:
    """Marks a text for the catalogue where it is only translated later."""
    return message
