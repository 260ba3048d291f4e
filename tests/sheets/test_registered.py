"""Figures of the sheet that registers and the duty roster have, from the rows that people write there."""

from datetime import date, datetime, time, timedelta
from fractions import Fraction
from io import BytesIO
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from app.models import (
    Completion,
    Contract,
    DutyShift,
    IncidentChild,
    MajorIncident,
    Post,
    PostApproval,
    RegisterEntry,
    RegisterFile,
    RegisterRecord,
    Ticket,
)
from app.services import events
from app.services.events import About
from app.services.registers import evidence
from app.services.registers.access import Reader
from app.services.registers.records import Act
from app.services.reports import monthly
from app.services.sheets import computing, pages
from app.services.sheets.entries import Value
from app.services.sheets.reported import steps
from config.files import BadFile
from config.score import read_score_rules
from tests.conftest import Console
from tests.sheets.conftest import Story
from tests.sheets.test_rules import TEXT
from tests.support.world import ZONE

A_DAY = timedelta(days=1)


@pytest.fixture
def database_url(postgresql_url: str) -> str:
    return postgresql_url  # its sums are decimals, which no score takes for whole numbers


def write(story: Story, kind: str, *, due: int | None = None, done: int | None = None, **how: Any) -> None:
    """A record due, and done, on days of the quarter; confirmed unless something else is said."""
    first, world = story.term.quarter.first, story.world
    confirmed = how.pop("confirmed", True)
    with world.database.transaction() as session:
        number = session.query(RegisterRecord).count() + 1
        session.add(
            RegisterRecord(
                kind=kind,
                code=f"X-{number}",
                form=1,
                title="x",
                state="done",
                closed=done is not None,
                void=how.pop("void", False),
                due_on=None if due is None else first + due * A_DAY,
                done_on=None if done is None else first + done * A_DAY,
                contract_id=story.term.contract.id,
                period=how.pop("period", ""),
                data=how,
                words={},
                searched="",
                revision=1,
                created_at=story.at,
                written_at=story.at,
                written_by_id=world.supervisor.id,
                confirmed_at=story.at if confirmed else None,
                confirmed_by_id=world.admin.id if confirmed else None,
            )
        )


def record(session: Any, story: Story) -> RegisterRecord:
    """The last one that was written."""
    found: RegisterRecord | None = session.scalars(select(RegisterRecord).order_by(RegisterRecord.id.desc())).first()
    assert found is not None
    return found


def entry(session: Any, story: Story, kind: str, by: int, **how: Any) -> None:
    """A line in the history of the last record."""
    of = record(session, story)
    event = events.append(session, About(of.id), f"register_{kind}", by=by, at=story.at, channel="console")
    session.add(
        RegisterEntry(
            record_id=of.id,
            event_id=event.id,
            kind=kind,
            revision=1,
            form=1,
            data=how.pop("data", {}),
            words={},
            by_id=by,
            at=how.pop("at", story.at),
            **how,
        )
    )


def line(story: Story, code: str, today: date | None = None) -> dict[str, Any]:
    with story.world.database.reading() as session:
        content = computing.content(session, story.term, today=today)
    found: dict[str, Any] = next(one for one in content["lines"] if one["code"] == code)
    return found


def test_plans_are_held_against_their_own_day_and_void_ones_never_count(story: Story) -> None:
    for due, done in ((10, 9), (20, 20), (30, 31), (40, None)):
        write(story, "rectifications", due=due, done=done)
    write(story, "rectifications", due=50, done=None, void=True)
    found = line(story, "C2.3")
    assert (found["measure"], found["figure"], len(found["records"])) == ("register", {"num": 2, "den": 4}, 4)
    write(story, "reports", due=10, done=12)
    write(story, "reports", due=40, done=40)
    assert line(story, "C2.1")["figure"] == {"count": 1}


def test_while_the_quarter_runs_only_the_days_that_are_over_count(story: Story) -> None:
    for due, done in ((10, 9), (40, None)):
        write(story, "rectifications", due=due, done=done)
    assert line(story, "C2.3", story.term.quarter.first + 40 * A_DAY)["figure"] == {"num": 1, "den": 1}
    assert line(story, "C2.3", story.term.quarter.first + 41 * A_DAY)["figure"] == {"num": 1, "den": 2}


