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
    return frozenset(started("import sys, wsgi; print(*sys.modules)").split())


def started(program: str) -> str:
    environ, asked = {**os.environ, **NAMED}, [sys.executable, "-c", program]
    done = subprocess.run(asked, cwd=ROOT, env=environ, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def test_the_entry_loads_no_command_but_their_list(loaded: frozenset[str]) -> None:
    assert {name for name in loaded if name.startswith("app.cli.")} == {"app.cli.i18n"}


@pytest.mark.parametrize("package", ["alembic", "fontTools", "tqdm", "app.demo.seed", "app.services.imports"])
def test_the_entry_does_not_load_what_commands_and_printing_alone_need(package: str, loaded: frozenset[str]) -> None:
    assert "app.services.codes.slips" in loaded
    assert {name for name in loaded if name == package or name.startswith(f"{package}.")} == set()


@pytest.mark.slow("a process that imports the product")
def test_the_collector_is_at_work_again_when_the_start_is_over() -> None:
    assert started("import gc, wsgi; print(gc.isenabled(), gc.get_freeze_count() > 100_000)") == "True True"
