"""What a quick test may cost, and that a slow one says why it is slow.

Counted is the processor time of a test, of the fixtures it has for itself and of the processes it waits for; what is
made once for many tests is not. While coverage is traced everything is dearer: then a test may cost twice as much.
On a busy machine the same work takes more processor time: a second is what it is where PACE was measured, and where
there is twice as much to do as there are processors nothing can be measured: then the bill is printed and nothing more.
"""

import os
import statistics
import sys
import time
from collections.abc import Generator

import pytest
from _pytest.runner import runtestprotocol

SHOWN = 20
BILL = "processor seconds"
PACE = 0.0032  # seconds that `_work` takes on an idle machine of the kind that runs the check


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("budget", "processor seconds a test may take that is not marked slow", default="1")


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Budget(float(config.getini("budget"))))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        return  # from one of several processes it would read as a crash; tests/architecture says it for all
    silent = {item.location[0] for item in items for mark in item.iter_markers("slow") if not _reason(mark)}
    if silent:
        raise pytest.UsageError(f'@pytest.mark.slow("why it is slow") is expected in {", ".join(sorted(silent))}')


class Budget:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._own = self._billed = 0.0
        self._making_for_many = False
        self._told: list[tuple[float, str]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = self._measured(item, nextitem)
        if self._too_dear(item, reports):
            reports = self._measured(item, nextitem)
            if too_dear := self._too_dear(item, reports):
                too_dear.outcome = "failed"
                too_dear.longrepr = (
                    f"{item.nodeid} took {self._billed:.1f} seconds of processor time,"
                    f" a quick test may take {self._most():g}:"
                    ' make it cheaper, or mark it with @pytest.mark.slow("why it is slow")'
                )
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def _measured(self, item: pytest.Item, nextitem: pytest.Item | None) -> list[pytest.TestReport]:
        self._own = self._billed = 0.0
        return runtestprotocol(item, log=False, nextitem=nextitem)

    def _most(self) -> float:
        return self._seconds * (2 if sys.gettrace() else 1)

    def _too_dear(self, item: pytest.Item, reports: list[pytest.TestReport]) -> pytest.TestReport | None:
        """The report of the call, where it passed and took more than a test may take at the pace of just now."""
        called = next((report for report in reports if report.when == "call" and report.passed), None)
        if called is None or item.get_closest_marker("slow") or self._billed <= self._most() or crowded():
            return None
        return called if self._billed > self._most() * _pace() else None

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        return (yield from self._counting(1))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        return (yield from self._counting(1))

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        if fixturedef.scope == "function" or self._making_for_many:
            return (yield)
        self._making_for_many = True
        try:
            return (yield from self._counting(-1))
        finally:
            self._making_for_many = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        if call.when == "call" and item.get_closest_marker("slow") is None:
            self._billed = self._own
            report.user_properties.append((BILL, self._billed))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._told += [(float(str(spent)), report.nodeid) for name, spent in report.user_properties if name == BILL]

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if len(self._told) > SHOWN:
            terminalreporter.section(f"{BILL}: {sum(spent for spent, _ in self._told):.0f}, the dearest {SHOWN}")
            for spent, test in sorted(self._told, reverse=True)[:SHOWN]:
                terminalreporter.line(f"{spent:6.2f} {test}")

    def _counting(self, sign: int) -> Generator[None, object, object]:
        began = _spent()
        try:
            return (yield)
        finally:
            self._own += sign * (_spent() - began)


def _pace() -> float:
    """How much longer than on an idle machine everything takes just now, at least 1."""
    return max(1.0, statistics.median(_work() for _ in range(7)) / PACE)


def crowded() -> bool:
    return os.getloadavg()[0] > 2 * (os.cpu_count() or 1)


def _work() -> float:
    began = time.process_time()
    sum(range(200_000))
    sum(number * number for number in range(20_000))
    return time.process_time() - began


def _spent() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def _reason(mark: pytest.Mark) -> object:
    return mark.args and isinstance(mark.args[0], str) and mark.args[0].strip()
