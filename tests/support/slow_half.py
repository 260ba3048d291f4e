"""How `make slow` shares out the slow tests between processes, and what they may cost: `-p tests.support.slow_half`.

A file's tests stay together, so that what they share is made once. All of tests/browser looks at one demo hospital.
What measures time (`xdist_group("measured")`) runs one after the other.
"""

import resource
import time
from pathlib import Path

import pytest

TOGETHER = "tests/browser"
FIRST = ("browser", "measured")  # the longest groups: what begins last should be short
CAP = 1_000  # processor seconds of all tests and of all processes they start

_seconds: list[float] = []
_began = time.monotonic()


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            path = Path(item.location[0])
            item.add_marker(pytest.mark.xdist_group("browser" if path.is_relative_to(TOGETHER) else str(path)))
    items.sort(key=lambda item: _group(item) not in FIRST)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """By now all that the tests have started is gone, and counted."""
    used = _used(of_children=not _seconds)  # those of the controller have told theirs themselves
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["processor_seconds"] = used
        return
    _seconds.append(used)
    if sum(_seconds) > CAP and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    _seconds.append(getattr(node, "workeroutput", {}).get("processor_seconds", 0.0))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    processor, wall = sum(_seconds), time.monotonic() - _began
    told = f"{processor:.0f} of {CAP} processor seconds, {wall:.0f} seconds of wall time"
    terminalreporter.section(f"slow half: {told}", red=processor > CAP, green=processor <= CAP)


def _group(item: pytest.Item) -> str:
    mark = item.get_closest_marker("xdist_group")
    return str(mark.args[0]) if mark else ""


def _used(*, of_children: bool) -> float:
    whose = [resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN] if of_children else [resource.RUSAGE_SELF]
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, whose))