def test_what_costs_points_waits_for_a_second_person(story: Story) -> None:
    write(story, "security", done=10, what="incident", cause="provider", confirmed=False)
    found = line(story, "C8.1")
    assert found["why"] == "register_unchecked"
    assert found["figure"] == {"count": 0}
    write(story, "security", done=12, what="incident", cause="provider")
    write(story, "security", done=12, what="incident", cause="other")
    assert line(story, "C8.1")["figure"] == {"count": 1}


def test_sums_of_numbers_and_choices(story: Story) -> None:
    write(story, "training", due=10, done=10, what="test", people=20, passed=19)
    write(story, "training", due=10, done=10, what="security", people=30, passed=30)
    assert line(story, "P4")["figure"] == {"num": 19, "den": 20}
    assert line(story, "C8.2")["figure"] == {"num": 30, "den": 30}
    for result, approval in (("success", "yes"), ("success", "no"), ("back", "yes")):
        write(story, "changes", due=5, done=6, result=result, approval=approval)
    assert line(story, "C6.1")["figure"] == {"num": 2, "den": 3}
    assert line(story, "C6.2")["figure"] == {"count": 1}


def test_too_few_checks_are_no_rate(story: Story) -> None:
    write(story, "uniform", done=3, checked=19, passed=19)
    assert (line(story, "P6")["figure"], line(story, "P6")["why"]) == (None, "few_checked")
    write(story, "uniform", done=4, checked=1, passed=0)
    assert line(story, "P6")["figure"] == {"num": 19, "den": 20}


def test_where_nobody_keeps_a_register_what_is_entered_stands(story: Story) -> None:
    story.enter("C4.2", Value(num=9, den=10))
    assert line(story, "C4.2")["measure"] == "manual"
    write(story, "problems", due=10, done=10)
    assert (line(story, "C4.2")["measure"], line(story, "C4.2")["figure"]) == ("register", {"num": 1, "den": 1})
    assert line(story, "T3")["why"] == "not_entered"
    write(story, "drills", due=10, done=10)
    assert line(story, "T3")["figure"] == {"yes": True}


