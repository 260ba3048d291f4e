"""A participant objects from their own page, by the receipt of this moment or by one they kept."""

import json
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.models import DrawObjection, WeChatIdentity
from tests.conftest import Phone
from tests.draws.story import COMMITTED, DRAW_ID, Story
from tests.support.world import APPID

PAGE = f"/my/receipts/{DRAW_ID}/object"
HOUR = timedelta(hours=1)


@pytest.fixture
def committed(story: Story) -> Story:
    """The nurse has a receipt and is in the list; a rating that came to light later is not."""
    story.now_is(COMMITTED + HOUR).people(4)
    story.rate(story.world.nurse)
    story.announce()
    story.commit()
    return story


def test_who_has_more_tickets_than_the_list_says_objects_with_one_tap(committed: Story, phone: Phone) -> None:
    committed.rate(committed.world.nurse)
    nurse = phone(committed.world.nurse_identity)
    assert "您的回执上有 2 张" in nurse.get(PAGE).text
    assert send(nurse).status_code == 303
    shown = nurse.get(PAGE).text
    assert "待处理" in shown
    assert send(nurse).status_code == 409
    with committed.drawing() as (session, _draw):
        [objection] = session.query(DrawObjection).all()
    assert (objection.person_id, objection.tickets) == (committed.world.nurse.id, 2)


def test_who_stands_in_the_list_as_his_receipt_says_is_told_where(committed: Story, phone: Phone) -> None:
    answer = send(phone(committed.world.nurse_identity))
    assert (answer.status_code, "名单里有这张回执" in answer.text) == (409, True)


def test_a_kept_receipt_counts_even_when_we_know_of_none(committed: Story, phone: Phone) -> None:
    committed.rate(committed.world.second_nurse)
    kept = committed.receipt(committed.world.second_nurse)
    assert kept
    committed.without_triggers(
        f"DELETE FROM counted_rating WHERE rating_id IN (SELECT id FROM rating WHERE person_id = "
        f"{committed.world.second_nurse.id})"
    )
    with committed.database.transaction() as session:
        seen = COMMITTED + committed.shift
        identity = WeChatIdentity(
            appid=f"{APPID}2",
            openid="o2",
            person_id=committed.world.second_nurse.id,
            privacy_version=committed.world.nurse_identity.privacy_version,
            privacy_at=seen,
            first_seen_at=seen,
        )
        session.add(identity)
    second = phone(identity)
    assert "没有存下您的回执" in second.get(PAGE).text
    assert send(second, receipt="{").status_code == 422
    forged = {**kept.fields(), "tickets": 3}
    assert send(second, receipt=json.dumps(forged)).status_code == 422
    assert send(second, receipt=json.dumps(kept.fields())).status_code == 303


def test_before_the_list_is_locked_there_is_nothing_to_object_to(story: Story, phone: Phone) -> None:
    story.now_is(COMMITTED)
    story.announce()
    shown = phone(story.world.nurse_identity).get(PAGE).text
    assert "名单还没有锁定" in shown
    assert "<textarea" not in shown


def test_a_form_of_another_visit_is_refused(committed: Story, phone: Phone) -> None:
    nurse = phone(committed.world.nurse_identity)
    assert nurse.post(PAGE, data={"visit": "x"}).status_code == 403


def send(client: FlaskClient, **form: str) -> TestResponse:
    token = client.get(PAGE).text.split('name="visit" value="')[1].split('"')[0]
    return client.post(PAGE, data={"visit": token, **form})
