"""The demo hospital is what the services would have written, no more and no less."""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import Base, Database
from app.demo import roles as cast
from app.demo import sandbox_codes
from app.demo.draw import STAGES
from app.demo.seed import empty, seed
from app.models import (
    Campus,
    Category,
    Completion,
    Contract,
    CountedRating,
    Counter,
    Credential,
    Department,
    Employment,
    Event,
    Notice,
    Person,
    Provider,
    Rating,
    RatingCorrection,
    RatingDetail,
    RoleGrant,
    ServiceCase,
    Ticket,
    WeChatIdentity,
)
from app.models.case import CALL_OUTCOMES, CASE_REASONS, CLOSED_BY
from app.models.rating import LOW_LEVELS
from app.models.register import MOVEMENTS
from app.models.ticket import MOVES, STATES
from app.services.identity import passwords
from app.services.organisation import employment as people
from app.services.tickets import completions, lifecycle, scan
from config.registers import registers
from sandbox.phones import PHONES
from tests.demo.conftest import AT, ZONE, seeded
from tests.support.world import APPID

pytestmark = pytest.mark.slow("the demo hospital")
NEW_YEAR = datetime(2027, 1, 1, 0, 5, tzinfo=ZONE).astimezone(UTC)


OF_CASES = {"reason", "outcome", "end"}
OF_REGISTERS = {"register", "revision", "movement", "day"}
CODES = {*CASE_REASONS, *CALL_OUTCOMES, *CLOSED_BY, *registers(), *MOVEMENTS, str(AT.astimezone(ZONE).date())}


def test_every_ticket_moves_as_the_table_allows_and_ends_in_its_state(looking: Session) -> None:
    for ticket, events in lives(looking):
        assert events[0].kind == "reported"
        assert events[0].at == ticket.reported_at
        state, cycle = "", 1
        for event in (one for one in events if one.state):
            assert not state or event.state in MOVES[state], f"{ticket.number}: {state} -> {event.state}"
            state, cycle = event.state or "", cycle + (event.state == "reopened")
            assert event.cycle == cycle
        assert (ticket.state, ticket.cycle) == (state, cycle)
        assert ticket.updated_at == [event.at for event in events if event.state][-1]


def test_events_are_numbered_in_order_of_time_and_none_lies_ahead(looking: Session) -> None:
    # The database writes "rated" with each rating, and the seed writes all ratings last.
    moments = looking.scalars(select(Event.at).where(Event.kind != "rated").order_by(Event.id)).all()
    assert moments == sorted(moments)
    assert moments[-1] <= AT
    assert all(event.recorded_at == event.at for event in looking.scalars(select(Event)))


def test_every_step_is_taken_by_somebody_who_may(looking: Session) -> None:
    roles = defaultdict(set)
    for grant in looking.scalars(select(RoleGrant)):
        roles[grant.person_id].add(grant.role)
    lead = {ticket.id: ticket for ticket in looking.scalars(select(Ticket))}
    for event in looking.scalars(select(Event).where(Event.state.is_not(None))):
        actor = roles[event.actor_id or 0]
        if event.kind in {"dispatched", "closed", "cancelled"}:
            assert actor == {"desk"}
        elif event.kind in {"accepted", "arrived", "finished"}:
            assert actor == {"engineer"}
            assert event.actor_id == lead[event.ticket_id or 0].lead_id
        elif event.kind == "reopened":
            assert event.actor_id == lead[event.ticket_id or 0].requester_id


def test_events_hold_ids_and_codes_only(looking: Session) -> None:
    for event in looking.scalars(select(Event)):
        held = event.data or {}
        assert set(held) <= {
            "lead",
            "helpers",
            "rating",
            "provider",
            "case",
            "call",
            "recovery",
            *OF_CASES,
            *OF_REGISTERS,
        }
        known = [one for value in held.values() for one in (value if isinstance(value, list) else [value])]
        assert all(isinstance(one, int) or one in CODES for one in known)


