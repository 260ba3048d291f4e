"""Contracts: an admin registers, prolongs and ends them; what is finished under one stays with it."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.models import Completion, Contract, ContractScope, Event, Sheet
from tests.conftest import Console
from tests.support.console_forms import offers, send
from tests.support.world import World

PAGE = "/console/contracts"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def admin(console: Console, world: World) -> FlaskClient:
    return console(world.admin)


def form(world: World, **fields: Any) -> dict[str, Any]:
    standing = {"number": "HT-2041-007", "provider": str(world.provider.id), "first": "2041-01-01"}
    return {**standing, "last": "2043-12-31", **fields}


def register(client: FlaskClient, world: World, **fields: Any) -> TestResponse:
    return send(client, PAGE, PAGE, **form(world, **fields))


def own(world: World, number: str = "HT-2041-007") -> Contract | None:
    with world.database.reading() as session:
        return session.scalars(select(Contract).where(Contract.number == number)).one_or_none()


def test_a_registered_contract_is_listed_with_what_it_covers_and_is_on_record(admin: FlaskClient, world: World) -> None:
    answer = register(admin, world, category=[str(world.printers.id)])
    assert answer.status_code == 303
    page = admin.get(PAGE).text
    assert "HT-2041-007" in page
    assert f"{world.printers.name} × 全部院区" in page
    made = own(world)
    assert made is not None
    with world.database.reading() as session:
        event = session.scalars(select(Event).where(Event.kind == "contract_made", Event.subject_id == made.id)).one()
    assert event.actor_id == world.admin.id
    assert (event.data or {})["to"] == "2043-12-31"
    assert (event.data or {})["scopes"] == [[world.printers.id, 0]]


def test_a_ticket_finished_within_it_counts_for_it(admin: FlaskClient, world: World) -> None:
    today = clock.now().date()
    with world.database.transaction() as session:
        standing = session.get_one(Contract, world.contract.id)
        standing.valid_to = today - timedelta(days=30)
    register(admin, world, first=str(today - timedelta(days=3)), last=str(today + timedelta(days=300)))
    ticket = world.ticket("finished")
    with world.database.reading() as session:
        done = session.scalars(select(Completion).where(Completion.ticket_id == ticket.id)).one()
    made = own(world)
    assert made is not None
    assert done.contract_id == made.id


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"number": " "}, "合同编号是 1 到 64 个字"),
        ({"number": "ht-2020-001"}, "已经登记过"),
        ({"last": "2040-12-31"}, "请写明起止日期"),
        ({"first": "2041-02-30"}, "请写明起止日期"),
        ({"first": ""}, "请写明起止日期"),
        ({"last": "2099-01-01"}, "最长 20 年"),
        ({"provider": ""}, "请选服务商"),
        ({"provider": "99999999999999999999"}, "请选服务商"),
        ({"category": ["4711"]}, "没有这个服务类别或院区"),
        ({"campus": ["x"]}, "没有这个服务类别或院区"),
        ({"first": "2039-12-31"}, "和合同 HT-2020-001 的日期、范围重叠"),
    ],
)
def test_what_cannot_be_registered_is_said_and_nothing_is_written(
    admin: FlaskClient, world: World, fields: dict[str, Any], said: str
) -> None:
    answer = register(admin, world, **fields)
    assert answer.status_code in {409, 422}
    assert said in answer.text
    with world.database.reading() as session:
        assert len(session.scalars(select(Contract)).all()) == 1


def test_two_on_the_same_days_may_share_a_provider_where_their_scopes_differ(admin: FlaskClient, world: World) -> None:
    assert register(admin, world, category=[str(world.printers.id)]).status_code == 303
    assert register(admin, world, number="HT-2041-008").status_code == 303
    again = register(admin, world, number="HT-2041-009", category=[str(world.printers.id)])
    assert again.status_code == 409


def test_before_anything_hangs_on_it_everything_can_be_corrected(admin: FlaskClient, world: World) -> None:
    register(admin, world)
    made = own(world)
    assert made is not None
    page = f"{PAGE}/{made.id}"
    answer = send(admin, page, page, **form(world, number="HT-2041-070", campus=[str(world.campus.id)]))
    assert answer.status_code == 303
    with world.database.reading() as session:
        scope = session.scalars(select(ContractScope).where(ContractScope.contract_id == made.id)).one()
        kinds = session.scalars(select(Event.kind).where(Event.subject_id == made.id, Event.subject == "contract"))
        assert (scope.category_id, scope.campus_id) == (None, world.campus.id)
        assert sorted(kinds) == ["contract_changed", "contract_made"]


def test_once_a_ticket_was_finished_under_it_its_last_day_alone_changes(admin: FlaskClient, world: World) -> None:
    world.ticket("finished")
    page = f"{PAGE}/{world.contract.id}"
    assert 'name="number"' not in admin.get(page).text
    answer = send(admin, page, page, **form(world, number="HT-NEW", last="2038-12-31"))
    assert answer.status_code == 303
    changed = own(world, "HT-2020-001")
    assert changed is not None
    assert changed.valid_to == date(2038, 12, 31)


def test_it_cannot_end_before_what_is_frozen(admin: FlaskClient, world: World) -> None:
    world.ticket("finished")
    with world.database.transaction() as session:
        frozen = {"version": 1, "content": "{}", "digest": "0" * 64, "reason": "", "by_id": world.admin.id}
        session.add(Sheet(contract_id=world.contract.id, quarter="2025Q4", at=clock.now(), **frozen))
    page = f"{PAGE}/{world.contract.id}"
    answer = send(admin, page, page, **form(world, last="2025-12-30"))
    assert answer.status_code == 409
    assert "考核表已冻结到 2025-12-31" in answer.text
    assert send(admin, page, page, **form(world, last="2025-12-31")).status_code == 303


def test_a_supervisor_reads_and_cannot_register(console: Console, world: World) -> None:
    reader = console(world.supervisor)
    assert "HT-2020-001" in reader.get(PAGE).text
    assert not offers(reader, PAGE, PAGE)
    assert reader.post(PAGE, data=form(world)).status_code in {400, 403}
    assert console(world.desk).get(PAGE).status_code == 403
