"""One spelling of what people type, copy and export in many: numbers, telephones, names, free text."""

import re
import unicodedata

_FLOAT = re.compile(r"(\d{7,})\.0+")  # what a table of numbers makes of a telephone
_DOTS = "·•●・･‧∙⋅᛫⸱․.。｡"  # between the parts of a name
_LINE_ENDS = re.compile(r"\r\n?")


def visible(word: str) -> str:
    """Without what nobody sees: format characters (zero width, direction, byte order mark) and control characters."""
    if word.isascii() and word.isprintable():
        return word.strip()
    return "".join(one for one in word if _is_visible(one)).strip()


def number(word: str) -> str:
    """A number as it is kept: full-width and other compatible letters become plain ones, nothing invisible stays."""
    if word.isascii() and word.isprintable():
        return word.strip()
    return visible(unicodedata.normalize("NFKC", visible(word)))


def telephone(word: str) -> str:
    plain = number(word)
    found = _FLOAT.fullmatch(plain)
    return found[1] if found else plain


def name_key(name: str) -> str:
    """What two spellings of one name have in common: no blanks, nothing invisible, and all dots alike."""
    plain = "".join(unicodedata.normalize("NFKC", "".join(visible(name).split())).split())
    return "".join("·" if letter in _DOTS else letter for letter in visible(plain))


def prose(word: str) -> str:
    """Free text as it was written, its lines ended in one way and without control characters."""
    if word.isprintable():
        return word.strip()
    lines = _LINE_ENDS.sub("\n", word)
    return "".join(one for one in lines if one in "\n\t" or unicodedata.category(one) != "Cc").strip()


def _is_visible(letter: str) -> bool:
    # A tab or a line end inside a word is a blank that was typed.
    return letter.isspace() or unicodedata.category(letter) not in {"Cf", "Cc"}
