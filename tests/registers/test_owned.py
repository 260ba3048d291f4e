"""Whoever answers for a record opens it on their phone: reads, puts a photo to it, writes what came of it."""

from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from app.models import Event, Person, RegisterFile
from config.registers import registers
from tests.conftest import Console, Phone
from tests.registers.conftest import Write, stands
from tests.support.console_forms import offers, send
from tests.support.world import World

MINE = "/my/records"


@pytest.fixture
def inspection(write: Write) -> int:
    return write("inspections", title="机房巡检", place="一号楼", due="2026-12-01", person="W0003")


def photo() -> BytesIO:
    written = BytesIO()
    Image.new("RGB", (60, 40), "red").save(written, "JPEG")
    written.seek(0)
    return written


def test_the_engineer_reads_it_and_nobody_else_on_their_phone(world: World, inspection: int, phone: Phone) -> None:
    page, engineer = f"{MINE}/{inspection}", phone(world.engineer_identity)
    assert f'href="{page}"' in engineer.get(MINE).text
    shown = engineer.get(page).text
    assert all(word in shown for word in ("机房巡检", "一号楼", "2026-12-01", "IN-0001"))
    other = phone(world.bind(world.second_engineer))
    assert other.get(page).status_code == 404
    assert "现在没有需要您办的事" in other.get(MINE).text
    assert phone(world.stranger_identity).get(page).location.startswith("/my/bind")


def test_a_photo_is_drawn_anew_and_shown_to_its_owner(world: World, inspection: int, phone: Phone) -> None:
    page, engineer = f"{MINE}/{inspection}", phone(world.engineer_identity)
    assert send(engineer, page, f"{page}/photo", file=(photo(), "机柜.jpg")).status_code == 303
    with world.database.reading() as session:
        file = session.scalars(select(RegisterFile)).one()
        event = session.scalars(select(Event).where(Event.kind == "register_filed")).one()
    assert (file.by_id, event.channel, len(file.digest)) == (world.engineer.id, "wechat", 64)
    assert engineer.get(f"{page}/files/{file.id}").mimetype == "image/jpeg"
    assert phone(world.bind(world.second_engineer)).get(f"{page}/files/{file.id}").status_code == 404
    refused = send(engineer, page, f"{page}/photo", file=(BytesIO(b"MZ"), "x.jpg"))
    assert (refused.status_code, "只收 JPEG、PNG 照片" in refused.text) == (422, True)


def test_it_is_done_with_what_came_of_it_and_only_once(world: World, inspection: int, phone: Phone) -> None:
    page, engineer = f"{MINE}/{inspection}", phone(world.engineer_identity)
    wrong = send(engineer, page, f"{page}/done", done="", faults="几个")
    assert (wrong.status_code, 'value="几个"' in wrong.text) == (422, True)
    assert send(engineer, page, f"{page}/done", done="2026-11-30", faults="2", note="门开着").status_code == 303
    record = stands(world, inspection)
    assert (record.state, record.closed, str(record.done_on)) == ("done", True, "2026-11-30")
    assert (record.data, record.words) == ({"faults": 2}, {"place": "一号楼", "note": "门开着"})
    assert (record.title, record.written_by_id, str(record.due_on)) == ("机房巡检", world.engineer.id, "2026-12-01")
    shown = engineer.get(page).text
    assert "门开着" in shown
    assert not offers(engineer, page, f"{page}/done")
    assert not offers(engineer, page, f"{page}/photo")


def test_who_looked_before_it_changed_is_told(world: World, inspection: int, phone: Phone, console: Console) -> None:
    page, engineer = f"{MINE}/{inspection}", phone(world.engineer_identity)
    there = f"/console/registers/inspections/{inspection}"
    said = {"title": "机房巡检", "place": "二号楼", "due": "2026-12-01", "person": "W0003"}
    send(console(world.supervisor), f"{there}/edit", f"{there}/edit", contract=world.contract.number, **said)
    late = send(engineer, page, f"{page}/done", done="2026-11-30", seen="1")
    assert late.status_code == 409
    assert stands(world, inspection).state == "planned"


def test_what_an_owner_of_the_provider_ends_is_confirmed_by_the_hospital(
    world: World, write: Write, phone: Phone, console: Console
) -> None:
    record = write("rectifications", title="标签", due="2026-12-01", person="W0003")
    page, engineer = f"{MINE}/{record}", phone(world.engineer_identity)
    send(engineer, page, f"{page}/done", done="2026-11-30", action="贴好了")
    assert "等第二个人确认" in engineer.get(page).text
    there = f"/console/registers/rectifications/{record}"
    send(console(world.supervisor), there, f"{there}/confirm")
    assert stands(world, record).confirmed_by_id == world.supervisor.id


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("security", {"what": "incident", "done": "2026-11-19"}),
        ("uniform", {"checked": "1", "passed": "0", "done": "2026-11-19"}),
    ],
)
def test_who_is_named_but_not_reminded_sees_nothing_of_it(
    world: World, write: Write, phone: Phone, kind: str, said: dict[str, str]
) -> None:
    record = write(kind, title="三楼", person="W0003", **said)
    assert phone(world.engineer_identity).get(f"{MINE}/{record}").status_code == 404


def test_rules_of_the_desk_are_read_by_the_provider_and_written_by_the_hospital(
    world: World, write: Write, phone: Phone
) -> None:
    owners: dict[Person, bool] = {world.engineer: False, world.nurse: True}
    for owner, writes in owners.items():
        record = write("desk_rules", title="交接班", due="2026-12-01", person=owner.staff_number)
        identity = world.engineer_identity if owner is world.engineer else world.nurse_identity
        page = f"{MINE}/{record}"
        assert offers(phone(identity), page, f"{page}/photo") is writes
        assert not offers(phone(identity), page, f"{page}/done")  # it is in force, and is never done


def test_a_register_says_which_of_its_ends_is_its_owners() -> None:
    ends = {kind: one.owner_ends for kind, one in registers().items() if one.owner_ends}
    assert ends == {
        **dict.fromkeys(("inspections", "drills", "training", "improvements", "rectifications"), "done"),
        "reports": "delivered",
    }
