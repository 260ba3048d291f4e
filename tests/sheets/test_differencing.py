"""Whoever of the provider keeps every sheet they were shown, asks for every page of it, and tries what is hidden."""

from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from app.models import Completion, Event, Rating, ServiceCase
from app.services.sheets import computing, freezing, pages
from ledger.canonical import canonical
from tests.sheets.conftest import Story
from tests.support.world import ZONE


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def test_how_many_have_rated_moves_at_the_beginning_of_a_monday_whenever_they_did(story: Story) -> None:
    """The fifth rating of a block closes it: a figure that moved then would tell its hour."""
    done = [story.finish(2) for _ in range(18)]
    for n, completion in enumerate(done):
        after = timedelta(days=3 + 2 * n, hours=5 * n, minutes=7 * n)
        story.rate(completion, 5, story.world.nurse_identity, after=after)
    moments = [story.day(3) + timedelta(hours=3 * n) for n in range(8 * 70)]
    with story.world.database.reading() as session:
        known = [computing.provider_knows_until(session, story.term, at=at) for at in moments]
    moved = [at.astimezone(ZONE) for (at, now), (_, then) in pairwise(zip(moments, known, strict=True)) if now != then]
    assert len(moved) >= 2
    assert {(at.weekday(), at.hour) for at in moved} == {(6, 21)}  # the look before
    assert all((at + timedelta.resolution).astimezone(ZONE).weekday() == 0 for at in known[len(known) // 2 :])


def test_the_list_behind_a_figure_goes_on_after_rows_and_never_after_an_id(story: Story) -> None:
    """Whoever may ask for what follows an id finds those of events by trying, and counts what is hidden between two."""
    story.world.ticket("finished", reported_at=story.day(1))
    with story.world.database.reading() as session:
        last = session.scalars(select(Event.id).order_by(Event.id.desc())).first()
        code = next(one.code for one in story.term.rules(session).indicators if one.measure == "node_in_time")
        every, _ = pages.rows(session, story.term, code, sheet=None, good=None, after=0)
        for after in range(1, (last or 0) + 1):
            found, more = pages.rows(session, story.term, code, sheet=None, good=None, after=after)
            assert ([row.unit for row in found], more) == ([row.unit for row in every[after:]], None)


def test_what_is_hidden_of_a_frozen_sheet_is_not_found_by_trying_it_against_the_digest(story: Story) -> None:
    for n in range(3):
        story.rate(story.finish(5 + n), 1, story.world.nurse_identity, after=timedelta(hours=1))
    story.count()
    sheet = story.freeze()
    shown, whole = story.view(for_provider=True), story.view()
    assert shown.content is not None
    assert whole.content is not None
    assert shown.standing is not None
    assert {*whole.content} - {*shown.content} == {"salt", "rows"}
    guessed = {**shown.content, **{name: whole.content[name] for name in ("lines", "satisfied_with_excluded", "rows")}}
    assert sha256(canonical(guessed)).hexdigest() != shown.standing.sheet.digest
    with story.world.database.reading() as session:
        kept = session.get_one(type(shown.standing.sheet), sheet)
        assert sha256(canonical(freezing.read(kept.content))).hexdigest() == kept.digest


@pytest.mark.parametrize("levels", [[1], [3, 3, 3, 3, 3, 3], [1, 1, 1, 1, 1, 1]])
def test_where_few_rated_or_all_alike_the_call_backs_do_not_say_that_somebody_was_low(
    story: Story, levels: list[int]
) -> None:
    """Neither the figure, nor the points, nor the weight that others would carry where there is none."""

    def seen() -> tuple[Any, ...]:
        line = story.line("C7.3", for_provider=True)
        others = [(one["code"], one["weight_spread"]) for one in (story.view().content or {})["lines"]]
        return line["figure"], line["why"], line["points"], line["interval"], others

    for n, level in enumerate(levels):
        story.rate(story.finish(5 + n), level, story.world.nurse_identity, after=timedelta(hours=1))
    story.count()
    story.freeze()
    without = seen()
    with story.world.database.transaction() as session:
        for done in session.scalars(select(Completion)):
            case = {"reason": "low_score", "about": "ticket", "source": "scan", "stage": "received", "acts": 0}
            due = {"opened_at": story.day(9), "call_due_at": story.day(10), "called_at": story.day(9)}
            about = {"ticket_id": done.ticket_id, "cycle": 1}
            rated = session.scalars(select(Rating.id).where(Rating.completion_id == done.id)).one()
            session.add(ServiceCase(rating_id=rated, **case, **due, **about))
    story.freeze(2, "回访补记")
    assert story.line("C7.3")["figure"] == {"num": len(levels), "den": len(levels)}
    assert seen() == without
