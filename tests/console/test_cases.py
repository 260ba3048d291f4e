"""Cases: read and dealt with by the hospital, never seen by the provider."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from app import clock
from app.db import Database
from app.errors import Missing, Refused
from app.jobs import deadlines
from app.models import Employment, Event, Notice, RoleGrant, ServiceCase
from app.runtime import Runtime
from app.services.cases import acts, search, watch
from app.services.cases.acts import Actor
from app.services.ratings import rating
from app.services.ratings.rating import Detail
from app.services.tickets import lifecycle
from app.services.tickets.scan import load
from tests.conftest import Console, Phone
from tests.support.cases import Cases
from tests.support.console_forms import offers, send
from tests.support.scan_forms import Slip
from tests.support.world import ZONE, World

Path = Callable[[int], str]
WORDS = "工程师态度不好"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def cases(world: World) -> Cases:
    return Cases(world)


@pytest.fixture
def own(runtime: Runtime) -> Path:
    """The address of a user's own case."""
    return runtime.links.case_path


@pytest.fixture
def slip(runtime: Runtime) -> Slip:
    return Slip(runtime)


def test_a_low_score_is_a_case_at_once_and_the_supervisors_are_told(
    world: World, phone: Phone, slip: Slip, cases: Cases, own: Path
) -> None:
    ticket, nurse = world.ticket("finished"), phone(world.nurse_identity)
    assert slip.rate(nurse, ticket, 1).status_code == 303
    case = cases.only()
    assert (case.reason, case.stage, case.person_id, case.owner_id) == ("low_score", "received", world.nurse.id, None)
    assert cases.told("case_opened") == {("case_opened", world.supervisor.id)}
    thanks = nurse.get(slip.path(ticket)).text
    assert "给您回电" in thanks
    assert "尾号 0017" in thanks
    assert own(case.id) in thanks


def test_a_good_score_is_none_and_a_second_low_one_is_the_same(
    world: World, phone: Phone, slip: Slip, cases: Cases
) -> None:
    nurse, good, bad = phone(world.nurse_identity), world.ticket("finished"), world.ticket("finished")
    slip.rate(nurse, good, 5)
    assert slip.rows()["case"] == 0
    slip.rate(nurse, bad, 2)
    form = slip.form(nurse, bad)
    assert nurse.post(slip.path(bad) + "/correct", data={"visit": form, "level": "1"}).status_code == 303
    assert slip.rows()["case"] == 1
    assert "给您回电" not in nurse.get(slip.path(good)).text


def test_who_was_asked_to_change_a_rating_stands_on_top(world: World, console: Console, cases: Cases) -> None:
    late = cases.complain(WORDS, at=clock.now() - timedelta(days=30))
    for level in (1, 5):
        press(world, level)
    shown = console(world.supervisor).get("/console/cases").text
    with world.database.reading() as session:
        pressed = session.scalars(select(ServiceCase).where(ServiceCase.pressed)).all()
    assert sorted(case.reason for case in pressed) == ["low_score", "pressure"]
    assert max(shown.index(f"/console/cases/{one.id}") for one in pressed) < shown.index(f"/console/cases/{late}")
    assert shown.count("有人要求改评价") >= 2


def test_an_urge_nobody_acted_upon_is_a_case_after_half_an_hour(world: World, runtime: Runtime, cases: Cases) -> None:
    now = clock.now()
    waiting, acted, stranger = (world.ticket("dispatched", reported_at=now - timedelta(hours=3)) for _ in range(3))
    for ticket, by in ((waiting, world.nurse.id), (acted, world.nurse.id), (stranger, None)):
        urge(world, ticket.id, by, now - timedelta(minutes=31))
    world.move(acted, "accept", at=now - timedelta(minutes=20))
    deadlines.look_once(runtime)
    deadlines.look_once(runtime)
    case = cases.only()
    assert (case.reason, case.ticket_id, case.person_id) == ("urge", waiting.id, world.nurse.id)
    assert cases.told("case_opened") == {("case_opened", world.supervisor.id)}


