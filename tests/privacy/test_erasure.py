"""Erasing somebody: nothing of them is found in any table, what was rated stays, and some are refused."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier, Thread
from time import sleep

import pytest
from sqlalchemy import select

from app import clock
from app.db import Database
from app.errors import Missing, Refused
from app.models import (
    Completion,
    CountedRating,
    DrawClaim,
    DrawObjection,
    DrawWinner,
    Employment,
    ErasureRequest,
    Event,
    Notice,
    Person,
    Rating,
    RatingCorrection,
    RoleGrant,
    Ticket,
    TicketPhoto,
    WeChatIdentity,
)
from app.services.identity import binding, wechat_sign_in
from app.services.notices import channels
from app.services.notices.channels import Channel, ChannelOrder
from app.services.organisation import directory
from app.services.privacy import erasure, wechat_erasure
from app.services.privacy.data.subject import Subject
from app.services.ratings import rating
from app.services.tickets.scan import load
from tests.conftest import KEY
from tests.privacy.life import COMMENT, FAULT, WORDS, found, history_of, kept_rows, leave, live, win
from tests.support.world import APPID, ZONE, World

KEYS = (KEY,)
APPEND_ONLY = (
    Rating,
    RatingCorrection,
    CountedRating,
    Event,
    Completion,
    Employment,
    DrawWinner,
    DrawClaim,
    DrawObjection,
)


def test_of_a_leaver_nothing_is_found_anywhere_and_his_ratings_stay(world: World, database: Database) -> None:
    nurse, phone = world.nurse, world.nurse_identity
    live(world, nurse, phone)
    win(world, nurse)
    leave(world, nurse, on=clock.now() - timedelta(days=1))
    before = kept_rows(database, *APPEND_ONLY)
    hers = (
        nurse.name,
        nurse.telephone,
        f"'{nurse.staff_number}'",
        phone.openid,
        *WORDS,
        "rid-1",
        "the picture",
        "a badge",
    )
    assert all(found(database, *hers).values())
    assert erase_person(database, nurse, by=world.admin.id) == "whole"
    assert {word: tables for word, tables in found(database, *hers).items() if tables} == {}
    assert kept_rows(database, *APPEND_ONLY) == before
    assert history_of(database, nurse) == ["unbound", "erased"]
    with database.reading() as session:
        person = session.get_one(Person, nurse.id)
        assert (person.name, person.telephone, person.staff_number[:7]) == ("已删除", "", "erased-")
        assert person.erased_at is not None
        assert session.scalars(select(RoleGrant).where(RoleGrant.person_id == nurse.id)).all() == []


def test_who_still_works_here_stays_on_the_roster_and_loses_what_came_by_wechat(
    world: World, database: Database
) -> None:
    nurse, phone = world.nurse, world.nurse_identity
    live(world, nurse, phone)
    win(world, nurse)
    before = kept_rows(database, *APPEND_ONLY)
    assert erase_person(database, nurse, by=world.admin.id) == "wechat"
    assert found(database, "the picture")["the picture"] == set()
    assert {word: tables for word, tables in found(database, phone.openid, *WORDS).items() if tables} == {}
    assert kept_rows(database, *APPEND_ONLY) == before
    assert history_of(database, nurse) == ["unbound", "erased"]
    with database.reading() as session:
        person = session.get_one(Person, nurse.id)
        assert (person.name, person.telephone, person.staff_number) == (nurse.name, nurse.telephone, "00017")
        assert session.scalars(select(RoleGrant.role).where(RoleGrant.person_id == nurse.id)).all() == ["user"]


def test_words_that_are_still_needed_stay_until_the_work_is_done(world: World, database: Database) -> None:
    ticket = world.ticket("accepted", description=FAULT)
    with database.transaction() as session:
        session.add(TicketPhoto(ticket_id=ticket.id, media_type="image/png", content=b"png", at=clock.now()))
    erase_person(database, world.nurse, by=world.admin.id)
    with database.reading() as session:
        assert session.get_one(Ticket, ticket.id).description == FAULT
        assert session.scalars(select(TicketPhoto.ticket_id)).all() == [ticket.id]


def test_a_phone_bound_to_nobody_loses_its_words_and_its_name(world: World, database: Database) -> None:
    ticket, phone = world.ticket("finished"), world.stranger_identity
    rate_with_words(database, ticket, phone)
    subject = Subject(None, (phone.id,))
    with database.transaction() as session:
        assert erasure.erase(session, subject, by=world.admin.id, keys=KEYS, at=clock.now()) == "whole"
    assert {word: tables for word, tables in found(database, phone.openid, COMMENT).items() if tables} == {}
    with database.reading() as session:
        assert session.scalars(select(Rating.level)).all() == [4]
        done = session.scalars(select(ErasureRequest)).one()
    assert (done.identity_id, done.person_id, done.extent) == (phone.id, None, "whole")


def test_nobody_elses_words_are_touched(world: World, database: Database) -> None:
    other, phone = world.second_nurse, world.bind(world.second_nurse)
    live(world, other, phone)
    win(world, other)
    theirs = ("the picture, with him", other.name, phone.openid, other.telephone, *WORDS)
    before = found(database, *theirs)
    erase_person(database, world.nurse, by=world.admin.id)
    assert found(database, *theirs) == before


def test_the_slot_stays_taken(world: World, database: Database) -> None:
    ticket = live(world, world.nurse, world.nurse_identity)
    leave(world, world.nurse, on=clock.now() - timedelta(days=1))
    erase_person(database, world.nurse, by=world.admin.id)
    with database.reading() as session:
        scan = load(session, ticket.id, identity_id=world.bind(world.second_nurse).id, at=clock.now())
    assert scan.standing is not None
    assert scan.standing.level == 4


def test_what_waits_to_be_sent_to_him_is_not_sent(world: World, database: Database) -> None:
    live(world, world.nurse, world.nurse_identity)
    leave(world, world.nurse, on=clock.now() - timedelta(days=1))
    erase_person(database, world.nurse, by=world.admin.id)
    with database.reading() as session:
        notices = select(Notice.state, Notice.reason).where(Notice.person_id == world.nurse.id)
        assert set(map(tuple, session.execute(notices))) == {("kept", "erased")}


def test_who_was_erased_is_listed_nowhere_and_written_to_nowhere(world: World, database: Database) -> None:
    by_number = ChannelOrder((Channel("wecom", "corp", staff_numbers=True),), ZONE)
    with database.reading() as session:
        assert channels.addresses(session, by_number, [world.nurse.id])
    leave(world, world.nurse, on=clock.now() - timedelta(days=1))
    erase_person(database, world.nurse, by=world.admin.id)
    with database.reading() as session:
        assert channels.addresses(session, by_number, [world.nurse.id]) == {}
        listed = directory.find(session, day=clock.now().date()).rows
    assert "陈静" in {row.name for row in listed}
    assert "已删除" not in {row.name for row in listed}


def test_it_is_kept_who_erased_whom_and_when_under_no_name(world: World, database: Database) -> None:
    at = clock.now()
    erase_person(database, world.doctor, by=world.admin.id)
    erase_person(database, world.nurse, by=None)
    with database.reading() as session:
        rows = session.scalars(select(ErasureRequest).order_by(ErasureRequest.id)).all()
    assert [(row.person_id, row.state, row.decided_by_id) for row in rows] == [
        (world.doctor.id, "done", world.admin.id),
        (world.nurse.id, "done", None),
    ]
    assert all(row.decided_at and row.decided_at >= at for row in rows)


def test_an_admin_does_not_erase_himself(world: World, database: Database) -> None:
    with pytest.raises(Refused, match="erases_himself"):
        erase_person(database, world.admin, by=world.admin.id)


def test_the_last_admin_is_never_erased(world: World, database: Database) -> None:
    leave(world, world.admin, on=clock.now() - timedelta(days=1))
    with pytest.raises(Refused, match="last_admin"):
        erase_person(database, world.admin, by=None)
    with database.reading() as session:
        assert session.get_one(Person, world.admin.id).name == world.admin.name
    with database.transaction() as session:
        session.add(RoleGrant(person_id=world.supervisor.id, role="admin"))
    assert erase_person(database, world.admin, by=None) == "whole"


def test_a_request_is_carried_out_once(world: World, database: Database) -> None:
    request = ask(database, world.nurse_identity)
    assert ask(database, world.nurse_identity) == request  # asking again is asking once
    assert carry_out(database, request, by=world.admin.id) == "wechat"
    with pytest.raises(Missing, match="no_such_request"):
        carry_out(database, request, by=world.admin.id)


@pytest.mark.parametrize("whose", ["nurse", "stranger"])
def test_of_two_admins_at_once_one_carries_it_out(whose: str, world: World, database: Database) -> None:
    request = ask(database, world.nurse_identity if whose == "nurse" else world.stranger_identity)
    leave(world, world.nurse, on=clock.now() - timedelta(days=1))
    together, came_of_it = Barrier(2), []

    def act() -> None:
        together.wait()
        try:
            came_of_it.append(carry_out(database, request, by=world.admin.id))
        except Missing as missing:
            came_of_it.append(missing.code)

    threads = [Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came_of_it) == ["no_such_request", "whole"]
    assert len(kept_rows(database, ErasureRequest)["erasure_request"]) == 1


def test_a_request_that_was_withdrawn_is_not_carried_out(world: World, database: Database) -> None:
    request = ask(database, world.nurse_identity)
    with database.transaction() as session:
        erasure.withdraw(session, world.nurse_identity.id, at=clock.now())
    with pytest.raises(Missing, match="no_such_request"):
        carry_out(database, request, by=world.admin.id)


def test_a_phone_that_is_somebody_elses_meanwhile_takes_nobody_with_it(world: World, database: Database) -> None:
    for meanwhile in (None, world.second_nurse.id):
        request = ask(database, world.nurse_identity)
        with database.transaction() as session:
            session.get_one(WeChatIdentity, world.nurse_identity.id).person_id = meanwhile
        with pytest.raises(Refused, match="binding_changed"):
            carry_out(database, request, by=world.admin.id)
        with database.transaction() as session:
            session.get_one(WeChatIdentity, world.nurse_identity.id).person_id = world.nurse.id


def test_whoever_binds_or_unbinds_takes_his_request_back(world: World, database: Database) -> None:
    at, phone = clock.now(), world.stranger_identity.id
    for act in ("attach", "unbind"):
        with database.transaction() as session:
            erasure.ask(session, phone, at=at)
            session.flush()
            if act == "attach":
                binding.attach(session, session.get_one(WeChatIdentity, phone), world.doctor.id, at=at)
            else:
                binding.unbind(session, phone, by=world.supervisor.id, at=at)
        with database.reading() as session:
            assert erasure.waiting_request(session, phone) is None
    with database.reading() as session:
        assert session.scalars(select(ErasureRequest.state)).all() == ["withdrawn", "withdrawn"]


def test_who_binds_while_the_admin_waits_at_the_door_is_not_erased(world: World, database: Database) -> None:
    request = ask(database, world.stranger_identity)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as session:
            session.get_one(WeChatIdentity, world.stranger_identity.id, with_for_update=True)
            at_once = pool.submit(carry_out, database, request, by=world.admin.id)
            sleep(0.3)  # the admin is at the door
            phone = session.get_one(WeChatIdentity, world.stranger_identity.id)
            binding.attach(session, phone, world.doctor.id, at=clock.now())
        with pytest.raises(Missing, match="no_such_request"):
            at_once.result()
    with database.reading() as session:
        assert session.get_one(WeChatIdentity, world.stranger_identity.id).person_id == world.doctor.id


def test_who_left_wechat_after_asking_still_meant_himself(world: World, database: Database) -> None:
    live(world, world.nurse, world.nurse_identity)
    request = ask(database, world.nurse_identity)
    with database.transaction() as session:
        phone = session.get_one(WeChatIdentity, world.nurse_identity.id)
        wechat_erasure.forget(session, phone, keys=KEYS, at=clock.now())
    leave(world, world.nurse, on=clock.now() - timedelta(days=1))
    assert carry_out(database, request, by=world.admin.id) == "whole"
    assert {word: tables for word, tables in found(database, world.nurse.name, *WORDS).items() if tables} == {}


def test_an_engineer_who_was_erased_is_known_as_the_providers_again(world: World, database: Database) -> None:
    ticket = world.ticket("finished")
    leave(world, world.engineer, on=clock.now() - timedelta(days=1))
    openid = world.engineer_identity.openid
    assert erase_person(database, world.engineer, by=world.admin.id) == "whole"
    assert found(database, openid)[openid] == set()
    with database.transaction() as session:
        back = wechat_sign_in.identify(session, appid=APPID, openid=openid, unionid=None, keys=KEYS, at=clock.now())
    assert back != world.engineer_identity.id
    with database.reading() as session:
        assert load(session, ticket.id, identity_id=back, at=clock.now()).provider_staff


def erase_person(database: Database, person: Person, *, by: int | None) -> str:
    with database.transaction() as session:
        subject = Subject.of_person(session, person.id)
        return erasure.erase(session, subject, by=by, keys=KEYS, at=clock.now())


def ask(database: Database, phone: WeChatIdentity) -> int:
    with database.transaction() as session:
        erasure.ask(session, phone.id, at=clock.now())
    with database.reading() as session:
        return session.scalars(select(ErasureRequest.id)).one()


def carry_out(database: Database, request: int, *, by: int) -> str:
    with database.transaction() as session:
        return erasure.carry_out(session, request, by=by, keys=KEYS, at=clock.now())


def rate_with_words(database: Database, ticket: Ticket, phone: WeChatIdentity) -> None:
    at = clock.now()
    with database.transaction() as session:
        scan = load(session, ticket.id, identity_id=phone.id, at=at)
        rating.rate(session, scan, level=4, identity_id=phone.id, trust_all=False, source="scan", at=at)
        scan = load(session, ticket.id, identity_id=phone.id, at=at)
        rating.add_detail(session, scan, rating.Detail(comment=COMMENT), at=at)
