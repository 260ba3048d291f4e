"""A quarter's sheet from its draft to the fee: what each step takes, who takes it, and that nothing is half done."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import pairwise
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from app.errors import Refused
from app.models import Event, Rating, RatingCorrection, Sheet, SheetObjection, SheetRows
from app.services import feed
from app.services.audit import seal
from app.services.audit.seal import Signer
from app.services.indicators import counting
from app.services.indicators.counting import Count
from app.services.indicators.measures import MEASURES
from app.services.indicators.scope import Measure, Scope
from app.services.ratings import exclusions
from app.services.sheets import agreeing, computing, freezing, pages
from app.services.sheets.entries import Value
from ledger.canonical import canonical
from tests.sheets.conftest import BASE, Story
from tests.support.world import ZONE


def refused(act: Any, *given: Any, **how: Any) -> str:
    with pytest.raises(Refused) as said:
        act(*given, **how)
    return said.value.code


def test_from_draft_to_fee(story: Story) -> None:
    world, database = story.world, story.world.database
    story.finish()
    story.count()
    assert story.view().state == "draft"
    sheet = story.freeze()
    frozen = story.view()
    assert frozen.state == "frozen"
    assert frozen.content is not None
    assert 60_00 <= frozen.content["total"] < 75_00  # in time, but nobody rated, saw the code or was helped from afar
    assert (frozen.content["settlement"]["grade"], frozen.content["settlement"]["k"]) == ("合格", 80)
    fee = frozen.content["settlement"]["fee"]
    assert fee == BASE * 80 // 100
    with database.transaction() as session:
        at = story.at + timedelta(hours=1)
        agreeing.object_(session, sheet, "T1", "远程的一张没有计入", by=world.engineer.id, at=at, zone=ZONE)
    sign: dict[str, Any] = {"way": "password", "note": "同意", "zone": ZONE}
    with database.transaction() as session:
        code = refused(agreeing.sign, session, sheet, "provider", by=world.engineer.id, at=at, **sign)
        assert code == "objections_open"
    with database.transaction() as session:
        objection = story.view().standing.objections[0].id  # type: ignore[union-attr]
        agreeing.answer(session, objection, "那一张到过现场", upheld=False, by=world.supervisor.id, at=at)
    with database.transaction() as session:
        hospital: dict[str, Any] = {"by": world.supervisor.id, "at": at, **sign}
        assert refused(agreeing.sign, session, sheet, "hospital", **hospital) == "objections_running"
        agreeing.sign(session, sheet, "provider", by=world.engineer.id, at=at, **sign)
        assert refused(agreeing.settle, session, sheet, by=world.admin.id, at=at, zone=ZONE) == "not_signed_by_both"
        agreeing.sign(session, sheet, "hospital", **hospital)
        assert refused(agreeing.sign, session, sheet, "hospital", **hospital) == "signed_already"
    assert story.view().state == "signed"
    with database.transaction() as session:
        assert agreeing.settle(session, sheet, by=world.admin.id, at=at, zone=ZONE).fee_fen == fee
        assert refused(agreeing.settle, session, sheet, by=world.admin.id, at=at, zone=ZONE) == "settled_already"
    assert story.view().state == "settled"
    with database.reading() as session:
        kinds = list(session.scalars(select(Event.kind).where(Event.subject == "sheet").order_by(Event.id)))
    assert kinds == [
        "sheet_frozen",
        "sheet_objected",
        "sheet_answered",
        "sheet_signed",
        "sheet_signed",
        "sheet_settled",
    ]


def test_a_quarter_is_frozen_when_all_is_known_and_checked(story: Story) -> None:
    story.finish()
    ends = story.term.quarter.ends(ZONE)
    assert refused(story.freeze) == "clocks_missing"
    story.count()
    assert refused(story.freeze, at=ends + timedelta(days=14) - timedelta(seconds=1)) == "quarter_not_over"
    entry = story.enter("C8.1", Value(count=1))
    assert refused(story.freeze) == "entries_unchecked"
    assert refused(story.check, entry, story.world.supervisor.id) == "own_entry"
    story.check(entry)
    assert refused(story.check, entry) == "entry_checked"
    assert refused(story.freeze, 2) == "frozen_already"
    story.freeze(at=ends + timedelta(days=14))
    assert refused(story.freeze) == "frozen_already"
    assert refused(story.freeze, 2) == "reason_missing"


def test_what_is_frozen_stays_as_it_was_and_a_correction_is_a_new_version(story: Story) -> None:
    world = story.world
    identities = [world.bind(person) for person in (world.employ(f"H{n:03}", "护士") for n in range(31))]
    for n, identity in enumerate(identities):
        story.rate(story.finish(served=world.ward), 5 if n else 1, identity, after=timedelta(hours=n + 1))
    story.count()
    first = story.freeze()
    before = story.view().content
    with world.database.transaction() as session:
        who: dict[str, Any] = {"by": world.supervisor.id, "at": story.at, "channel": "console"}
        exclusions.exclude(session, 1, reason="mistaken", note="评错了单", **who)
    assert story.view().content == before
    with world.database.transaction() as session:
        at = story.at
        agreeing.object_(session, first, "C7.1", "第一条评错了单", by=world.engineer.id, at=at, zone=ZONE)
        objection = session.scalars(select(SheetObjection.id).order_by(SheetObjection.id.desc())).first() or 0
        agreeing.answer(session, objection, "已排除", upheld=True, by=world.supervisor.id, at=at)
        sign: dict[str, Any] = {"way": "paper", "note": "存档案柜 3", "by": world.engineer.id, "at": at, "zone": ZONE}
        assert refused(agreeing.sign, session, first, "provider", **sign) == "objection_upheld_first"
    story.freeze(2, "排除一条评错单的评价")
    assert story.line("C7.1")["figure"]["den"] == 30
    assert story.line("C7.1", version=1)["figure"]["den"] == 31
    assert story.view().content["satisfied_with_excluded"] == {"num": 30, "den": 31}  # type: ignore[index]
    with world.database.transaction() as session:
        assert refused(agreeing.sign, session, first, "provider", **sign) == "newer_version"


def test_the_rows_behind_every_figure_are_kept_and_the_digest_binds_them(story: Story) -> None:
    done = story.finish()
    story.count()
    sheet_id = story.freeze()
    with story.world.database.reading() as session:
        sheet = session.get_one(Sheet, sheet_id)
        content = freezing.read(sheet.content)
        assert sha256(canonical(content)).hexdigest() == sheet.digest
        event = session.scalars(select(Event).where(Event.kind == "sheet_frozen")).one()
        assert event.data is not None
        assert event.data["digest"] == sheet.digest
        kept = {row.code: row.ids for row in session.scalars(select(SheetRows))}
        assert {name: sha256(ids).hexdigest() for name, ids in kept.items()} == content["rows"]
        assert counting.unpack(kept["response_in_time"]) == {"good": [done], "other": []}
        rows, more = pages.rows(session, story.term, "C1.1", sheet=sheet, good=True, after=0)
        assert ([row.unit for row in rows], more) == ([done], None)
        assert pages.rows(session, story.term, "C1.1", sheet=sheet, good=False, after=0)[0] == []


def test_what_was_frozen_is_under_the_seal_at_once(story: Story) -> None:
    story.finish()
    story.count()
    story.freeze()
    with story.world.database.transaction() as session:
        feed.number(session)
        seal.seal(session, Signer("log"), at=story.at)
        last = seal.last_checkpoint(session)
        assert last is not None
        assert (last.cause, last.published, last.size) == ("act", False, seal.numbered(session))


def test_a_freeze_that_is_killed_has_frozen_nothing(story: Story) -> None:
    story.finish()
    story.count()
    with suppress(ZeroDivisionError), story.world.database.transaction() as session:
        story.freeze_in(session)
        _ = 1 / 0
    with story.world.database.reading() as session:
        counts = [session.scalar(select(func.count()).select_from(table)) for table in (Sheet, SheetRows)]
        assert counts == [0, 0]
        assert session.scalar(select(Event.id).where(Event.kind == "sheet_frozen")) is None
    assert story.freeze() > 0


def test_of_two_who_freeze_at_once_one_is_told_that_it_was_done(story: Story) -> None:
    story.finish()
    story.count()
    said: list[str] = []
    barrier = Barrier(2)

    def go() -> None:
        barrier.wait(20)
        try:
            story.freeze()
            said.append("frozen")
        except Refused as error:
            said.append(error.code)

    both = [Thread(target=go) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(said) == ["frozen", "frozen_already"]
    with story.world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Sheet)) == 1


def test_the_base_is_prorated_by_days_and_deductions_come_off_once(story: Story) -> None:
    with story.world.database.transaction() as session:
        contract = session.merge(story.term.contract)
        contract.valid_from = story.term.quarter.first + timedelta(days=30)
    story.term.contract.valid_from = contract.valid_from
    story.finish(60)
    one = story.enter("deduction", Value(count=1_000_00))
    other = story.enter("deduction", Value(count=50_00))
    story.check(one)
    story.check(other)
    story.enter("deduction", Value(count=0), replaces=other)
    assert refused(story.enter, "deduction", Value(count=1), replaces=other) == "entry_replaced"
    story.count()
    story.freeze()
    money = story.view().content["settlement"]  # type: ignore[index]
    days = story.term.quarter.days
    assert (money["days"], money["of_days"]) == (days - 30, days)
    assert money["base_fen"] == (2 * BASE * (days - 30) + days) // (2 * days)
    assert money["deductions"] == [{"entry": one, "fen": 1_000_00}]
    assert money["fee_before_deductions"] == (2 * money["base_fen"] * money["k"] + 100) // 200
    assert money["fee"] == money["fee_before_deductions"] - 1_000_00


def test_a_veto_that_a_second_one_has_seen_puts_the_quarter_into_the_lowest_band(story: Story) -> None:
    story.finish()
    veto = story.enter("veto", Value(yes=True))
    story.count()
    before = story.view().content
    assert before is not None
    assert before["settlement"]["grade"] == "合格"
    story.check(veto)
    story.count()
    content = story.view().content
    assert content is not None
    assert (content["settlement"]["grade"], content["settlement"]["k"], content["total"]) == (
        "不合格",
        60,
        before["total"],
    )


def test_figures_that_are_entered_have_their_form(story: Story) -> None:
    assert refused(story.enter, "P4", Value(num=3, den=2)) == "figure_form"
    assert refused(story.enter, "P4", Value(count=3)) == "figure_form"
    assert refused(story.enter, "P4", Value(num=-1, den=2)) == "figure_form"
    assert refused(story.enter, "C1.1", Value(num=1, den=2)) == "no_such_indicator"
    assert refused(story.enter, "X9", Value(num=1, den=2)) == "no_such_indicator"
    story.finish()
    story.enter("P4", Value(num=95, den=100))
    short = story.enter("P5", Value(num=1, den=2))
    story.enter("R1", Value(yes=True))
    story.enter("P6", Value())
    story.count()
    assert (story.line("P4")["points"], story.line("P4")["why"]) == (story.line("P4")["weight_spread"], "")
    assert (story.line("P5")["points"], story.line("P5")["why"]) == (None, "unchecked")
    assert (story.line("P6")["points"], story.line("P6")["why"]) == (None, "declared")
    story.check(short)
    story.count()
    assert story.line("P5")["points"] == 0
    story.enter("P5", Value(num=1, den=1))
    story.count()
    assert story.line("P5")["points"] == story.line("P5")["weight_spread"]


@pytest.mark.slow("a quarter of ratings, read day after day")
def test_how_many_have_rated_the_provider_reads_in_closed_blocks_and_a_block_late(story: Story) -> None:
    world = story.world
    identities = [world.bind(person) for person in (world.employ(f"H{n:03}", "护士") for n in range(40))]
    seen = []
    for n, identity in enumerate(identities):
        story.rate(story.finish(5, served=world.ward), 1 if n % 3 else 5, identity, after=timedelta(hours=5 * n))
        if n % 4 == 3:
            story.count()
            seen.append(story.line("C7.2", for_provider=True)["figure"]["num"])
    assert seen == sorted(seen)
    steps = [later - earlier for earlier, later in pairwise(seen) if later != earlier]
    assert all(step >= 5 for step in steps)
    assert seen[-1] <= len(identities) - 5


def test_nothing_the_provider_reads_before_the_freeze_follows_from_a_level(story: Story) -> None:
    """Whoever keeps every sheet they were shown: the same ratings with other levels, complaints and corrections give
    the same sheets, so no difference of two of them tells one.
    """
    world = story.world
    identities = [world.bind(person) for person in (world.employ(f"H{n:03}", "护士") for n in range(11))]
    done = [story.finish(5 + n, served=world.ward) for n in range(11)]
    for n, identity in enumerate(identities):
        story.rate(done[n], 5, identity, after=timedelta(days=n))
    story.count()
    before = story.view(for_provider=True).content
    assert before is not None
    assert {line["code"]: line["why"] for line in before["lines"] if line["group"] == "C7"} == {
        "C7.1": "not_yet_shown",
        "C7.2": "shown_only",
        "C7.3": "not_yet_shown",
        "C7.4": "not_yet_shown",
        "C7.5": "not_yet_shown",
    }
    assert story.line("C7.1")["figure"] == {"num": 11, "den": 11}
    with world.database.transaction() as session:
        for rating in session.scalars(select(Rating).order_by(Rating.id)).all()[::2]:
            session.add(RatingCorrection(rating_id=rating.id, level=1, at=rating.at + timedelta(hours=1)))
        who: dict[str, Any] = {"by": world.supervisor.id, "at": story.at, "channel": "console"}
        exclusions.exclude(session, 1, reason="mistaken", note="评错了单", **who)
    story.count()
    assert story.line("C7.1")["figure"] == {"num": 5, "den": 10}
    assert story.view(for_provider=True).content == before


def test_of_what_was_frozen_the_provider_reads_no_single_answer(story: Story) -> None:
    """All alike, or one set aside whose level the difference of both rates would be."""
    world = story.world
    identities = [world.bind(person) for person in (world.employ(f"H{n:03}", "护士") for n in range(6))]
    for n, identity in enumerate(identities):
        story.rate(story.finish(5 + n, served=world.ward), 1, identity, after=timedelta(hours=1))
    story.count()
    story.freeze()
    assert story.line("C7.1")["figure"] == {"num": 0, "den": 6}
    assert story.line("C7.1", for_provider=True)["figure"] is None
    assert story.view(for_provider=True).content["satisfied_with_excluded"] is None  # type: ignore[index]

    def read(num: int, den: int, both: dict[str, int]) -> tuple[bool, bool]:
        line = {"code": "C7.1", "measure": "satisfied", "figure": {"num": num, "den": den}, "interval": None}
        shown = pages.few_hidden({"lines": [line], "satisfied_with_excluded": both})
        return shown["lines"][0]["figure"] is not None, shown["satisfied_with_excluded"] is not None

    def recovered(num: int, den: int) -> bool:
        line = {"code": "C7.5", "measure": "made_up_for", "figure": {"num": num, "den": den}, "interval": None}
        shown = pages.few_hidden({"lines": [line], "satisfied_with_excluded": {"num": 0, "den": 0}})
        return shown["lines"][0]["figure"] is not None

    assert [recovered(*one) for one in ((1, 1), (4, 5), (5, 5), (0, 29), (30, 30))] == [False, True, False, False, True]
    assert read(7, 8, {"num": 7, "den": 8}) == (True, True)
    assert read(8, 8, {"num": 8, "den": 8}) == (False, False)
    assert read(29, 29, {"num": 29, "den": 29}) == (False, False)
    assert read(30, 30, {"num": 30, "den": 30}) == (True, True)  # scored: both sides sign it
    assert read(29, 30, {"num": 29, "den": 31}) == (True, False)
    assert read(29, 30, {"num": 31, "den": 35}) == (True, True)


@pytest.mark.parametrize("measure", ["made_up_for", "satisfied"])
def test_levels_of_few_move_no_point_whatever_the_rules_say(story: Story, measure: str) -> None:
    """The provider knows which cases were made up for: a point for one re-rating would be that rating."""
    code = {"made_up_for": "C7.5", "satisfied": "C7.1"}[measure]

    def points(num: int, den: int) -> tuple[int | None, int | None]:
        def counter(one: Measure, _scope: Scope) -> Count:
            return Count(num, den) if one is MEASURES[measure] else Count(1, 2)

        with story.world.database.reading() as session:
            found = computing.content(session, story.term, counter=counter)
            rules = story.term.rules(session)
            plain = [replace(one, small_sample=False) for one in rules.indicators]
            again = computing.rescored(found, replace(rules, indicators=tuple(plain)), {})
        [line], [other] = ([one for one in got["lines"] if one["code"] == code] for got in (found, again))
        assert (line["points"] is None) is (other["points"] is None)
        assert (line["figure"]["num"], line["figure"]["den"]) == (num, den)
        return line["points"], found["total"]

    few = {points(*one) for one in ((1, 1), (4, 4), (1, 29), (29, 29))}
    assert len(few) == 1
    assert next(iter(few))[0] is None
    assert points(30, 30)[0] is not None


def test_of_fewer_than_five_ratings_the_provider_reads_that_there_are_few(story: Story) -> None:
    identities = [story.world.bind(story.world.employ(f"H{n:03}", "护士")) for n in range(4)]
    for identity in identities:
        story.rate(story.finish(served=story.world.ward), 1, identity, after=timedelta(hours=1))
    story.count()
    story.freeze()
    assert story.line("C7.1")["figure"]["num"] == 0
    for code in ("C7.1", "C7.2"):
        hidden = story.line(code, for_provider=True)
        assert (hidden["figure"], hidden["why"]) == (None, "few_for_provider")
    assert story.view(for_provider=True).content["satisfied_with_excluded"] is None  # type: ignore[index]
