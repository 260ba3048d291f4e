"""A name of the product says what the value is: the body of a request, the filters of a list, an engineer's tickets.

Words like "told", "given" or "mine" say only that somebody did something with it; who reads them has to look up where
the value came from. Locals called `found`, `known`, `made`, `done` or `seen` may stay, where a line above says what
of; functions, classes and attributes may not. `ALLOWED` has what stands in a contract of its own: a key of a JSON
answer (`mine`) and the attribute it is read from, keys of the demo's files (`given`, `said`, `done`), a column
(`said`), a figure that rule sets name (`asked`), the protocol of files (`tell`); `LETTERS` where a letter is one of
the alphabet or the one a department gets.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.paths import ROOT
from tests.support.tree import files

WORDS = frozenset(
    {"told", "tell", "said", "say", "asked", "heard", "mine", "of", "given", "wanted", "taken"}
    | {"thing", "things", "letter", "ladder"}
)
BARE = frozenset({"done", "made", "known", "seen"})
ALLOWED = {
    "app/api/mini/responses.py": {"mine"},
    "app/services/tickets/scan.py": {"mine"},
    "app/demo/hospital_file.py": {"given"},
    "app/demo/register_rows.py": {"said", "done"},
    "app/http/downloads.py": {"tell"},
    "app/models/rollup.py": {"said"},
    "app/services/organisation/duty_figures.py": {"asked"},
}
LETTERS = frozenset(
    {
        "app/services/dashboards/letters.py",
        "app/services/organisation/duty_table.py",
        "app/services/reports/letters.py",
        "app/services/spelling.py",
        "app/services/tables/formulas.py",
        "app/services/tables/workbook.py",
        "app/services/tables/writer.py",
        "app/web/console/corridor/letters.py",
        "config/duty.py",
    }
)
PRODUCT = [path for path in files(".py") if path.relative_to(ROOT).parts[0] not in {"tests", "migrations"}]


def folder(path: Path) -> str:
    return "/".join(path.parent.relative_to(ROOT).parts[:3])


@pytest.mark.parametrize("name", sorted(set(map(folder, PRODUCT))))
def test_no_name_needs_a_glossary_of_ours(name: str) -> None:
    vague = []
    for path in PRODUCT:
        if folder(path) == name:
            place = str(path.relative_to(ROOT))
            allowed = ALLOWED.get(place, set()) | ({"letter"} if place in LETTERS else set())
            vague += [
                f"{place}:{line} {found}"
                for line, found in vague_names(path.read_text("utf-8"))
                if plain(found) not in allowed
            ]
    assert vague == []


def test_each_kind_of_name_is_looked_at_and_locals_may_be_found() -> None:
    lines = [
        "import os as told",
        "class Given:",
        "    done: int",
        "def _seen(wanted, /, *mine, of=1, **said):",
        "    found = known = made = done = seen = 1",
        "    with open('') as taken: [thing for thing in mine]",
        "    mine.asked = lambda letter: letter",
        "    self._known = done.told",
        "    heard: int = 1; tell = (heard := 2)",
    ]
    assert list(vague_names("\n".join(lines))) == [
        *[(1, "told"), (2, "Given"), (3, "done"), (4, "_seen"), (4, "mine"), (4, "of"), (4, "said"), (4, "wanted")],
        *[
            (6, "taken"),
            (6, "thing"),
            (7, "asked"),
            (7, "letter"),
            (8, "_known"),
            (9, "heard"),
            (9, "heard"),
            (9, "tell"),
        ],
    ]


def test_what_is_allowed_is_still_there() -> None:
    used = {
        place: {plain(found) for _line, found in vague_names((ROOT / place).read_text("utf-8"))} for place in ALLOWED
    }
    assert used == ALLOWED
    lettered = {
        place
        for place in LETTERS
        if "letter" in {plain(found) for _line, found in vague_names((ROOT / place).read_text("utf-8"))}
    }
    assert lettered == LETTERS


def vague_names(source: str) -> Iterator[tuple[int, str]]:
    tree = ast.parse(source)
    fields = {
        id(name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for line in node.body
        for name in ast.walk(line)
        if isinstance(line, ast.Assign | ast.AnnAssign)
    }
    named = [(node, *name_of(node)) for node in ast.walk(tree)]
    yield from sorted(
        (node.lineno, name)  # type: ignore[attr-defined]
        for node, name, local in named
        if plain(name) in (WORDS if local and id(node) not in fields else WORDS | BARE)
    )


def name_of(node: ast.AST) -> tuple[str, bool]:
    """What it names, if it does, and whether only for the lines around it."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return name, False
        case ast.Attribute(attr=name, ctx=ast.Store()) | ast.alias(asname=str(name)):
            return name, False
        case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
            return name, True
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            return name, True
    return "", True


def plain(name: str) -> str:
    return name.strip("_").lower()
