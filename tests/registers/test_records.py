"""Records: who writes, who confirms, who sees what; parts that are counted; what it all comes to."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.errors import Missing, Refused
from app.models import Contract, Event, Person, Provider, RegisterEntry
from app.services.registers import access, records, search, stock
from app.services.registers.access import Reader
from app.services.registers.figures import figures
from app.services.registers.records import Act
from app.services.registers.search import RecordFilter
from tests.registers.conftest import AT, Write, stands
from tests.support.world import World

DAY = date(2026, 11, 20)
FIRST, LAST = date(2026, 10, 1), date(2026, 12, 31)


def hospital(person: Person, seen: int = 1) -> Act:
    return Act(Reader(person.id, hospital=True, acts=True), AT, revision=seen)


def of(world: World, person: Person) -> Reader:
    with world.database.reading() as session:
        return access.reader(session, person.id, hospital=False, acts=True, day=DAY)


def test_numbers_follow_one_another_and_who_wrote_is_an_event(world: World, write: Write) -> None:
    first, second = (write("drills", title=title, due="2026-12-01") for title in ("断网", "断电"))
    assert [stands(world, one).code for one in (first, second)] == ["DR-0001", "DR-0002"]
    with world.database.reading() as session:
        [event, _other] = session.scalars(select(Event).where(Event.subject == "register").order_by(Event.id))
        assert (event.kind, event.subject_id, event.actor_id) == ("register_written", first, world.supervisor.id)
        assert event.data == {"register": "drills", "revision": 1}
        [entry] = session.scalars(select(RegisterEntry).where(RegisterEntry.record_id == first))
        assert (entry.words, entry.data["due_on"], entry.event_id) == ({"title": "断网"}, "2026-12-01", event.id)


def test_what_is_the_same_is_not_written_again_and_what_was_is_kept(world: World, write: Write) -> None:
    record = write("drills", title="断网", due="2026-12-01")
    said = {"contract": world.contract.number, "title": "断网", "due": "2026-12-01"}
    with world.database.transaction() as session:
        assert not records.revise(session, record, "drills", said, hospital(world.admin))
        assert records.revise(session, record, "drills", {**said, "due": "2026-12-05"}, hospital(world.admin))
        assert [line.RegisterEntry.data["due_on"] for line in search.history(session, record)] == [
            "2026-12-05",
            "2026-12-01",
        ]


def test_who_comes_second_writes_nothing(world: World, write: Write) -> None:
    record = write("drills", title="断网", due="2026-12-01")
    said = {"contract": world.contract.number, "title": "断电", "due": "2026-12-01"}
    with world.database.transaction() as session:
        records.revise(session, record, "drills", said, hospital(world.admin))
    with pytest.raises(Refused, match="register_moved"), world.database.transaction() as session:
        records.revise(session, record, "drills", {**said, "title": "断水"}, hospital(world.supervisor))
    assert stands(world, record).title == "断电"


def test_what_costs_is_confirmed_by_another_and_again_once_it_is_changed(world: World, write: Write) -> None:
    record = write("uniform", title="三楼", checked="20", passed="19", done="2026-11-19")
    with pytest.raises(Refused, match="register_own"), world.database.transaction() as session:
        records.confirm(session, record, "uniform", hospital(world.supervisor))
    with world.database.transaction() as session:
        records.confirm(session, record, "uniform", hospital(world.admin))
    assert stands(world, record).confirmed_by_id == world.admin.id
    with pytest.raises(Refused, match="register_confirmed"), world.database.transaction() as session:
        records.confirm(session, record, "uniform", hospital(world.admin))
    said = {"title": "三楼", "checked": "20", "passed": "18", "done": "2026-11-19", "contract": world.contract.number}
    with world.database.transaction() as session:
        records.revise(session, record, "uniform", said, hospital(world.admin))
    assert stands(world, record).confirmed_at is None
    for person, seen, code in ((world.admin, 2, "register_own"), (world.supervisor, 1, "register_moved")):
        with pytest.raises(Refused, match=code), world.database.transaction() as session:
            records.confirm(session, record, "uniform", hospital(person, seen))


def test_what_is_only_planned_waits_for_nobody_until_its_day_is_over(world: World, write: Write) -> None:
    for title, said in (
        ("a", {"due": "2026-11-21"}),
        ("b", {"due": "2026-11-19"}),
        ("c", {"due": "2026-11-21", "done": "2026-11-18"}),
    ):
        write("rectifications", title=title, **said)
    who = Reader(world.admin.id, hospital=True, acts=True)
    with world.database.reading() as session:
        assert [one.record.title for one in search.unconfirmed(session, who, day=DAY)] == ["b", "c"]


def test_neither_the_provider_nor_the_auditor_confirms(world: World, write: Write, manager: Person) -> None:
    record = write("rectifications", title="线缆", due="2026-12-01")
    auditor = Act(Reader(world.auditor.id, hospital=True), AT, revision=1)
    for act in (Act(of(world, manager), AT, revision=1), auditor):
        with pytest.raises(Refused, match="register_not_to_confirm"), world.database.transaction() as session:
            records.confirm(session, record, "rectifications", act)


def test_the_providers_manager_reads_and_writes_their_own_where_the_form_says_so(
    world: World, write: Write, manager: Person
) -> None:
    own, another = (
        write("inspections", title="机房", due="2026-12-01"),
        write("inspections", title="别家的", due="2026-12-01", contract=other_contract(world)),
    )
    who = of(world, manager)
    assert who.manages
    with world.database.transaction() as session:
        page = search.find(session, who, "inspections", RecordFilter(), day=DAY)
        assert [row.RegisterRecord.id for row in page.rows] == [own]
        with pytest.raises(Missing):
            search.one(session, who, "inspections", another, day=DAY)
        with pytest.raises(Missing):
            records.revise(session, another, "inspections", {}, Act(who, AT, revision=1))
        said = {"title": "弱电间", "due": "2026-12-02", "person": "赵强", "contract": world.contract.number}
        made = records.create(session, "inspections", said, Act(who, AT))
        assert (made.provider_id, made.person_id) == (world.provider.id, world.engineer.id)
        with pytest.raises(Refused, match="register_read_only"):
            records.create(session, "uniform", {}, Act(who, AT))


@pytest.mark.parametrize(
    ("said", "field"),
    [({"person": "00017"}, "person"), ({"person": "王丽"}, "person"), ({"contract": "HT-OTHER"}, "contract")],
)
def test_the_provider_names_nobody_and_nothing_of_others(
    world: World, manager: Person, said: dict[str, str], field: str
) -> None:
    """Neither a nurse by her staff number nor by her name, nor another's contract: it would learn that there is one."""
    other_contract(world)
    filled = {"title": "机房", "due": "2026-12-02", "contract": world.contract.number, **said}
    with pytest.raises(records.Unfit) as unfit, world.database.transaction() as session:
        records.create(session, "inspections", filled, Act(of(world, manager), AT))
    assert list(unfit.value.faults) == [field]


