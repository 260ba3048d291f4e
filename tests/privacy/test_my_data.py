"""`/my/data`: everything about oneself and nothing about others, to look at, to take away, to have erased."""

import json
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from app import clock
from app.db import Database
from app.models import ErasureRequest, Ticket, WeChatIdentity
from app.services.privacy import wechat_erasure
from app.services.privacy.personal_data import GROUPS
from app.texts.personal_data import FIELDS
from app.texts.personal_data import GROUPS as SAID
from tests.conftest import KEY, Phone
from tests.privacy.life import COMMENT, FAULT, GRIEF, PLACE, kept_rows, live, win
from tests.support.console_forms import offers, send
from tests.support.world import World

ASK, WITHDRAW = "/my/data/erasure", "/my/data/erasure/withdraw"


def test_the_page_shows_what_there_is_with_what_for_and_how_long(world: World, phone: Phone) -> None:
    ticket = live(world, world.nurse, world.nurse_identity)
    page = phone(world.nurse_identity).get("/my/data").text
    for said in (FAULT, PLACE, COMMENT, GRIEF, ticket.number, world.nurse.telephone, "呼吸内科", "满意", "公众号"):
        assert said in page
    assert "考核服务商。" in page
    assert "文字说明 730 天后删除" in page


def test_every_group_is_shown_and_taken_away(world: World, phone: Phone) -> None:
    nurse = live_fully(world, phone)
    page, file = nurse.get("/my/data").text, nurse.get("/my/data/export")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert file.headers["Cache-Control"] == "no-store"
    kept = json.loads(file.text)["kept"]
    assert set(GROUPS) - set(kept) == {"work"}  # a nurse repairs nothing
    assert [
        said.title for code, said in SAID.items() if code != "work" and f"<summary>{said.title} <" not in page
    ] == []


def test_moments_are_taken_away_with_their_time_and_zone(world: World, phone: Phone) -> None:
    live(world, world.nurse, world.nurse_identity)
    taken = json.loads(phone(world.nurse_identity).get("/my/data/export").text)
    assert clock.now() - datetime.fromisoformat(taken["at"]) < timedelta(minutes=1)
    assert datetime.fromisoformat(taken["kept"]["ratings"][0]["at"]) < clock.now() - timedelta(minutes=59)
    assert taken["kept"]["employments"][0]["valid_from"] == "2020-01-01"


def test_a_rating_entered_for_another_is_not_shown_to_who_reported(world: World, phone: Phone) -> None:
    """Who reported learns nothing of what the person served has ticked."""
    second = world.bind(world.second_nurse)
    ticket = live(world, world.second_nurse, second)
    with world.database.transaction() as session:
        session.execute(update(Ticket).where(Ticket.id == ticket.id).values(requester_id=world.nurse.id))
    reporter, served = phone(world.nurse_identity), phone(second)
    assert "entered" not in json.loads(reporter.get("/my/data/export").text)["kept"]
    [entered] = json.loads(served.get("/my/data/export").text)["kept"]["entered"]
    assert (entered["ticket"], entered["level"], entered["photo"]) == (ticket.number, 3, True)


def test_every_group_and_every_part_of_it_has_its_words(world: World, phone: Phone) -> None:
    nurse = live_fully(world, phone)
    kept = json.loads(nurse.get("/my/data/export").text)["kept"]
    assert set(SAID) == set(GROUPS)
    assert {name for rows in kept.values() for row in rows for name in row} - set(FIELDS) == set()


def test_no_openid_and_no_secret_is_shown_or_taken_away(world: World, phone: Phone) -> None:
    nurse = live_fully(world, phone)
    for text in (nurse.get("/my/data").text, nurse.get("/my/data/export").text):
        for secret in (world.nurse_identity.openid, "argon2", f"life-{world.nurse.id}"):
            assert secret not in text


