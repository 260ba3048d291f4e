"""The project stands alone: nothing in it speaks of the machine it was written on."""

import re

from app.paths import ROOT
from tests.support.tree import files

ELSEWHERE = re.compile(
    r"(?<![\w.])/(work|root)/|\bshared/(DESIGN|STYLE|WECHAT|PEERS|LOTTERY|DEPENDENCIES|vectors|data)|/tmp/brief|pypi-more"
)


def test_no_file_names_a_place_outside_the_project() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in files(".py", ".toml", ".md", ".txt", ".html", ".css", ".js", ".ini", ".po", ".yml", ".mako", "")
        if path.name != "test_tree.py"
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if ELSEWHERE.search(line)
    ]
    assert found == []
