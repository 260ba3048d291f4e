"""The catalogue of texts. Chinese stands in the source; English comes from app/translations/en.po."""

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

IT_DEPARTMENT = "信息科"  # as the texts have it; a hospital may call it otherwise
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


class Naming:
    """What the hospital calls its IT department, said once at the start."""

    def __init__(self) -> None:
        self._name = IT_DEPARTMENT

    def call(self, name: str) -> None:
        self._name = name

    def __call__(self, text: str) -> str:
        return text if self._name == IT_DEPARTMENT else text.replace(IT_DEPARTMENT, self._name)


named = Naming()


def mark(message: str) -> str:
    """Marks a text for the catalogue where it is only translated later."""
    return message
