"""What is needed no more goes, once a night and in small batches; ratings, events and completions never do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from threading import Barrier, Event, Thread
from time import monotonic, sleep
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from app import clock
from app.db import Base, Database
from app.jobs import retention as job
from app.models import (
    ApiSession,
    BindingTry,
    BindInvitation,
    CaseNote,
    Completion,
    ConsoleScan,
    CountedRating,
    DeliveryAttempt,
    DrawClaim,
    DrawClaimPhoto,
    EnteredRating,
    EnteredRatingPhoto,
    IdempotentPost,
    IntegrationKey,
    IntegrationPost,
    Notice,
    OAuthAttempt,
    Person,
    Rating,
    RatingCorrection,
    RatingDetail,
    ServiceCase,
    Ticket,
    TicketPhoto,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from app.models import Event as Node
from app.runtime import Runtime, build
from app.services.privacy import retention
from config.retention import RetentionSettings
from config.settings import Settings
from tests.privacy.life import COMMENT, FAULT, GRIEF, PLACE, found, kept_rows, leave, live, win
from tests.support.world import World

OLD = timedelta(days=800)
KEPT = RetentionSettings(comment=730, photo=180, notice=365, sign_in=90, leaver=180)
FOR_EVER = (Rating, RatingCorrection, CountedRating, Node, Completion, CaseNote, ServiceCase, EnteredRating, DrawClaim)
GOES = (
    TicketPhoto,
    EnteredRatingPhoto,
    DrawClaimPhoto,
    Notice,
    DeliveryAttempt,
    ApiSession,
    BindingTry,
    BindInvitation,
    ConsoleScan,
    OAuthAttempt,
    IdempotentPost,
    IntegrationPost,
    WebhookAttempt,
    WebhookDelivery,
)


def test_what_is_old_goes_and_the_record_stays(world: World, runtime: Runtime) -> None:
    at = clock.now()
    live_long_ago(world, at)
    before = kept_rows(world.database, *FOR_EVER)
    done = job.tidy(runtime, at=at, stopping=Event())
    assert {name for name, count in done.items() if not count} == set()
    assert left(world.database) == dict.fromkeys((table.__tablename__ for table in GOES), 0)
    assert found(world.database, COMMENT, PLACE, world.nurse.telephone, "the picture") == {
        COMMENT: set(),
        PLACE: set(),
        world.nurse.telephone: set(),
        "the picture": set(),
    }
    assert kept_rows(world.database, *FOR_EVER) == before
    assert found(world.database, FAULT, GRIEF, world.nurse.name)[FAULT] == {"ticket"}
    assert set(job.tidy(runtime, at=at, stopping=Event()).values()) == {0}


def test_what_is_not_old_stays(world: World, runtime: Runtime) -> None:
    at = clock.now()
    live(world, world.nurse, world.nurse_identity)
    win(world, world.nurse)
    before = kept_rows(world.database, *FOR_EVER, *GOES, RatingDetail, Person, Ticket)
    assert set(job.tidy(runtime, at=at, stopping=Event()).values()) == {0}
    assert kept_rows(world.database, *FOR_EVER, *GOES, RatingDetail, Person, Ticket) == before


def test_with_no_days_all_is_kept_but_what_is_no_use_any_more(world: World, database: Database) -> None:
    live_long_ago(world, clock.now())
    rules = list(retention.rules(RetentionSettings(0, 0, 0, 0, 0), at=clock.now()))
    assert [rule.name for rule in rules] == ["codes", "repeats", "repeats_of_systems"]


@pytest.mark.parametrize(
    ("setting", "names"),
    [
        ("comment", {"comments", "notes", "reasons"}),
        ("photo", {"photos", "appeal_photos", "register_photos", "slip_photos", "claim_photos", "locations"}),
        ("notice", {"notice_tries", "notices", "webhook_tries", "webhooks"}),
        ("sign_in", {"sign_ins", "console_scans", "sessions", "binding_tries", "invitations"}),
        ("leaver", {"telephones"}),
    ],
)
def test_each_setting_keeps_its_own(setting: str, names: set[str]) -> None:
    every = {rule.name for rule in retention.rules(KEPT, at=clock.now())}
    without = {rule.name for rule in retention.rules(replace(KEPT, **{setting: 0}), at=clock.now())}
    assert every - without == names


@pytest.mark.parametrize(("days", "gone"), [(729, 0), (731, 1)])
def test_the_day_counts(days: int, gone: int, world: World, runtime: Runtime) -> None:
    live(world, world.nurse, world.nurse_identity)
    later = clock.now() + timedelta(days=days)
    assert job.tidy(runtime, at=later, stopping=Event())["comments"] == gone


def test_what_is_still_needed_stays_however_old(world: World, runtime: Runtime) -> None:
    at = clock.now()
    ticket = world.ticket("accepted", reported_at=at - OLD)
    with world.database.transaction() as session:
        session.execute(update(Ticket).where(Ticket.id == ticket.id).values(location=PLACE))
        session.add(TicketPhoto(ticket_id=ticket.id, media_type="image/png", content=b"png", at=at - OLD))
        waiting = session.scalars(select(Notice)).all()
        for notice in waiting:
            notice.created_at = at - OLD
        assert {notice.state for notice in waiting} == {"waiting"}
    done = job.tidy(runtime, at=at, stopping=Event())
    assert (done["photos"], done["locations"], done["notices"]) == (0, 0, 0)


@pytest.mark.parametrize("who", ["nurse", "admin"])
def test_who_works_here_keeps_his_telephone(who: str, world: World, runtime: Runtime) -> None:
    """And who left yesterday, and whoever came back."""
    person: Person = getattr(world, who)
    leave(world, world.doctor, on=clock.now() - timedelta(days=1))
    assert job.tidy(runtime, at=clock.now(), stopping=Event())["telephones"] == 0
    with world.database.reading() as session:
        assert session.get_one(Person, person.id).telephone == person.telephone


def test_a_code_goes_with_its_invitation_which_stays_a_while(world: World, runtime: Runtime) -> None:
    at = clock.now()
    with world.database.transaction() as session:
        for number, over in ((1, at - timedelta(seconds=1)), (2, at + timedelta(hours=1))):
            who = world.engineer.id
            session.add(BindInvitation(number=number, person_id=who, created_at=at, expires_at=over, code="http://q/x"))
    assert job.tidy(runtime, at=at, stopping=Event())["codes"] == 1
    with world.database.reading() as session:
        assert session.scalars(select(BindInvitation.code).order_by(BindInvitation.number)).all() == ["", "http://q/x"]


def test_it_goes_in_batches(world: World) -> None:
    tries = [
        BindingTry(identity_id=world.nurse_identity.id, staff_number="x", at=clock.now() - OLD, succeeded=False)
        for _ in range(7)
    ]
    with world.database.transaction() as session:
        session.add_all(tries)
    rule = next(rule for rule in retention.rules(KEPT, at=clock.now()) if rule.name == "binding_tries")
    batches = []
    for _ in range(4):
        with world.database.transaction() as session:
            batches.append(retention.apply(session, rule, most=3))
    assert batches == [3, 3, 1, 0]


def test_a_worker_that_is_told_to_stop_stops(world: World, runtime: Runtime) -> None:
    live_long_ago(world, clock.now())
    stopping = Event()
    stopping.set()
    assert set(job.tidy(runtime, at=clock.now(), stopping=stopping).values()) == {0}


def test_it_is_done_at_night_and_once(world: World, runtime: Runtime) -> None:
    live_long_ago(world, clock.now())
    here = runtime.settings.timezone
    today = clock.now().astimezone(here).date()
    for hour in (0, 1, 5, 12, 23):
        job.tidy_at_night(runtime, at=datetime.combine(today, time(hour), here), stopping=Event())
    assert left(world.database)["binding_try"] == 1
    job.tidy_at_night(runtime, at=datetime.combine(today, time(2), here).astimezone(UTC), stopping=Event())
    assert left(world.database)["binding_try"] == 0
    night = datetime.combine(today, time(2), here)
    assert not begun(world.database, night + timedelta(hours=3))
    assert begun(world.database, night + timedelta(hours=23, minutes=50))


def test_a_night_that_was_cut_short_is_taken_up_again_an_hour_later(world: World, runtime: Runtime) -> None:
    live_long_ago(world, clock.now())
    night = datetime.combine(clock.now().date(), time(2), runtime.settings.timezone)
    stopping = Event()
    stopping.set()
    job.tidy_at_night(runtime, at=night, stopping=stopping)
    for later, left_over in ((timedelta(minutes=59), 1), (timedelta(hours=1), 0)):
        job.tidy_at_night(runtime, at=night + later, stopping=Event())
        assert left(world.database)["binding_try"] == left_over


def test_of_many_workers_one_does_the_nights_work(world: World) -> None:
    many, first, at = Barrier(4), [], clock.now()

    def work() -> None:
        many.wait()
        first.append(begun(world.database, at))

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(first) == [False, False, False, True]


def test_the_worker_does_it_by_itself_when_night_comes(world: World, settings: Settings) -> None:
    live_long_ago(world, clock.now())
    with working(build(at_night(settings))):
        wait_for(lambda: left(world.database)["binding_try"] == 0)


def test_trouble_is_logged_and_the_worker_goes_on(settings: Settings, tmp_path: Path) -> None:
    nothing = at_night(settings).model_copy(update={"database_url": f"sqlite:///{tmp_path / 'nothing.sqlite'}"})
    with capture_logs() as logs, working(build(nothing)) as thread:
        wait_for(lambda: [log["event"] for log in logs] == ["the nightly retention failed"])
        assert thread.is_alive()


@contextmanager
def working(runtime: Runtime) -> Iterator[Thread]:
    """The worker's thread, until the end of the block."""
    woken, stopping = Event(), Event()
    thread = Thread(target=job.keep_tidy, args=(runtime,), kwargs={"woken": woken, "stopping": stopping})
    thread.start()
    try:
        yield thread
    finally:
        stopping.set()
        woken.set()
        thread.join(10)
        runtime.database.engine.dispose()
    assert not thread.is_alive()


