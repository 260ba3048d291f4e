"""What a page that keeps itself fresh knows of its own age: `/console/changes` tells whether it is still the last."""

import hmac
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar, cast

from flask import g

from app.http.context import now, runtime

View = TypeVar("View", bound=Callable[..., Any])
MINUTE = 60


def keeps_fresh(view: View) -> View:
    """Marks a view whose page has `data-live`: its version is taken before anything is read, so it is never too new."""

    @wraps(view)
    def shown(*given: Any, **named: Any) -> Any:
        g.live_state = state()
        return view(*given, **named)

    return cast(View, shown)


def state() -> tuple[int, int]:
    """The last event, and the minute: what is left of a limit is shown in minutes."""
    return runtime().watch.last(), int(now().timestamp()) // MINUTE


def version(of: tuple[int, int]) -> str:
    # Not the number itself: from its leaps the provider could count what is hidden from them.
    key = runtime().settings.secret_keys[0].encode()
    return hmac.new(key, f"board {of}".encode(), sha256).hexdigest()[:16]
