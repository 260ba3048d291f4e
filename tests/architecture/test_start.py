"""What a process loads to start: not what only some of them ever use."""

import os
import subprocess
import sys

import pytest

from app.paths import ROOT
from tests.architecture.test_settings import NAMED


@pytest.fixture(scope="module")
def loaded() -> frozenset[str]:
    """The modules of a fresh interpreter that has imported the entry and done nothing."""
    environ = {**os.environ, **NAMED}
    asked = [sys.executable, "-c", "import sys, wsgi; print(*sys.modules)"]
    said = subprocess.run(asked, cwd=ROOT, env=environ, capture_output=True, text=True, check=True, timeout=60)
    return frozenset(said.stdout.split())


def test_the_entry_loads_no_command_but_their_list(loaded: frozenset[str]) -> None:
    assert {name for name in loaded if name.startswith("app.cli.")} == {"app.cli.i18n"}


@pytest.mark.parametrize(
    "package", ["alembic", "fontTools", "openpyxl", "tqdm", "app.demo.hospital", "app.services.imports"]
)
def test_the_entry_does_not_load_what_commands_and_printing_alone_need(package: str, loaded: frozenset[str]) -> None:
    assert "app.services.codes.slips" in loaded
    assert {name for name in loaded if name == package or name.startswith(f"{package}.")} == set()