def test_each_finish_has_its_completion_with_the_attribution_the_service_would_copy(looking: Session) -> None:
    finishes = looking.execute(select(Event.ticket_id, Event.cycle, Event.at).where(Event.kind == "finished")).all()
    made = {(one.ticket_id, one.cycle, one.finished_at): one for one in looking.scalars(select(Completion))}
    assert set(made) == {tuple(finish) for finish in finishes}
    for completion in list(made.values())[::40]:
        ticket = looking.get_one(Ticket, completion.ticket_id)
        campus = looking.get_one(Department, completion.department_id).campus_id
        employment = people.employment_at(looking, completion.lead_id or 0, completion.finished_at.date())
        assert employment is not None
        assert (completion.team_id, completion.provider_id) == (employment.team_id, employment.provider_id)
        assert (completion.campus_id, completion.rateable) == (campus, ticket.rateable)
        day = completion.finished_at.date()
        assert completion.contract_id is not None
        assert completion.contract_id == completions.contract_for(
            looking, completion.provider_id, completion.category_id, campus, day
        )


def test_a_rating_counts_when_it_is_the_first_of_a_verified_served_user(looking: Session) -> None:
    counted = {one.completion_id: one.rating_id for one in looking.scalars(select(CountedRating))}
    verified = defaultdict(list)
    for rating in looking.scalars(select(Rating).order_by(Rating.at)):
        completion = looking.get_one(Completion, rating.completion_id)
        assert completion.rateable
        assert completion.finished_at < rating.at <= completion.finished_at + scan.WINDOW
        assert looking.get_one(WeChatIdentity, rating.identity_id).person_id == rating.person_id
        if rating.person_id is not None:
            assert served(looking, looking.get_one(Ticket, completion.ticket_id), rating.person_id)
            verified[completion.id].append(rating.id)
    assert counted == {completion: ratings[0] for completion, ratings in verified.items()}


def test_every_rating_has_its_event_and_every_low_one_that_counts_its_case(looking: Session) -> None:
    rated = looking.scalars(select(Event).where(Event.kind == "rated")).all()
    ratings = {one.id: one for one in looking.scalars(select(Rating))}
    assert sorted((event.data or {})["rating"] for event in rated) == sorted(ratings)
    assert all(event.at == ratings[(event.data or {})["rating"]].at for event in rated)
    corrected = {one.rating_id: one.level for one in looking.scalars(select(RatingCorrection))}
    levels = {one.id: {one.level, corrected.get(one.id)} for one in ratings.values() if one.counts}
    low = {one for one, said in levels.items() if said & set(LOW_LEVELS)}
    assert set(looking.scalars(select(ServiceCase.rating_id).where(ServiceCase.reason == "low_score"))) == low
    praised = looking.scalars(select(RatingDetail.rating_id).where(RatingDetail.praise.in_(("approved", "refused"))))
    decided = looking.scalars(select(Event).where(Event.kind.like("praise_%")))
    assert sorted(praised) == sorted((event.data or {})["rating"] for event in decided)


def test_no_ticket_is_rated_after_it_was_reopened(looking: Session) -> None:
    reopened = looking.execute(select(Event.ticket_id, Event.cycle, Event.at).where(Event.kind == "reopened"))
    ends = {(ticket_id, (cycle or 0) - 1): at for ticket_id, cycle, at in reopened}
    rows = looking.execute(
        select(Completion.ticket_id, Completion.cycle, Rating.at).join(Rating, Rating.completion_id == Completion.id)
    )
    assert all(at < ends.get((ticket_id, cycle), AT) for ticket_id, cycle, at in rows)


def test_notices_go_to_whom_the_services_would_tell(looking: Session) -> None:
    told = defaultdict(set)
    for notice in looking.scalars(select(Notice)):
        told[notice.event_id].add((notice.kind, notice.person_id))
    for ticket, events in lives(looking):
        former = None
        for event in events:
            user, given = ticket.served_person_id or ticket.requester_id, event.data or {}
            to = {"finished": user, "dispatched": given.get("lead"), "reopened": ticket.lead_id}
            expected = {(event.kind, to[event.kind])} if to.get(event.kind) else set()
            if event.kind == "dispatched":
                if former not in {None, given["lead"], *given["helpers"]}:
                    expected.add(("reassigned", former))
                former = given["lead"]
            if event.kind != "urged":
                assert told[event.id] == expected


