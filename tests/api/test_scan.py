"""Scanning, rating and what follows from it, through the mini-program's door."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import clock
from app.models import CountedRating, Event, Rating, RatingDetail, Ticket
from app.runtime import Runtime
from tests.api.conftest import TakePhone, TokenOf
from tests.conftest import Phone as Browser
from tests.support.phone import Phone, code, told
from tests.support.scan_forms import Slip
from tests.support.world import World


def test_before_completion_it_shows_progress_and_offers_to_urge(nurse: Phone, world: World, token_of: TokenOf) -> None:
    seen = nurse.scan(token_of(world.ticket("accepted")))
    assert (seen["view"], seen["acts"]) == ("progress", ["urge", "complaint"])
    reached = {step["state"]: bool(step["at"]) for step in seen["steps"]}
    assert reached == {"reported": True, "dispatched": True, "accepted": True, "arrived": False, "finished": False}


def test_one_tap_is_recorded_at_once_and_counts(nurse: Phone, world: World, token_of: TokenOf) -> None:
    ticket = world.ticket("finished")
    seen = nurse.scan(token_of(ticket))
    assert (seen["view"], seen["answer"]) == ("rate", None)
    answer = nurse.rate(token_of(ticket), 4)
    assert answer.status_code == 201
    assert told(answer)["view"] == "answer"
    assert told(answer)["answer"]["counted"] is True
    assert ratings_of(world) == [(4, True, world.nurse.id, "mini")]
    assert nurse.scan(token_of(ticket))["answer"]["level"] == 4


def test_details_may_come_with_the_tap(nurse: Phone, world: World, token_of: TokenOf) -> None:
    said = {"comment": " 很快 ", "quality": {"skill": 5, "nonsense": 1}, "praise": True, "reasons": ["nonsense"]}
    answer = nurse.rate(token_of(world.ticket("finished")), 5, detail=said)
    assert told(answer)["answer"]["detailed"] is True
    with world.database.reading() as session:
        detail = session.scalars(select(RatingDetail)).one()
    assert (detail.comment, detail.praise, detail.reasons) == ("很快", "asked", {"codes": []})
    assert "nonsense" not in detail.quality


def test_or_later_once_from_what_is_offered(nurse: Phone, world: World, token_of: TokenOf) -> None:
    token = token_of(world.ticket("finished"))
    seen = told(nurse.rate(token, 2))
    assert seen["acts"] == ["detail", "correction", "still-broken", "complaint"]
    reason = seen["choices"]["reasons"][0]["code"]
    more = {"form": seen["form"], "reasons": [reason], "comment": "慢"}
    assert nurse.post(f"/scan/{token}/detail", more).status_code == 201
    assert code(nurse.post(f"/scan/{token}/detail", more)) == (409, "detailed_before")
    with world.database.reading() as session:
        assert session.scalars(select(RatingDetail)).one().reasons == {"codes": [reason]}


def test_without_the_form_of_this_session_nothing_is_recorded(
    nurse: Phone, take_phone: TakePhone, world: World, token_of: TokenOf
) -> None:
    ticket, other = world.ticket("finished"), world.ticket("finished", description="另一件")
    foreign = take_phone("nurse", world.nurse).scan(token_of(ticket))["form"]
    of_another = nurse.scan(token_of(other))["form"]
    for form in ("made-up", foreign, of_another):
        answer = nurse.post(f"/scan/{token_of(ticket)}/rating", {"form": form, "level": 5})
        assert code(answer) == (403, "form_not_of_this_visit")
    assert ratings_of(world) == []


def test_looking_records_nothing(nurse: Phone, world: World, token_of: TokenOf) -> None:
    token = token_of(world.ticket("finished"))
    with world.database.reading() as session:
        before = session.scalar(select(func.count()).select_from(Event))
    for path in (f"/scan/{token}", "/tickets", "/me", "/subscriptions", "/categories"):
        assert nurse.get(path).status_code == 200
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == before
    assert ratings_of(world) == []


@pytest.mark.parametrize("level", [0, 6, "5", 4.5, True, None, [5]])
def test_a_level_that_is_none_is_refused_with_what_was_expected(
    nurse: Phone, world: World, token_of: TokenOf, level: object
) -> None:
    answer = nurse.rate(token_of(world.ticket("finished")), level)
    assert code(answer) == (422, "invalid")
    assert told(answer)["errors"][0]["field"] == "level"
    assert told(answer)["errors"][0]["expected"]
    assert ratings_of(world) == []


def test_the_second_rating_of_a_ticket_sees_the_one_that_stands(nurse: Phone, world: World, token_of: TokenOf) -> None:
    token = token_of(world.ticket("finished"))
    nurse.rate(token, 5)
    assert code(nurse.rate(token, 1)) == (409, "already_rated")
    assert ratings_of(world) == [(5, True, world.nurse.id, "mini")]


def test_rated_in_the_page_it_is_rated_here_too(
    nurse: Phone, world: World, token_of: TokenOf, phone: Browser, runtime: Runtime
) -> None:
    ticket = world.ticket("finished")
    Slip(runtime).rate(phone(world.nurse_identity), ticket, 3)
    seen = nurse.scan(token_of(ticket))
    assert (seen["view"], seen["answer"]["level"]) == ("answer", 3)
    assert code(nurse.rate(token_of(ticket), 5)) == (409, "already_rated")


def test_a_low_level_opens_a_case_and_can_be_corrected_once(nurse: Phone, world: World, token_of: TokenOf) -> None:
    token = token_of(world.ticket("finished"))
    form = told(nurse.rate(token, 1))["form"]
    better = nurse.post(f"/scan/{token}/correction", {"form": form, "level": 4})
    assert (told(better)["answer"]["first_level"], told(better)["answer"]["level"]) == (1, 4)
    again = nurse.post(f"/scan/{token}/correction", {"form": form, "level": 5})
    assert code(again) == (409, "correction_over")


def test_still_broken_reopens_once_and_the_old_form_of_it_stays_good(
    nurse: Phone, world: World, token_of: TokenOf
) -> None:
    ticket = world.ticket("finished")
    token = token_of(ticket)
    form = nurse.scan(token)["form"]
    assert told(nurse.post(f"/scan/{token}/still-broken", {"form": form}))["state"] == "reopened"
    assert told(nurse.post(f"/scan/{token}/still-broken", {"form": form}))["state"] == "reopened"
    assert code(nurse.post(f"/scan/{token}/rating", {"form": form, "level": 5}))[1] == "form_not_of_this_visit"
    with world.database.reading() as session:
        assert session.get_one(Ticket, ticket.id).cycle == 2


def test_urging_rings_once_in_ten_minutes(nurse: Phone, world: World, token_of: TokenOf) -> None:
    token = token_of(world.ticket("dispatched"))
    form = nurse.scan(token)["form"]
    assert told(nurse.post(f"/scan/{token}/urge", {"form": form}))["urged_at"]
    assert code(nurse.post(f"/scan/{token}/urge", {"form": form})) == (409, "urged_just_now")


@pytest.mark.parametrize(("state", "refusal"), [("arrived", "not_finished"), ("cancelled", "cancelled")])
def test_what_is_not_finished_is_not_rated(
    nurse: Phone, world: World, token_of: TokenOf, state: str, refusal: str
) -> None:
    assert code(nurse.rate(token_of(world.ticket(state)), 5))[1] == refusal


def test_after_the_window_it_is_over(nurse: Phone, world: World, token_of: TokenOf) -> None:
    token = token_of(world.ticket("finished", reported_at=clock.now() - timedelta(days=20)))
    assert nurse.scan(token)["view"] == "over"
    answer = nurse.rate(token, 5)
    assert (code(answer), told(answer)["days"]) == ((410, "window_over"), 14)


def test_the_provider_rates_nothing_and_sees_no_rating(
    nurse: Phone, take_phone: TakePhone, world: World, token_of: TokenOf
) -> None:
    ticket = world.ticket("finished")
    engineer = take_phone("engineer", world.engineer)
    assert code(engineer.rate(token_of(ticket), 5)) == (403, "provider_staff")
    nurse.rate(token_of(ticket), 1)
    seen = engineer.scan(token_of(ticket))
    assert (seen["view"], seen["acts"], seen["answer"], seen["complaints"]) == ("progress", [], None, [])


def test_a_colleague_is_no_proxy(take_phone: TakePhone, world: World, token_of: TokenOf) -> None:
    supervisor = take_phone("supervisor", world.doctor)
    token = token_of(world.ticket("finished"))
    assert (supervisor.scan(token)["view"], supervisor.scan(token)["acts"]) == ("proxy", [])
    assert code(supervisor.rate(token, 5)) == (403, "not_the_served")


def test_an_unverified_rating_is_kept_takes_no_slot_and_counts_after_binding(
    take_phone: TakePhone, world: World, token_of: TokenOf
) -> None:
    ticket, stranger = world.ticket("finished", served=world.doctor), take_phone("stranger")
    answer = stranger.rate(token_of(ticket), 2)
    assert (told(answer)["verified"], told(answer)["answer"]["counted"]) == (False, False)
    assert ratings_of(world) == [(2, False, None, "mini")]
    bound = {"staff_number": "00106", "name": "李伟", "last_four": "0106"}
    assert told(stranger.post("/binding", bound)) == {"outcome": "claimed"}
    assert ratings_of(world) == [(2, False, None, "mini")]
    world.approve_claims()
    assert ratings_of(world) == [(2, True, None, "mini")]


def test_a_wrong_code_is_404_in_words(nurse: Phone) -> None:
    assert code(nurse.get("/scan/nonsense")) == (404, "bad_token")
    assert code(nurse.get("/ward/nonsense")) == (404, "bad_token")


def test_the_ward_lists_what_waits_and_is_shut_to_the_provider(
    nurse: Phone, take_phone: TakePhone, world: World, runtime: Runtime, token_of: TokenOf
) -> None:
    ticket = world.ticket("finished")
    path = runtime.links.ward_path(world.ward.id).replace("/w/", "/ward/")
    seen = told(nurse.get(path))
    assert (seen["member"], [one["token"] for one in seen["waiting"]]) == (True, [token_of(ticket)])
    assert nurse.rate(seen["waiting"][0]["token"], 5).status_code == 201
    assert told(nurse.get(path))["waiting"] == []
    assert code(take_phone("engineer", world.engineer).get(path)) == (403, "ward_closed")


def test_nothing_is_shown_or_done_before_the_privacy_notice(
    take_phone: TakePhone, world: World, token_of: TokenOf
) -> None:
    newcomer = take_phone("stranger", agreed=False)
    ticket = world.ticket("finished")
    for path in (f"/scan/{token_of(ticket)}", "/tickets", "/subscriptions"):
        assert code(newcomer.get(path)) == (403, "privacy_first")
    assert code(newcomer.post("/phone", {"code": "x"})) == (403, "privacy_first")
    version = told(newcomer.get("/me"))["privacy"]["version"]
    assert code(newcomer.post("/privacy", {"version": "2020-01"})) == (409, "privacy_changed")
    assert told(newcomer.post("/privacy", {"version": version}))["accepted"] is True
    assert newcomer.scan(token_of(ticket))["view"] == "rate"


def ratings_of(world: World) -> list[tuple[int, bool, int | None, str]]:
    """Level, whether it counts now, the person, and the source, of every rating there is."""
    with world.database.reading() as session:
        rows = session.execute(
            select(Rating.level, CountedRating.rating_id.is_not(None), Rating.person_id, Rating.source)
            .outerjoin(CountedRating, CountedRating.rating_id == Rating.id)
            .order_by(Rating.id)
        )
        return [(level, bool(counted), person, source) for level, counted, person, source in rows]
