"""Paper and telephone ratings: entered by the hospital alone, proved, once, and beside the score."""

import re
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, stream_encode_multipart

from app import clock
from app.models import Completion, CountedRating, EnteredRating, EnteredRatingPhoto, Event, Rating, Ticket
from app.services.codes import slip_pads
from app.services.ratings import search
from app.services.ratings.search import RatingFilter
from app.services.tickets import lifecycle
from app.services.tickets.scan import WINDOW
from tests.conftest import Console, Phone
from tests.support.console_forms import HIDDEN
from tests.support.pictures import photo
from tests.support.scan_forms import Slip
from tests.support.world import ZONE, World

PAGE = "/console/entered"


def test_what_was_ticked_on_paper_stands_beside_the_score(slip: Slip, world: World, console: Console) -> None:
    ticket, supervisor = world.ticket("finished"), console(world.supervisor)
    assert enter(supervisor, slip, ticket.number, level="2").status_code == 303
    with world.database.reading() as session:
        entered = session.scalars(select(EnteredRating)).one()
        assert (entered.level, entered.source, entered.by_id) == (2, "paper", world.supervisor.id)
        assert entered.given_at.astimezone(ZONE).date() == today().date()
        assert session.scalar(select(func.count()).select_from(Rating)) == 0
        assert session.scalar(select(func.count()).select_from(CountedRating)) == 0
        assert search.figure(session, RatingFilter()).counted == 0
        event = session.scalars(select(Event).where(Event.kind == "rating_entered")).one()
        assert (event.actor_id, event.data) == (world.supervisor.id, {"source": "paper"})
    page = supervisor.get(PAGE).text
    assert "0.00%" in page
    assert "0 ÷ 1 条" in page
    assert ticket.number in page
    assert "纸面" in supervisor.get(f"/console/tickets/{ticket.number}").text


def test_the_photo_is_drawn_anew_and_shown_to_the_hospital(slip: Slip, world: World, console: Console) -> None:
    ticket, supervisor = world.ticket("finished"), console(world.supervisor)
    enter(supervisor, slip, ticket.number)
    with world.database.reading() as session:
        completion_id = session.scalars(select(EnteredRatingPhoto.completion_id)).one()
    shown = supervisor.get(f"{PAGE}/{completion_id}/photo")
    assert shown.mimetype == "image/jpeg"
    assert b"SecretCamera" not in shown.data
    assert Image.open(BytesIO(shown.data)).size == (1600, 800)
    assert supervisor.get(f"{PAGE}/{completion_id + 1}/photo").status_code == 404


def test_a_call_needs_its_time_and_no_photo(slip: Slip, world: World, console: Console) -> None:
    ticket, supervisor = world.ticket("finished"), console(world.supervisor)
    call: Any = {"source": "telephone", "with_photo": False}
    assert enter(supervisor, slip, ticket.number, **call).status_code == 422
    done = enter(supervisor, slip, ticket.number, **call, time=f"{today():%H:%M}")
    assert done.status_code == 303
    with world.database.reading() as session:
        entered = session.scalars(select(EnteredRating)).one()
        assert entered.source == "telephone"
        assert timedelta() <= clock.now() - entered.given_at < timedelta(minutes=2)
        assert session.scalar(select(func.count()).select_from(EnteredRatingPhoto)) == 0


def test_a_slips_number_leads_to_its_ticket(slip: Slip, world: World, console: Console) -> None:
    ticket, supervisor = world.ticket("finished"), console(world.supervisor)
    with world.database.transaction() as session:
        slip_pads.reserve(session, 2, by=None, at=clock.now())
        held = lifecycle.locked(session, ticket_id=ticket.id)
        slip_pads.link(session, 2, held, window=WINDOW, by=world.engineer.id, at=clock.now(), channel="test")
    assert enter(supervisor, slip, "B-000001").status_code == 404
    assert enter(supervisor, slip, "b-2").status_code == 303
    assert ticket.number in supervisor.get(PAGE).text


@pytest.mark.parametrize(("days", "late"), [(0, False), (1, True)])
def test_who_gave_the_slip_to_the_ticket_stands_there_and_whether_it_was_after_the_user_ticked(
    days: int, late: bool, slip: Slip, world: World, console: Console
) -> None:
    """So that nobody keeps a ticked slip for a ticket of their choice unseen."""
    supervisor = console(world.supervisor)
    ticket = world.ticket("finished", reported_at=clock.now() - timedelta(days=3))
    enter(supervisor, slip, ticket.number, day=(today() - timedelta(days=days)).date().isoformat())
    assert "空白单由" not in supervisor.get(PAGE).text
    with world.database.transaction() as session:
        slip_pads.reserve(session, 1, by=None, at=clock.now())
        held = lifecycle.locked(session, ticket_id=ticket.id)
        slip_pads.link(session, 1, held, window=WINDOW, by=world.desk.id, at=clock.now(), channel="test")
    page = supervisor.get(PAGE).text
    assert f"空白单由 {world.desk.name} 于" in page
    assert ("请核对是不是这张工单" in page) is late