def test_whoever_accepted_has_opened_his_dispatch(looking: Session) -> None:
    for _ticket, events in lives(looking):
        for before, event in pairwise(one for one in events if one.kind != "urged"):
            assert (before.kind == "opened") == (event.kind == "accepted")
    waiting = select(Notice).where(Notice.opened_at.is_(None), Notice.kind.in_(("dispatched", "reopened")))
    for notice in looking.scalars(waiting):
        moves = select(Event.state).where(Event.ticket_id == notice.ticket_id, Event.id > notice.event_id)
        assert "accepted" not in looking.scalars(moves.where(Event.state.is_not(None)).limit(1)).all()


def test_numbers_run_without_a_gap_and_the_next_ticket_gets_the_next_one(
    hospital: Database, sqlite_template: Path, tmp_path: Path
) -> None:
    with hospital.reading() as session:
        numbers = session.scalars(select(Ticket.number).order_by(Ticket.id)).all()
        today = session.get_one(Counter, f"ticket:{AT.astimezone(ZONE):%Y%m%d}").value
    days = defaultdict(list)
    for number in numbers:
        days[number[:8]].append(number)
    assert all(run == [f"{day}-{n:04d}" for n in range(1, len(run) + 1)] for day, run in days.items())
    copy = seeded(shutil.copy(sqlite_template, tmp_path / "next.sqlite"), AT)
    with copy.transaction() as session:
        told = lifecycle.NewTicket(source="desk", description="", category_id=None)
        ticket = lifecycle.report(session, told, by=None, at=AT, zone=ZONE, channel="console")
    assert ticket.number == f"20261122-{today + 1:04d}"
    copy.engine.dispose()


def test_it_is_a_believable_hospital(looking: Session) -> None:
    def count(model: type[Base]) -> int:
        return looking.scalar(select(func.count()).select_from(model)) or 0

    staff = looking.scalar(select(func.count()).where(Employment.department_id.is_not(None))) or 0
    provider = looking.scalar(select(func.count()).where(Employment.provider_id.is_not(None)))
    ratable = looking.scalar(select(func.count()).where(Completion.rateable)) or 0
    levels = looking.scalars(select(Rating.level).join(CountedRating, CountedRating.rating_id == Rating.id)).all()
    hours = [at.astimezone(ZONE).hour for at in looking.scalars(select(Ticket.reported_at))]
    assert (count(Campus), count(Provider), count(Contract), provider) == (2, 1, 1, 15)
    assert 20 <= count(Department) <= 25
    assert 140 <= staff <= 170
    assert 20 <= count(Category) - looking.query(Category).filter(Category.parent_id.is_(None)).count() <= 25
    assert 2_300 <= count(Ticket) <= 2_500
    assert 0.30 <= len(levels) / ratable <= 0.40
    assert 0.80 <= sum(level >= 4 for level in levels) / len(levels) <= 0.95
    assert set(levels) == {1, 2, 3, 4, 5}
    assert sum(8 <= hour < 18 for hour in hours) / len(hours) > 0.7


def test_today_there_is_something_to_do_for_everybody(looking: Session) -> None:
    assert set(looking.scalars(select(Ticket.state))) == set(STATES)
    waiting = looking.scalars(select(Ticket).where(Ticket.state == "reported")).all()
    assert len(waiting) >= 3
    engineer = people.by_staff_number(looking, cast.ENGINEER.staff_number)
    assert engineer is not None
    states = set(looking.scalars(select(Ticket.state).where(Ticket.lead_id == engineer.id)))
    assert {"dispatched", "accepted", "arrived", "reopened"} <= states
    inbox = select(Notice.kind).where(Notice.person_id == engineer.id, Notice.state == "waiting")
    assert "dispatched" in looking.scalars(inbox).all()
    assert sandbox_codes.first_to_rate(looking, at=AT) is not None


