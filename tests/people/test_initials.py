"""People are found by the pinyin initials of their names, and nobody whose name is gone."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from app import clock
from app.initials import initials
from app.models import Person, Place
from app.models.person import NAMELESS
from app.services.organisation import directory, people_search
from app.services.tickets import search
from app.services.tickets.search import TicketFilter
from tests.conftest import Console
from tests.support.world import World

ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("赵强", "zq"),
        ("欧阳强", "oyq"),
        ("曾志远", "zzy"),
        ("单雄信", "sxx"),
        ("万俟卨", "mqx"),
        ("尉迟恭", "ycg"),
        (" 张 三 ", "zs"),
        ("Ann Lee", "al"),
        ("阿卜杜拉·买买提", "abdlmmt"),
        ("张A", "za"),
        ("", ""),
        ("☆", ""),
    ],
)
def test_as_people_type_them(name: str, spelt: str) -> None:
    assert initials(name) == spelt


def test_written_with_the_name_however_the_row_is(world: World) -> None:
    with world.database.transaction() as session:
        made = Person(staff_number="77001", name="欧阳强")
        session.add(made)
        session.execute(insert(Person.__table__), [{"staff_number": "77002", "name": "曾强"}])  # type: ignore[arg-type]
        session.flush()
        assert made.initials == "oyq"
        made.name = "赵强"
    with world.database.transaction() as session:
        rows = session.execute(select(Person.staff_number, Person.initials).where(Person.staff_number.like("7700%")))
        assert dict(rows.all()) == {"77001": "zq", "77002": "zq"}
        person = session.scalars(select(Person).where(Person.staff_number == "77001")).one()
        person.name = NAMELESS
        assert person.initials == initials(NAMELESS)


def test_lists_find_people_and_their_tickets(world: World) -> None:
    ticket, typed = world.ticket("reported"), initials(world.nurse.name)
    with world.database.reading() as session:
        found = directory.find(session, day=clock.now().date(), text=typed)
        assert world.nurse.id in {row.id for row in found.rows}
        page = search.find(session, TicketFilter(text=typed.upper()))
        assert ticket.id in {row.id for row in page.rows}
        assert search.find(session, TicketFilter(text="qqqq")).rows == []


@ONE
def test_the_hospital_s_own_desk_is_offered_people_while_it_types(world: World, console: Console) -> None:
    ticket = world.ticket("reported")
    supervisor, desk = console(world.supervisor), console(world.desk)
    typed = initials(world.nurse.name)
    found = supervisor.get(f"/console/people/suggest?q={typed}").json
    assert found is not None
    [nurse] = [one for one in found["found"] if one["value"] == world.nurse.staff_number]
    assert world.ward.name in nurse["label"]
    assert nurse["beside"].startswith("1 张未完成")
    [reported] = nurse["tickets"]
    assert reported["at"].endswith(f"/{ticket.number}")
    assert ticket.number in reported["label"]
    assert supervisor.get("/console/people/suggest").json == {"found": []}
    with world.database.reading() as session:
        provider = people_search.suggest(session, initials(world.engineer.name), day=clock.now().date())
    assert world.engineer.staff_number not in {one.staff_number for one in provider}
    # The provider's desk looks nobody up.
    assert desk.get(f"/console/people/suggest?q={typed}").status_code == 403
    assert "people/suggest" in supervisor.get("/console/tickets/new").text
    assert "people/suggest" not in desk.get("/console/tickets/new").text


@ONE
def test_who_calls_is_found_by_the_number_of_the_ward_and_what_they_reported_stands_beside(world: World) -> None:
    waiting = world.ticket("reported", reported_at=clock.now() - timedelta(days=9))
    tickets = [waiting, *(world.ticket("closed") for _ in range(people_search.LAST))]
    with world.database.transaction() as session:
        session.add(Place(code="p1", name="护士站", department_id=world.ward.id, telephone="6011"))
    with world.database.reading() as session:
        found = people_search.suggest(session, "6011", day=clock.now().date())
        of_nurse = {one.staff_number: one for one in found}[world.nurse.staff_number]
    assert {row.number for row in of_nurse.tickets} == {
        one.number for one in tickets
    }  # the open one is none of the last
    assert len(of_nurse.tickets) == people_search.LAST + 1
