"""Every door that takes a file, found by walking the routes: what does harm is refused with its reason, or cleaned."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from inspect import unwrap
from io import BytesIO
from types import CodeType, FunctionType
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import LargeBinary, select, update
from werkzeug.test import TestResponse

from app import clock
from app.db import Base
from app.http import session as visit
from app.models import Place, Post
from app.runtime import Runtime
from app.services.draws import claims
from app.services.links import Links
from app.services.ratings import rating
from app.services.registers import records
from app.services.registers.access import Reader
from app.services.registers.records import Act
from app.services.tickets.scan import load
from tests.conftest import Console, Phone
from tests.draws.story import CLAIMED, DRAW_ID, Story
from tests.support.cases import Cases
from tests.support.console_forms import send
from tests.support.doors import doors
from tests.support.phone import bearer
from tests.support.pictures import photo, vast
from tests.support.world import ZONE, World

HARM = {
    "20 MB": ("a.jpg", "image/jpeg", b"\xff\xd8" + bytes(20_000_000)),
    "a renamed executable": ("a.jpg", "image/jpeg", b"MZ\x90\0" + bytes(200)),
    "an SVG with script": (
        "a.svg",
        "image/svg+xml",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>',
    ),
    "a bomb": ("a.png", "image/png", vast()),
}
CAMERA = ("a.jpg", "image/jpeg", photo("JPEG", (400, 200)))
HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
PICTURE = {"20 MB": "最多 2 MB", "else": "JPEG 或 PNG"}


@dataclass(frozen=True)
class Form:
    """A form that is right but for its file: who sends it, where to, and what else stands in it."""

    client: FlaskClient
    to: str
    fields: dict[str, str]
    headers: dict[str, str]

    def send(self, part: str, name: str, media_type: str, content: bytes) -> TestResponse:
        """By hand: twenty megabytes go through the test client's own way very slowly."""
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in self.fields.items()
        ]
        head = f'--b\r\nContent-Disposition: form-data; name="{part}"; filename="{name}"\r\n'
        head += f"Content-Type: {media_type}\r\n\r\n"
        body = "".join([*parts, head]).encode() + content + b"\r\n--b--\r\n"
        return self.client.post(
            self.to, data=body, content_type="multipart/form-data; boundary=b", headers=self.headers
        )


@dataclass(frozen=True)
class Hospital:
    world: World
    phone: Phone
    console: Console
    app: Flask
    links: Links

    def form(self, client: FlaskClient, page: str, to: str, **filled: str) -> Form:
        """With what the page hides in it."""
        shown = re.search(rf'<form[^>]*action="{re.escape(to)}".*?</form>', client.get(page).text, re.DOTALL)
        assert shown, f"{page} has no form for {to}"
        hidden = {name: unescape(value) for name, value in HIDDEN.findall(shown.group())}
        return Form(client, to, {**hidden, **filled}, {})


def report(here: Hospital) -> Form:
    return here.form(here.phone(here.world.nurse_identity), "/report", "/report", description="打印机卡纸")


def of_label(here: Hospital) -> Form:
    with here.world.database.transaction() as session:
        place = Place(code="R-1", name="护士站", department_id=here.world.ward.id)
        session.add(place)
        session.flush()
        to = here.links.label_path("place", place.id)
    return here.form(here.phone(here.world.nurse_identity), to, to, description="打印机卡纸")


def of_ward(here: Hospital) -> Form:
    to = f"{here.links.ward_path(here.world.ward.id)}/report"
    return here.form(here.phone(here.world.nurse_identity), to, to, description="打印机卡纸")


def portrait(here: Hospital) -> Form:
    page = "/engineer/portrait"
    return here.form(here.phone(here.world.engineer_identity), page, page, consent="yes")


def of_the_mini_program(here: Hospital) -> Form:
    ticket = here.world.ticket("reported", served=here.world.nurse)
    headers = {"Authorization": f"Bearer {bearer(here.world, here.world.nurse)}", "Idempotency-Key": "a-photo-1"}
    return Form(here.app.test_client(), f"/api/v1/tickets/{ticket.number}/photos", {}, headers)


