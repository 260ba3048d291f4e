"""What the provider's quality manager is handed after a call-back, what they do about it, and what they never see."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import clock
from app.models import Employment, Notice, Person, Post, Rating, RoleGrant, Ticket
from app.runtime import Runtime
from app.services.notices import content
from app.services.ratings import rating, search
from app.services.ratings.rating import Detail
from app.services.ratings.search import RatingFilter
from app.services.tickets.scan import load
from config.notices import notice_kinds
from tests.conftest import Console
from tests.support.cases import Cases
from tests.support.console_forms import offers, send
from tests.support.pictures import photo
from tests.support.world import BEGAN, ZONE, World

COMMENT = "翠羽黄喙的评语"
PAGE = "/console/recovery"
Path = Callable[[int], str]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def cases(world: World) -> Cases:
    return Cases(world)


@pytest.fixture
def of(runtime: Runtime) -> Path:
    """The address of what was handed over of a case."""
    return lambda case: f"{PAGE}/{runtime.links.handover_token(case)}"


@pytest.fixture
def manager(world: World) -> Person:
    with world.database.transaction() as session:
        post = Post(code="manager", name="项目经理", provider_id=world.provider.id)
        person = Person(staff_number="W0099", name="钱经理")
        session.add_all([post, person])
        session.flush()
        session.add(RoleGrant(person_id=person.id, role="desk"))
        job = {"provider_id": world.provider.id, "team_id": world.team.id, "post_id": post.id}
        session.add(Employment(person_id=person.id, valid_from=BEGAN, **job))
    return person


@pytest.fixture
def low(world: World, cases: Cases) -> int:
    """The case of a ticket of the ward that somebody of it rated 1, with a reason and words, two days ago."""
    ticket = world.ticket("finished", served=world.ward, reported_at=clock.now() - timedelta(days=3))
    at = (clock.now() - timedelta(days=2)).astimezone(ZONE).replace(hour=3, minute=17)
    who: dict[str, Any] = {"identity_id": world.nurse_identity.id, "at": at}
    with world.database.transaction() as session:
        rating.rate(session, load(session, ticket.id, **who), level=1, trust_all=False, source="scan", **who)
        rating.add_detail(session, load(session, ticket.id, **who), Detail(reasons=["late"], comment=COMMENT), at=at)
    return cases.only().id


def test_it_is_handed_over_after_the_call_back_and_not_before(
    world: World, console: Console, cases: Cases, manager: Person, low: int
) -> None:
    supervisor, page = console(world.supervisor), f"/console/cases/{low}"
    assert "没有转来的" in console(manager).get(PAGE).text
    assert not offers(supervisor, page, f"{page}/hand-over")
    cases.do(low, "call", outcome="reached", text="")
    assert send(supervisor, page, f"{page}/hand-over").status_code == 303
    assert not offers(supervisor, page, f"{page}/hand-over")
    assert cases.told("case_handed_over") == {("case_handed_over", manager.id)}
    shown = console(manager).get(PAGE).text
    assert "等太久" in shown
    assert PAGE in console(manager).get("/console").text


def test_the_manager_reads_the_number_and_the_reasons_and_nothing_of_whose_they_are(
    world: World, console: Console, cases: Cases, manager: Person, low: int, runtime: Runtime
) -> None:
    handed_over(console(world.supervisor), cases, low)
    client, number = console(manager), ticket_number(world, cases, low)
    addresses = (PAGE, "/console", "/console/board", "/console/tickets", f"/console/tickets/{number}", "/console/inbox")
    pages = "".join(client.get(path).text for path in (*addresses, "/console/notices"))
    with world.database.reading() as session:
        rated = session.scalars(select(Rating.at)).one().astimezone(ZONE)
    moment = f"{rated:%m-%d %H:%M}"  # with its day: what is due just now may be due at that minute
    hidden = (world.nurse.name, world.nurse_identity.openid, COMMENT, moment, "非常不满意", f"/console/cases/{low}")
    assert [word for word in hidden if word in pages] == []
    assert client.get(f"/console/cases/{low}").status_code == 403
    kind = notice_kinds()["case_handed_over"]
    with world.database.reading() as session:
        found = content.contexts(session, notices_to(world, manager))
    said = "".join(
        f"{content.text(kind, one, ZONE)}{content.url(kind, one, runtime.links, '')}" for one in found.values()
    )
    assert number in said
    assert [word for word in hidden if word in said] == []


def test_nobody_else_of_the_provider_has_the_page(
    world: World, console: Console, manager: Person, low: int, of: Path
) -> None:
    assert console(world.desk).get(PAGE).status_code == 404
    assert PAGE not in console(world.desk).get("/console").text
    for person in (world.engineer, world.nurse):
        assert console(person).get(PAGE).status_code == 403
    assert not offers(console(world.auditor), PAGE, f"{of(low)}/plan")


def test_a_plan_is_written_once_and_an_appeal_decided_once_and_both_figures_are_shown(
    world: World, console: Console, cases: Cases, manager: Person, low: int, of: Path
) -> None:
    supervisor, page = console(world.supervisor), f"/console/cases/{low}"
    handed_over(supervisor, cases, low)
    client = console(manager)
    assert send(client, PAGE, f"{of(low)}/plan", text="换人负责").status_code == 303
    assert not offers(client, PAGE, f"{of(low)}/plan")
    to = f"{of(low)}/appeal"
    assert send(client, PAGE, to, reason="", text="系统问题").status_code == 422
    sent: dict[str, Any] = {"reason": "not_the_person", "text": "是系统慢", "photo": (BytesIO(photo()), "a.jpg")}
    assert send(client, PAGE, to, **sent).status_code == 303
    assert not offers(client, PAGE, to)
    assert cases.told("appealed") == {("appealed", world.supervisor.id)}
    shown = supervisor.get(page).text
    assert all(words in shown for words in ("换人负责", "是系统慢"))
    picture = supervisor.get(f"{page}/photo")
    assert (picture.status_code, picture.mimetype) == (200, "image/jpeg")
    assert send(supervisor, page, f"{page}/decide", text="", decision="uphold").status_code == 422
    assert send(supervisor, page, f"{page}/decide", text="日志证明是系统慢", decision="uphold").status_code == 303
    assert not offers(supervisor, page, f"{page}/decide")
    assert "申诉成立" in client.get(PAGE).text
    assert "日志证明" not in client.get(PAGE).text
    with world.database.reading() as session:
        figure = search.figure(session, RatingFilter())
    assert ((figure.satisfied, figure.counted), figure.without_excluded.counted) == ((0, 1), 0)
    assert cases.events(low)[-3:] == ["recovery_planned", "appealed", "appeal_upheld"]


def test_a_refused_appeal_leaves_the_rating_where_it_is(
    world: World, console: Console, cases: Cases, manager: Person, low: int, of: Path
) -> None:
    supervisor, page = console(world.supervisor), f"/console/cases/{low}"
    handed_over(supervisor, cases, low)
    client, to = console(manager), f"{of(low)}/appeal"
    send(client, PAGE, to, reason="mistaken", text="点错了")
    assert send(supervisor, page, f"{page}/decide", text="用户说没有点错", decision="refuse").status_code == 303
    with world.database.reading() as session:
        assert search.figure(session, RatingFilter()).without_excluded.counted == 1
    assert "申诉不成立" in client.get(PAGE).text


def test_a_manager_acts_on_nothing_that_was_not_handed_to_their_provider(
    world: World, console: Console, cases: Cases, manager: Person, low: int, of: Path
) -> None:
    client = console(manager)
    token = client.get("/console").text.split('name="csrf_token" value="')[1].split('"')[0]
    answer = client.post(f"{of(low)}/plan", data={"csrf_token": token, "text": "整改"})
    assert answer.status_code == 422
    assert cases.events(low) == ["case_opened"]


def handed_over(supervisor: FlaskClient, cases: Cases, case_id: int) -> None:
    cases.do(case_id, "call", outcome="reached", text="")
    page = f"/console/cases/{case_id}"
    assert send(supervisor, page, f"{page}/hand-over").status_code == 303


def ticket_number(world: World, cases: Cases, case_id: int) -> str:
    with world.database.reading() as session:
        return session.get_one(Ticket, cases.get(case_id).ticket_id).number


def notices_to(world: World, person: Person) -> list[int]:
    with world.database.reading() as session:
        return list(session.scalars(select(Notice.id).where(Notice.person_id == person.id)))
