"""The engineer at work: by the time left, the ward's telephone, what was wrong here before, chips, a proved arrival."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock
from app.models import Asset, Event, Place, Ticket, TicketAsset
from app.runtime import Runtime
from app.services.tickets import findings, lifecycle
from app.services.tickets.findings import Resolution
from config.files import BadFile
from config.findings import read_findings
from tests.conftest import Console
from tests.support.console_forms import send
from tests.support.scan_forms import Slip
from tests.support.statements import statements
from tests.support.world import World


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def room(world: World) -> Place:
    """The nurses' station, with a printer in it."""
    with world.database.transaction() as session:
        place = Place(code="N07-1", name="呼吸内科护士站", department_id=world.ward.id, telephone="80071")
        session.add(place)
        session.flush()
        session.add(Asset(tag="PRN-7", name="激光打印机", place_id=place.id, department_id=world.ward.id))
    return place


def put(world: World, ticket: Ticket, place: Place, asset: int | None = None) -> Ticket:
    with world.database.transaction() as session:
        session.get_one(Ticket, ticket.id).place_id = place.id
        if asset is not None:
            session.add(TicketAsset(ticket_id=ticket.id, asset_id=asset))
    return ticket


def last(world: World, ticket: Ticket, kind: str) -> Event:
    with world.database.reading() as session:
        return session.scalars(select(Event).where(Event.ticket_id == ticket.id, Event.kind == kind)).one()


def test_one_list_by_the_time_left_what_is_urged_first(world: World, engineer: FlaskClient) -> None:
    now = clock.now()
    late, later = (world.ticket("accepted", reported_at=now - timedelta(hours=ago)) for ago in (30, 1))
    urged = world.ticket("accepted", reported_at=now)
    with world.database.transaction() as session:
        lifecycle.urge(session, lifecycle.locked(session, ticket_id=urged.id), by=None, at=now, channel="scan")
    shown = engineer.get("/engineer").text
    listed = re.findall(r'class="card row" href="/engineer/([^"]+)"', shown)
    assert listed == [urged.number, late.number, later.number]
    assert "还剩" in shown


def test_the_ward_is_telephoned_and_the_last_faults_of_the_room_are_read(
    world: World, engineer: FlaskClient, room: Place
) -> None:
    before = [put(world, world.ticket("accepted", description=f"故障{number}"), room) for number in range(4)]
    for ticket in before:
        send(
            engineer,
            f"/engineer/{ticket.number}",
            f"/engineer/{ticket.number}/finish",
            cause="paper_jam",
            solution="cleaned",
            way="on_site",
        )
    page = engineer.get(f"/engineer/{put(world, world.ticket('accepted'), room).number}").text
    assert 'href="tel:80071"' in page
    spot = page.split("这里最近的故障")[1].split("</ul>")[0]
    assert re.findall("故障[0-3]", spot) == ["故障3", "故障2", "故障1"]
    assert "卡纸 → 清理" in spot


def test_the_page_for_no_network_asks_once_for_the_faults_of_all_rooms_and_assets(
    world: World, engineer: FlaskClient, room: Place
) -> None:
    with world.database.transaction() as session:
        printer = session.scalars(select(Asset.id)).one()
        other = Place(code="N08-1", name="消化内科护士站", department_id=world.ward.id)
        session.add(other)
    put(world, world.ticket("finished", description="卡在这间"), room)
    put(world, world.ticket("finished", description="这台坏过"), other, printer)
    asked = []
    for _ in range(2):
        put(world, world.ticket("accepted"), room, printer)
        put(world, world.ticket("accepted"), other)
        said = statements(world.database, lambda: engineer.get("/engineer/today"))
        asked.append(len(said))
    assert asked[0] == asked[1]
    spots = engineer.get("/engineer/today").text.split("<article")[1:]
    assert [("卡在这间" in spot, "这台坏过" in spot) for spot in spots] == [(True, True), (False, True)] * 2


