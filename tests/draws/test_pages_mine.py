"""What of a draw is somebody's own: receipts, chances, place, prize; and nobody else's."""

import json
import re
from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from app.db import Base
from app.models import Notice, Person, Rating, WeChatIdentity
from app.runtime import Runtime
from app.services.draws import claims, public_page, receipts, results
from app.services.identity.wechat_sign_in import PRIVACY_VERSION
from lottery import rule
from tests.conftest import Console, Phone
from tests.draws.story import ANNOUNCED, CLAIMED, COMMITTED, DRAW_ID, DURING, EXPIRED, REDRAWN, Fields, Story
from tests.support.scan_forms import Slip
from tests.support.world import World

MINE = f"/my/receipts/{DRAW_ID}"
PRIZE = f"/my/prizes/{DRAW_ID}"


def test_a_rating_shows_its_chances_and_leads_to_the_receipt(story: Story, slip: Slip, nurse: FlaskClient) -> None:
    story.now_is(DURING).announce()
    ticket = story.world.ticket("finished")
    before = nurse.get(slip.path(ticket)).text
    slip.rate(nurse, ticket, 1)
    page = nurse.get(slip.path(ticket)).text
    assert "抽奖" not in before
    assert "您有 1 张抽奖券，回执已保存" in page
    assert f'href="{MINE}"' in page
    assert "您有 1 张抽奖券" in nurse.get("/my").text


def test_the_rating_itself_asks_nothing_of_a_draw(story: Story, slip: Slip, nurse: FlaskClient) -> None:
    story.now_is(DURING).announce()
    ticket = story.world.ticket("finished")
    told = {"level": "5", "visit": slip.form(nurse, ticket)}
    of_draws = [table for table in Base.metadata.tables if table.startswith("draw")]
    for old, new in (("", "away_"), ("away_", "")):  # whatever way it asks, it would find none
        with story.database.transaction() as session:
            for table in of_draws:
                session.execute(text(f"ALTER TABLE {old}{table} RENAME TO {new}{table}"))
        if new:
            assert nurse.post(slip.path(ticket) + "/rate", data=told).status_code == 303
    with story.database.reading() as session:
        assert session.query(Rating).count() == 1


def test_an_unverified_rating_promises_nothing(story: Story, slip: Slip, phone: Phone) -> None:
    story.now_is(DURING).announce()
    ticket, stranger = story.world.ticket("finished"), phone(story.world.stranger_identity)
    slip.rate(stranger, ticket, 5)
    page = stranger.get(slip.path(ticket)).text.partition("<main>")[2].partition("</main>")[0]
    assert "未核验" in page
    assert "抽奖" not in page


def test_a_receipt_is_what_the_service_signed_whole_in_the_file_and_behind_the_link(
    story: Story, nurse: FlaskClient
) -> None:
    story.now_is(DURING + timedelta(days=1)).announce()
    story.rate(story.world.nurse)
    signed = story.receipt(story.world.nurse)
    assert signed
    page = nurse.get(MINE).text
    found = re.search(rf'href="/draws/{DRAW_ID}/check#receipt=([\w-]+)&amp;person=h001:emp:\d+"', page)
    assert found
    assert json.loads(urlsafe_b64decode(found[1] + "==")) == signed.fields()
    file = nurse.get(f"{MINE}/receipt.json")
    assert json.loads(file.data) == signed.fields()
    assert file.headers["Content-Disposition"] == f'attachment; filename="receipt-{DRAW_ID}.json"'
    assert file.headers["Cache-Control"] == "no-store"
    told = file.get_json()
    with story.drawing() as (session, draw):
        assert receipts.genuine(session, draw, **{key: told[key] for key in ("entry", "tickets", "at", "sig")})


def test_the_number_printed_with_a_receipt_is_the_one_its_entry_is_made_from(story: Story, phone: Phone) -> None:
    """Also for the second staff number of one WeChat user."""
    story.now_is(DURING).announce()
    [second] = story.people(1)
    with story.database.transaction() as session:
        linked = WeChatIdentity.person_id.in_((story.world.nurse.id, second.id))
        session.execute(update(WeChatIdentity).where(linked).values(unionid="u1", bound_at=ANNOUNCED + story.shift))
    page = phone(bound(story, second)).get(MINE).text
    found = re.search(r"#receipt=([\w-]+)&amp;person=([\w:]+)\"", page)
    assert found
    receipt = json.loads(urlsafe_b64decode(found[1] + "=="))
    assert rule.entry(bytes.fromhex(receipt["salt"]), DRAW_ID, found[2]).hex() == receipt["entry"]
    assert f'<dd class="entry">{found[2]}</dd>' in page