def test_the_roster_counts_approved_people_who_came_and_names_who_was_not(story: Story) -> None:
    world, quarter = story.world, story.term.quarter
    with world.database.transaction() as session:
        session.get_one(Post, world.post.id).headcount = 1
        approval = datetime.combine(quarter.first, time(1), tzinfo=ZONE)
        who = {"post_id": world.post.id, "approved_by_id": world.supervisor.id}
        session.add(PostApproval(person_id=world.engineer.id, at=approval, **who))
        for n in range(quarter.days):
            day = quarter.first + n * A_DAY
            for person, came in ((world.engineer, n % 2 == 0), (world.second_engineer, n == 1)):
                at = datetime.combine(day, time(8), tzinfo=ZONE) if came else None
                session.add(
                    DutyShift(person_id=person.id, post_id=world.post.id, day=day, shift="day", checked_in_at=at)
                )
    assert line(story, "P1")["figure"] == {"num": (quarter.days + 1) // 2, "den": quarter.days}
    assert line(story, "P3")["figure"] == {"count": 1}


def test_the_page_names_the_register_and_opens_its_records(story: Story, console: Any) -> None:
    write(story, "problems", due=10, done=10)
    with story.world.database.transaction() as session:
        pages.refresh(session, story.term, at=story.at)
    path = f"/console/sheets/{story.term.contract.id}/{story.term.quarter}"
    client = console(story.world.supervisor)
    assert "台账" in client.get(path).text
    assert '"/console/registers/problems/1"' in client.get(f"{path}/C4.2").text
    assert client.get(f"{path}/P1").status_code == 200


def test_an_article_linked_at_the_finish_counts_for_that_cycle(story: Story) -> None:
    done, other = story.finish(10), story.finish(12)
    assert line(story, "R6")["figure"] == {"num": 0, "den": 2}
    write(story, "knowledge")
    with story.world.database.transaction() as session:
        finished = session.get_one(Completion, done)
        entry(session, story, "used", story.world.engineer.id, ticket_id=finished.ticket_id, at=finished.finished_at)
        early = session.get_one(Completion, other)
        long_before = early.finished_at - A_DAY  # of a cycle before this one
        entry(session, story, "used", story.world.engineer.id, ticket_id=early.ticket_id, at=long_before)
    assert line(story, "R6")["figure"] == {"num": 1, "den": 2}


def test_only_the_hospitals_counts_of_parts_are_a_figure(story: Story) -> None:
    write(story, "spares")
    counted = {"movement": "counted", "day": str(story.term.quarter.first)}
    with story.world.database.transaction() as session:
        record(session, story).stock = 9
        for change, by in ((0, story.world.supervisor), (-2, story.world.supervisor), (0, story.world.engineer)):
            entry(session, story, "moved", by.id, change=change, stock=9, data=counted)
    assert line(story, "R5")["figure"] == {"num": 1, "den": 2}


def test_desk_rules_are_there_and_reviewed(story: Story) -> None:
    assert line(story, "R1")["why"] == "not_entered"
    for due in (91, 92):
        write(story, "desk_rules", due=due)
        with story.world.database.transaction() as session:
            record(session, story).created_at = story.day(3)
    assert line(story, "R1")["figure"] == {"yes": True}
    write(story, "desk_rules", due=20)
    with story.world.database.transaction() as session:
        record(session, story).created_at = story.day(3)
    assert line(story, "R1")["figure"] == {"yes": False}


def test_a_key_post_has_somebody_to_stand_in(story: Story) -> None:
    world = story.world
    story.enter("P2", Value(num=1, den=4))
    assert line(story, "P2")["measure"] == "manual"
    who: dict[str, Any] = {"post_id": world.post.id, "approved_by_id": world.supervisor.id, "at": story.day(1)}
    with world.database.transaction() as session:
        session.get_one(Post, world.post.id).headcount = 1
        session.add(PostApproval(person_id=world.engineer.id, **who))
    assert line(story, "P2")["figure"] == {"num": 0, "den": 1}
    with world.database.transaction() as session:
        session.add(PostApproval(person_id=world.second_engineer.id, **who))
    assert line(story, "P2")["figure"] == {"num": 1, "den": 1}


def test_groups_of_three_within_thirty_days_want_a_root_cause(story: Story) -> None:
    world = story.world
    for day in (1, 20, 31):
        story.finish(day)
    first = line(story, "C4.1")["figure"]
    assert first == {"num": 0, "den": 1}
    write(story, "problems", due=60)
    with world.database.transaction() as session:
        record(session, story).category_id = session.scalars(select(Completion.category_id)).first()
    assert line(story, "C4.1")["figure"] == {"num": 0, "den": 1}  # its cause is not found
    for state, num in (("known", 1), ("open", 0), ("closed", 1)):
        with world.database.transaction() as session:
            record(session, story).state = state
        assert line(story, "C4.1")["figure"] == {"num": num, "den": 1}


def test_three_faults_in_thirty_one_days_are_no_group(story: Story) -> None:
    for day in (1, 20, 32):
        story.finish(day)
    assert line(story, "C4.1")["why"] == "nothing_counted"


@pytest.mark.parametrize(("reported", "count"), [(100, 0), (102, 0), (103, 0), (104, 1), (96, 1), (90, 4)])
def test_a_report_is_held_against_the_records(reported: int, count: int) -> None:
    assert steps(Fraction(abs(reported - 100), 100)) == count


def test_what_a_report_says_is_held_against_ours_and_tells_the_provider_nothing(story: Story) -> None:
    for day in (5, 15):
        story.finish(day)
    story.count()
    write(story, "reports", due=80, done=80, tickets=2, confirmed=False, period=str(story.term.quarter))
    assert line(story, "C2.2")["why"] == "register_unchecked"
    write(story, "reports", due=80, done=80, tickets=2, response=1, period=str(story.term.quarter))
    assert line(story, "C2.2")["figure"] == {"count": 24}  # one of two is fifty points apart, forty-eight beyond two
    story.count()
    assert story.line("C2.2", for_provider=True)["why"] == "not_yet_shown"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('{ kind = "moon", num = "in_time", den = "due" }', "expected roster, or a register"),
        ('{ kind = "knowledge", num = "in_time", den = "due" }', "expected roster, or a register"),
        ('{ kind = "problems", num = "in_time" }', "with den for a rate alone"),
    ],
)
def test_a_source_that_cannot_be_is_named(wrong: str, said: str, tmp_path: Any) -> None:
    right = 'source = { kind = "problems", num = "in_time", den = "due" }'
    assert right in TEXT
    file = tmp_path / "score.toml"
    file.write_text(TEXT.replace(right, f"source = {wrong}"), "utf-8")
    with pytest.raises(BadFile, match=said):
        read_score_rules(file)


