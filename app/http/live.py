"""What a page that keeps itself fresh knows of its own age: its door for changes tells whether it is still the last."""

import hmac
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any, TypeVar, cast

from flask import Flask, Response, g, jsonify

from app.http.context import now, runtime

View = TypeVar("View", bound=Callable[..., Any])
MINUTE = 60


def install(app: Flask) -> None:
    app.add_template_global(lambda: version(g.live_state), "live_version")


def keeps_fresh(view: View) -> View:
    """Marks a view whose page has `data-live`: its version is taken before anything is read, so it is never too new."""

    @wraps(view)
    def shown(*args: Any, **named: Any) -> Any:
        g.live_state = state()
        return view(*args, **named)

    return cast(View, shown)


def changes() -> Response:
    """A version that is another one when the page would be: asked every second by pages that are open.

    503 where it cannot be known: they say so then.
    """
    watch = runtime().watch
    watch.follow()
    return Response(status=503) if watch.stalled else jsonify(version=version(state()))


def state() -> tuple[object, ...]:
    """The last event, and the minute: what is left of a limit is shown in minutes."""
    return state_of(runtime().watch.last())


def state_of(*stands: object) -> tuple[object, ...]:
    """What a page shows that is about less than everything."""
    return *stands, int(now().timestamp()) // MINUTE


def version(state: tuple[object, ...]) -> str:
    # Not the number itself: from its leaps the provider could count what is hidden from them.
    key = runtime().settings.secret_keys[0].encode()
    return hmac.new(key, f"board {state}".encode(), sha256).hexdigest()[:16]