def test_who_rated_before_the_announcement_finds_his_receipt_too(story: Story, nurse: FlaskClient) -> None:
    story.now_is(ANNOUNCED + timedelta(hours=1))
    story.rate(story.world.nurse, at=ANNOUNCED - timedelta(days=2) + story.shift)
    assert "还没有公布抽奖" in nurse.get("/my/receipts").text
    story.announce()
    assert MINE in nurse.get("/my/receipts").text
    assert "您有 1 张抽奖券" in nurse.get("/my").text


def test_my_chances_say_how_many_there_are_beside_me(story: Story, nurse: FlaskClient) -> None:
    story.now_is(COMMITTED + timedelta(hours=1)).people(19)
    story.rate(story.world.nurse)
    story.announce()
    story.commit()
    page = nurse.get(MINE).text
    assert "您有 1 张抽奖券（最多 3 张）" in page
    assert "共 20 人" in page


@pytest.mark.parametrize("who", ["engineer", "supervisor"])
def test_provider_staff_and_committee_have_the_public_page_and_no_receipt(
    who: str, story: Story, world: World, phone: Phone
) -> None:
    story.now_is(DURING + timedelta(days=1)).announce()
    story.rate(getattr(world, who))
    visitor = phone(bound(story, getattr(world, who)))
    assert visitor.get(f"/draws/{DRAW_ID}").status_code == 200
    assert "服务商人员和抽奖监督小组成员不参加抽奖" in visitor.get(MINE).text
    assert "抽奖券" not in visitor.get("/my").text
    assert visitor.get(f"{MINE}/receipt.json").status_code == 404


def test_who_is_not_known_is_asked_who_he_is(story: Story, client: FlaskClient, phone: Phone, console: Console) -> None:
    story.announce()
    stranger = phone(story.world.stranger_identity)
    for path in ("/my/receipts", MINE, f"{MINE}/receipt.json", PRIZE):
        assert client.get(path, headers={"User-Agent": "MicroMessenger"}).status_code == 302
        assert stranger.get(path).headers["Location"] == f"/my/bind?next={path}"
        assert "抽奖券" not in console(story.world.desk).get(path).text


def test_a_loser_sees_his_place_and_the_line(story: Story, phone: Phone) -> None:
    result = story.now_is(CLAIMED).drawn(30)
    won = {one["entry"] for one in winners(result)}
    loser = next(one for one in story.raters if entry_of(story, one) not in won)
    page = phone(bound(story, loser)).get(MINE).text
    found = re.search(r"您排第 (\d+)，共 30 人；中奖线是前 (\d+) 名", page)
    assert found
    assert len(won) == int(found[2]) < int(found[1]) <= 30
    assert PRIZE not in page


def test_in_a_very_long_list_a_loser_sees_the_line_without_his_place(
    story: Story, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_page, "PLACED_UP_TO", 29)
    won = {one["entry"] for one in winners(story.now_is(CLAIMED).drawn(30))}
    loser = next(one for one in story.raters if entry_of(story, one) not in won)
    page = phone(bound(story, loser)).get(MINE).text
    assert "共 30 人，您的分数没有进中奖线" in page
    assert "您排第" not in page


def test_a_winner_is_told_once_in_his_inbox_and_nowhere_else(story: Story, phone: Phone) -> None:
    result = story.now_is(CLAIMED).drawn()
    first = winners(result)[0]
    with story.drawing() as (session, _draw):
        winner = story.person_of(session, first)
        told = session.scalars(select(Notice).where(Notice.kind == "won")).all()
    assert len(told) == len(winners(result)) == len({one.person_id for one in told})
    assert {(one.state, one.settled_at is not None, one.about) for one in told} == {("kept", True, DRAW_ID)}
    client = phone(bound(story, winner))
    page = client.get("/my").text
    assert "抽奖结果里有您" in page
    assert page.count(f'href="http://localhost{PRIZE}"') == page.count(f'href="{PRIZE}"') == 1
    prize = client.get(PRIZE).text
    with story.drawing() as (session, draw):
        assert f'<p class="claim">{claims.claim_code(session, draw, winner.id)}</p>' in prize


