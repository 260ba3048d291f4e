"""Far-out caps: nobody is pressed by them, and nothing outgrows them unnoticed."""

import ast

import pytest

from app.paths import ROOT
from tests.support.tree import files

FILE_LINES = 400
FUNCTION_LINES = 60


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in files(".py", ".html", ".css", ".js")}
    # A migration is generated, written once and never read again.
    long = {path: length for path, length in lengths.items() if length > FILE_LINES and path.parent.name != "versions"}
    assert {str(path.relative_to(ROOT)): length for path, length in long.items()} == {}
    assert len(lengths) > 50


@pytest.mark.slow("reads every function")
def test_no_function_is_longer_than_60_lines() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": length
        for path in files(".py")
        if path.parent.name != "versions" and (text := path.read_text("utf-8")).count("\n") > FUNCTION_LINES
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES
    }
    assert long == {}
