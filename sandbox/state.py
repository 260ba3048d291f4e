from dataclasses import dataclass, field
from typing import cast
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from flask import current_app

from sandbox.clock import TurnedClock
from sandbox.codes import Codes
from sandbox.database import Database
from sandbox.faults import Knobs
from sandbox.mailbox import Mailbox
from sandbox.people import People
from sandbox.pushes import Pushes
from sandbox.qr_scenes import Scenes
from sandbox.quotas import Quotas
from sandbox.servers import Doors
from sandbox.switches import Switches
from sandbox.tokens import Tokens


@dataclass(frozen=True)
class State:
    """What one running sandbox has."""

    app_url: str
    database: Database
    clock: TurnedClock
    pushes: Pushes
    tokens: Tokens
    codes: Codes
    mailbox: Mailbox
    people: People
    scenes: Scenes
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Asia/Shanghai"))
    doors: Doors = field(default_factory=Doors)
    knobs: Knobs = field(default_factory=Knobs)
    quotas: Quotas = field(default_factory=Quotas)
    switches: Switches = field(default_factory=Switches)

    @property
    def app(self) -> SplitResult:
        return urlsplit(self.app_url)


def new_state(app_url: str, database: Database, clock: TurnedClock) -> State:
    return State(
        app_url,
        database,
        clock,
        Pushes(app_url, clock),
        Tokens(database),
        Codes(database),
        Mailbox(database),
        People(database),
        Scenes(database),
    )


def state() -> State:
    return cast(State, current_app.extensions["sandbox"])
