"""Long work says how far it is: on standard error, so that what a command answers stays whole."""

from importlib import import_module

import numpy as np
import pytest
from flask import Flask
from tqdm import tqdm

from app.services.draws import checkpoints, merkle_list, results
from tests.draws.story import COMMITTED, DRAW_ID, DRAWN, DURING, Story
from tests.draws.test_commands import draw, spoken
from tests.support.world import ZONE


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes less than a second says nothing otherwise."""
    # By its name: commands are loaded when they are called, and may not have been.
    module = import_module("app.cli.answers")
    monkeypatch.setattr(module, "tqdm", lambda **how: tqdm(**{**how, "delay": 0, "mininterval": 0}))


def test_commit_and_run_say_it(app: Flask, story: Story) -> None:
    story.now_is(COMMITTED).people(10)
    story.announce()
    committed = draw(app, "commit", DRAW_ID, "--json")
    assert spoken(committed)["entries"] == 10
    assert "20.0人" in committed.stderr  # read, and made into entries


def test_run_says_it_to_the_last_step(app: Flask, story: Story) -> None:
    story.now_is(DRAWN).people(10)
    story.announce()
    story.commit()
    story.type_numbers()
    drawn = draw(app, "run", DRAW_ID, "--json")
    assert spoken(drawn)["round"] == 1
    assert "50.0k人" in drawn.stderr
    with story.drawing() as (session, found):
        told: list[int] = []
        results.whose(session, found, 1, progress=told.append)
    assert sum(told) == 10


def test_the_days_count_says_it(story: Story) -> None:
    story.people(10)
    story.announce()
    told: list[int] = []
    with story.drawing() as (session, found):
        checkpoints.prepare(session, found, zone=ZONE, at=DURING, progress=told.append)
    assert told == [10, 10]


def test_a_second_version_says_it() -> None:
    made = merkle_list.build(bytes(32), DRAW_ID, merkle_list.People("p", np.arange(1, 3), np.ones(2, np.uint16)))
    told: list[int] = []
    assert merkle_list.add(made, {b"\1" * 32: 1}, told.append).entries == 3
    assert told == [merkle_list.BLOCK]
