"""The claims desk: a code, the prize it stands for, one committee member who writes it down once."""

import json
import re
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from app import clock
from app.http import session as visit
from app.models import DrawClaim, DrawClaimPhoto, DrawWinner, Person
from app.services import images
from app.services.draws import claims, public_page
from tests.conftest import Console
from tests.draws.story import CLAIMED, DRAW_ID, Story
from tests.support.pictures import photo

DESK = f"/console/draws/{DRAW_ID}/claims"


@pytest.fixture
def code(story: Story) -> str:
    """Of the first prize, on a day when it can be claimed."""
    result = story.now_is(CLAIMED).drawn(8)
    with story.drawing() as (session, draw):
        winner = story.person_of(session, result["tiers"][0]["winners"][0])
        found = claims.claim_code(session, draw, winner.id)
    assert found
    return found


@pytest.fixture
def desk(story: Story, console: Console) -> FlaskClient:
    return console(story.world.supervisor)


def test_the_code_shows_the_prize_and_whose_it_is_and_no_rating(desk: FlaskClient, code: str) -> None:
    shown = send(desk, code=f" {code[:4].lower()} {code[4:]}").text
    for words in ("一等 · 保温杯", "职工", "登记已领"):
        assert words in shown
    assert "满意" not in shown
    assert code not in desk.get(DESK).text


def test_a_receipt_shows_the_prize_too(story: Story, desk: FlaskClient, code: str) -> None:
    with story.drawing() as (session, draw):
        winner = next(one for one in story.raters if claims.claim_code(session, draw, one.id) == code)
    receipt = story.receipt(winner)
    assert receipt
    whole = json.dumps(receipt.fields(), indent=1)
    assert "一等 · 保温杯" in send(desk, code=whole).text
    assert send(desk, "/confirm", code=whole, signed="1").status_code == 303
    assert send(desk, code=whole.replace('"tickets": ', '"tickets": 1')).status_code == 404


def test_it_is_written_down_once_with_photo_and_consent(story: Story, desk: FlaskClient, code: str) -> None:
    answer = send(desk, "/confirm", code=code)
    assert (answer.status_code, "请拍下签名" in answer.text) == (422, True)
    picture = (BytesIO(photo()), "signature.jpg")
    assert send(desk, "/confirm", code=code, show_name="1", photo=picture).status_code == 303
    assert "已登记领奖：保温杯" in desk.get(DESK).text
    assert "已经登记过" in send(desk, code=code).text
    assert send(desk, "/confirm", code=code, signed="1").status_code == 409
    with story.drawing() as (session, draw):
        [claim], [kept] = session.query(DrawClaim).all(), session.query(DrawClaimPhoto).all()
        names = public_page.page(session, draw, at=CLAIMED + story.shift).names
    assert (claim.state, claim.by_id, claim.show_name) == ("claimed", story.world.supervisor.id, True)
    assert (kept.claim_id, kept.media_type) == (claim.id, "image/jpeg")
    assert next(iter(names.values())).startswith("职*")
    [address] = re.findall(rf"{DESK}/\d+/photo", desk.get(DESK).text)
    seen = desk.get(address)
    assert (seen.mimetype, seen.data) == ("image/jpeg", kept.content)


@pytest.mark.parametrize("who", ["admin", "auditor"])
def test_a_winners_photo_is_the_committees_alone(
    who: str, story: Story, desk: FlaskClient, console: Console, code: str
) -> None:
    send(desk, "/confirm", code=code, photo=(BytesIO(photo()), "signature.jpg"))
    [address] = re.findall(rf"{DESK}/\d+/photo", desk.get(DESK).text)
    other = console(getattr(story.world, who))
    assert "/photo" not in other.get(DESK).text
    assert other.get(address).status_code == 403
    assert desk.get(f"{DESK}/999/photo").status_code == 404


def test_a_name_that_was_agreed_to_goes_when_the_winner_is_erased(story: Story, desk: FlaskClient, code: str) -> None:
    send(desk, "/confirm", code=code, signed="1", show_name="1")
    with story.drawing() as (session, draw):
        [winner] = session.query(DrawWinner).where(DrawWinner.entry == session.query(DrawClaim).one().entry)
        session.get_one(Person, winner.person_id).erased_at = clock.now()
        session.flush()
        assert public_page.page(session, draw, at=CLAIMED + story.shift).names == {}


