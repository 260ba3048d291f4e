"""A receipt once shown stays its holder's, whatever becomes of their ratings, roles and phone: they object by it."""

import json
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DBAPIError

from app.models import DrawReceipt, WeChatIdentity
from app.services.draws import public_page
from tests.conftest import Phone
from tests.draws.story import COMMITTED, DRAW_ID, DURING, Fields, Story, employ
from tests.draws.test_exclusions import exclude
from tests.support.world import ZONE

MINE = f"/my/receipts/{DRAW_ID}"
FILE = f"{MINE}/receipt.json"


@pytest.fixture
def nurse(story: Story, phone: Phone) -> FlaskClient:
    """She has two tickets in a draw that collects ratings."""
    story.now_is(DURING + timedelta(days=1)).announce()
    for _ in range(2):
        story.rate(story.world.nurse)
    return phone(story.world.nurse_identity)


@pytest.mark.parametrize("page", ["/my", "/my/receipts", MINE, FILE])
def test_whatever_shows_it_keeps_it_once(story: Story, nurse: FlaskClient, page: str) -> None:
    for _ in range(2):
        assert nurse.get(page).status_code == 200
    assert kept(story) == [2]


def test_each_one_that_says_more_is_kept_beside_the_older(story: Story, nurse: FlaskClient) -> None:
    older = read(nurse)
    story.rate(story.world.nurse)
    assert read(nurse)["tickets"] == 3
    assert kept(story) == [2, 3]
    assert older["tickets"] == 2


def test_what_is_excluded_later_takes_no_receipt_away_and_the_page_says_why(story: Story, nurse: FlaskClient) -> None:
    held = read(nurse)
    exclude(story, story.world.nurse.id)
    assert read(nurse) == held
    shown = nurse.get(MINE).text
    assert "这张回执上有 2 张，按现在的记录是 1 张。" in shown
    assert "排除" in shown
    assert "按现在的记录是 1 张" in nurse.get("/my/receipts").text
    assert kept(story) == [2]


def test_who_is_found_to_work_for_the_provider_keeps_what_he_was_shown(story: Story, nurse: FlaskClient) -> None:
    held = read(nurse)
    employ(story, story.world.nurse, DURING.date() + story.shift, None)
    assert story.receipt(story.world.nurse) is None
    assert read(nurse) == held
    assert "按现在的记录是 0 张。 服务商人员和抽奖监督小组成员不参加抽奖。" in nurse.get(MINE).text


def test_nothing_is_said_of_fewer_where_there_are_none(nurse: FlaskClient) -> None:
    assert "按现在的记录" not in nurse.get(MINE).text + nurse.get("/my/receipts").text


def test_who_lost_his_phone_for_a_while_finds_it_again_and_nobody_else_does(
    story: Story, nurse: FlaskClient, phone: Phone
) -> None:
    held = read(nurse)
    bind(story, story.world.second_nurse.id)
    assert phone(story.world.nurse_identity).get(FILE).status_code == 404
    bind(story, story.world.nurse.id)
    assert read(nurse) == held


def test_he_objects_with_one_tap_by_what_he_was_shown(story: Story, phone: Phone) -> None:
    story.now_is(COMMITTED + timedelta(hours=1)).people(4)
    story.announce()
    for _ in range(2):
        story.rate(story.world.nurse)
    nurse = phone(story.world.nurse_identity)
    read(nurse)
    exclude(story, story.world.nurse.id, at=DURING + story.shift)
    story.commit()
    assert "您的回执上有 2 张" in nurse.get(f"{MINE}/object").text
    form = nurse.get(f"{MINE}/object").text.split('name="visit" value="')[1].split('"')[0]
    assert nurse.post(f"{MINE}/object", data={"visit": form}).status_code == 303
    assert "回执上 2 张" in nurse.get(f"{MINE}/object").text


def test_nobody_changes_or_takes_away_what_was_kept(story: Story, nurse: FlaskClient) -> None:
    read(nurse)
    for change in ("UPDATE draw_receipt SET tickets = 1", "DELETE FROM draw_receipt"):
        with pytest.raises(DBAPIError, match="append-only"), story.database.transaction() as session:
            session.execute(text(change))


def test_only_one_that_is_new_is_written(story: Story, nurse: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    read(nurse)
    monkeypatch.setattr(story.database, "transaction", None)  # whoever wrote would fail
    with story.database.reading() as session:
        assert [draw.draw_id for draw, _receipt in public_page.kept_of(session, story.world.nurse.id)] == [DRAW_ID]
        assert public_page.receipts_of(session, story.world.nurse.id, zone=ZONE)[0].fields() == read(nurse)


def bind(story: Story, person_id: int) -> None:
    with story.database.transaction() as session:
        hers = WeChatIdentity.id == story.world.nurse_identity.id
        session.execute(update(WeChatIdentity).where(hers).values(person_id=person_id))


def read(nurse: FlaskClient) -> Fields:
    answer = nurse.get(FILE)
    assert answer.status_code == 200
    told: Fields = json.loads(answer.data)
    return told


def kept(story: Story) -> list[int]:
    with story.database.reading() as session:
        assert session.scalar(select(func.count(DrawReceipt.person_id.distinct()))) == 1
        return list(session.scalars(select(DrawReceipt.tickets).order_by(DrawReceipt.id)))
