"""Reporting from the phone: photos cleaned or refused in words, for somebody else, nothing typed is lost."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app.models import Person, Ticket, TicketPhoto
from app.services import images
from tests.conftest import Phone
from tests.support.pictures import photo, vast
from tests.support.scan_forms import Slip
from tests.support.world import World

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
EXECUTABLE = b"MZ\x90\0" + b"\0" * 200


def report(slip: Slip, client: FlaskClient, *pictures: bytes, **filled: str) -> TestResponse:
    form = slip.token_in(client.get("/report").text)
    files = [FileStorage(BytesIO(content), f"{number}.jpg") for number, content in enumerate(pictures)]
    boundary, body = encode_multipart({"visit": form, "description": "打印机卡纸", **filled, "photo": files})
    return client.post("/report", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def tickets(world: World) -> list[Ticket]:
    with world.database.reading() as session:
        return list(session.scalars(select(Ticket)))


def kept(world: World) -> list[bytes]:
    with world.database.reading() as session:
        return list(session.scalars(select(TicketPhoto.content)))


def test_photos_are_drawn_anew_without_place_or_camera(slip: Slip, phone: Phone, world: World) -> None:
    nurse = phone(world.nurse_identity)
    answer = report(slip, nurse, photo("JPEG", (400, 200)), photo("PNG", (400, 200)))
    assert answer.status_code == 303
    assert len(kept(world)) == 2
    for content in kept(world):
        assert b"SecretCamera" not in content
        assert b"hidden words" not in content
        with Image.open(BytesIO(content)) as picture:
            assert (picture.format, dict(picture.getexif())) == ("JPEG", {})
    # The same tap once more is the same ticket with the same photos.
    assert report(slip, nurse, photo("JPEG", (400, 200))).location == answer.location
    assert len(kept(world)) == 2


@pytest.mark.parametrize(
    ("content", "status", "why"),
    [
        (SVG, 422, "JPEG 或 PNG"),
        (EXECUTABLE, 422, "JPEG 或 PNG"),
        (vast(), 422, "JPEG 或 PNG"),
        (b"", 422, "JPEG 或 PNG"),
        (b"\xff\xd8" + b"x" * images.LARGEST, 413, "2 MB"),
    ],
    ids=["an SVG with script", "a renamed executable", "a bomb", "nothing", "too large"],
)
def test_what_is_no_photo_is_refused_in_words_and_nothing_typed_is_lost(
    content: bytes, status: int, why: str, slip: Slip, phone: Phone, world: World
) -> None:
    answer = report(slip, phone(world.nurse_identity), content, location="三楼护士站")
    assert answer.status_code == status
    assert why in answer.text
    assert "打印机卡纸" in answer.text
    assert "三楼护士站" in answer.text
    assert tickets(world) == []


def test_a_fourth_photo_is_refused(slip: Slip, phone: Phone, world: World) -> None:
    answer = report(slip, phone(world.nurse_identity), *[photo("PNG", (8, 8))] * 4)
    assert (answer.status_code, tickets(world)) == (409, [])


def test_what_is_on_record_is_shown_and_not_copied(slip: Slip, phone: Phone, world: World) -> None:
    nurse, number = phone(world.nurse_identity), "13900005678"

    def record(telephone: str) -> str:
        with world.database.transaction() as session:
            session.get_one(Person, world.nurse.id).telephone = telephone
        return nurse.get("/report").text

    assert "没有您的电话" in record("")
    page = record(number)
    assert "会打您的电话 …5678" in page
    assert number not in page  # whoever looks over a shoulder reads no whole number
    assert f"到这里来：{world.ward.name}" in page
    assert 'name="telephone" maxlength="20" value=""' in page
    assert report(slip, nurse).status_code == 303
    assert [(ticket.location, ticket.department_id) for ticket in tickets(world)] == [("", world.ward.id)]


def test_for_a_colleague_who_rates_then(slip: Slip, phone: Phone, world: World) -> None:
    number = world.doctor.staff_number
    answer = report(slip, phone(world.nurse_identity), location="发药窗口", telephone="8021", **{"for": number})
    assert answer.status_code == 303
    [ticket] = tickets(world)
    assert (ticket.requester_id, ticket.served_person_id) == (world.nurse.id, world.doctor.id)
    assert ticket.department_id == world.pharmacy.id
    assert ticket.location == "发药窗口，电话 8021"


@pytest.mark.parametrize("who", ["engineer", "nobody"])
def test_never_for_the_provider_nor_for_nobody(who: str, slip: Slip, phone: Phone, world: World) -> None:
    number = world.engineer.staff_number if who == "engineer" else "00000"
    answer = report(slip, phone(world.nurse_identity), **{"for": number})
    assert (answer.status_code, tickets(world)) == (422, [])
