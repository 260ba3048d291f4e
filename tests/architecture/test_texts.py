"""Every text is Chinese in the source, marked for translation, and English in the catalogue."""

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from app.paths import ROOT
from tests.support.tree import files

APP = ROOT / "app"
CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "mark": None, "ngettext": (1, 2)}
LANGUAGES = "app/texts/catalogue.py"  # a language is named in itself


def test_every_text_has_an_english_translation(texts: set[str]) -> None:
    english = catalogue()
    missing = sorted(text for text in texts if not all(english.get(text, ("",))))
    assert missing == [], "make texts puts them into app/translations/en.po; write the English under each"


def test_a_translation_fills_in_the_same_values() -> None:
    different = {
        text: english
        for text, translations in catalogue().items()
        for english in translations
        if english and set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(english))
    }
    assert different == {}


def test_nothing_is_translated_that_nobody_says(texts: set[str]) -> None:
    assert sorted(set(catalogue()) - texts) == [], "make texts takes them out"


def test_the_catalogue_stands_in_one_order_wherever_its_texts_stand() -> None:
    kept = list(catalogue())
    assert next((pair for pair in pairwise(kept) if pair[0] > pair[1]), None) is None, "make texts puts it in order"


def test_no_english_text_is_chinese_or_unsure() -> None:
    with (APP / "translations" / "en.po").open("rb") as file:
        assert [str(message.id) for message in read_po(file) if message.fuzzy and message.id] == []
    chinese = {text for text, translations in catalogue().items() if CHINESE.search("".join(translations))}
    assert chinese == set()


def test_no_chinese_in_a_view_is_left_out_of_the_catalogue() -> None:
    packages = ("app/web", "app/http", "app/texts")
    views = [path for package in packages for path in files(".py", under=package) if path != ROOT / LANGUAGES]
    assert [said for path in views for said in bare_chinese(ast.parse(path.read_text("utf-8")), path)] == []


def test_no_chinese_on_a_page_is_left_out_of_the_catalogue() -> None:
    reader = Environment(extensions=["jinja2.ext.i18n"])
    pages = files(".html", under="app")
    assert [said for path in pages for said in bare_on_page(reader.parse(path.read_text("utf-8")), path)] == []


@pytest.fixture(scope="module")
def texts() -> set[str]:
    """Every msgid the programs and the pages ask for."""
    methods = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
    found = extract_from_dir(APP, methods, {"**.html": {"silent": "false"}}, KEYWORDS)
    return {message[0] if isinstance(message, tuple) else message for _, _, message, *_ in found}


def catalogue() -> dict[str, tuple[str, ...]]:
    with (APP / "translations" / "en.po").open("rb") as file:
        return {forms(message.id)[0]: forms(message.string) for message in read_po(file) if message.id}


def forms(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """One form, or singular and plural."""
    return (text or "",) if isinstance(text, str | None) else tuple(text)


def bare_chinese(tree: ast.AST, path: Path) -> Iterator[str]:
    """Chinese strings that are neither documentation nor given to the catalogue."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Name) and child.func.id in KEYWORDS:
            continue
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.Constant) and isinstance(child.value, str) and CHINESE.search(child.value):
            yield f"{path.name}:{child.lineno}: {child.value}"
        yield from bare_chinese(child, path)


def bare_on_page(tree: nodes.Node, path: Path) -> Iterator[str]:
    for child in tree.iter_child_nodes():
        if isinstance(child, nodes.Call) and isinstance(child.node, nodes.Name) and child.node.name in KEYWORDS:
            continue
        said = child.data if isinstance(child, nodes.TemplateData) else constant(child)
        yield from (f"{path.name}:{child.lineno}: {line.strip()}" for line in said.splitlines() if CHINESE.search(line))
        yield from bare_on_page(child, path)


def constant(node: nodes.Node) -> str:
    return node.value if isinstance(node, nodes.Const) and isinstance(node.value, str) else ""
