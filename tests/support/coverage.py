"""Coverage is measured while a test runs on SQLite: the tracer costs as much again, PostgreSQL reaches few lines more.

What is only reached on PostgreSQL is tested all the same, and counts as not reached.
"""

from collections.abc import Generator

import pytest
from coverage import Coverage


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    measuring = Coverage.current()
    if measuring is None or not _on_postgresql(item):
        return (yield)
    measuring.stop()
    try:
        return (yield)
    finally:
        measuring.start()


def _on_postgresql(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    return call is not None and "postgresql" in call.params.values()