def test_engineers_read_what_is_open_of_knowledge_and_nothing_else(world: World, write: Write) -> None:
    open_one = write("knowledge", title="卡纸", solution="抽出", state="published", contract="")
    write("knowledge", title="草稿", solution="还没有写完", contract="")
    who = of(world, world.engineer)
    assert not who.manages
    with world.database.reading() as session:
        assert {"knowledge", "spares", "desk_rules"} == set(access.kinds(who))
        page = search.find(session, who, "knowledge", RecordFilter(), day=DAY)
        assert [row.RegisterRecord.id for row in page.rows] == [open_one]
        with pytest.raises(Missing):
            access.register(who, "security")


def test_parts_come_and_go_and_there_are_never_fewer_than_none(world: World, write: Write) -> None:
    part = write("spares", title="硒鼓", model="CF388A")
    steps = (("in", 5, 5), ("out", 2, 3), ("counted", 4, 4), ("out", 4, 0))
    for movement, count, left in steps:
        with world.database.transaction() as session:
            moved = stock.move(session, part, "spares", hospital(world.supervisor), movement=movement, count=count)
            assert moved.stock == left
    with pytest.raises(Refused, match="register_too_few"), world.database.transaction() as session:
        stock.move(session, part, "spares", hospital(world.supervisor), movement="out", count=1)
    with pytest.raises(Refused, match="register_number"), world.database.transaction() as session:
        stock.move(session, part, "spares", hospital(world.supervisor), movement="in", count=0)
    assert stands(world, part).stock == 0
    with world.database.reading() as session:
        changes = [line.RegisterEntry.change for line in search.history(session, part)]
    assert changes == [-4, 1, -2, 5, None]