def test_an_urge_of_less_than_half_an_hour_waits(world: World, runtime: Runtime, slip: Slip) -> None:
    ticket = world.ticket("dispatched")
    urge(world, ticket.id, world.nurse.id, clock.now() - timedelta(minutes=29))
    deadlines.look_once(runtime)
    assert slip.rows()["case"] == 0


@pytest.mark.parametrize(
    ("opened", "answer", "close"),
    [
        ("2026-11-23 09:00", "2026-11-24 09:00", "2026-12-02 09:00"),
        ("2026-11-27 17:00", "2026-11-30 17:00", "2026-12-08 17:00"),  # over a weekend
        ("2026-11-28 10:00", "2026-12-01 08:00", "2026-12-09 08:00"),  # from the first open moment
        ("2025-09-26 16:00", "2025-09-28 16:00", "2025-10-13 16:00"),  # days off, and a Sunday and a Saturday worked
    ],
)
def test_limits_are_working_days(world: World, cases: Cases, opened: str, answer: str, close: str) -> None:
    case = cases.get(cases.complain(WORDS, at=datetime.fromisoformat(f"{opened}+08:00")))
    assert case.call_due_at == case.answer_due_at == datetime.fromisoformat(f"{answer}+08:00")
    assert case.close_due_at == datetime.fromisoformat(f"{close}+08:00")
    assert case.next_due_at == case.call_due_at


def test_the_whole_way_from_the_complaint_to_the_users_last_word(
    world: World, console: Console, phone: Phone, cases: Cases, own: Path
) -> None:
    case = cases.complain(WORDS, world.ticket("finished"), hidden=True)
    supervisor, page = console(world.supervisor), f"/console/cases/{case}"
    assert WORDS in supervisor.get("/console/cases").text
    assert "不透露是谁" in supervisor.get(page).text
    for act, filled in (
        ("take", {"owner": str(world.supervisor.id)}),
        ("call", {"outcome": "reached", "text": "电话里听了经过"}),
        ("answer", {"text": " 已向班组长核实 "}),
        ("agree", {"text": "明天再去一次"}),
        ("recover", {"text": "换了一台新的"}),
    ):
        assert send(supervisor, page, f"{page}/{act}", **filled).status_code == 303, act
    nurse, mine = phone(world.nurse_identity), own(case)
    shown = nurse.get(mine).text
    assert all(words in shown for words in (WORDS, "已向班组长核实", "明天再去一次", "换了一台新的", "吴芳"))
    assert "电话里听了经过" not in shown
    assert send(nurse, mine, f"{mine}/rate", level="5").status_code == 303
    assert send(nurse, mine, f"{mine}/close").status_code == 303
    kept = cases.get(case)
    assert (kept.stage, kept.closed_by, kept.owner_id, kept.recoveries) == ("closed", "user", world.supervisor.id, 1)
    assert kept.next_due_at is None
    steps = ["opened", "taken", "called", "answered", "recovery_agreed", "recovered", "rerated", "closed"]
    assert cases.events(case) == [one if one.startswith("recovery") else f"case_{one}" for one in steps]
    assert cases.told("complaint_answered", "recovered") == {
        ("complaint_answered", world.nurse.id),
        ("recovered", world.nurse.id),
    }
    assert "非常满意" in supervisor.get(page).text
    assert not offers(supervisor, page, f"{page}/answer")
    assert f"/console/cases/{case}" in supervisor.get("/console/cases?show=closed").text
    assert f"/console/cases/{case}" not in supervisor.get("/console/cases").text


def test_what_did_not_help_is_answered_anew(world: World, cases: Cases) -> None:
    case = cases.complain(WORDS, at=MONDAY)
    cases.do(case, "answer", text="已处理", at=MONDAY + timedelta(hours=1))
    answered = cases.get(case).answered_at
    cases.say(case, "insist", text="还是一样", at=MONDAY + timedelta(days=2))
    kept = cases.get(case)
    assert (kept.stage, kept.answered_at) == ("investigating", answered)
    assert kept.answer_due_at == MONDAY + timedelta(days=3)
    cases.do(case, "answer", text="换人去", at=MONDAY + timedelta(days=2, hours=1))
    assert cases.get(case).answered_at == answered


