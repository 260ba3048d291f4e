"""How `make slow` shares out the slow tests between processes, and what they may cost: `-p tests.support.slow_half`.

A file's tests stay together, so that what they share is made once. All of tests/browser looks at one demo hospital.
What measures time runs one after the other.
"""

import resource
import time

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# The first ones are the longest: what begins last should be short.
TOGETHER = (
    ("tests/browser/",),
    (
        "tests/test_benchmarks.py",
        "tests/api/test_slow_wechat.py",
        "tests/architecture/test_hostile_clients.py",
        "tests/callback/test_whole.py",
        "tests/draws/test_benchmark.py",
        "tests/draws/test_slow_readers.py",
        "tests/notices/delivery/test_storm.py",
        "tests/notices/delivery/test_worker.py",
    ),
)
CAP = 2_500  # processor seconds of all tests and of all processes they start: twice what a quiet machine takes

_seconds: list[float] = []
_began = time.monotonic()


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
    """Tests of one group go to one process, in their order."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)


def group(nodeid: str) -> str:
    file = nodeid.partition("::")[0]
    return next((files[0] for files in TOGETHER if file.startswith(files)), file)


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByGroup:
    return ByGroup(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    first = [files[0] for files in TOGETHER]
    items.sort(key=lambda item: first.index(name) if (name := group(item.nodeid)) in first else len(first))


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
    bill = f"{processor:.0f} of {CAP} processor seconds, {wall:.0f} seconds of wall time"
    terminalreporter.section(f"slow half: {bill}", red=processor > CAP, green=processor <= CAP)


def _used(*, of_children: bool) -> float:
    whose = [resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN] if of_children else [resource.RUSAGE_SELF]
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, whose))