def test_what_is_searched_in_chinese_is_found_by_its_letters(world: World, write: Write) -> None:
    paper = write("knowledge", title="打印机卡纸", solution="打开后盖，抽出纸", state="published", contract="")
    write("knowledge", title="电脑不开机", solution="查电源", state="published", contract="")
    with world.database.reading() as session:
        for text in ("卡纸", "后盖 抽出", "kb-0001"):
            who = Reader(world.supervisor.id, hospital=True)
            page = search.find(session, who, "knowledge", RecordFilter(text=text), day=DAY)
            assert [row.RegisterRecord.id for row in page.rows] == [paper], text


@pytest.mark.parametrize(
    ("show", "found"), [("", "abcd"), ("open", "abc"), ("overdue", "a"), ("done", "d"), ("waiting", "")]
)
def test_lists_are_asked_by_state_and_day(world: World, write: Write, show: str, found: str) -> None:
    for title, due in (("a", "2026-11-01"), ("b", "2026-11-20"), ("c", "2026-12-20")):
        write("inspections", title=title, due=due)
    write("inspections", title="d", due="2026-11-01", state="done", done="2026-11-01")
    who = Reader(world.supervisor.id, hospital=True)
    with world.database.reading() as session:
        rows = search.find(session, who, "inspections", RecordFilter(show), day=DAY).rows
        assert "".join(sorted(row.RegisterRecord.title for row in rows)) == found
        soon = search.due(session, who, day=DAY, within=timedelta(days=30))
        assert [(one.record.title, one.overdue) for one in soon] == [("a", True), ("b", False), ("c", False)]
        [tally] = [one for one in search.tallies(session, who, day=DAY) if one.kind == "inspections"]
        assert (tally.count, tally.open, tally.overdue, tally.waiting) == (4, 3, 1, 0)


def test_figures_of_what_was_planned_and_what_was_done_in_time(world: World, write: Write) -> None:
    for due, done in (
        ("2026-10-10", "2026-10-09"),
        ("2026-10-20", "2026-10-25"),
        ("2026-11-01", ""),
        ("2026-09-30", "2026-10-02"),  # planned for the quarter before
    ):
        write("inspections", title="机房", due=due, done=done, faults="2", state="done" if done else "planned")
    write("inspections", title="机房", due="2026-10-11", state="dropped")
    write("inspections", title="机房", due="2026-10-11", contract=other_contract(world))
    with world.database.reading() as session:
        told = figures(session, "inspections", world.contract.id, FIRST, LAST)
        assert (told.due, told.completed, told.in_time, told.dated, told.numbers["faults"]) == (3, 2, 1, 3, 6)
        assert len(told.records) == 4


def test_figures_leave_out_what_nobody_has_confirmed(world: World, write: Write) -> None:
    for passed in ("19", "10"):
        record = write("uniform", title="三楼", checked="20", passed=passed, done="2026-11-19")
    with world.database.transaction() as session:
        records.confirm(session, record, "uniform", hospital(world.admin))
        told = figures(session, "uniform", world.contract.id, FIRST, LAST)
    assert (told.dated, told.waiting, told.numbers) == (1, 1, {"checked": 20, "passed": 10})


def test_figures_by_code_and_of_what_was_counted(world: World, write: Write) -> None:
    for what, people, passed in (("training", "10", "9"), ("test", "8", "7")):
        said = {"title": "培训", "what": what, "people": people, "passed": passed}
        record = write("training", due="2026-11-01", done="2026-11-01", state="done", **said)
        with world.database.transaction() as session:
            records.confirm(session, record, "training", hospital(world.admin))
    part = write("spares", title="硒鼓")
    for movement, count in (("in", 5), ("counted", 5), ("counted", 4)):
        with world.database.transaction() as session:
            stock.move(session, part, "spares", hospital(world.supervisor), movement=movement, count=count)
    with world.database.reading() as session:
        tests = figures(session, "training", world.contract.id, FIRST, LAST, only={"what": "test"})
        assert (tests.numbers, tests.choices) == ({"people": 8, "passed": 7}, {"what": {"test": 1}})
        counts = figures(session, "spares", world.contract.id, FIRST, LAST)
        assert counts.numbers == {"counted": 2, "matched": 1}
        assert figures(session, "spares", world.contract.id, date(2027, 1, 1), date(2027, 3, 31)).dated == 0


def other_contract(world: World) -> str:
    with world.database.transaction() as session:
        provider = Provider(code="other", name="另一家")
        session.add(provider)
        session.flush()
        days = {"valid_from": date(2020, 1, 1), "valid_to": date(2039, 12, 31)}
        session.add(Contract(number="HT-OTHER", provider_id=provider.id, **days))
    return "HT-OTHER"