def at_night(settings: Settings) -> Settings:
    """A hospital where it is three in the morning now."""
    east = (3 - clock.now().hour + 12) % 24 - 12
    return settings.model_copy(update={"timezone": ZoneInfo(f"Etc/GMT{-east:+d}")})


def wait_for(there: Callable[[], bool]) -> None:
    deadline = monotonic() + 10
    while not there():
        assert monotonic() < deadline
        sleep(0.02)


def live_long_ago(world: World, at: datetime) -> None:
    """Everything once, long ago; she has left since, with her trip to WeChat unfinished and her notice sent."""
    live(world, world.nurse, world.nurse_identity, at=at - OLD)
    win(world, world.nurse, at=at - OLD)
    leave(world, world.nurse, on=at - OLD + timedelta(days=10))
    with world.database.transaction() as session:
        session.add(OAuthAttempt(state="s", browser="b", next_path="/my", expires_at=at - OLD))
        session.execute(update(BindInvitation).values(code="http://q/x"))
        session.execute(update(Notice).values(state="sent", created_at=at - OLD))
        told_of_it(session, world, at - OLD)


def told_of_it(session: Session, world: World, at: datetime) -> None:
    """Another system reported something, and was told of something, long ago."""
    made = {"created_at": at, "created_by_id": world.admin.id}
    key = IntegrationKey(name="ITSM", digest="d", scopes=[], **made)
    endpoint, other = (WebhookEndpoint(name=one, url="https://itsm.example/", types=[], seq=0, **made) for one in "ab")
    session.add_all([key, endpoint, other])
    session.flush()
    event = session.scalars(select(Notice.event_id).where(Notice.event_id.is_not(None)).limit(1)).one()
    about = {"event_id": event, "type": "ticket.created", "next_try_at": at, "created_at": at, "settled_at": at}
    sent = WebhookDelivery(**about, endpoint_id=endpoint.id, message_id="m", state="sent")
    untried = WebhookDelivery(**about, endpoint_id=other.id, message_id="n", state="failed")
    session.add_all([sent, untried, IntegrationPost(integration_id=key.id, key="k", request="r", at=at)])
    session.flush()
    session.add(WebhookAttempt(delivery_id=sent.id, at=at, status=200))


def begun(database: Database, at: datetime) -> bool:
    with database.transaction() as session:
        return retention.begin(session, at=at)


def left(database: Database) -> dict[str, int]:
    def count(table: type[Base]) -> int:
        return session.scalar(select(func.count()).select_from(table)) or 0

    with database.reading() as session:
        return {table.__tablename__: count(table) for table in GOES}
