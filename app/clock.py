"""The one place that reads the wall clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current moment, aware, in UTC. Read once at the edge and passed on as `at=`."""
    return datetime.now(UTC)  # noqa: TID251 the one allowed reading