def paper_rating(here: Hospital) -> Form:
    ticket, client = here.world.ticket("finished"), here.console(here.world.supervisor)
    asked = f"number={ticket.number}&source=paper&day={clock.now().astimezone(ZONE):%Y-%m-%d}&time="
    page = f"/console/entered/new?{asked}"
    [completion] = re.findall(r'name="completion" value="(\d+)"', client.get(page).text)
    return here.form(client, page, "/console/entered", level="4", completion=completion)


def appeal(here: Hospital) -> Form:
    """Of the provider's manager, about a low score the hospital has handed over after its call-back."""
    world, cases = here.world, Cases(here.world)
    with world.database.transaction() as session:
        session.execute(update(Post).where(Post.id == world.post.id).values(code="manager"))
    ticket = world.ticket("finished", served=world.ward, reported_at=clock.now() - timedelta(days=1))
    at, who = clock.now().astimezone(ZONE), world.nurse_identity.id
    with world.database.transaction() as session:
        seen = load(session, ticket.id, identity_id=who, at=at)
        rating.rate(session, seen, level=1, trust_all=False, source="scan", at=at, identity_id=who)
    case = cases.only().id
    cases.do(case, "call", outcome="reached", text="")
    send(here.console(world.supervisor), f"/console/cases/{case}", f"/console/cases/{case}/hand-over")
    page, token = "/console/recovery", here.links.handover_token(case)
    return here.form(here.console(world.desk), page, f"{page}/{token}/appeal", reason="not_the_person", text="是系统慢")


def prize(here: Hospital) -> Form:
    story = Story(here.world)
    result = story.now_is(CLAIMED).drawn(8)
    with story.drawing() as (session, draw):
        code = claims.claim_code(session, draw, story.person_of(session, result["tiers"][0]["winners"][0]).id)
    assert code
    client, page = here.console(here.world.supervisor), f"/console/draws/{DRAW_ID}/claims"
    token = client.get(page).text.split('name="csrf_token" value="')[1].split('"')[0]
    with client.session_transaction() as kept, here.app.app_context():
        own = visit.sign_form(kept.setdefault("visit", "v"), "claim", DRAW_ID)
    return Form(client, f"{page}/confirm", {"csrf_token": token, "visit": own, "code": code}, {})


def evidence(here: Hospital) -> Form:
    act = Act(Reader(here.world.supervisor.id, hospital=True, acts=True), clock.now().astimezone(ZONE))
    said = {"contract": here.world.contract.number, "title": "三季度报告", "due": "2026-10-10"}
    with here.world.database.transaction() as session:
        page = f"/console/registers/reports/{records.create(session, 'reports', said, act).id}"
    return here.form(here.console(here.world.supervisor), page, f"{page}/files")


def own_record(here: Hospital) -> Form:
    """Of the engineer who answers for it, on their phone."""
    act = Act(Reader(here.world.supervisor.id, hospital=True, acts=True), clock.now().astimezone(ZONE))
    said = {"contract": here.world.contract.number, "title": "机房巡检", "place": "一号楼", "due": "2026-12-01"}
    owner = {"person": here.world.engineer.staff_number}
    with here.world.database.transaction() as session:
        page = f"/my/records/{records.create(session, 'inspections', said | owner, act).id}"
    return here.form(here.phone(here.world.engineer_identity), page, f"{page}/photo")


def mark(here: Hospital) -> Form:
    return here.form(here.console(here.world.admin), "/console/mark", "/console/mark")


def register_table(here: Hospital) -> Form:
    page = "/console/registers/reports"
    return here.form(here.console(here.world.supervisor), page, f"{page}/table")


def duty_table(here: Hospital) -> Form:
    return here.form(here.console(here.world.supervisor), "/console/duty", "/console/duty/table")


def days_off(here: Hospital) -> Form:
    return here.form(here.console(here.world.supervisor), "/console/calendar", "/console/calendar")


@dataclass(frozen=True)
class Upload:
    """A door: what makes its form ready, its part that is the file, and what it says of what is not for it."""

    ready: Callable[[Hospital], Form]
    part: str = "photo"
    says: Mapping[str, str] = field(default_factory=lambda: PICTURE)
    keeps_pictures: bool = True


