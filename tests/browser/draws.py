"""Draws for the browser tests, told by the demo's own service: open for ratings, or long since drawn."""

from collections.abc import Callable
from typing import Any

import pytest

from app import clock
from app.demo import draw as demo_draw
from tests.support.demo import Demo


def make(demo: Demo, until: str, *, everybody_wins: bool = False) -> str:
    """The id of a draw that has just come so far."""
    with pytest.MonkeyPatch.context() as patch:
        if everybody_wins:
            patch.setattr(demo_draw, "_draft", _for_everybody(vars(demo_draw)["_draft"]))
        with demo.runtime.database.transaction() as session:
            zone, hospital = demo.runtime.settings.timezone, demo.runtime.settings.hospital_name
            return demo_draw.draw(session, until=until, tenant="h001", hospital=hospital, zone=zone, at=clock.now())


def _for_everybody(draft: Callable[..., Any]) -> Callable[..., Any]:
    prize = {"tier": 1, "name": "纪念奖", "prize": "书签", "value_fen": 550, "count": 5000}
    return lambda *told: {**draft(*told), "tiers": [prize]}
