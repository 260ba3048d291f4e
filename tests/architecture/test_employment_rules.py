"""Who works where on a day is asked of `Employment` (and `Contract`) alone: nobody else compares their dates."""

import ast
from collections.abc import Iterator

from app.paths import ROOT
from tests.support.tree import files

DATES = {"valid_from", "valid_to"}
COMPARING = {"is_", "is_not", "between", "in_", "not_in", "op"}
THEIR_OWN = {"app/models/person.py", "app/models/contract.py"}
# Code that writes employments, and what it may ask: about the row it is going to change.
WRITERS = {
    "app/services/imports/roster/employment_changes.py": "orders a stretch and the one before it",
    "app/services/imports/roster/row_reader.py": "the two columns of a roster's row, which is no employment yet",
}


def test_only_the_models_compare_the_days_of_an_employment() -> None:
    found = {
        f"{name}:{line}"
        for path in files(".py", under="app")
        if (name := path.relative_to(ROOT).as_posix()) not in THEIR_OWN | WRITERS.keys()
        for line in comparisons(ast.parse(path.read_text("utf-8")))
    }
    assert found == set()


def test_every_exception_is_needed() -> None:
    for name in THEIR_OWN | WRITERS.keys():
        assert list(comparisons(ast.parse((ROOT / name).read_text("utf-8"))))


def comparisons(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(is_date(side) for side in (node.left, *node.comparators)):
            yield node.lineno
        if isinstance(node, ast.Attribute) and node.attr in COMPARING and is_date(node.value):
            yield node.lineno


def is_date(node: ast.expr) -> bool:
    """One of the two columns, also within another call: `coalesce(Employment.valid_to, today)`."""
    return any(isinstance(part, ast.Attribute) and part.attr in DATES for part in ast.walk(node))