def test_nothing_of_anybody_else_is_shown(world: World, phone: Phone) -> None:
    live(world, world.second_nurse, world.bind(world.second_nurse))
    win(world, world.second_nurse)
    nurse = phone(world.nurse_identity)
    for text in (nurse.get("/my/data").text, nurse.get("/my/data/export").text):
        for words in (
            f"h001-life-{world.second_nurse.id}",
            FAULT,
            COMMENT,
            GRIEF,
            world.second_nurse.name,
            world.second_nurse.telephone,
        ):
            assert words not in text


def test_an_engineer_sees_his_work_and_never_a_rating_of_it(world: World, phone: Phone) -> None:
    ticket = live(world, world.nurse, world.nurse_identity)
    kept = json.loads(phone(world.engineer_identity).get("/my/data/export").text)["kept"]
    assert [row["number"] for row in kept["work"]] == [ticket.number]
    assert "ratings" not in kept
    assert COMMENT not in str(kept)


def test_a_phone_bound_to_nobody_sees_its_own_ratings(world: World, phone: Phone, database: Database) -> None:
    stranger = phone(world.stranger_identity)
    page = stranger.get("/my/data").text
    assert "公众号" in page
    assert "身份" not in page
    assert set(json.loads(stranger.get("/my/data/export").text)["kept"]) == {"bindings"}


def test_only_some_rows_are_shown_and_all_are_taken_away(world: World, phone: Phone) -> None:
    numbers = [world.ticket().number for _ in range(5)]
    nurse = phone(world.nurse_identity)
    page, kept = nurse.get("/my/data").text, json.loads(nurse.get("/my/data/export").text)["kept"]
    assert [number in page for number in numbers] == [False, False, True, True, True]
    assert "只列出最近 3 条" in page
    assert [row["number"] for row in kept["tickets"]] == numbers[::-1]


def test_whoever_has_not_signed_in_goes_to_wechat(client: FlaskClient, world: World) -> None:
    for path in ("/my/data", "/my/data/export"):
        assert "请用微信打开" in client.get(path).text
        assert "/connect/oauth2/" in client.get(path, headers={"User-Agent": "MicroMessenger"}).headers["Location"]


def test_a_phone_that_was_forgotten_sees_nothing(world: World, phone: Phone, database: Database) -> None:
    nurse = phone(world.nurse_identity)
    live(world, world.nurse, world.nurse_identity)
    with database.transaction() as session:
        identity = session.get_one(WeChatIdentity, world.nurse_identity.id)
        wechat_erasure.forget(session, identity, keys=[KEY], at=clock.now())
    assert COMMENT not in nurse.get("/my/data/export").text


def test_asking_waits_for_the_hospital_and_can_be_taken_back(world: World, phone: Phone, database: Database) -> None:
    nurse = phone(world.nurse_identity)
    assert send(nurse, "/my/data", ASK).headers["Location"] == "/my/data"
    assert "15 个工作日内处理" in nurse.get("/my/data").text
    assert not offers(nurse, "/my/data", ASK)
    assert states(database) == [("waiting", world.nurse_identity.id, world.nurse.id)]
    send(nurse, "/my/data", WITHDRAW)
    assert states(database) == [("withdrawn", world.nurse_identity.id, world.nurse.id)]
    assert offers(nurse, "/my/data", ASK)


@pytest.mark.parametrize("path", [ASK, WITHDRAW])
def test_a_form_of_another_visit_asks_for_nothing(
    path: str, world: World, phone: Phone, database: Database, client: FlaskClient
) -> None:
    assert phone(world.nurse_identity).post(path, data={"visit": "made up"}).status_code == 403
    assert client.post(path).status_code == 403
    assert kept_rows(database, ErasureRequest) == {"erasure_request": []}


def live_fully(world: World, phone: Phone) -> FlaskClient:
    live(world, world.nurse, world.nurse_identity)
    win(world, world.nurse)
    nurse = phone(world.nurse_identity)
    send(nurse, "/my/data", ASK)
    return nurse


def states(database: Database) -> list[tuple[str, int | None, int | None]]:
    with database.reading() as session:
        return [(row.state, row.identity_id, row.person_id) for row in session.scalars(select(ErasureRequest))]
