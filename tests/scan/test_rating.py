"""Who may rate what, when and how often; and what is written when somebody may not."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import clock
from app.models import Event, RatingDetail
from tests.conftest import Phone
from tests.support.scan_forms import Slip
from tests.support.world import ZONE, World


def test_the_served_nurse_rates_and_her_rating_counts(slip: Slip, world: World, phone: Phone) -> None:
    nurse = phone(world.nurse_identity)
    ticket = world.ticket("finished")
    answer = slip.rate(nurse, ticket, 5)
    assert answer.status_code == 303
    page = nurse.get(slip.path(ticket))
    assert "非常满意" in page.text
    assert "谢谢您的评价" in page.text
    assert slip.counted(ticket) == [(5, world.nurse.id)]


def test_a_rating_never_changes_the_ticket(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    slip.rate(phone(world.nurse_identity), ticket, 1)
    assert slip.fresh(ticket).state == "finished"


def test_opening_the_page_writes_nothing(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    before = slip.rows()
    nurse = phone(world.nurse_identity)
    assert nurse.get(slip.path(ticket)).status_code == 200
    assert nurse.head(slip.path(ticket)).status_code == 200
    assert slip.rows() == before


def test_a_post_without_the_token_of_this_visit_writes_nothing(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    nurse, other = phone(world.nurse_identity), phone(world.stranger_identity)
    before = slip.rows()
    borrowed = slip.form(other, ticket)
    for form in ({"level": "5"}, {"level": "5", "visit": "made up"}, {"level": "5", "visit": borrowed}):
        answer = nurse.post(slip.path(ticket) + "/rate", data=form)
        assert answer.status_code == 403
        assert "没有提交" in answer.text
    assert slip.rows() == before


def test_a_form_of_one_ticket_does_not_rate_another(slip: Slip, world: World, phone: Phone) -> None:
    first, second = world.ticket("finished"), world.ticket("finished")
    nurse = phone(world.nurse_identity)
    form = slip.form(nurse, first)
    assert nurse.post(slip.path(second) + "/rate", data={"level": "5", "visit": form}).status_code == 403
    assert slip.rows()["rating"] == 0


@pytest.mark.parametrize("level", ["", "0", "6", "5.0", "abc", "５"])
def test_a_level_that_is_none_is_refused_in_words(slip: Slip, world: World, phone: Phone, level: str) -> None:
    ticket = world.ticket("finished")
    answer = slip.rate(phone(world.nurse_identity), ticket, level)
    assert answer.status_code == 422
    assert "请选一项" in answer.text
    assert slip.rows()["rating"] == 0


def test_the_engineer_cannot_rate_nor_see_that_it_was_rated(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    engineer = phone(world.engineer_identity)
    before = engineer.get(slip.path(ticket)).text
    assert "非常满意" not in before
    assert slip.rate(engineer, ticket, 5).status_code == 403
    slip.rate(phone(world.nurse_identity), ticket, 1)
    assert slip.words(engineer.get(slip.path(ticket)).text) == slip.words(before)
    assert slip.counted(ticket) == [(1, world.nurse.id)]


def test_an_engineer_who_changed_sides_still_cannot_rate_his_own_time(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished", served=world.ward)
    slip.change_employer(world.engineer, to=world.ward)
    answer = slip.rate(phone(world.engineer_identity), ticket, 5)
    assert answer.status_code == 403
    assert slip.rows()["rating"] == 0


def test_a_second_wechat_of_the_engineer_is_known_by_unionid(slip: Slip, world: World, phone: Phone) -> None:
    slip.give_unionid(world.engineer_identity, "u-1")
    slip.give_unionid(world.stranger_identity, "u-1")
    ticket = world.ticket("finished")
    assert slip.rate(phone(world.stranger_identity), ticket, 5).status_code == 403


def test_a_colleague_cannot_rate_for_the_one_who_was_served(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    doctor = phone(world.bind(world.doctor))
    assert "请本人评价" in doctor.get(slip.path(ticket)).text
    assert slip.rate(doctor, ticket, 5).status_code == 403
    assert slip.rows()["rating"] == 0


def test_for_a_department_the_first_member_stands(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished", served=world.ward)
    first, second = phone(world.nurse_identity), phone(world.bind(world.second_nurse))
    late = slip.form(second, ticket)
    slip.rate(first, ticket, 4)
    answer = second.post(slip.path(ticket) + "/rate", data={"level": "1", "visit": late}, follow_redirects=True)
    assert answer.status_code == 200
    assert "同科室同事已先评价" in answer.text
    assert "满意" in answer.text
    assert slip.counted(ticket) == [(4, world.nurse.id)]
    assert slip.rows()["rating"] == 1


def test_an_unverified_rating_does_not_take_the_slot(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    stranger, nurse = phone(world.stranger_identity), phone(world.nurse_identity)
    slip.rate(stranger, ticket, 1)
    assert "未核验" in stranger.get(slip.path(ticket)).text
    assert slip.counted(ticket) == []
    slip.rate(nurse, ticket, 5)
    assert slip.counted(ticket) == [(5, world.nurse.id)]
    assert slip.rows()["rating"] == 2


def test_a_stranger_cannot_learn_from_the_page_that_it_was_rated(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    stranger = phone(world.stranger_identity)
    before = slip.words(stranger.get(slip.path(ticket)).text)
    slip.rate(phone(world.nurse_identity), ticket, 1)
    assert slip.words(stranger.get(slip.path(ticket)).text) == before


def test_a_second_tap_shows_the_first_answer(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    for identity in (world.nurse_identity, world.stranger_identity):
        rater = phone(identity)
        form = slip.form(rater, ticket)
        for level in ("4", "1"):
            answer = rater.post(slip.path(ticket) + "/rate", data={"level": level, "visit": form})
            assert answer.status_code == 303
        assert "谢谢您的评价" in rater.get(slip.path(ticket)).text
    assert slip.rows()["rating"] == 2
    assert slip.counted(ticket) == [(4, world.nurse.id)]


def test_a_low_score_opens_a_case_and_a_high_one_does_not(slip: Slip, world: World, phone: Phone) -> None:
    nurse = phone(world.nurse_identity)
    for level in (5, 4, 3):
        slip.rate(nurse, world.ticket("finished"), level)
    assert slip.rows()["case"] == 0
    for level in (2, 1):
        slip.rate(nurse, world.ticket("finished"), level)
    assert slip.rows()["case"] == 2


def test_fifty_members_at_once_make_one_counted_rating(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished", served=world.ward)
    members = [world.bind(world.employ(f"1{number:04}", f"护士{number}")) for number in range(50)]
    clients = [phone(member) for member in members]
    forms = [slip.form(client, ticket) for client in clients]

    def tap(client: FlaskClient, form: str) -> tuple[int, int]:
        first = client.post(slip.path(ticket) + "/rate", data={"level": "4", "visit": form})
        return first.status_code, client.get(slip.path(ticket)).status_code

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(tap, clients, forms))
    assert answers == [(303, 200)] * 50
    assert slip.rows()["rating"] == 1
    assert len(slip.counted(ticket)) == 1


def test_before_completion_there_is_progress_and_no_rating(slip: Slip, world: World, phone: Phone) -> None:
    nurse = phone(world.nurse_identity)
    for state in ("reported", "dispatched", "accepted", "arrived", "reopened"):
        ticket = world.ticket(state)
        page = nurse.get(slip.path(ticket))
        assert page.status_code == 200
        assert "工单进度" in page.text
        assert slip.rate(nurse, ticket, 5).status_code == 409
    assert slip.rows()["rating"] == 0


def test_a_cancelled_ticket_is_gone(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("cancelled")
    assert nurse.get(slip.path(ticket)).status_code == 410
    assert slip.rate(nurse, ticket, 5).status_code == 410
    assert slip.rows()["rating"] == 0


def test_a_ticket_that_served_nobody_is_not_rateable(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished", source="monitoring")
    assert "没有服务对象" in nurse.get(slip.path(ticket)).text
    assert slip.rate(nurse, ticket, 5).status_code == 409


def test_after_the_window_the_page_is_gone_but_the_answer_stays(slip: Slip, world: World, phone: Phone) -> None:
    long_ago = clock.now() - timedelta(days=14, hours=2)
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished", reported_at=long_ago)
    page = nurse.get(slip.path(ticket))
    assert page.status_code == 410
    assert ("服务热线 6000" in page.text, "监督热线 6120" in page.text) == (True, True)
    assert slip.rate(nurse, ticket, 5).status_code == 410
    answered = world.ticket("finished", reported_at=long_ago)
    slip.rated_then(answered, world.nurse_identity, 4, at=clock.now() - timedelta(days=14))
    page = nurse.get(slip.path(answered))
    assert page.status_code == 200
    assert "满意" in page.text
    assert "更正" not in page.text


def test_the_rater_corrects_once_within_a_day_and_both_stay(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished")
    slip.rate(nurse, ticket, 4)
    form = slip.form(nurse, ticket)
    assert nurse.post(slip.path(ticket) + "/correct", data={"level": "2", "visit": form}).status_code == 303
    page = nurse.get(slip.path(ticket)).text
    assert "不满意" in page
    assert "原为 满意" in page
    assert nurse.post(slip.path(ticket) + "/correct", data={"level": "5", "visit": form}).status_code == 409
    assert (slip.rows()["rating"], slip.rows()["correction"], slip.rows()["case"]) == (1, 1, 1)


def test_after_a_day_nothing_is_corrected(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished", reported_at=clock.now() - timedelta(days=3))
    slip.rated_then(ticket, world.nurse_identity, 4, at=clock.now() - timedelta(hours=25))
    form = slip.form(nurse, ticket)
    assert nurse.post(slip.path(ticket) + "/correct", data={"level": "2", "visit": form}).status_code == 409
    assert slip.rows()["correction"] == 0


def test_somebody_elses_rating_cannot_be_corrected_or_enriched(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished", served=world.ward)
    slip.rate(phone(world.nurse_identity), ticket, 4)
    other = phone(world.bind(world.second_nurse))
    form = slip.form(other, ticket)
    for act in ("correct", "detail"):
        answer = other.post(f"{slip.path(ticket)}/{act}", data={"level": "1", "visit": form})
        assert answer.status_code == 409
    assert (slip.rows()["correction"], slip.rows()["detail"]) == (0, 0)


def test_the_thanks_page_enriches_once(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished")
    slip.rate(nurse, ticket, 5)
    told = {
        "visit": slip.form(nurse, ticket),
        "reason": ["quick", "late", "made-up"],
        "quality-speed": "5",
        "quality-skill": "9",
        "face-arrived": "4",
        "comment": "很好",
        "praise": "1",
    }
    assert nurse.post(slip.path(ticket) + "/detail", data=told).status_code == 303
    assert nurse.post(slip.path(ticket) + "/detail", data=told).status_code == 409
    with world.database.reading() as session:
        detail = session.scalars(select(RatingDetail)).one()
    assert detail.reasons == {"codes": ["quick"]}
    assert detail.quality == {"speed": 5}
    assert detail.faces == {"arrived": 4}
    assert (detail.comment, detail.praise, detail.pressed) == ("很好", "asked", False)


def test_a_comment_too_long_is_refused_not_cut(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished")
    slip.rate(nurse, ticket, 5)
    told = {"visit": slip.form(nurse, ticket), "comment": "长" * 501}
    answer = nurse.post(slip.path(ticket) + "/detail", data=told)
    assert answer.status_code == 422
    assert "500" in answer.text


def test_still_broken_reopens_and_a_new_cycle_can_be_rated(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished")
    slip.rate(nurse, ticket, 4)
    answer = nurse.post(slip.path(ticket) + "/still-broken", data={"visit": slip.form(nurse, ticket)})
    assert answer.status_code == 303
    reopened = slip.fresh(ticket)
    assert (reopened.state, reopened.cycle) == ("reopened", 2)
    assert "工单进度" in nurse.get(slip.path(ticket)).text
    for verb in ("accept", "finish"):
        world.move(reopened, verb)
    slip.rate(nurse, ticket, 5)
    assert sorted(level for level, _ in slip.counted(ticket)) == [4, 5]


def test_a_form_of_the_cycle_before_does_not_rate_the_next(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished")
    old = slip.form(nurse, ticket)
    for verb in ("reopen", "accept", "finish"):
        world.move(ticket, verb)
    assert nurse.post(slip.path(ticket) + "/rate", data={"level": "1", "visit": old}).status_code == 403


def test_urging_tells_the_engineer_and_waits_ten_minutes(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("dispatched")
    form = slip.form(nurse, ticket)
    assert nurse.post(slip.path(ticket) + "/urge", data={"visit": form}).status_code == 303
    assert "已催过" in nurse.get(slip.path(ticket)).text
    again = nurse.post(slip.path(ticket) + "/urge", data={"visit": form})
    assert again.status_code == 409
    assert "刚刚已经催过" in again.text
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).where(Event.kind == "urged")) == 1


def test_wrong_tokens_are_404_then_429_and_a_valid_one_is_always_served(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    client = phone(world.nurse_identity)
    good = slip.path(ticket).removeprefix("/r/")
    flipped = good[:-1] + ("A" if good[-1] != "A" else "B")
    for wrong in (flipped, good[:-1], good + "A", "x", "%E7%A0%81", "a" * 500):
        answer = client.get(f"/r/{wrong}")
        assert answer.status_code == 404
        assert "认不出来" in answer.text
        assert client.post(f"/r/{wrong}/rate", data={"level": "5"}).status_code == 404
    statuses = [client.get(f"/r/{flipped}").status_code for _ in range(70)]
    assert statuses[-1] == 429
    assert client.get(slip.path(ticket)).status_code == 200


def test_in_another_browser_the_page_asks_for_wechat(slip: Slip, world: World, client: FlaskClient) -> None:
    page = client.get(slip.path(world.ticket("finished")))
    assert page.status_code == 200
    assert "请用微信打开" in page.text


def test_a_first_visit_shows_the_privacy_notice_before_the_form(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    slip.forget_privacy(world.nurse_identity)
    nurse = phone(world.nurse_identity)
    page = nurse.get(slip.path(ticket))
    assert "使用前请看" in page.text
    accepted = nurse.post("/privacy", data={"visit": slip.token_in(page.text), "next": slip.path(ticket)})
    assert accepted.headers["Location"] == slip.path(ticket)
    assert "这次服务您满意吗" in nurse.get(slip.path(ticket)).text


def test_who_did_the_work_cannot_rate_it_whoever_employs_him(slip: Slip, world: World, phone: Phone) -> None:
    lead = world.employ("2001", "本院工程师", "engineer")
    helper = world.employ("2002", "帮忙的人", "engineer")
    ticket = world.ticket("finished", served=world.ward, lead=lead, helpers=(helper,))
    for person in (lead, helper):
        worker = phone(world.bind(person))
        assert slip.rate(worker, ticket, 5).status_code == 403
        slip.rate(phone(world.nurse_identity), ticket, 1)
        assert "不满意" not in worker.get(slip.path(ticket)).text
    assert slip.counted(ticket) == [(1, world.nurse.id)]


def test_work_of_an_engineers_last_day_is_not_rated_by_him_from_the_ward(
    slip: Slip, world: World, phone: Phone
) -> None:
    yesterday = clock.now().astimezone(ZONE).replace(hour=12) - timedelta(days=1)  # all of it on that day
    ticket = world.ticket("finished", served=world.ward, lead=world.second_engineer, reported_at=yesterday)
    slip.change_employer(world.engineer, to=world.ward, last_day=yesterday.date())
    assert slip.rate(phone(world.engineer_identity), ticket, 5).status_code == 403


def test_a_stranger_who_says_still_broken_is_heard_and_reopens_nothing(slip: Slip, world: World, phone: Phone) -> None:
    ticket = world.ticket("finished")
    stranger, nurse = phone(world.stranger_identity), phone(world.nurse_identity)
    hers = slip.form(nurse, ticket)
    form = slip.form(stranger, ticket)
    assert stranger.post(slip.path(ticket) + "/still-broken", data={"visit": form}).status_code == 303
    assert "服务台会看到" in stranger.get(slip.path(ticket)).text
    assert stranger.post(slip.path(ticket) + "/still-broken", data={"visit": form}).status_code == 409
    assert slip.fresh(ticket).state == "finished"
    assert nurse.post(slip.path(ticket) + "/rate", data={"level": "1", "visit": hers}).status_code == 303
    assert slip.counted(ticket) == [(1, world.nurse.id)]


def test_a_second_tap_on_still_broken_finds_it_reopened(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished")
    form = slip.form(nurse, ticket)
    for _ in range(2):
        assert nurse.post(slip.path(ticket) + "/still-broken", data={"visit": form}).status_code == 303
    assert slip.fresh(ticket).cycle == 2


def test_an_answer_given_stays_readable_after_a_reopening(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished")
    slip.rate(nurse, ticket, 1)
    world.move(ticket, "reopen")
    assert "您之前的评价：非常不满意" in nurse.get(slip.path(ticket)).text
    assert "您之前的评价" not in phone(world.engineer_identity).get(slip.path(ticket)).text


def test_praise_belongs_to_a_good_level(slip: Slip, world: World, phone: Phone) -> None:
    nurse, ticket = phone(world.nurse_identity), world.ticket("finished")
    slip.rate(nurse, ticket, 1)
    nurse.post(slip.path(ticket) + "/detail", data={"visit": slip.form(nurse, ticket), "praise": "1"})
    with world.database.reading() as session:
        assert session.scalars(select(RatingDetail.praise)).one() == ""