def test_the_phones_are_bound_as_the_story_says(looking: Session) -> None:
    held = select(WeChatIdentity.openid, Person.staff_number).join(Person, Person.id == WeChatIdentity.person_id)
    bound = {row.openid: row.staff_number for row in looking.execute(held)}
    parts = {part.phone: part.staff_number for part in (cast.NURSE, cast.ENGINEER, cast.SUPERVISOR)}
    assert {name: bound.get(phone.openid) for name, phone in PHONES.items()} == {**parts, "stranger": None}
    assert cast.STRANGER.staff_number not in bound.values()


def test_the_console_opens_with_the_printed_password(looking: Session) -> None:
    for role, part in cast.CONSOLE.items():
        person = people.by_staff_number(looking, part.staff_number)
        assert person is not None
        assert role in people.roles(looking, person.id)
        assert passwords.check(looking.get_one(Credential, person.id).password_hash, cast.PASSWORD)


def test_the_same_moment_tells_the_same_story(hospital: Database, sqlite_template: Path, tmp_path: Path) -> None:
    again = seeded(shutil.copy(sqlite_template, tmp_path / "again.sqlite"), AT)
    for table in Base.metadata.sorted_tables:
        if table.name != "credential":  # its salt is drawn anew
            query = select(table).order_by(*table.primary_key.columns)
            with hospital.reading() as first, again.reading() as second:
                assert first.execute(query).all() == second.execute(query).all(), table.name
    again.engine.dispose()


def test_it_can_be_made_on_new_years_night(sqlite_template: Path, tmp_path: Path) -> None:
    database = seeded(shutil.copy(sqlite_template, tmp_path / "new-year.sqlite"), NEW_YEAR)
    with database.reading() as session:
        first, last = session.execute(select(func.min(Event.at), func.max(Event.at))).one()
        assert first < NEW_YEAR - timedelta(days=150)
        assert last <= NEW_YEAR
        assert session.scalar(select(Completion.id).where(Completion.contract_id.is_(None))) is None
        assert session.scalars(select(Contract)).one().valid_from <= first.date()
        nurse = people.by_staff_number(session, cast.NURSE.staff_number)
        assert nurse is not None
        rated = session.scalars(select(Rating.at).where(Rating.person_id == nurse.id, Rating.counts)).all()
        for stage, passed in STAGES.items():  # whatever the dice say, she is in every draw that is played
            closed = NEW_YEAR - passed
            assert any(closed - timedelta(days=90) < at < closed for at in rated), stage
    database.engine.dispose()


def test_on_either_database_the_next_rows_find_free_ids(database: Database) -> None:
    with database.transaction() as session:
        assert empty(session)
        seed(session, appid=APPID, zone=ZONE, at=AT)
    with database.transaction() as session:
        assert not empty(session)
        nurse = people.by_staff_number(session, cast.NURSE.staff_number)
        desk = people.by_staff_number(session, cast.DESK.staff_number)
        engineer = people.by_staff_number(session, cast.ENGINEER.staff_number)
        assert nurse is not None
        assert desk is not None
        assert engineer is not None
        told = lifecycle.NewTicket(source="desk", description="", category_id=None, served_person_id=nurse.id)
        ticket = lifecycle.report(session, told, by=desk.id, at=AT, zone=ZONE, channel="console")
        lifecycle.dispatch(session, ticket, to=engineer.id, by=desk.id, at=AT, channel="console")
        assert ticket.id == session.scalar(select(func.count()).select_from(Ticket))


def lives(session: Session) -> Iterator[tuple[Ticket, list[Event]]]:
    events = defaultdict(list)
    for event in session.scalars(select(Event).order_by(Event.at, Event.id)):
        events[event.ticket_id].append(event)
    for ticket in session.scalars(select(Ticket)):
        yield ticket, events[ticket.id]


def served(session: Session, ticket: Ticket, person_id: int) -> bool:
    if ticket.served_person_id is not None:
        return ticket.served_person_id == person_id
    query = select(Employment.department_id).where(Employment.person_id == person_id)
    return session.scalar(query) == ticket.served_department_id


@pytest.fixture
def looking(hospital: Database) -> Iterator[Session]:
    with hospital.reading() as session:
        yield session
