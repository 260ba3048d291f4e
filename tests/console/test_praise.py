"""Praise: signed or not, on the wall or not, taken back; and what of it counts in the sheet."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock
from app.db import Database
from app.models import Event, RatingDetail
from app.runtime import Runtime
from app.services.privacy import erasure
from app.services.privacy.data.subject import Subject
from app.services.ratings import exclusions, praise
from app.services.ratings.rating import Detail
from tests.conftest import Console, Phone
from tests.console.conftest import Rate
from tests.support.console_forms import offers, send
from tests.support.world import World

SAID = "半夜也赶来，辛苦了"


@pytest.fixture
def supervisor(console: Console, world: World) -> FlaskClient:
    return console(world.supervisor)


@pytest.fixture
def reader(world: World, phone: Phone) -> FlaskClient:
    """Somebody who works here: the wall is open to them."""
    return phone(world.supervisor_identity)


@pytest.fixture
def praised(world: World, rate: Rate, database: Database) -> "Praised":
    return Praised(world, rate, database)


class Praised:
    def __init__(self, world: World, rate: Rate, database: Database) -> None:
        self.world, self.rate, self.database = world, rate, database

    def __call__(self, *, signed: bool = False, public: bool = False, approve: bool = True) -> int:
        ticket = self.world.ticket("finished")
        given = self.rate(ticket, 5, Detail(comment=SAID, praise=True, signed=signed, public=public))
        if approve:
            with self.database.transaction() as session:
                by = self.world.supervisor.id
                praise.decide(session, given, approve=True, by=by, at=clock.now(), channel="console")
        return given


@pytest.mark.parametrize("signed", [False, True])
def test_the_engineer_reads_name_and_ward_only_of_signed_praise(
    signed: bool, praised: Praised, world: World, phone: Phone
) -> None:
    praised(signed=signed)
    page = phone(world.engineer_identity).get("/engineer").text
    said = page.partition('id="praise"')[2]
    assert SAID in said
    assert (world.nurse.name in said, world.ward.name in said) == (signed, signed)
    assert not re.search(r"\d\d:\d\d|\d{8}-\d", said)


def test_a_signature_or_the_wall_means_nothing_without_praise(world: World, rate: Rate, database: Database) -> None:
    given = rate(world.ticket("finished"), 5, Detail(comment=SAID, signed=True, public=True))
    with database.reading() as session:
        kept = session.get_one(RatingDetail, given)
        assert (kept.praise, kept.signed, kept.public) == ("", False, False)


def test_only_approved_and_public_words_hang_on_the_wall_without_who_or_when(
    praised: Praised, world: World, phone: Phone, reader: FlaskClient
) -> None:
    praised(signed=True)
    praised(public=True, approve=False)
    assert SAID not in reader.get("/praise").text
    praised(signed=True, public=True)
    wall = reader.get("/praise").text
    assert wall.count(SAID) == 1
    assert world.engineer.name in wall
    assert world.nurse.name not in wall
    assert world.ward.name not in wall
    assert not re.search(r"\d\d:\d\d|\d{8}-\d", wall.partition("<main")[2])
    assert 'href="/praise"' in reader.get("/team").text


def test_the_wall_is_for_staff_where_the_public_pages_are(praised: Praised, client: FlaskClient) -> None:
    praised(public=True)
    assert SAID not in client.get("/praise").text


def test_the_rater_takes_name_and_wall_back_each_by_itself(
    praised: Praised, world: World, phone: Phone, reader: FlaskClient, database: Database
) -> None:
    given, nurse = praised(signed=True, public=True), phone(world.nurse_identity)
    engineer = phone(world.engineer_identity)
    page = nurse.get("/my/praise").text
    assert "已转告工程师" in page
    assert send(nurse, "/my/praise", "/my/praise", take_back="name").status_code == 303
    assert world.nurse.name not in engineer.get("/engineer").text
    assert SAID in reader.get("/praise").text
    send(nurse, "/my/praise", "/my/praise", take_back="wall")
    assert SAID not in reader.get("/praise").text
    assert SAID in engineer.get("/engineer").text
    with database.reading() as session:
        told = session.scalars(select(Event).where(Event.kind == "praise_withdrawn").order_by(Event.id)).all()
    assert [one.data for one in told] == [{"rating": given, "consent": "name"}, {"rating": given, "consent": "wall"}]
    assert not offers(nurse, "/my/praise", "/my/praise")


def test_nobody_takes_back_what_is_anothers(praised: Praised, world: World, phone: Phone, reader: FlaskClient) -> None:
    given = praised(public=True)
    praised(public=True)
    other = phone(world.bind(world.second_nurse))
    form = re.search(r'name="visit" value="([^"]+)"', phone(world.nurse_identity).get("/my/praise").text)
    assert form is not None
    assert 'value="wall"' not in other.get("/my/praise").text
    sent = other.post("/my/praise", data={"visit": form[1], "rating": given, "take_back": "wall"})
    assert sent.status_code >= 400
    assert reader.get("/praise").text.count(SAID) == 2


def test_erasure_takes_words_signature_and_wall(
    praised: Praised, world: World, phone: Phone, reader: FlaskClient, database: Database, runtime: Runtime
) -> None:
    given = praised(signed=True, public=True)
    with database.transaction() as session:
        subject = Subject.of_person(session, world.nurse.id)
        keys = runtime.settings.secret_keys
        erasure.erase(session, subject, by=world.admin.id, keys=keys, at=clock.now())
    assert SAID not in reader.get("/praise").text
    assert SAID not in phone(world.engineer_identity).get("/engineer").text
    with database.reading() as session:
        kept = session.get_one(RatingDetail, given)
        assert (kept.comment, kept.signed, kept.public) == ("", False, False)


def test_a_supervisor_takes_words_off_the_wall_and_the_auditor_does_not(
    praised: Praised, supervisor: FlaskClient, console: Console, world: World, reader: FlaskClient
) -> None:
    given = praised(signed=True, public=True)
    listed, to = "/console/ratings?show=wall&from=", f"/console/ratings/{given}/wall"
    assert "署名：工程师能看到姓名和科室" in supervisor.get(listed).text
    assert not offers(console(world.auditor), listed, to)
    assert send(supervisor, listed, to).status_code == 303
    assert SAID not in reader.get("/praise").text
    assert SAID not in supervisor.get(listed).text


def test_praise_of_a_rating_set_aside_is_neither_read_nor_shown(
    praised: Praised, world: World, phone: Phone, reader: FlaskClient, database: Database
) -> None:
    given = praised(public=True)
    with database.transaction() as session:
        by, at = world.supervisor.id, clock.now()
        exclusions.exclude(session, given, reason="mistaken", note="本人说明点错", by=by, at=at, channel="console")
    assert SAID not in reader.get("/praise").text
    assert SAID not in phone(world.engineer_identity).get("/engineer").text
