import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from socket import SHUT_RDWR
from threading import Lock

from flask import Response, request

from sandbox.wire_errors import WireError


@dataclass
class Knob:
    """Troubles of one path. Lists and counts are used up call by call."""

    latency_before: float = 0
    latency_after: float = 0
    next_errors: list[int] = field(default_factory=list)
    next_status: list[int] = field(default_factory=list)
    next_truncated: int = 0
    # The work is done, but the connection breaks before the answer.
    next_dropped: int = 0
    next_outcomes: list[str] = field(default_factory=list)


class Knobs:
    def __init__(self) -> None:
        self._lock = Lock()
        self._knobs: defaultdict[str, Knob] = defaultdict(Knob)
        self._calls: Counter[str] = Counter()

    def turn(self, path: str, knob: Knob) -> None:
        with self._lock:
            self._knobs[path] = knob

    def calls(self) -> dict[str, int]:
        with self._lock:
            return dict(self._calls)

    def before(self, path: str) -> Response | None:
        """Counts the call and troubles it before anything has happened."""
        with self._lock:
            self._calls[path] += 1
            knob = self._knobs[path]
            status = knob.next_status.pop(0) if knob.next_status else None
            errcode = knob.next_errors.pop(0) if knob.next_errors else None
            wait = knob.latency_before
        time.sleep(wait)
        if status is not None:
            return Response("sandbox trouble", status=status, content_type="text/plain")
        if errcode is not None:
            raise WireError(errcode)
        return None

    def outcome(self, path: str) -> str:
        """What becomes of a message this path has taken."""
        with self._lock:
            outcomes = self._knobs[path].next_outcomes
            return outcomes.pop(0) if outcomes else "success"

    def after(self, path: str, response: Response) -> Response:
        """Troubles the answer to what has already happened."""
        with self._lock:
            knob = self._knobs[path]
            truncate = knob.next_truncated > 0
            knob.next_truncated -= truncate
            drop = knob.next_dropped > 0
            knob.next_dropped -= drop
            wait = knob.latency_after
        time.sleep(wait)
        if truncate:
            response.set_data(response.get_data()[:-5])
        if drop:
            request.environ["werkzeug.socket"].shutdown(SHUT_RDWR)
        return response
