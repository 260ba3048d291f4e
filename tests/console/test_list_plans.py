"""Lists that once went through all ratings there are find what they show by an index."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app import clock
from app.db import Database
from app.services.audit import search as history
from app.services.audit.search import EventFilter
from app.services.cases import search as cases
from app.services.cases import watch
from app.services.dashboards import overview
from app.services.privacy import personal_data
from app.services.privacy.data.subject import Subject
from app.services.ratings import praise, search
from app.services.ratings.search import RatingFilter
from tests.support.plans import plans

AT = clock.now()
READS: list[tuple[Callable[[Session], object], str]] = [
    (lambda session: search.find(session, RatingFilter(engineer_id=1)), "ix_rating_lead_id_at (lead_id=?)"),
    (
        lambda session: search.find(session, RatingFilter(department_id=1)),
        "ix_rating_department_id_at (department_id=?)",
    ),
    (lambda session: search.find(session, RatingFilter(counted=False)), "ix_rating_unverified"),
    (lambda session: search.find(session, RatingFilter(flagged=True)), "ix_rating_detail_flagged"),
    (lambda session: search.find(session, RatingFilter(excluded=True)), "USING ROWID SEARCH ON TABLE rating_exclusion"),
    (lambda session: cases.closed_cases(session, at=AT, admin=True, after=None, order="opened"), "ix_service_case_op"),
    (lambda session: praise.approved_of(session, 1), "ix_rating_detail_praised (praised_id=?)"),
    (lambda session: praise.wall(session, day=AT.date()), "ix_rating_detail_wall"),
    (lambda session: cases.open_cases(session, at=AT, which="", by=1, admin=True), "ix_service_case_open"),
    (lambda session: cases.waiting(session, at=AT, admin=False), "ix_service_case_open"),
    (lambda session: cases.closed_cases(session, at=AT, admin=True, after=None), "ix_service_case_closed_at"),
    (lambda session: watch.overdue(session, at=AT), "ix_service_case_open"),
    (lambda session: history.find(session, EventFilter(), after=None), "ix_event_at"),
    (lambda session: history.find(session, EventFilter(looks=True), after=None), "ix_event_ticket_id_at (ticket_id=?)"),
    (lambda session: overview.board(session, clock.now(), for_provider=False, trust_all=False), "ix_event_at"),
    (
        lambda session: personal_data.groups(session, Subject(1, (1,)), most=1),
        "ix_rating_identity_id_at (identity_id=?)",
    ),
]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("read", "index"), READS, ids=[index for _read, index in READS])
def test_a_list_goes_by_its_index(database: Database, read: Callable[[Session], object], index: str) -> None:
    with database.reading() as session, plans(session) as found:
        read(session)
    steps = [step for plan in found for step in plan.splitlines()]
    assert any(index in step for step in steps), "\n".join(steps)
    assert not any(step.startswith("SCAN rating") and "INDEX" not in step and index not in step for step in steps), (
        steps
    )
