"""A quick test is quick, and a slow one says why it is slow: the plugin that keeps it so is broken on purpose here."""

import pytest

pytest_plugins = ["pytester"]

DEAR = """
import time
import pytest

def work(seconds):
    ends = time.process_time() + seconds
    while time.process_time() < ends:
        pass
"""


@pytest.fixture(autouse=True)
def small(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget small enough for a quick test of it."""
    monkeypatch.setattr("tests.support.budget.SHOWN", 1)
    monkeypatch.setattr("tests.support.budget.crowded", lambda: False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makeini("[pytest]\nbudget = 0.02\nmarkers = slow: with its reason")


def run(pytester: pytest.Pytester, tests: str) -> pytest.RunResult:
    pytester.makepyfile(DEAR + tests)
    return pytester.runpytest_inprocess("-p", "tests.support.budget", "-p", "no:cacheprovider")


def test_a_quick_test_above_its_budget_fails(pytester: pytest.Pytester) -> None:
    said = run(pytester, "def test_dear(): work(0.4)\ndef test_cheap(): pass")
    said.assert_outcomes(failed=1, passed=1)
    said.stdout.fnmatch_lines(["*test_dear took 0.* seconds of processor time, a quick test may take 0.*"])


def test_what_only_the_first_of_a_process_pays_is_measured_again(pytester: pytest.Pytester) -> None:
    said = run(pytester, "paid = []\ndef test_first():\n    if not paid: work(0.4)\n    paid.append(1)")
    said.assert_outcomes(passed=1)


def test_one_that_fails_when_it_is_measured_again_fails(pytester: pytest.Pytester) -> None:
    said = run(pytester, "left = []\ndef test_left_over():\n    assert not left\n    left.append(1)\n    work(0.4)")
    said.assert_outcomes(failed=1)


def test_on_a_crowded_machine_nothing_is_judged(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.budget.crowded", lambda: True)
    run(pytester, "def test_dear(): work(0.4)").assert_outcomes(passed=1)


def test_its_own_fixtures_are_counted(pytester: pytest.Pytester) -> None:
    said = run(pytester, "@pytest.fixture\ndef dear(): work(0.4)\ndef test_it(dear): pass")
    said.assert_outcomes(failed=1)


@pytest.mark.parametrize("scope", ["module", "session"])
def test_what_is_made_for_many_tests_is_not(pytester: pytest.Pytester, scope: str) -> None:
    said = run(pytester, f"@pytest.fixture(scope='{scope}')\ndef dear(): work(0.15)\ndef test_it(dear): pass")
    said.assert_outcomes(passed=1)


def test_a_test_that_fails_anyway_says_why(pytester: pytest.Pytester) -> None:
    said = run(pytester, "def test_wrong():\n    work(0.15)\n    assert 1 == 2")
    said.assert_outcomes(failed=1)
    said.stdout.no_fnmatch_line("*processor time*")


def test_a_slow_test_may_be_slow_for_a_reason(pytester: pytest.Pytester) -> None:
    said = run(pytester, "@pytest.mark.slow('it works')\ndef test_dear(): work(0.15)")
    said.assert_outcomes(passed=1)


@pytest.mark.parametrize("mark", ["slow", "slow()", "slow(' ')", "slow(1)"])
def test_a_slow_test_without_its_reason_stops_the_run(pytester: pytest.Pytester, mark: str) -> None:
    said = run(pytester, f"@pytest.mark.{mark}\ndef test_dear(): pass")
    assert said.ret == pytest.ExitCode.USAGE_ERROR
    said.stderr.fnmatch_lines(["*why it is slow*expected in test_a_slow_test_without*"])


def test_the_dearest_are_told_at_the_end(pytester: pytest.Pytester) -> None:
    said = run(pytester, "def test_dear(): work(0.03)\ndef test_cheap(): pass")
    said.stdout.fnmatch_lines(["*processor seconds: 0, the dearest 1*", "  0.* *::test_dear"])