def test_what_joined_an_incident_is_one_event_and_the_parents_work(story: Story) -> None:
    world = story.world
    parent, *children = (story.finish(20 + n) for n in range(3))
    before = line(story, "T1")["figure"]
    assert before["den"] == 3
    with world.database.transaction() as session:
        tickets = [session.get_one(Completion, one).ticket_id for one in (parent, *children)]
        incident = MajorIncident(ticket_id=tickets[0], title="x", opened_at=story.at, opened_by_id=world.supervisor.id)
        session.add(incident)
        session.flush()
        for ticket, department in zip(tickets[1:], (world.ward, world.pharmacy), strict=True):
            session.add(IncidentChild(ticket_id=ticket, incident_id=incident.id, department_id=department.id))
    for completion, level in zip((parent, *children), (5, 5, 2), strict=True):
        story.rate(completion, level, world.nurse_identity, after=timedelta(hours=1))
    assert line(story, "T1")["figure"] == {**before, "den": 1, "num": before["num"] and 1}
    satisfied = line(story, "C7.1")["figure"]
    assert (satisfied["num"], satisfied["den"]) == (1, 2)  # the parent's five; of those who joined (5 + 2) / 2 is no 4
    assert line(story, "C7.2")["figure"] == {"num": 3, "den": 3}


def test_forms_of_an_outage_are_no_late_records(story: Story) -> None:
    ticket = story.world.ticket("finished", reported_at=story.day(20))
    before = line(story, "R7")["figure"]
    late = story.day(20) + timedelta(minutes=1)
    with story.world.database.transaction() as session:
        for channel in ("downtime", "console"):
            held = session.get_one(Ticket, ticket.id)
            events.append(session, held, "accepted", by=None, at=late, recorded_at=late + A_DAY, channel=channel)
    assert line(story, "R7")["figure"] == {"num": before["num"], "den": before["den"] + 1}


def test_a_frozen_figure_says_what_evidence_behind_it_was_taken_out(story: Story, console: Console) -> None:
    write(story, "uniform", done=10, checked=20, passed=19)
    story.count()
    story.freeze()
    supervisor = console(story.world.supervisor)
    page = f"/console/sheets/{story.term.contract.id}/{story.term.quarter}/P6"
    assert "撤下" not in supervisor.get(page).text
    with story.world.database.transaction() as session:
        record = session.scalars(select(RegisterRecord)).one()
        kept: dict[str, Any] = {"media_type": "image/jpeg", "size": 1, "content": b"x", "digest": "ab" * 32}
        file = RegisterFile(record_id=record.id, name="x", by_id=story.world.supervisor.id, at=story.at, **kept)
        session.add(file)
        session.flush()
        act = Act(Reader(story.world.admin.id, hospital=True, acts=True), story.at)
        evidence.take_out(session, record.id, "uniform", file.id, act, why="wrong_record")
    shown = supervisor.get(page).text
    assert f"X-1 的一份证据（{show(story.at)} 传，摘要 {'ab' * 8}）已于 {show(story.at)} 撤下：属于别的记录" in shown
    assert "19 / 20" in shown or "95.00%" in shown


def show(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}"


def test_a_months_report_counts_and_stands_beside_ours_where_the_hospital_reads_it(story: Story) -> None:
    """Late, apart, the same, and one that says no period; the provider's has none of it."""
    for day in (5, 15, 40):
        story.finish(day)
    story.count()
    first = story.term.quarter.first
    write(story, "reports", due=40, done=42, tickets=2, response=1, period=f"{first:%Y-%m}")
    write(story, "reports", due=20, tickets=9, confirmed=False)
    with story.world.database.reading() as session:
        how: dict[str, Any] = {"zone": ZONE}
        contract = session.get_one(Contract, story.term.contract.id)
        ours, theirs = (monthly.of_month(session, contract, first, **how, for_provider=one) for one in (False, True))
    assert not theirs.reported
    late = f"应交 {first + 40 * A_DAY}；{first + 42 * A_DAY} 交来，迟交；没有附件"
    assert [row[2:] for row in ours.reported] == [
        (f"{first:%Y-%m}", None, None, late),
        ("报告：完成工单", 2, 2, "相同"),
        ("报告：响应及时", 1, 2, "相差 −1 ⚠"),
        ("", None, None, f"应交 {first + 20 * A_DAY}；还没有交；没有附件；没有写季度或月份，不能比"),
    ]
    book = load_workbook(BytesIO(monthly.workbook(ours)))
    assert ("报告：响应及时", 1, 2, "相差 −1 ⚠") in [row[2:] for row in book.worksheets[0].values]
    assert line(story, "C2.2")["figure"] == {"count": 24}
