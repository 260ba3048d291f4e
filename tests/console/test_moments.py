"""Moments in the console's lists."""

from datetime import UTC, datetime

import pytest
from flask import Flask, g

from app.http.i18n import show_hour


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (datetime(2026, 12, 1, 20, 35, tzinfo=UTC), "04:35"),
        (datetime(2026, 12, 1, 15, 59, tzinfo=UTC), "12-01 23:59"),
        (datetime(2026, 12, 2, 16, 1, tzinfo=UTC), "12-03 00:01"),
    ],
)
def test_the_time_of_today_stands_without_its_day(app: Flask, at: datetime, shown: str) -> None:
    with app.test_request_context():
        g.now = datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
        assert show_hour(at) == shown
