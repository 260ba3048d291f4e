from dataclasses import dataclass, field
from typing import cast
from urllib.parse import SplitResult, urlsplit

from flask import current_app

from sandbox.clock import Clock
from sandbox.knobs import Knobs
from sandbox.pushes import Pushes
from sandbox.store import Store


@dataclass(frozen=True)
class State:
    """What one running sandbox has."""

    app_url: str
    store: Store
    clock: Clock
    pushes: Pushes
    knobs: Knobs = field(default_factory=Knobs)

    @property
    def app(self) -> SplitResult:
        return urlsplit(self.app_url)


def state() -> State:
    return cast(State, current_app.extensions["sandbox"])
