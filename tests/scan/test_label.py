"""`/a/<token>`: the label on an asset or in a room leads to a report with everything filled in."""

from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app import clock
from app.models import Asset, Place, Ticket, TicketAsset
from app.runtime import Runtime
from tests.conftest import Console, Phone
from tests.support.scan_forms import Slip
from tests.support.world import World


@dataclass
class Labels:
    runtime: Runtime
    room: Place
    printer: Asset

    def asset(self, asset: Asset | None = None) -> str:
        return self.runtime.links.label_path("asset", (asset or self.printer).id)

    @property
    def place(self) -> str:
        return self.runtime.links.label_path("place", self.room.id)


def test_the_label_of_an_asset_says_what_it_is_and_where(labels: Labels, phone: Phone, world: World) -> None:
    page = phone(world.nurse_identity).get(labels.asset()).text
    for words in ("激光打印机", "PRN-0032", "药学部 发药窗口", "1号楼 1 103"):
        assert words in page
    assert f'value="{world.printers.id}" selected' in page


def test_what_is_reported_knows_asset_room_department_and_service(
    slip: Slip, labels: Labels, phone: Phone, world: World
) -> None:
    nurse = phone(world.nurse_identity)
    answer = report(slip, nurse, labels.asset(), "卡纸", str(world.printers.id))
    ticket, asset_id = only(world)
    assert answer.headers["Location"] == slip.path(ticket)
    assert (ticket.place_id, ticket.department_id, ticket.category_id, asset_id) == (
        labels.room.id,
        world.pharmacy.id,
        world.printers.id,
        labels.printer.id,
    )
    assert ticket.served_person_id == world.nurse.id


def test_the_desk_and_the_engineer_read_which_asset_it_is(
    slip: Slip, labels: Labels, phone: Phone, console: Console, world: World
) -> None:
    report(slip, phone(world.nurse_identity), labels.asset(), "卡纸", "")
    ticket, _asset = only(world)
    desk = console(world.desk).get(f"/console/tickets/{ticket.number}").text
    assert "激光打印机 <small>PRN-0032</small>" in desk
    assert "发药窗口" in desk
    world.move(ticket, "dispatch")
    assert "激光打印机 PRN-0032" in phone(world.engineer_identity).get(f"/engineer/{ticket.number}").text


def test_the_label_of_a_room_fills_in_the_room(slip: Slip, labels: Labels, phone: Phone, world: World) -> None:
    nurse = phone(world.nurse_identity)
    assert "发药窗口" in nurse.get(labels.place).text
    report(slip, nurse, labels.place, "没有网络", "")
    ticket, asset_id = only(world)
    assert (ticket.place_id, ticket.department_id, asset_id) == (labels.room.id, world.pharmacy.id, None)


def test_an_asset_of_nowhere_belongs_to_the_department_of_who_reports(
    slip: Slip, labels: Labels, phone: Phone, world: World
) -> None:
    with world.database.transaction() as session:
        cart = Asset(tag="CART-1", name="查房车")
        session.add(cart)
    report(slip, phone(world.nurse_identity), labels.asset(cart), "轮子坏了", "")
    ticket, _asset = only(world)
    assert (ticket.place_id, ticket.department_id) == (None, world.ward.id)


def test_the_same_words_about_two_things_are_two_tickets_and_twice_about_one_is_one(
    slip: Slip, labels: Labels, phone: Phone, world: World
) -> None:
    nurse = phone(world.nurse_identity)
    ways = [report(slip, nurse, path, "坏了", "").headers["Location"] for path in [labels.asset()] * 2]
    ways += [report(slip, nurse, path, "坏了", "").headers["Location"] for path in (labels.place, "/report")]
    assert ways[0] == ways[1]
    assert len(set(ways)) == 3


def test_nothing_typed_comes_back_with_the_label_still_filled_in(
    slip: Slip, labels: Labels, phone: Phone, world: World
) -> None:
    answer = report(slip, phone(world.nurse_identity), labels.asset(), " ", "")
    assert answer.status_code == 422
    assert "PRN-0032" in answer.text
    assert count(world) == 0