def test_once_for_each_completion(slip: Slip, world: World, console: Console) -> None:
    ticket, supervisor = world.ticket("finished"), console(world.supervisor)
    assert [enter(supervisor, slip, ticket.number).status_code for _ in range(2)] == [303, 409]
    for verb in ("reopen", "accept", "finish"):
        world.move(ticket, verb)
    assert enter(supervisor, slip, ticket.number, level="5", pick=1).status_code == 303
    with world.database.reading() as session:
        assert sorted(session.scalars(select(EnteredRating.level))) == [4, 5]


def test_it_may_stand_beside_the_users_own_and_says_so(
    slip: Slip, world: World, console: Console, phone: Phone
) -> None:
    ticket, supervisor = world.ticket("finished"), console(world.supervisor)
    enter(supervisor, slip, ticket.number, level="1")
    assert "本人也在线评价过" not in supervisor.get(PAGE).text
    slip.rate(phone(world.nurse_identity), ticket, 5)
    assert slip.counted(ticket) == [(5, world.nurse.id)]
    assert "本人也在线评价过" in supervisor.get(PAGE).text


@pytest.mark.parametrize(
    ("state", "source", "status"),
    [
        ("accepted", "wechat", 409),
        ("cancelled", "wechat", 410),
        ("finished", "monitoring", 409),
    ],
)
def test_only_finished_work_that_served_somebody_is_rated(
    slip: Slip, world: World, console: Console, state: str, source: str, status: int
) -> None:
    ticket = world.ticket(state, source=source)
    assert enter(console(world.supervisor), slip, ticket.number).status_code == status
    assert nothing_entered(world)


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": ""},
        {"level": "6"},
        {"source": "desk"},
        {"day": ""},
        {"day": "heute"},
        {"day": "2026-13-01"},
        {"day": "9999-12-31"},
        {"day": "2026-11-22T10:00+08:00"},
        {"with_photo": False},
        {"content": b"no picture"},
    ],
)
def test_what_is_missing_or_absurd_is_refused(
    slip: Slip, world: World, console: Console, wrong: dict[str, Any]
) -> None:
    ticket = world.ticket("finished")
    assert enter(console(world.supervisor), slip, ticket.number, **wrong).status_code == 422
    assert nothing_entered(world)


def test_it_was_given_after_the_work_within_the_window_and_not_tomorrow(
    slip: Slip, world: World, console: Console
) -> None:
    supervisor = console(world.supervisor)
    ticket = world.ticket("finished", reported_at=clock.now() - timedelta(days=20))
    for days, status in ((21, 422), (0, 410), (-1, 422), (18, 303)):
        day = (today() - timedelta(days=days)).date().isoformat()
        assert enter(supervisor, slip, ticket.number, day=day).status_code == status, days


def test_nothing_is_kept_before_what_the_number_stands_for_was_confirmed(
    slip: Slip, world: World, console: Console
) -> None:
    ticket, supervisor = world.ticket("finished"), console(world.supervisor)
    about = {"number": ticket.number, "source": "paper", "day": today().date().isoformat()}
    page = supervisor.get(f"{PAGE}/new", query_string=about).text
    for shown in (ticket.number, "呼吸内科", "打印机", world.engineer.name, "确认代录"):
        assert shown in page
    assert world.nurse.name not in page
    assert nothing_entered(world)
    form = {**about, "visit": slip.token_in(page), "level": "5", "source": "telephone", "time": f"{today():%H:%M}"}
    assert supervisor.post(PAGE, data=form).status_code == 403  # without the completion that was looked at
    assert nothing_entered(world)


@pytest.mark.parametrize("state", ["reopened", "finished", "cancelled"])
def test_a_slip_is_about_what_was_finished_by_its_day_whatever_became_of_the_ticket(
    slip: Slip, world: World, console: Console, state: str
) -> None:
    ticket = world.ticket("finished", reported_at=clock.now() - timedelta(days=5))
    done = {"reopened": ("reopen",), "finished": ("reopen", "accept", "finish"), "cancelled": ("reopen", "cancel")}
    for verb in done[state]:
        cancel(world, ticket) if verb == "cancel" else world.move(ticket, verb)
    day = (today() - timedelta(days=2)).date().isoformat()
    assert enter(console(world.supervisor), slip, ticket.number, day=day).status_code == 303
    assert entered_cycles(world) == [1]


