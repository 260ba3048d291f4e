"""What one runs while working: a test of both databases runs on SQLite alone (`-p tests.support.one_database`).

The check runs it on both.
"""

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    known = {item.nodeid for item in items}
    twins = [item for item in items if _twin(item.nodeid) in known - {item.nodeid}]
    config.hook.pytest_deselected(items=twins)
    items[:] = [item for item in items if item not in set(twins)]


def _twin(nodeid: str) -> str:
    return nodeid.replace("postgresql", "sqlite")
