"""Who closes a WeChat account has not asked anybody, and yet nothing of what they wrote is found afterwards."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import clock
from app.models import Completion, CountedRating, ErasureRequest, Event, Inbound, Person, Rating, Ticket, WeChatIdentity
from app.runtime import Runtime
from app.services.privacy import erasure
from tests.callback.test_work import event
from tests.privacy.life import FAULT, WORDS, found, kept_rows, leave, live, win
from tests.privacy.test_erasure import ask, carry_out, rate_with_words
from tests.support.world import World

Worked = Callable[..., Inbound]
CLOSED = "user_authorization_cancellation"
APPEND_ONLY = (Rating, CountedRating, Event, Completion)


@pytest.mark.parametrize("still_here", [True, False])
def test_nothing_he_wrote_is_found_and_the_roster_and_his_ratings_stay(
    still_here: bool, worked: Worked, world: World, runtime: Runtime
) -> None:
    nurse, phone = world.nurse, world.nurse_identity
    live(world, nurse, phone)
    win(world, nurse)
    if not still_here:
        leave(world, nurse, on=clock.now() - timedelta(days=1))
    before = kept_rows(runtime.database, *APPEND_ONLY)
    gone = (phone.openid, "the picture", *WORDS)
    assert all(found(runtime.database, *gone).values())
    done = worked(event(CLOSED, "oPusher", OpenID=phone.openid))
    assert (done.state, done.reason, done.body) == ("done", "forgotten", "")
    assert {word: tables for word, tables in found(runtime.database, *gone).items() if tables} == {}
    tried = found(runtime.database, f"'{nurse.staff_number}'")[f"'{nurse.staff_number}'"]
    assert tried == {"person"}
    assert kept_rows(runtime.database, *APPEND_ONLY) == before
    with runtime.database.reading() as session:
        person = session.get_one(Person, nurse.id)
        row = session.scalars(select(ErasureRequest)).one()
    assert (person.name, person.telephone, person.erased_at) == (nurse.name, nurse.telephone, None)
    assert (row.person_id, row.state, row.extent, row.decided_by_id) == (nurse.id, "done", "wechat", None)


def test_who_only_stops_following_keeps_his_words(worked: Worked, world: World, runtime: Runtime) -> None:
    live(world, world.nurse, world.nurse_identity)
    worked(event("unsubscribe", world.nurse_identity.openid))
    assert found(runtime.database, FAULT)[FAULT] == {"ticket"}


def test_what_is_being_repaired_is_still_described(worked: Worked, world: World, runtime: Runtime) -> None:
    ticket = world.ticket("accepted", description=FAULT)
    worked(event(CLOSED, "oPusher", OpenID=world.nurse_identity.openid))
    with runtime.database.reading() as session:
        assert session.get_one(Ticket, ticket.id).description == FAULT


def test_of_a_phone_bound_to_nobody_the_words_go_too(worked: Worked, world: World, runtime: Runtime) -> None:
    ticket, phone = world.ticket("finished"), world.stranger_identity
    rate_with_words(runtime.database, ticket, phone)
    worked(event(CLOSED, "oPusher", OpenID=phone.openid))
    assert {word: tables for word, tables in found(runtime.database, phone.openid, *WORDS).items() if tables} == {}


def test_an_account_that_two_people_used_takes_the_words_of_both_and_of_nobody_else(
    worked: Worked, world: World, runtime: Runtime
) -> None:
    """One unionid, but the phone of each account is bound to another: what was written by it is not theirs to keep."""
    other, third = world.bind(world.second_nurse), world.bind(world.doctor)
    for person, phone in ((world.nurse, world.nurse_identity), (world.second_nurse, other), (world.doctor, third)):
        live(world, person, phone)
    with runtime.database.transaction() as session:
        linked = WeChatIdentity.id.in_([world.nurse_identity.id, other.id])
        session.execute(update(WeChatIdentity).where(linked).values(unionid="union-1"))
    worked(event(CLOSED, "oPusher", OpenID="oUnknown", UnionID="union-1"), "mini")
    with runtime.database.reading() as session:
        kept = select(Ticket.requester_id).where(Ticket.description == FAULT)
        assert session.scalars(kept).all() == [world.doctor.id]
        closed = session.scalars(select(WeChatIdentity.id).where(WeChatIdentity.forgotten_at.is_not(None)))
        assert set(closed) == {world.nurse_identity.id, other.id}


def test_what_he_has_asked_for_is_still_carried_out(worked: Worked, world: World, runtime: Runtime) -> None:
    live(world, world.nurse, world.nurse_identity)
    request = ask(runtime.database, world.nurse_identity)
    leave(world, world.nurse, on=clock.now() - timedelta(days=1))
    worked(event(CLOSED, "oPusher", OpenID=world.nurse_identity.openid))
    assert carry_out(runtime.database, request, by=world.admin.id) == erasure.WHOLE
    assert found(runtime.database, world.nurse.name)[world.nurse.name] == set()


def test_an_account_nobody_knows_is_closed_without_a_trace(worked: Worked, world: World, runtime: Runtime) -> None:
    done = worked(event(CLOSED, "oPusher", OpenID="oNobody"), "mini")
    assert (done.state, done.openid) == ("done", "")
    assert found(runtime.database, "oNobody")["oNobody"] == set()
    assert kept_rows(runtime.database, ErasureRequest)["erasure_request"] == []