def test_looking_records_nothing(labels: Labels, phone: Phone, world: World, slip: Slip) -> None:
    before = slip.rows()
    for path in (labels.asset(), labels.place):
        assert phone(world.nurse_identity).get(path).status_code == 200
        assert phone(world.nurse_identity).head(path).status_code == 200
    assert slip.rows() == before
    assert count(world) == 0


def test_a_retired_asset_says_so_and_takes_no_report(slip: Slip, labels: Labels, phone: Phone, world: World) -> None:
    nurse = phone(world.nurse_identity)
    form = slip.token_in(nurse.get(labels.asset()).text)
    with world.database.transaction() as session:
        session.add(labels.printer)
        labels.printer.retired_at = clock.now()
    for answer in (nurse.get(labels.asset()), nurse.post(labels.asset(), data={"visit": form, "description": "坏了"})):
        assert answer.status_code == 410
        assert "这台设备已停用" in answer.text
        assert 'href="/report"' in answer.text
    assert count(world) == 0


def test_who_is_not_bound_is_sent_to_bind_and_comes_back(labels: Labels, phone: Phone, world: World) -> None:
    stranger = phone(world.stranger_identity)
    assert stranger.get(labels.asset()).headers["Location"] == f"/my/bind?next={labels.asset()}"


def test_a_browser_outside_wechat_is_told_to_scan(labels: Labels, client: FlaskClient) -> None:
    answer = client.get(labels.asset())
    assert answer.status_code == 200
    assert "微信" in answer.text
    assert "PRN-0032" not in answer.text


@pytest.mark.parametrize("wrong", ["x", "a" * 22, "%E5%95%8A"])
def test_a_wrong_label_is_not_found_and_counted(client: FlaskClient, world: World, wrong: str) -> None:
    answer = client.get(f"/a/{wrong}")
    assert answer.status_code == 404
    assert "<title>没有找到</title>" in answer.text
    assert {client.get(f"/a/{wrong}").status_code for _ in range(60)} == {404, 429}


def test_a_valid_label_is_served_whatever_others_tried(labels: Labels, client: FlaskClient) -> None:
    for _ in range(61):
        client.get("/a/x")
    assert client.get(labels.asset()).status_code == 200


def test_tokens_of_other_doors_open_no_label_nor_theirs_ours(
    slip: Slip, labels: Labels, client: FlaskClient, world: World
) -> None:
    token = slip.path(world.ticket()).removeprefix("/r/")
    assert client.get(f"/a/{token}").status_code == 404
    assert client.get(f"/w/{labels.place.removeprefix('/a/')}").status_code == 404
    assert labels.runtime.links.label_path("asset", 1) != labels.runtime.links.label_path("place", 1)


def test_without_the_form_of_this_label_nothing_is_reported(
    slip: Slip, labels: Labels, phone: Phone, world: World
) -> None:
    nurse = phone(world.nurse_identity)
    other = slip.token_in(nurse.get(labels.place).text)
    for form in ("", other):
        assert nurse.post(labels.asset(), data={"visit": form, "description": "坏了"}).status_code == 403
    assert count(world) == 0


def report(slip: Slip, client: FlaskClient, path: str, description: str, category: str) -> TestResponse:
    form = slip.token_in(client.get(path).text)
    return client.post(path, data={"visit": form, "description": description, "category": category})


def only(world: World) -> tuple[Ticket, int | None]:
    query = select(Ticket, TicketAsset.asset_id).outerjoin(TicketAsset, TicketAsset.ticket_id == Ticket.id)
    with world.database.reading() as session:
        ((ticket, asset_id),) = session.execute(query)
    return ticket, asset_id


def count(world: World) -> int:
    with world.database.reading() as session:
        return session.scalar(select(func.count(Ticket.id))) or 0


@pytest.fixture
def labels(runtime: Runtime, world: World) -> Labels:
    """A printer at the pharmacy's window; the room says whose it is."""
    where = {"campus_id": world.campus.id, "building": "1号楼", "floor": "1", "room": "103"}
    with world.database.transaction() as session:
        room = Place(code="P01-1", name="发药窗口", department_id=world.pharmacy.id, **where)
        session.add(room)
        session.flush()
        printer = Asset(tag="PRN-0032", name="激光打印机", category_id=world.printers.id, place_id=room.id)
        session.add(printer)
    return Labels(runtime, room, printer)
