"""When nobody is disturbed: quiet hours, so many a minute and a day, a pause between invitations."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from sqlalchemy import update

from app import clock
from app.models import Notice, Person
from app.services.notices import channels, delivery, queue
from app.services.notices.delivery import SendResult
from app.services.notices.quiet_hours import quiet_until
from config.notices import notice_rules
from tests.support.letters import Letters
from tests.support.world import ZONE

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=ZONE)
Deliver = Callable[[datetime], None]


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-11-22T21:59:59", None),
        ("2026-11-22T22:00:00", "2026-11-23T07:00:00"),
        ("2026-11-23T06:59:59", "2026-11-23T07:00:00"),
        ("2026-11-23T07:00:00", None),
    ],
)
def test_quiet_hours_are_those_of_the_hospital(at: str, until: str | None) -> None:
    rules = replace(notice_rules(), quiet_from=time(22), quiet_to=time(7))
    asked = datetime.fromisoformat(at).replace(tzinfo=ZONE).astimezone(clock.now().tzinfo)
    expected = until and datetime.fromisoformat(until).replace(tzinfo=ZONE)
    assert quiet_until(rules, asked, ZONE) == expected


def test_quiet_hours_may_lie_within_a_day_or_be_none(letters: Letters) -> None:
    midday = replace(notice_rules(), quiet_from=time(12), quiet_to=time(14))
    assert quiet_until(midday, NOON, ZONE) == NOON + timedelta(hours=2)
    assert quiet_until(midday, NOON + timedelta(hours=2), ZONE) is None
    assert quiet_until(replace(midday, quiet_to=time(12)), NOON, ZONE) is None


def test_at_night_only_what_is_urgent_or_just_done_is_pushed(letters: Letters, deliver: Deliver) -> None:
    night = NOON + timedelta(hours=11)
    for kind in ("dispatched", "overdue_soon", "finished"):
        write(letters, kind, night, letters.world.nurse)
    for _ in range(3):
        deliver(night)
    urgent, quiet, done = letters.all()
    assert (urgent.state, done.state) == ("sent", "sent")
    assert (quiet.state, quiet.reason) == ("waiting", "quiet")
    assert quiet.next_try_at.astimezone(ZONE) == NOON + timedelta(hours=19)
    deliver(quiet.next_try_at)
    assert letters.all()[1].state == "sent"


def test_between_two_invitations_the_second_is_left_to_the_inbox(letters: Letters, deliver: Deliver) -> None:
    cool_down = timedelta(hours=notice_rules().cool_down_hours)
    moments = (NOON, NOON + cool_down / 2, NOON + cool_down * 0.9, NOON + cool_down)
    for at, kind in zip(
        moments, ("rate_reminder", "rate_reminder", "complaint_answered", "rate_reminder"), strict=True
    ):
        write(letters, kind, at, letters.world.nurse)
        deliver(at)
    outcome = [(one.state, one.reason) for one in letters.all()]
    assert outcome == [("sent", ""), ("kept", "cool_down"), ("sent", ""), ("sent", "")]
    assert letters.all()[1].settled_at is not None


def test_an_invitation_to_somebody_else_is_no_reason_to_wait(letters: Letters, deliver: Deliver) -> None:
    for person in (letters.world.nurse, letters.world.engineer):
        write(letters, "rate_reminder", NOON, person)
    deliver(NOON)
    assert [one.state for one in letters.all()] == ["sent", "sent"]


def test_what_was_done_is_told_each_time(letters: Letters, deliver: Deliver) -> None:
    for at in (NOON, NOON + timedelta(minutes=2)):
        write(letters, "finished", at, letters.world.nurse)
        deliver(at)
    assert [one.state for one in letters.all()] == ["sent", "sent"]


def test_of_too_many_in_a_minute_the_rest_waits_but_not_what_is_urgent(letters: Letters, deliver: Deliver) -> None:
    most = notice_rules().per_person_per_minute
    for _ in range(most + 1):
        write(letters, "complaint_answered", NOON, letters.world.nurse)
    for _ in range(most + 1):
        deliver(NOON)
    write(letters, "urged", NOON, letters.world.nurse)
    deliver(NOON)
    *sent, over, urgent = letters.all()
    assert {one.state for one in sent} == {"sent"}
    assert (over.state, over.reason, over.next_try_at) == ("waiting", "minute_limit", NOON + timedelta(minutes=1))
    assert urgent.state == "sent"
    deliver(NOON + timedelta(minutes=1))
    assert letters.all()[most].state == "sent"


def test_of_too_many_in_a_day_the_rest_stands_in_the_inbox(letters: Letters, deliver: Deliver) -> None:
    most = notice_rules().per_person_per_day
    for number in range(most + 1):
        at = NOON - timedelta(hours=24) + timedelta(minutes=2 * number + 1)
        write(letters, "urged", at, letters.world.nurse)
        deliver(at)
    write(letters, "complaint_answered", NOON, letters.world.nurse)
    deliver(NOON)
    assert (letters.all()[-1].state, letters.all()[-1].reason) == ("kept", "day_limit")
    next_day = NOON + timedelta(minutes=10)
    write(letters, "complaint_answered", next_day, letters.world.nurse)
    deliver(next_day)
    assert letters.all()[-1].state == "sent"


def write(letters: Letters, kind: str, at: datetime, to: Person) -> None:
    letters.backlog(1, kind, to=[to])
    with letters.world.database.transaction() as session:
        newest = letters.all()[-1].id
        session.execute(update(Notice).where(Notice.id == newest).values(created_at=at, next_try_at=at))


@pytest.fixture
def deliver(letters: Letters) -> Deliver:
    """A round at that moment, of channels that take everything."""

    def at(moment: datetime) -> None:
        ladder = channels.channel_order(letters.runtime.settings)
        with letters.world.database.transaction() as session:
            claimed = queue.claim(session, ladder, at=moment, most=10)
        for letter in claimed:
            with letters.world.database.transaction() as session:
                delivery.record_result(session, ladder, letter, SendResult("sent"), at=moment)

    return at
