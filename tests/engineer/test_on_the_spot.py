"""While you are here: a scan, a category, done; the ward may rate it, and the share is shown."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app.models import Asset, Completion, Event, Notice, Place, Ticket
from app.runtime import Runtime
from app.services.tickets.on_the_spot import Share
from tests.conftest import Console
from tests.support.scan_forms import Slip
from tests.support.world import World


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def label(world: World, runtime: Runtime) -> str:
    """Of a printer of the ward."""
    with world.database.transaction() as session:
        place = Place(code="N07-1", name="呼吸内科护士站", department_id=world.ward.id)
        session.add(place)
        session.flush()
        asset = Asset(tag="PRN-7", name="打印机", place_id=place.id, category_id=world.printers.id)
        session.add(asset)
        session.flush()
        return runtime.links.label_path("asset", asset.id)


def test_a_scan_and_a_category_make_a_finished_ticket_that_the_ward_may_rate(
    world: World, engineer: FlaskClient, label: str, slip: Slip
) -> None:
    answer = mended(world, engineer, label, slip)
    again = mended(world, engineer, label, slip)
    with world.database.reading() as session:
        ticket = session.scalars(select(Ticket)).one()  # the second tap made none
        events = select(Event.kind, Event.actor_id).where(Event.ticket_id == ticket.id)
        kinds = session.execute(events.order_by(Event.id)).all()
        arrived = session.scalars(select(Event.data).where(Event.kind == "arrived")).one()
        completion = session.scalars(select(Completion)).one()
        told = session.scalars(select(Notice)).all()
    assert answer.location == again.location == f"/engineer/{ticket.number}/code"
    assert [kind for kind, _by in kinds] == ["reported", "dispatched", "accepted", "arrived", "finished"]
    assert {by for _kind, by in kinds} == {world.engineer.id}
    assert arrived == {"proof": "asset", "scanned": 1}
    assert (ticket.served_department_id, ticket.served_person_id) == (world.ward.id, None)
    assert (completion.rateable, completion.lead_id) == (True, world.engineer.id)
    assert told == []  # who did it themselves need not be told


def test_how_much_of_their_work_came_about_so_is_shown_to_the_engineer_and_the_hospital(
    world: World, engineer: FlaskClient, console: Console, label: str, slip: Slip
) -> None:
    world.ticket("finished")
    mended(world, engineer, label, slip)
    assert "顺手登记 1 张，占完成的 50%" in engineer.get("/engineer/figures").text
    assert "1 张，占完成的 50%" in console(world.supervisor).get(f"/console/people/{world.engineer.id}").text
    assert (Share(0, 0).percent, Share(1, 3).percent) == (0, 33)


def test_a_label_of_no_ward_takes_nothing_in(
    world: World, engineer: FlaskClient, runtime: Runtime, label: str, slip: Slip
) -> None:
    with world.database.transaction() as session:
        session.add(Place(code="X", name="机房"))
    nowhere = runtime.links.label_path("place", 2)
    assert "顺手修好了别的" not in engineer.get(nowhere).text
    form = slip.token_in(engineer.get(label).text)
    told = {"visit": form, "label": nowhere.removeprefix("/a/"), "category": str(world.printers.id)}
    assert engineer.post("/engineer/on-the-spot", data=told).status_code == 409
    told |= {"label": label.removeprefix("/a/"), "category": "999"}
    assert engineer.post("/engineer/on-the-spot", data=told).status_code == 422


def mended(world: World, engineer: FlaskClient, label: str, slip: Slip) -> TestResponse:
    form = slip.token_in(engineer.get(label).text)
    told = {"visit": form, "label": label.removeprefix("/a/"), "category": str(world.printers.id)}
    return engineer.post("/engineer/on-the-spot", data=told)
