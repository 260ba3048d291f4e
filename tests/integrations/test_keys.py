"""Other systems come in by their key: what its scopes allow, each POST once, one alarm key one open ticket."""

import secrets
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from app import clock
from app.models import Event, MonitoringAlarm, Ticket
from app.services.integrations import keys
from app.services.integrations.keys import SCOPES
from tests.conftest import Console
from tests.support.console_forms import HIDDEN, send
from tests.support.phone import PREFIX, check, code, document
from tests.support.world import World

ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


class System:
    """Another system with its key; each answer is held against the document."""

    def __init__(self, app: Flask, token: str) -> None:
        self.client, self.token = app.test_client(), token

    def get(self, path: str) -> TestResponse:
        return self._ask("GET", path, {})

    def post(self, path: str, told: Any, *, key: str = "") -> TestResponse:
        return self._ask("POST", path, {"Idempotency-Key": key or secrets.token_hex(8)}, json=told)

    def _ask(self, method: str, path: str, headers: dict[str, str], **more: Any) -> TestResponse:
        whole = {**headers, "Authorization": f"Bearer {self.token}"}
        answer = self.client.open(f"{PREFIX}/integration{path}", method=method, headers=whole, **more)
        check(document(self.client), method, f"/integration{path.partition('?')[0]}", answer)
        return answer


def made(app: Flask, world: World, *scopes: str) -> System:
    with world.database.transaction() as session:
        token = keys.make(session, name="ITSM", scopes=scopes or SCOPES, by=world.admin.id, at=clock.now())
    return System(app, token)


@pytest.fixture
def system(app: Flask, world: World) -> System:
    return made(app, world)


def tickets(world: World) -> list[Ticket]:
    with world.database.reading() as session:
        return list(session.scalars(select(Ticket).order_by(Ticket.id)))


