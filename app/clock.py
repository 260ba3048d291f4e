"""The one place that reads the wall clock."""

from datetime import UTC, datetime, timedelta

_ahead = timedelta()


def now() -> datetime:
    """The current moment, aware, in UTC. Read once at the edge and passed on as `at=`."""
    return datetime.now(UTC) + _ahead  # noqa: TID251 the one allowed reading


def run_ahead(span: timedelta) -> None:
    """This process lives so much later, for a rehearsal; never in production."""
    global _ahead
    _ahead = span