@pytest.mark.parametrize("cycle", [1, 2])
def test_where_two_were_finished_by_that_day_the_supervisor_picks(
    slip: Slip, world: World, console: Console, cycle: int
) -> None:
    """Also where the first is of the day before: it was ticked before the reopening, or after the second."""
    supervisor = console(world.supervisor)
    ticket = world.ticket("finished", reported_at=clock.now() - timedelta(days=2))
    for verb in ("reopen", "accept", "finish"):
        world.move(ticket, verb)
    about = {"number": ticket.number, "source": "paper", "day": today().date().isoformat()}
    page = supervisor.get(f"{PAGE}/new", query_string=about).text
    assert page.count('name="completion"') == 2
    assert " checked" not in page.partition("completion")[2].partition("</fieldset>")[0]
    assert enter(supervisor, slip, ticket.number, pick=cycle - 1).status_code == 303
    assert entered_cycles(world) == [cycle]
    page = supervisor.get(f"{PAGE}/new", query_string=about).text
    assert page.count("· 已代录") == page.count(" required disabled") == 1


def test_a_call_has_a_minute_so_it_is_about_one(slip: Slip, world: World, console: Console) -> None:
    now = clock.now()
    ticket = world.ticket("finished", reported_at=now - timedelta(days=2))
    for verb, ago in (("reopen", 40), ("accept", 35), ("finish", 30)):
        world.move(ticket, verb, at=now - timedelta(minutes=ago))
    for minutes, cycle in ((45, 1), (10, 2)):
        called = (now - timedelta(minutes=minutes)).astimezone(ZONE)
        call: Any = {"source": "telephone", "with_photo": False, "day": f"{called:%Y-%m-%d}", "time": f"{called:%H:%M}"}
        assert enter(console(world.supervisor), slip, ticket.number, **call).status_code == 303
        assert entered_cycles(world)[-1] == cycle


def test_desk_engineer_and_auditor_enter_nothing(slip: Slip, world: World, console: Console) -> None:
    ticket = world.ticket("finished")
    for who in (world.desk, world.engineer, world.nurse):
        assert console(who).get(PAGE).status_code == 403
        assert console(who).get(f"{PAGE}/new").status_code == 403
        assert console(who).post(PAGE, data={"number": ticket.number}).status_code == 403
    auditor = console(world.auditor)
    page = auditor.get(PAGE)
    assert page.status_code == 200
    assert "代录一条" not in page.text
    assert auditor.post(PAGE).status_code == 403
    enter(console(world.supervisor), slip, ticket.number)
    for_desk = console(world.desk).get(f"/console/tickets/{ticket.number}").text
    assert "代录" not in for_desk
    assert "纸面" not in for_desk
    assert console(world.desk).get(f"{PAGE}/1/photo").status_code == 403


def test_a_photo_too_large_is_refused_in_words(slip: Slip, world: World, console: Console) -> None:
    ticket, supervisor = world.ticket("finished"), console(world.supervisor)
    for size in (2 * 1024 * 1024 + 1, 3 * 1024 * 1024):
        assert enter(supervisor, slip, ticket.number, content=b"x" * size).status_code == 413
    assert nothing_entered(world)


def enter(
    supervisor: FlaskClient,
    slip: Slip,
    number: str,
    *,
    level: str = "4",
    source: str = "paper",
    day: str | None = None,
    time: str = "",
    pick: int = 0,
    with_photo: bool = True,
    content: bytes | None = None,
) -> TestResponse:
    """As a supervisor does: the number and the day first, then what they stand for is looked at and confirmed."""
    day = today().date().isoformat() if day is None else day
    shown = supervisor.get(f"{PAGE}/new", query_string={"number": number, "source": source, "day": day, "time": time})
    if shown.status_code != 200:
        return shown
    picked = re.findall(r'name="completion" value="(\d+)"\s+required', shown.text)[pick]
    told: dict[str, object] = {**dict(HIDDEN.findall(shown.text)), "completion": picked, "level": level}
    if with_photo:
        told["photo"] = FileStorage(BytesIO(content or photo()), "back.jpg")
    # In memory: the test client would leave its temporary file open.
    sent, _length, boundary = stream_encode_multipart(told, use_tempfile=False)
    return supervisor.post(PAGE, data=sent.read(), content_type=f'multipart/form-data; boundary="{boundary}"')


def cancel(world: World, ticket: Ticket) -> None:
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket.id)
        lifecycle.cancel(session, held, by=world.supervisor.id, at=clock.now(), channel="test")


def entered_cycles(world: World) -> list[int]:
    """Of what was entered, by the completion and by the event alike."""
    with world.database.reading() as session:
        completions = select(Completion.cycle).join(EnteredRating, EnteredRating.completion_id == Completion.id)
        cycles = session.scalars(completions.order_by(Completion.cycle)).all()
        events = select(Event.cycle).where(Event.kind == "rating_entered").order_by(Event.cycle)
        assert cycles == session.scalars(events).all()
        return list(cycles)


def today() -> datetime:
    return clock.now().astimezone(ZONE)


def nothing_entered(world: World) -> bool:
    with world.database.reading() as session:
        return session.scalar(select(func.count()).select_from(EnteredRating)) == 0