def test_a_ticket_is_opened_once_followed_urged_and_cancelled(system: System, world: World) -> None:
    told = {"description": "打印机卡纸", "requester": world.nurse.staff_number, "category": world.printers.code}
    first, again = (system.post("/tickets", told, key="same-request") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    [ticket] = tickets(world)
    assert (ticket.served_person_id, ticket.department_id, ticket.source) == (world.nurse.id, world.ward.id, "desk")
    assert first.json is not None
    assert first.json["number"] == ticket.number
    assert code(system.post("/tickets", {**told, "priority": 1}, key="same-request")) == (422, "idempotency_key_reused")
    assert system.post(f"/tickets/{ticket.number}/urge", {}).status_code == 200
    assert code(system.post(f"/tickets/{ticket.number}/urge", {})) == (409, "urged_just_now")
    assert system.post(f"/tickets/{ticket.number}/cancel", {}).json["state"] == "cancelled"  # type: ignore[index]
    assert system.get(f"/tickets/{ticket.number}").json["state"] == "cancelled"  # type: ignore[index]
    assert code(system.get("/tickets/19990101-0001")) == (404, "no_such_ticket")


@ONE
def test_a_ticket_is_corrected_on_record_until_work_begins(system: System, world: World) -> None:
    ticket = world.ticket("dispatched")
    told = {"priority": 1, "category": world.network.code}
    answer = system.post(f"/tickets/{ticket.number}/correct", told).json
    assert answer is not None
    assert (answer["priority"], answer["category"]) == (1, world.network.code)
    with world.database.reading() as session:
        event = session.scalars(select(Event).where(Event.kind == "details_corrected")).one()
        assert (event.channel, event.actor_id, (event.data or {})["priority"]) == ("api", None, [3, 1])
    assert code(system.post(f"/tickets/{ticket.number}/correct", {"category": "none"})) == (422, "unknown_code")
    assert code(system.post(f"/tickets/{ticket.number}/correct", {"requester": "1"})) == (422, "invalid")
    world.move(ticket, "accept")
    refused = system.post(f"/tickets/{ticket.number}/correct", {"priority": 4})
    assert code(refused) == (403, "correction_needs_supervisor")
    world.move(ticket, "finish")
    assert code(system.post(f"/tickets/{ticket.number}/correct", {"priority": 4})) == (409, "corrected_too_late")


@ONE
def test_the_list_goes_on_where_it_ended(system: System, world: World) -> None:
    for number in range(3):
        world.ticket("reported", description=str(number))
    listed = system.get("/tickets?state=reported").json
    assert listed is not None
    assert (len(listed["tickets"]), listed["after"]) == (3, None)
    assert code(system.get("/tickets?state=lost")) == (400, "bad_filter")


@ONE
@pytest.mark.parametrize(
    ("field", "value", "refusal"),
    [
        ("category", "none", (422, "unknown_code")),
        ("department", "none", (422, "unknown_code")),
        ("requester", "none", (422, "unknown_code")),
        ("priority", "3", (422, "invalid")),
        ("source", "wechat", (422, "invalid")),
        ("lead", "x", (422, "invalid")),
    ],
)
def test_what_is_not_known_is_refused(
    field: str, value: str, refusal: tuple[int, str], system: System, world: World
) -> None:
    assert code(system.post("/tickets", {"description": "x", field: value})) == refusal
    assert tickets(world) == []


@ONE
def test_the_provider_s_people_are_never_served(system: System, world: World) -> None:
    told = {"description": "x", "requester": world.engineer.staff_number}
    assert code(system.post("/tickets", told)) == (403, "provider_staff")


def test_one_alarm_key_is_one_open_ticket_that_nobody_rates(system: System, world: World) -> None:
    alarm = {"key": "switch-7/port-3 down", "description": "端口断开", "department": world.it.code, "priority": 2}
    raised = [system.post("/alarms", alarm) for _ in range(3)]
    assert [(one.status_code, one.json["count"]) for one in raised if one.json] == [(201, 1), (200, 2), (200, 3)]
    other = system.post("/alarms", {**alarm, "key": "another"})
    assert other.status_code == 201
    first, second = tickets(world)
    assert {(one.source, one.rateable) for one in (first, second)} == {("monitoring", False)}
    assert system.post("/alarms", {**alarm, "state": "resolved"}).json["ticket"]["number"] == first.number  # type: ignore[index]
    with world.database.reading() as session:
        kinds = session.scalars(select(Event.kind).where(Event.ticket_id == first.id).order_by(Event.id)).all()
        assert kinds == ["reported", "alarm_cleared"]
    for verb in ("dispatch", "accept", "arrive", "finish"):
        world.move(first, verb)
    assert system.post("/alarms", {**alarm, "state": "resolved"}).json["ticket"] is None  # type: ignore[index]
    assert system.post("/alarms", alarm).status_code == 201
    with world.database.reading() as session:
        assert session.scalars(select(MonitoringAlarm.count).order_by(MonitoringAlarm.key)).all() == [1, 1]


@ONE
def test_a_key_may_do_what_its_scopes_say_until_it_is_revoked(app: Flask, world: World, console: Console) -> None:
    reads = made(app, world, "tickets:read")
    assert reads.get("/tickets").status_code == 200
    assert code(reads.post("/tickets", {"description": "x"})) == (403, "scope_missing")
    assert code(reads.post("/alarms", {"key": "k", "description": "x"})) == (403, "scope_missing")
    admin, page = console(world.admin), "/console/integrations"
    assert send(admin, page, f"{page}/keys/1/revoke", reason="换系统").status_code == 303
    assert code(reads.get("/tickets")) == (401, "token_over")
    assert code(System(app, "msp_nobody").get("/tickets")) == (401, "token_unknown")
    assert code(System(app, "").get("/tickets")) == (401, "token_missing")


@ONE
def test_the_key_is_shown_once_and_kept_as_a_digest(app: Flask, world: World, console: Console) -> None:
    admin, page = console(world.admin), "/console/integrations"
    shown = send(admin, page, f"{page}/keys", name="监控平台", scope=["alarms:write"])
    token = shown.text.partition("<code>")[2].partition("</code>")[0]
    assert token.startswith(keys.PREFIX)
    assert System(app, token).post("/alarms", {"key": "k", "description": "x"}).status_code == 201
    assert token not in admin.get(page).text
    supervisor = console(world.supervisor)
    token = dict(HIDDEN.findall(supervisor.get("/console/tickets/new").text))["csrf_token"]
    refused = supervisor.post(f"{page}/keys", data={"csrf_token": token, "name": "x", "scope": "tickets:read"})
    assert refused.status_code == 403