def test_nobody_is_owner_who_worked_on_it_or_is_not_of_the_supervision(world: World, cases: Cases) -> None:
    with world.database.transaction() as session:  # an engineer of old who supervises now
        session.add(RoleGrant(person_id=world.second_engineer.id, role="supervisor"))
        theirs = Employment.person_id == world.second_engineer.id
        session.execute(
            update(Employment).where(theirs).values(provider_id=None, department_id=world.it.id, team_id=None)
        )
    case = cases.complain(WORDS, world.ticket("finished", helpers=(world.second_engineer,)))
    for nobody in (world.second_engineer, world.engineer, world.desk, world.nurse, world.auditor):
        with pytest.raises(Refused, match="not_an_owner"):
            cases.do(case, "take", owner=nobody.id)
    cases.do(case, "take", owner=world.admin.id)
    assert cases.get(case).owner_id == world.admin.id


def test_three_calls_that_reached_nobody_are_a_call_back(world: World, cases: Cases) -> None:
    case = cases.complain(WORDS)
    for nth in (1, 2, 3):
        assert cases.get(case).called_at is None
        cases.do(case, "call", outcome="not_reached", text="")
        assert cases.get(case).calls == nth
    assert cases.get(case).called_at is not None


def test_without_the_user_it_closes_after_their_silence_and_with_a_document(world: World, cases: Cases) -> None:
    case = cases.complain(WORDS, at=MONDAY)
    answered = MONDAY + timedelta(hours=1)
    with pytest.raises(Refused, match="not_at_this_stage"):
        cases.do(case, "close_by_timeout", text="没有联系上", at=MONDAY + timedelta(days=30))
    cases.do(case, "answer", text="已处理", at=answered)
    over = answered + timedelta(days=7)  # five working days
    for text, at, code in (
        ("没有联系上", over - timedelta(seconds=1), "not_silent_yet"),
        ("", over, "closing_undocumented"),
    ):
        with pytest.raises(Refused, match=code):
            cases.do(case, "close_by_timeout", text=text, at=at)
    cases.do(case, "close_by_timeout", text="打了三次没有人接", at=over)
    assert (cases.get(case).closed_by, cases.notes(case)["closing"]) == ("timeout", "打了三次没有人接")
    with pytest.raises(Refused, match="case_closed"):
        cases.say(case, "insist", text="还有话说")


def test_of_two_who_close_at_once_one_wins_and_the_other_is_told_who(
    world: World, console: Console, cases: Cases
) -> None:
    long_ago = clock.now() - timedelta(days=30)
    case = cases.complain(WORDS, at=long_ago)
    cases.do(case, "answer", text="已处理", at=long_ago)
    page = f"/console/cases/{case}"
    first, second = console(world.supervisor), console(world.admin)
    stale = second.get(page).text.split(f'action="{page}/close"')[1]
    assert send(first, page, f"{page}/close", text="没有联系上").status_code == 303
    token = stale.split('name="csrf_token" value="')[1].split('"')[0]
    answer = second.post(f"{page}/close", data={"csrf_token": token, "seen": "1", "text": "我也来结案"})
    assert answer.status_code == 409
    assert world.supervisor.name in answer.text.split('id="fault"')[1].split("</p>")[0]
    assert cases.notes(case)["closing"] == "没有联系上"
    assert cases.events(case).count("case_closed") == 1


def test_a_complaint_about_a_supervisor_goes_to_the_admin_alone(world: World, console: Console, cases: Cases) -> None:
    case = cases.complain("监督员不接电话", about="supervisor")
    assert cases.told("case_opened") == {("case_opened", world.admin.id)}
    supervisor, admin, page = console(world.supervisor), console(world.admin), f"/console/cases/{case}"
    assert supervisor.get(page).status_code == 404
    assert "监督员不接电话" not in supervisor.get("/console/cases").text
    assert "监督员不接电话" in admin.get("/console/cases").text
    with pytest.raises(Missing), world.database.transaction() as session:
        acts.answer(session, case, Actor(world.supervisor.id, clock.now(), 0), text="没有的事")
    cases.do(case, "answer", by=world.admin, text="已核实")
    assert cases.get(case).owner_id == world.admin.id
    assert console(world.auditor).get(page).status_code == 200