def test_who_names_the_winners_a_second_time_tells_nobody_again(story: Story) -> None:
    result = story.drawn()
    with story.drawing() as (session, draw):
        results.name(session, draw, 1, results.whose(session, draw, 1), at=CLAIMED)
    with story.drawing() as (session, _draw):
        told = session.scalars(select(Notice).where(Notice.kind == "won")).all()
    assert len(told) == len(winners(result))


def test_nobody_sees_the_prize_of_another(story: Story, phone: Phone) -> None:
    result = story.now_is(CLAIMED).drawn(30)
    won = {one["entry"] for one in winners(result)}
    loser = next(one for one in story.raters if entry_of(story, one) not in won)
    client = phone(bound(story, loser))
    assert client.get(PRIZE).status_code == 404
    assert "您中奖了" not in client.get("/my").text


def test_a_winner_waives_with_a_tap_and_not_with_a_look(story: Story, slip: Slip, phone: Phone) -> None:
    first = winners(story.now_is(CLAIMED).drawn())[0]
    with story.drawing() as (session, _draw):
        winner = story.person_of(session, first)
    client = phone(bound(story, winner))
    form = slip.token_in(client.get(PRIZE).text)
    assert client.get(f"{PRIZE}/waive").status_code == 405
    assert client.post(f"{PRIZE}/waive", data={"visit": "made up"}).status_code == 403
    assert settled(story) == []
    assert client.post(f"{PRIZE}/waive", data={"visit": form}).headers["Location"] == PRIZE
    assert settled(story) == ["waived"]
    page = client.get(PRIZE).text
    assert "本人放弃" in page
    assert 'class="claim"' not in page
    assert client.post(f"{PRIZE}/waive", data={"visit": form}).status_code == 409
    assert "您中奖了，看领奖码" not in client.get("/my").text


def test_a_winner_of_the_second_round_is_told_likewise(story: Story, phone: Phone) -> None:
    story.now_is(REDRAWN).drawn(30)
    with story.drawing() as (session, draw):
        claims.expire(session, draw, at=EXPIRED + story.shift)
    story.type_numbers(2, at=REDRAWN + story.shift)
    second = winners(story.run(2, at=REDRAWN + story.shift))[0]
    with story.drawing() as (session, _draw):
        winner = story.person_of(session, second)
    client = phone(bound(story, winner))
    prize = client.get(PRIZE).text
    assert "第二轮" in prize
    assert 'class="claim"' in prize
    assert client.get(MINE).text.count("您排第") == 2


def test_a_prize_claimed_or_expired_shows_no_code(story: Story, phone: Phone) -> None:
    claimed, late = winners(story.now_is(EXPIRED).drawn())[:2]
    story.claim(claimed)
    with story.drawing() as (session, _draw):
        persons = [story.person_of(session, one) for one in (claimed, late)]
    shown = [phone(bound(story, one)).get(PRIZE).text for one in persons]
    assert "已领" in shown[0]
    assert "领奖期已过" in shown[1]
    assert not any('class="claim"' in page for page in shown)


def bound(story: Story, person: Person) -> WeChatIdentity:
    """The person's phone, past the privacy notice."""
    with story.database.transaction() as session:
        query = select(WeChatIdentity).where(WeChatIdentity.person_id == person.id)
        identity = session.scalars(query.limit(1)).one()
        identity.privacy_version = PRIVACY_VERSION
    return identity


def entry_of(story: Story, person: Person) -> str:
    receipt = story.receipt(person)
    assert receipt
    return receipt.entry


def settled(story: Story) -> list[str]:
    with story.drawing() as (session, draw):
        return [claim.state for claim in claims.settled_of(session, draw, 1)]


def winners(result: Fields) -> list[Fields]:
    return [one for tier in result["tiers"] for one in tier["winners"]]


@pytest.fixture
def nurse(world: World, phone: Phone) -> FlaskClient:
    return phone(world.nurse_identity)


@pytest.fixture
def slip(runtime: Runtime) -> Slip:
    return Slip(runtime)
