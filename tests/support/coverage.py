"""Coverage is measured of the packages beside the app, in their own tests alone, on SQLite.

These five have to be covered whole, each by its own tests: what a test of a page happens to reach is not tested by it.
(The signals of `supervision` have theirs in tests/integrity.) So nothing else is traced, for the tracer costs as much
again as what it watches.
"""

from collections.abc import Generator

import pytest
from coverage import Coverage

from app.paths import ROOT

OWN = ("qr", "wechat", "lottery", "supervision", "integrity", "ledger")
OWN_TESTS = tuple(ROOT / "tests" / package for package in OWN)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    measuring = Coverage.current()
    if measuring is None or _measured(item):
        return (yield)
    measuring.stop()
    try:
        return (yield)
    finally:
        measuring.start()


def _measured(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    return item.path.parent in OWN_TESTS and not (call is not None and "postgresql" in call.params.values())