EVIDENCE = {**PICTURE, "a renamed executable": "只收 JPEG、PNG", "an SVG with script": "只收 JPEG、PNG"}
TABLE = {"20 MB": "最多 2 MB", "else": "XLSX"}
UPLOADS = {
    "/report": Upload(report),
    "/a/<token>": Upload(of_label),
    "/w/<token>/report": Upload(of_ward),
    "/engineer/portrait": Upload(portrait),
    "/api/v1/tickets/<ticket:number>/photos": Upload(
        of_the_mini_program, says={"20 MB": "too_large", "else": "photo_unreadable"}
    ),
    "/console/entered": Upload(paper_rating),
    "/console/recovery/<token>/appeal": Upload(appeal),
    "/console/draws/<draw_id>/claims/confirm": Upload(prize),
    "/console/registers/<kind>/<id:record_id>/files": Upload(evidence, "file", EVIDENCE),
    "/my/records/<id:record_id>/photo": Upload(own_record, "file", EVIDENCE),
    "/console/mark": Upload(mark, "mark", {**PICTURE, "an SVG with script": "SVG"}),
    "/console/registers/<kind>/table": Upload(
        register_table, "table", {"20 MB": "最多 2 MB", "a bomb": "是图片", "else": ".xlsx"}, keeps_pictures=False
    ),
    "/console/duty/table": Upload(duty_table, "table", TABLE, keeps_pictures=False),
    "/console/calendar": Upload(days_off, "file", {"20 MB": "最多 2 MB", "else": "JSON"}, keeps_pictures=False),
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def here(world: World, phone: Phone, console: Console, app: Flask, runtime: Runtime) -> Hospital:
    return Hospital(world, phone, console, app, runtime.links)


def test_no_door_that_takes_a_file_is_missing_here(app: Flask) -> None:
    found = {door.rule for door in doors(app, "POST", "PUT") if takes_files(app.view_functions[door.endpoint])}
    assert found == set(UPLOADS)


@pytest.mark.parametrize("rule", UPLOADS)
def test_what_does_harm_is_refused_with_its_reason(rule: str, here: Hospital) -> None:
    upload = UPLOADS[rule]
    form, harm = upload.ready(here), HARM if upload.keeps_pictures else {**HARM, "a photo": CAMERA}
    before = stored(here.world)
    for what, file in harm.items():
        answer = form.send(upload.part, *file)
        reasons = upload.says.get(what, upload.says["else"])
        assert answer.status_code == (413 if what == "20 MB" else 422), what
        assert reasons in answer.text, what
    assert stored(here.world) == before


@pytest.mark.parametrize("rule", [rule for rule, upload in UPLOADS.items() if upload.keeps_pictures])
def test_of_a_photo_only_the_picture_is_kept(rule: str, here: Hospital) -> None:
    upload = UPLOADS[rule]
    form = upload.ready(here)
    before = stored(here.world)
    assert form.send(upload.part, *CAMERA).status_code in {201, 303}
    [kept] = [one for one in stored(here.world) - before if one.startswith((b"\xff\xd8", b"\x89PNG"))]
    assert not [one for one in stored(here.world) if b"SecretCamera" in one]
    assert b"SecretCamera" not in kept
    assert b"hidden words" not in kept
    with Image.open(BytesIO(kept)) as picture:
        assert dict(picture.getexif()) == {}


def takes_files(view: Callable[..., Any]) -> bool:
    return any({"request", "files"} <= names for names in _names(view, set()))


def _names(function: Callable[..., Any], seen: set[object]) -> Iterator[set[str]]:
    """Of the view and of every function of ours it is made of or calls, the names it uses."""
    plain = unwrap(function)
    if function in seen or not isinstance(function, FunctionType):
        return
    seen.add(function)
    names = set(_of_code(function.__code__))
    yield names
    used = [function.__globals__.get(name) for name in names] + [
        cell.cell_contents for cell in function.__closure__ or ()
    ]
    for one in (plain, *used):
        if isinstance(one, FunctionType) and one.__module__.startswith(("app.web", "app.api", "app.http")):
            yield from _names(one, seen)


def _of_code(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _of_code(inner)


def stored(world: World) -> set[bytes]:
    """Whatever lies in the database as bytes, in whatever table."""
    columns = [
        one for table in Base.metadata.sorted_tables for one in table.columns if isinstance(one.type, LargeBinary)
    ]
    with world.database.reading() as session:
        return {bytes(value) for one in columns for value in session.scalars(select(one)) if value is not None}
