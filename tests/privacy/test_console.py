"""The console's list of who asks to be erased: read by the hospital, carried out by an admin."""

from datetime import timedelta

from sqlalchemy import select

from app import clock
from app.db import Database
from app.models import ErasureRequest, WeChatIdentity
from app.services.privacy import erasure
from app.services.privacy.data.subject import Subject
from app.services.ratings import rating, search
from app.services.tickets.scan import load
from tests.conftest import KEY, Console
from tests.privacy.life import WORDS, found, live
from tests.support.console_forms import offers, send
from tests.support.world import World

PAGE = "/console/people/erasures"


def test_an_admin_sees_who_asks_and_carries_it_out(world: World, database: Database, console: Console) -> None:
    live(world, world.nurse, world.nurse_identity)
    act = f"{PAGE}/{ask(database, world.nurse_identity)}"
    admin = console(world.admin)
    page = admin.get(PAGE).text
    assert world.nurse.name in page
    assert "在职：只删微信信息和本人写的文字" in page
    assert "待处理的删除申请" in admin.get("/console").text
    assert send(admin, PAGE, act).headers["Location"] == PAGE
    assert "没有等待处理的申请" in admin.get(PAGE).text
    assert {word: tables for word, tables in found(database, *WORDS).items() if tables} == {}
    with database.reading() as session:
        assert session.scalars(select(ErasureRequest.decided_by_id)).all() == [world.admin.id]


def test_a_rating_given_before_an_erasure_names_nobody_any_more_and_still_counts(
    world: World, database: Database, console: Console
) -> None:
    ticket, at = world.ticket("finished"), clock.now()
    with database.transaction() as session:
        scan = load(session, ticket.id, identity_id=world.nurse_identity.id, at=at)
        who = {"identity_id": world.nurse_identity.id, "trust_all": False, "source": "scan", "at": at}
        page = f"/console/ratings/{rating.rate(session, scan, level=2, **who)}/exclude"  # type: ignore[arg-type]
    supervisor = console(world.supervisor)
    assert f"评价人 {world.nurse.name}" in supervisor.get(page).text
    figure = counted(database)
    with database.transaction() as session:
        erasure.erase(
            session, Subject.of_person(session, world.nurse.id), by=world.admin.id, keys=(KEY,), at=clock.now()
        )
    after = supervisor.get(page).text
    assert "评价人 已删除" in after
    assert world.nurse.name not in after
    assert counted(database) == figure == search.Figure(0, 1)


def test_a_rating_given_after_an_erasure_names_who_gave_it(world: World, database: Database, console: Console) -> None:
    with database.transaction() as session:
        erasure.erase(
            session, Subject.of_person(session, world.nurse.id), by=world.admin.id, keys=(KEY,), at=clock.now()
        )
    phone = world.bind(world.nurse, "oComesAgain")
    live(world, world.nurse, phone, at=clock.now() + timedelta(hours=1))
    with database.reading() as session:
        [row] = search.find(session, search.RatingFilter()).rows
    assert row.rater == world.nurse.name
    assert f"评价人 {world.nurse.name}" in console(world.supervisor).get(f"/console/ratings/{row.id}/exclude").text


def test_a_phone_bound_to_nobody_is_listed_too(world: World, database: Database, console: Console) -> None:
    act = f"{PAGE}/{ask(database, world.stranger_identity)}"
    admin = console(world.admin)
    assert "没有绑定工号的微信" in admin.get(PAGE).text
    assert send(admin, PAGE, act).status_code == 303
    with database.reading() as session:
        assert session.get_one(WeChatIdentity, world.stranger_identity.id).forgotten_at is not None


def test_others_look_and_do_not_act(world: World, database: Database, console: Console) -> None:
    act = f"{PAGE}/{ask(database, world.nurse_identity)}"
    for who in (world.supervisor, world.auditor):
        visitor = console(who)
        assert world.nurse.name in visitor.get(PAGE).text
        assert not offers(visitor, PAGE, act)
        visitor.application.config["WTF_CSRF_ENABLED"] = False
        assert visitor.post(act).status_code == 403
    assert console(world.desk).get(PAGE).status_code == 403
    with database.reading() as session:
        assert session.scalars(select(ErasureRequest.state)).all() == ["waiting"]


def test_a_request_carried_out_twice_says_so(world: World, database: Database, console: Console) -> None:
    act = f"{PAGE}/{ask(database, world.nurse_identity)}"
    admin = console(world.admin)
    admin.application.config["WTF_CSRF_ENABLED"] = False
    assert admin.post(act).status_code == 303
    again = admin.post(act)
    assert (again.status_code, "可能已处理" in again.text) == (404, True)
    assert admin.post(f"{PAGE}/999").status_code == 404


def test_an_admin_who_asked_is_erased_by_another_one(world: World, database: Database, console: Console) -> None:
    act = f"{PAGE}/{ask(database, world.bind(world.admin))}"
    answer = send(console(world.admin), PAGE, act)
    assert (answer.status_code, "请另一位管理员处理" in answer.text) == (409, True)


def ask(database: Database, phone: WeChatIdentity) -> int:
    with database.transaction() as session:
        erasure.ask(session, phone.id, at=clock.now())
    with database.reading() as session:
        return session.scalars(select(ErasureRequest.id)).one()


def counted(database: Database) -> search.Figure:
    with database.reading() as session:
        return search.figure(session, search.RatingFilter())
