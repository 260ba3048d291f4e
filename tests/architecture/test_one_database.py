"""While working, a test of both databases runs on one; the check runs it on both."""

import subprocess

import pytest

from app.paths import ROOT

pytest_plugins = ["pytester"]
TESTS = """
import pytest

@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_on_both(database): pass

@pytest.mark.parametrize("database", ["postgresql"])
def test_on_postgresql(database): pass
"""


@pytest.mark.parametrize(("plugins", "passed"), [((), 3), (("-p", "tests.support.one_database"), 2)])
def test_only_a_test_that_runs_on_sqlite_too_is_left_out(
    plugins: tuple[str, ...], passed: int, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(TESTS)
    said = pytester.runpytest_inprocess(*plugins, "-p", "no:cacheprovider")
    said.assert_outcomes(passed=passed, deselected=3 - passed)


def test_the_check_runs_on_both() -> None:
    told = {
        goal: subprocess.run(["make", "-n", goal], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for goal in ("quick", "check", "test")
    }
    assert {goal: "one_database" in said for goal, said in told.items()} == {
        "quick": True,
        "check": False,
        "test": False,
    }