def test_a_limit_that_is_over_is_told_once_to_the_owner(world: World, runtime: Runtime, cases: Cases) -> None:
    case = cases.complain(WORDS)
    cases.do(case, "take", owner=world.admin.id)
    with world.database.transaction() as session:
        session.execute(update(ServiceCase).values(next_due_at=clock.now() - timedelta(minutes=1)))
    deadlines.look_once(runtime)
    deadlines.look_once(runtime)
    assert cases.events(case).count("case_overdue") == 1
    assert cases.told("case_overdue") == {("case_overdue", world.admin.id)}


def test_limits_of_open_cases_follow_days_off_that_became_known(
    database: Database, runtime: Runtime, cases: Cases
) -> None:
    case = cases.complain(WORDS, at=MONDAY)
    right = cases.get(case).close_due_at
    with database.transaction() as session:
        session.execute(update(ServiceCase).values(close_due_at=None, call_due_at=MONDAY))
    deadlines.look_once(runtime)
    with database.reading() as session:
        assert watch.stale(session, at=runtime.now()) == []
    assert cases.get(case).close_due_at == right


def test_a_call_on_the_hotline_is_a_case_too(world: World, console: Console, cases: Cases) -> None:
    ticket, supervisor, page = world.ticket("accepted"), console(world.supervisor), "/console/cases/new"
    known = {"who": world.doctor.staff_number, "telephone": "", "number": ticket.number, "text": "没有人来"}
    made = send(supervisor, page, page, **known)
    case = cases.get(int(made.location.rpartition("/")[2]))
    assert (case.person_id, case.ticket_id, case.source) == (world.doctor.id, ticket.id, "phone")
    made = send(supervisor, page, page, who="护工老李", telephone="1390000", number="", text="总是占线")
    assert "护工老李 1390000" in supervisor.get(made.location).text
    assert cases.get(int(made.location.rpartition("/")[2])).call_due_at is not None
    assert send(supervisor, page, page, who="", telephone="", number="", text="总是占线").status_code == 422
    assert send(supervisor, page, page, who="李伟", telephone="", number="19990101-0001", text="慢").status_code == 422


@pytest.mark.parametrize("state", ["reported", "accepted", "finished", "closed", "cancelled"])
def test_there_is_a_door_before_during_and_after_a_ticket(
    world: World, phone: Phone, runtime: Runtime, cases: Cases, state: str, own: Path
) -> None:
    path = runtime.links.ticket_path(world.ticket(state).id)
    door = f"/complain?r={path.removeprefix('/r/')}"
    nurse = phone(world.nurse_identity)
    assert f'href="{door}"' in nurse.get(path).text
    assert f'href="{door}"' not in phone(world.engineer_identity).get(path).text
    shown = nurse.get(door).text
    assert shown.index("只有医院信息科看到") < shown.index("<textarea")
    made = send(nurse, door, "/complain", text=WORDS, hidden="1")
    case = cases.only()
    assert (made.location, case.hidden, case.about) == (own(case.id), True, "ticket")
    assert WORDS in nurse.get(made.location).text
    assert send(nurse, door, "/complain", text="再说一次").status_code == 409


def test_the_service_as_a_whole_is_complained_of_from_anywhere(
    world: World, phone: Phone, runtime: Runtime, cases: Cases
) -> None:
    nurse = phone(world.nurse_identity)
    for page in ("/", "/my", runtime.links.ward_path(world.ward.id)):
        assert 'href="/complain"' in nurse.get(page).text
    assert send(nurse, "/complain", "/complain", text=" ", about="service").status_code == 422
    assert send(nurse, "/complain", "/complain", text=WORDS, about="service").status_code == 303
    case = cases.only()
    assert (case.about, case.ticket_id, case.hidden) == ("service", None, False)
    assert (
        send(phone(world.engineer_identity), "/complain", "/complain", text=WORDS, about="service").status_code == 403
    )


