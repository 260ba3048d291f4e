"""Reporting a fault with photos, following it, complaining about it."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from app.models import Event, ServiceCase, Ticket, TicketPhoto
from app.services.cases import acts
from app.services.cases.acts import Actor
from tests.api.conftest import TakePhone
from tests.conftest import Console
from tests.support.phone import Phone, code, told
from tests.support.pictures import GPS, photo, vast
from tests.support.world import World


def test_a_fault_is_reported_with_where_and_what(nurse: Phone, world: World) -> None:
    offered = told(nurse.get("/categories"))["categories"]
    printers = next(one["id"] for one in offered if one["name"] == "打印机")
    answer = nurse.post("/tickets", {"description": " 不出纸 ", "location": " 护士站旁 ", "category_id": printers})
    assert answer.status_code == 201
    ticket = only(world)
    assert told(answer)["number"] == ticket.number
    assert (ticket.description, ticket.location, ticket.category_id) == ("不出纸", "护士站旁", printers)
    assert (ticket.source, ticket.requester_id, ticket.served_person_id) == ("wechat", world.nurse.id, world.nurse.id)
    (line,) = told(nurse.get("/tickets"))["tickets"]
    assert (line["number"], [step["state"] for step in line["steps"] if step["at"]]) == (ticket.number, ["reported"])
    assert nurse.scan(line["token"])["number"] == ticket.number


def test_the_same_words_with_another_key_are_the_same_ticket(nurse: Phone, world: World) -> None:
    first, second = (told(nurse.post("/tickets", {"description": "坏了"})) for _ in range(2))
    assert first["number"] == second["number"] == only(world).number


def test_a_line_end_is_one_character_here_too(nurse: Phone, world: World) -> None:
    assert nurse.post("/tickets", {"description": "字\r\n" * 249 + "完了"}).status_code == 201
    assert only(world).description == "字\n" * 249 + "完了"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"description": ""}, "description"),
        ({"description": "  \n "}, "description"),
        ({"description": "长" * 501}, "description"),
        ({"description": "坏\0了"}, "description"),
        ({"description": 5}, "description"),
        ({}, "description"),
        ({"description": "坏了", "location": "长" * 101}, "location"),
        ({"description": "坏了", "category_id": "1"}, "category_id"),
        ({"description": "坏了", "category_id": 2**80}, "category_id"),
        ({"description": "坏了", "priority": 1}, "priority"),
    ],
)
def test_what_cannot_be_taken_is_named(nurse: Phone, world: World, wrong: dict[str, Any], field: str) -> None:
    answer = nurse.post("/tickets", wrong)
    assert code(answer) == (422, "invalid")
    assert [one["field"] for one in told(answer)["errors"]] == [field]


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        ({"data": "description=坏了", "content_type": "application/x-www-form-urlencoded"}, (415, "not_json")),
        ({"data": "{", "content_type": "application/json"}, (400, "bad_request")),
        ({"data": b'{"description": "\xff"}', "content_type": "application/json"}, (400, "bad_request")),
        ({"data": "", "content_type": "application/json"}, (400, "bad_request")),
        ({"data": '{"description": "\\ud800"}', "content_type": "application/json"}, (400, "bad_request")),
        ({"json": [1]}, (422, "invalid")),
        ({"data": b"x" * 300_000, "content_type": "application/json"}, (413, "too_large")),
    ],
)
def test_what_cannot_be_read_is_refused(nurse: Phone, sent: dict[str, Any], refusal: tuple[int, str]) -> None:
    assert code(nurse.post("/tickets", **sent)) == refusal


def test_a_category_that_does_not_exist_is_refused(nurse: Phone, world: World) -> None:
    assert code(nurse.post("/tickets", {"description": "坏了", "category_id": 10**9}))[1] == "unknown_category"


def test_who_is_not_bound_has_no_tickets(take_phone: TakePhone) -> None:
    stranger = take_phone("stranger")
    assert code(stranger.get("/tickets")) == (403, "bind_first")
    assert code(stranger.post("/tickets", {"description": "坏了"})) == (403, "bind_first")


def test_nobody_reads_the_tickets_of_others(nurse: Phone, take_phone: TakePhone, world: World) -> None:
    hers = world.ticket("arrived")
    ward = world.ticket("arrived", served=world.ward, description="全科")
    assert told(nurse.get(f"/tickets/{hers.number}"))["state"] == "arrived"
    assert told(nurse.get(f"/tickets/{ward.number}"))["description"] == "全科"
    doctor, engineer = take_phone("supervisor", world.doctor), take_phone("engineer", world.engineer)
    for number in (hers.number, ward.number, "20200101-0001"):
        for other in (doctor, engineer):
            assert code(other.get(f"/tickets/{number}")) == (404, "no_such_ticket")
            assert code(other.post(f"/tickets/{number}/complaint", {"text": "慢"})) == (404, "no_such_ticket")
            assert code(other.upload(f"/tickets/{number}/photos", photo())) == (404, "no_such_ticket")


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_photo_is_drawn_anew_and_tells_no_place(nurse: Phone, world: World, kind: str) -> None:
    number = reported(nurse)
    sent = photo(kind)
    assert b"SecretCamera" in sent
    added = nurse.upload(f"/tickets/{number}/photos", sent)
    assert added.status_code == 201
    (kept,) = told(nurse.get(f"/tickets/{number}"))["photos"]
    answer = nurse.get(f"/tickets/{number}/photos/{kept['id']}")
    assert (answer.mimetype, answer.headers["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert "no-store" in answer.headers["Cache-Control"]
    with Image.open(BytesIO(answer.data)) as picture:
        assert picture.size == (1600, 800)
        assert not picture.getexif()
        assert not picture.getexif().get_ifd(GPS)
    assert b"SecretCamera" not in answer.data
    assert b"hidden words" not in answer.data


def test_a_photo_taken_upright_stands_upright(nurse: Phone) -> None:
    number = reported(nurse)
    added = told(nurse.upload(f"/tickets/{number}/photos", photo(orientation=6)))
    with Image.open(BytesIO(nurse.get(f"/tickets/{number}/photos/{added['id']}").data)) as picture:
        assert picture.size == (800, 1600)
        red, _green, blue = picture.getpixel((400, 100))  # type: ignore[misc]
    assert red > 200 > 100 > blue


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", (422, "photo_unreadable")),
        (b"<svg onload=alert(1)>", (422, "photo_unreadable")),
        (photo()[:2000], (422, "photo_unreadable")),
        (vast(), (422, "photo_unreadable")),
        (photo() + b"\0" * (2 * 1024 * 1024), (413, "photo_too_large")),
        (b"\xff\xd8" + b"\0" * (3 * 1024 * 1024), (413, "too_large")),
    ],
    ids=["nothing", "svg", "cut off", "too many pixels", "over 2 MB", "over 3 MB"],
)
def test_what_is_no_photo_is_refused(nurse: Phone, world: World, content: bytes, refusal: tuple[int, str]) -> None:
    assert code(nurse.upload(f"/tickets/{reported(nurse)}/photos", content)) == refusal
    assert kept_photos(world) == 0


def test_a_gif_is_neither_jpeg_nor_png(nurse: Phone) -> None:
    written = BytesIO()
    Image.new("P", (10, 10)).save(written, "GIF")
    assert code(nurse.upload(f"/tickets/{reported(nurse)}/photos", written.getvalue()))[1] == "photo_unreadable"


def test_a_photo_comes_as_a_file_of_that_name(nurse: Phone) -> None:
    number = reported(nurse)
    assert code(nurse.upload(f"/tickets/{number}/photos", photo(), name="file")) == (415, "not_a_file")
    assert code(nurse.post(f"/tickets/{number}/photos", {"photo": "x"})) == (415, "not_a_file")


def test_three_photos_are_enough_and_one_sent_twice_is_one(nurse: Phone, world: World) -> None:
    number = reported(nurse)
    first, again = (nurse.upload(f"/tickets/{number}/photos", photo(), key="first-photo") for _ in range(2))
    assert first.data == again.data
    for _ in range(2):
        nurse.upload(f"/tickets/{number}/photos", photo())
    answer = nurse.upload(f"/tickets/{number}/photos", photo())
    assert (code(answer), told(answer)["most"]) == ((409, "photos_enough"), 3)
    assert kept_photos(world) == 3


def test_photos_stand_on_the_consoles_page_for_who_may_read_the_ticket(
    nurse: Phone, world: World, console: Console
) -> None:
    number = reported(nurse)
    photo_id = told(nurse.upload(f"/tickets/{number}/photos", photo()))["id"]
    address = f"/console/tickets/{number}/photos/{photo_id}"
    for person in (world.desk, world.supervisor, world.auditor):
        page = console(person).get(f"/console/tickets/{number}").text
        assert f'src="{address}"' in page
        assert "护士站旁" in page
        answer = console(person).get(address)
        assert (answer.mimetype, answer.headers["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
        assert answer.headers["Cache-Control"] == "no-store"
    other = world.ticket().number
    assert console(world.desk).get(f"/console/tickets/{other}/photos/{photo_id}").status_code == 404
    assert nurse.client.get(address).status_code == 302


def test_a_complaint_goes_to_the_hospital_and_its_answer_comes_back(nurse: Phone, world: World) -> None:
    ticket = world.ticket("finished")
    made = told(nurse.post(f"/tickets/{ticket.number}/complaint", {"text": " 态度不好 "}))
    assert (made["text"], made["state"], made["answer"]) == ("态度不好", "open", "")
    again = nurse.post(f"/tickets/{ticket.number}/complaint", {"text": "还是不好"})
    assert code(again) == (409, "complained_already")
    with world.database.transaction() as session:
        case, at = session.execute(select(ServiceCase.id, ServiceCase.opened_at)).one()
        acts.answer(session, case, Actor(world.supervisor.id, at, 0), text="已谈话")
    (known,) = told(nurse.get(f"/tickets/{ticket.number}"))["complaints"]
    assert (known["state"], known["answer"]) == ("answered", "已谈话")
    with world.database.reading() as session:
        complained = select(Event.kind, Event.data).where(Event.subject == "case")
        events = session.execute(complained.order_by(Event.id)).all()
    assert [tuple(row) for row in events] == [
        ("case_opened", {"case": case, "reason": "complaint"}),
        ("case_answered", {"case": case}),
    ]


def test_a_complaint_does_not_tell_how_many_others_there_are(nurse: Phone, world: World) -> None:
    first, second = world.ticket("finished"), world.ticket("finished")
    for ticket in (first, second):
        made = told(nurse.post(f"/tickets/{ticket.number}/complaint", {"text": "慢"}))
        assert made["id"] == 1
    with world.database.transaction() as session:
        case, at = session.execute(select(ServiceCase.id, ServiceCase.opened_at).order_by(ServiceCase.id)).all()[0]
        acts.answer(session, case, Actor(world.supervisor.id, at, 0), text="已谈话")
    assert told(nurse.post(f"/tickets/{first.number}/complaint", {"text": "还是慢"}))["id"] == 2
    known = told(nurse.get(f"/tickets/{first.number}"))["complaints"]
    assert [(one["id"], one["text"]) for one in known] == [(1, "慢"), (2, "还是慢")]


def reported(phone: Phone) -> str:
    return str(told(phone.post("/tickets", {"description": "坏了", "location": "护士站旁"}))["number"])


def only(world: World) -> Ticket:
    with world.database.reading() as session:
        return session.scalars(select(Ticket)).one()


def kept_photos(world: World) -> int:
    with world.database.reading() as session:
        return len(session.scalars(select(TicketPhoto.id)).all())
