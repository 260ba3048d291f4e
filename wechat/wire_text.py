"""What people write to an account, as WeChat hands it on: with characters no parser takes, and never quite escaped.

A genuine message is answered whatever stands in it. So before it is parsed, what can stand in no text goes (control
characters, halves of characters, U+FFFE), and a text of CDATA ends where its element ends, whatever is written inside.
"""

import re
from xml.sax.saxutils import escape

# Where words of people stand. Each is there once, so it ends at the last of its ends: nobody can write further fields.
_WORDS = "Content|EventKey|ScanResult|Label|Poiname|Title|Description|Url|Recognition"
_OF_PEOPLE = re.compile(rf"<({_WORDS})>\s*<!\[CDATA\[(.*)\]\]>\s*</\1>", re.DOTALL)
_OF_WECHAT = re.compile(r"<(\w+)>\s*<!\[CDATA\[(.*?)\]\]>\s*</\1>", re.DOTALL)
_SPLIT = re.compile(r"\]\]>\s*<!\[CDATA\[")  # how `]]>` is written inside CDATA
_REFERENCE = re.compile(r"&(#(?:[0-9]{1,7}|x[0-9a-fA-F]{1,6});|(?:amp|lt|gt|quot|apos);)?")
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fit(text: str) -> str:
    """Without the characters that neither XML nor a database takes."""
    return _UNFIT.sub("", text)


def decode(content: bytes) -> str:
    """Half a character, as where a text was cut, is dropped."""
    return fit(content.decode("utf-8", "ignore")).removeprefix("\ufeff").strip()


def mend(xml: str) -> str:
    """The same message as XML that every parser reads."""
    for text_of in (_OF_PEOPLE, _OF_WECHAT):
        xml = text_of.sub(_escaped, xml)
    return _REFERENCE.sub(_referred, xml)


def _escaped(found: re.Match[str]) -> str:
    return f"<{found[1]}>{escape(_SPLIT.sub('', found[2]))}</{found[1]}>"


def _referred(found: re.Match[str]) -> str:
    """A reference to a character that can stand, nothing for another, and an ampersand for what is none."""
    reference = found[1]
    if reference is None:
        return "&amp;"
    if not reference.startswith("#"):
        return found[0]
    number = reference[1:-1]
    code = int(number[1:], 16) if number.startswith("x") else int(number)
    return found[0] if code < 0x110000 and fit(chr(code)) else ""
