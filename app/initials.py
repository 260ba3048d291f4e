"""The pinyin initials of a name, as people type them: 欧阳强 is oyq."""

import os
import re
from functools import cache
from importlib import import_module
from typing import Any

# Read otherwise as a surname than in other words.
_SURNAMES = (
    "曾z 单s 仇q 解x 查z 区o 盖g 任r 朴p 尉y 冼x 翟z 覃q 乐y 缪m 晁c 种c 召s 燕y 华h 宁n 员y 黑h 秘b 折s 祭z"
    " 繁p 逄p 逯l 万俟mq 尉迟yc 长孙zs"
)
SURNAMES = dict(re.findall("([\u4e00-\u9fff]+)([a-z]+)", _SURNAMES))
LONGEST = 20


def initials(name: str) -> str:
    """Small letters and digits alone; empty for a name without any."""
    name = name.strip()
    surname = next((name[:length] for length in (2, 1) if name[:length] in SURNAMES), "")
    spelt = _read()(name[len(surname) :])
    found = SURNAMES.get(surname, "") + "".join(part if len(part) == 1 else _words(part) for part in spelt)
    return "".join(sign for sign in found.lower() if sign.isascii() and sign.isalnum())[:LONGEST]


def _words(text: str) -> str:
    """What is not Chinese comes as it was: of foreign names the first letter of each word."""
    return "".join(word[0] for word in text.replace("·", " ").split())


@cache
def _read() -> Any:
    """Loaded by whoever writes names: no web process carries the dictionary, and nobody its phrases."""
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")
    pypinyin = import_module("pypinyin")
    return lambda text: pypinyin.lazy_pinyin(text, style=pypinyin.Style.FIRST_LETTER)