def test_the_provider_sees_no_trace_of_it(world: World, console: Console, cases: Cases) -> None:
    ticket, desk = world.ticket("finished"), console(world.desk)
    case = cases.complain(WORDS, ticket)
    assert desk.get("/console/cases").status_code == 403
    assert desk.get(f"/console/cases/{case}").status_code == 403
    for page in ("/console", "/console/tickets", f"/console/tickets/{ticket.number}"):
        assert "立案" not in desk.get(page).text
        assert WORDS not in desk.get(page).text
    assert "立案" in console(world.supervisor).get(f"/console/tickets/{ticket.number}").text


def test_an_auditor_reads_and_does_nothing(world: World, console: Console, cases: Cases) -> None:
    case = cases.complain(WORDS)
    auditor, page = console(world.auditor), f"/console/cases/{case}"
    assert WORDS in auditor.get(page).text
    assert not offers(auditor, page, f"{page}/answer")


@pytest.mark.parametrize("words", ["", "  ", "长" * 1001])
def test_what_is_no_answer_is_refused_and_what_was_typed_stays(
    world: World, console: Console, cases: Cases, words: str
) -> None:
    page = f"/console/cases/{cases.complain(WORDS)}"
    answer = send(console(world.admin), page, f"{page}/answer", text=words)
    assert answer.status_code == 422
    assert words.strip() in answer.text


def test_whose_it_is_reads_it_and_nobody_else_does(
    world: World, phone: Phone, runtime: Runtime, cases: Cases, own: Path
) -> None:
    ticket = world.ticket("reopened")
    case = cases.complain(WORDS, ticket)
    cases.do(case, "answer", text="已核实")
    nurse, path = phone(world.nurse_identity), runtime.links.ticket_path(ticket.id)
    assert all(words in nurse.get(path).text for words in (WORDS, "已核实"))
    assert own(case) in nurse.get("/my").text
    for identity in (world.engineer_identity, world.supervisor_identity):
        other = phone(identity)
        assert WORDS not in other.get(path).text
        assert other.get(own(case)).status_code == 404
        assert other.get(f"/my/cases/{case}").status_code == 404


def test_an_old_complaints_events_are_its_cases(world: World, database: Database, cases: Cases) -> None:
    case = cases.complain(WORDS, ticket := world.ticket("finished"))
    with database.transaction() as session:
        values = {"subject": "complaint", "subject_id": case, "ticket_id": ticket.id, "cycle": 1, "kind": "complained"}
        session.add(Event(**values, at=clock.now(), recorded_at=clock.now(), channel="mini"))
    with database.reading() as session:
        told = search.history(session, session.get_one(ServiceCase, case))
    assert [one.kind for one in told] == ["case_opened", "complained"]


def test_the_users_notice_leads_to_their_case(world: World, phone: Phone, cases: Cases, own: Path) -> None:
    case = cases.complain(WORDS)
    cases.do(case, "answer", text="已核实")
    assert own(case) in phone(world.nurse_identity).get("/my").text
    with world.database.reading() as session:
        assert session.scalars(select(Notice.ticket_id).where(Notice.kind == "complaint_answered")).all() == [None]


def press(world: World, level: int) -> None:
    ticket, at = world.ticket("finished"), clock.now().astimezone(ZONE)
    who: dict[str, Any] = {"identity_id": world.nurse_identity.id, "at": at}
    with world.database.transaction() as session:
        rating.rate(session, load(session, ticket.id, **who), level=level, trust_all=False, source="scan", **who)
        rating.add_detail(session, load(session, ticket.id, **who), Detail(pressed=True), at=at)


def urge(world: World, ticket_id: int, by: int | None, at: datetime) -> None:
    with world.database.transaction() as session:
        held = lifecycle.locked(session, ticket_id=ticket_id)
        lifecycle.urge(session, held, by=by, at=at, channel="scan")