def test_what_was_chosen_is_on_record_and_offered_first_next_time(
    world: World, engineer: FlaskClient, console: Console
) -> None:
    ticket = world.ticket("arrived")
    offered = [list(each) for each in offer(world)]
    assert offered[0][0] == "paper_jam"
    page = f"/engineer/{ticket.number}"
    send(engineer, page, f"{page}/finish", cause="unknown", solution="maker", way="remote")
    assert last(world, ticket, "finished").data == {"cause": "unknown", "solution": "maker", "remote": True}
    causes, solutions = (list(each) for each in offer(world))
    assert (causes[0], solutions[0]) == ("unknown", "maker")
    assert sorted(causes) == sorted(offered[0])
    shown = console(world.desk).get(f"/console/tickets/{ticket.number}").text
    assert "没有查明" in shown
    assert "转厂商处理" in shown


def offer(world: World) -> tuple[dict[str, object], dict[str, object]]:
    with world.database.reading() as session:
        causes, solutions = findings.offered(session, world.printers.id)
    return dict(causes), dict(solutions)


def test_nothing_has_to_be_chosen_and_nothing_invented_is_taken(
    world: World, engineer: FlaskClient, slip: Slip
) -> None:
    ticket, page = world.ticket("arrived"), ""
    page = f"/engineer/{ticket.number}"
    assert send(engineer, page, f"{page}/finish", cause="gremlins").status_code == 422
    assert slip.fresh(ticket).state == "arrived"
    send(engineer, page, f"{page}/finish")
    assert last(world, ticket, "finished").data is None


def test_the_label_of_the_room_or_the_asset_proves_the_arrival(
    world: World, engineer: FlaskClient, room: Place, runtime: Runtime
) -> None:
    for kind, id_ in (("place", room.id), ("asset", 1)):
        ticket = put(world, world.ticket("accepted"), room, 1)
        label = runtime.links.label_path(kind, id_)  # type: ignore[arg-type]
        assert send(engineer, label, f"/engineer/{ticket.number}/arrive").status_code == 303
        assert last(world, ticket, "arrived").data == {"proof": kind, "scanned": id_}
        assert "哪里坏了" in engineer.get(label).text  # nobody waits any more: the report page
    by_time = put(world, world.ticket("accepted"), room)
    send(engineer, f"/engineer/{by_time.number}", f"/engineer/{by_time.number}/arrive")
    assert last(world, by_time, "arrived").data is None


def test_a_label_that_hangs_elsewhere_proves_nothing(
    world: World, engineer: FlaskClient, room: Place, runtime: Runtime, slip: Slip
) -> None:
    with world.database.transaction() as session:
        other = Place(code="P01-1", name="药房窗口", department_id=world.pharmacy.id)
        session.add(other)
    ticket = put(world, world.ticket("accepted"), room)
    label = runtime.links.label_path("place", other.id)
    assert ticket.number not in engineer.get(label).text
    form = slip.token_in(engineer.get(f"/engineer/{ticket.number}").text)
    told = {"visit": form, "label": label.removeprefix("/a/")}
    assert engineer.post(f"/engineer/{ticket.number}/arrive", data=told).status_code == 409
    assert slip.fresh(ticket).state == "accepted"


def test_related_tickets_stand_on_the_tickets_page(
    world: World, engineer: FlaskClient, console: Console, room: Place
) -> None:
    earlier = put(world, world.ticket("closed"), room, 1)
    hers = world.ticket("closed", served=world.nurse)
    ticket = put(world, world.ticket("accepted"), room, 1)
    shown = console(world.desk).get(f"/console/tickets/{ticket.number}").text
    related = shown.split('id="related"')[1].split("</section>")[0]
    assert [earlier.number in related, hers.number in related] == [True, True]
    assert ["同一设备" in related, "同一房间" in related, "同一位报修人" in related] == [True, True, True]
    assert "相关工单" in engineer.get(f"/engineer/{ticket.number}").text


def test_a_misspelt_finding_stops_the_start_and_says_where(tmp_path: Path) -> None:
    file = tmp_path / "findings.toml"
    file.write_text('[causes.jam]\nzh = "卡纸"\nen = "Jam"\nservise = ["printer"]\n[solutions]\n', encoding="utf-8")
    with pytest.raises(BadFile, match="servise is not known"):
        read_findings(file)


def test_an_invented_code_is_refused_by_the_service() -> None:
    assert Resolution(cause="cable").data() == {"cause": "cable"}
