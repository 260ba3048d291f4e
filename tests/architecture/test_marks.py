"""Whoever marks a test slow says why."""

import ast

from app.paths import ROOT
from tests.support.tree import files


def test_every_slow_test_says_why_it_is_slow() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files(".py", under="tests")
        for tree in (ast.parse(path.read_text("utf-8")),)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "pytest.mark.slow" and node not in called(tree)
    ]
    assert silent == []


def called(tree: ast.AST) -> set[ast.expr]:
    """What is called with something said."""
    return {node.func for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args}
