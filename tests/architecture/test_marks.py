"""Whoever marks a test slow says why."""

import ast

from app.paths import ROOT
from tests.support.tree import files


def test_every_slow_test_says_why_it_is_slow() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in files(".py", under="tests")
        if "mark.slow" in (source := path.read_text("utf-8"))
        for line in unsaid(ast.parse(source))
    ]
    assert silent == []


def unsaid(tree: ast.AST) -> list[int]:
    """The lines of marks that are not called with something said."""
    nodes = list(ast.walk(tree))
    said = {node.func for node in nodes if isinstance(node, ast.Call) and node.args}
    marks = (node for node in nodes if isinstance(node, ast.Attribute) and node not in said)
    return [mark.lineno for mark in marks if ast.unparse(mark) == "pytest.mark.slow"]