def test_who_signed_on_paper_is_shown_where_claims_are_listed(desk: FlaskClient, code: str) -> None:
    assert "<td>已在纸质领奖单上签名" not in desk.get(DESK).text
    send(desk, "/confirm", code=code, signed="1")
    assert "<td>已在纸质领奖单上签名" in desk.get(DESK).text


def test_a_photo_as_phones_take_them_is_kept_and_one_too_large_refused_in_words(
    story: Story, desk: FlaskClient, code: str
) -> None:
    picture = as_taken()
    assert 1024 * 1024 < len(picture) < images.LARGEST
    page = send(desk, code=code).text
    form = page.split('name="visit" value="')[1].split('"')[0]
    for size, status in ((images.LARGEST + 1, 413), (3 * 1024 * 1024, 413)):
        assert send(desk, "/confirm", code=code, photo=(BytesIO(b"x" * size), "a.jpg")).status_code == status
    sent = {"visit": form, "code": code, "photo": (BytesIO(picture), "a.jpg")}
    assert post(desk, f"{DESK}/confirm", sent).status_code == 303
    with story.drawing() as (session, _draw):
        assert session.query(DrawClaimPhoto).count() == 1


def test_a_form_of_another_visit_hands_over_nothing(story: Story, desk: FlaskClient, code: str) -> None:
    assert desk.post(f"{DESK}/confirm", data={"code": code, "signed": "1"}).status_code == 403
    with story.drawing() as (session, _draw):
        assert not session.query(DrawClaim).count()


def test_what_is_no_picture_is_refused_and_nothing_is_written(story: Story, desk: FlaskClient, code: str) -> None:
    answer = send(desk, "/confirm", code=code, photo=(BytesIO(b"<svg/>"), "a.jpg"))
    assert (answer.status_code, "照片打不开" in answer.text) == (422, True)
    with story.drawing() as (session, _draw):
        assert not session.query(DrawClaim).count()


def test_a_refusal_needs_its_reason_which_is_published(story: Story, desk: FlaskClient, code: str) -> None:
    assert send(desk, "/refuse", code=code, reason=" ").status_code == 422
    assert send(desk, "/refuse", code=code, reason="不是本院职工").status_code == 303
    with story.drawing() as (session, draw):
        [claim] = public_page.page(session, draw, at=CLAIMED + story.shift).claims
    assert (claim["state"], claim["reason"]) == ("ineligible", "不是本院职工")


def test_guessing_is_counted_and_ends(desk: FlaskClient, code: str, story: Story, console: Console) -> None:
    for _ in range(10):
        assert send(desk, code="AAAAAAAA").status_code == 404
    assert send(desk, code=code).status_code == 429
    assert send(desk, "/confirm", code=code, signed="1").status_code == 429


@pytest.mark.parametrize("who", ["admin", "auditor", "desk"])
def test_only_the_committee_hands_over_prizes(story: Story, console: Console, code: str, who: str) -> None:
    client = console(getattr(story.world, who))
    for act in ("", "/confirm", "/refuse"):
        assert send(client, act, code=code, signed="1", reason="x", page="/console").status_code == 403
    with story.drawing() as (session, _draw):
        assert not session.query(DrawClaim).count()


def as_taken() -> bytes:
    """A picture of a real one's size."""
    written = BytesIO()
    Image.effect_noise((2000, 1500), 80).convert("RGB").save(written, "JPEG", quality=70)
    return written.getvalue()


def send(client: FlaskClient, act: str = "", page: str = DESK, **form: Any) -> TestResponse:
    token = client.get(page).text.split('name="csrf_token" value="')[1].split('"')[0]
    with client.session_transaction() as kept, client.application.app_context():
        own = visit.sign_form(kept.setdefault("visit", "v"), "claim", DRAW_ID)
    return post(client, DESK + act, {"csrf_token": token, "visit": own, **form})


def post(client: FlaskClient, path: str, form: dict[str, Any]) -> TestResponse:
    if "photo" in form:
        form = {**form, "photo": FileStorage(*form["photo"])}
    boundary, body = encode_multipart(form)  # in memory: the client leaves its own files open
    return client.post(path, data=body, content_type=f"multipart/form-data; boundary={boundary}")
