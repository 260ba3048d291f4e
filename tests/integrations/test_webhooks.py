"""What goes out to other systems: once for each event, until it is taken, and never where it must not go."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select, update
from standardwebhooks.webhooks import Webhook

from app import clock
from app.errors import Refused
from app.jobs import webhooks as job
from app.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from app.runtime import Runtime, build
from app.services import events, feed
from app.services.integrations import signature, webhooks
from app.services.integrations.webhooks import OFFERED, Outcome
from config.settings import Settings
from tests.conftest import Console
from tests.support.console_forms import offers, send
from tests.support.exports import columns
from tests.support.world import World

ONE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@dataclass
class Receiver:
    """Another system: takes what comes and answers as it was told, 200 where nothing is said."""

    url: str = ""
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(body["type"], body["data"]["ticket"].get("state", "")) for body in self.bodies]

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _headers, body in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://localhost:{server.server_port}/hook?a=b"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhook_private": ("localhost",)})


def add(world: World, url: str, *types: str) -> int:
    with world.database.transaction() as session:
        given: dict[str, Any] = {
            "name": "ITSM",
            "url": url,
            "types": types or OFFERED,
            "of_hospital": True,
            "by": world.admin.id,
            "at": clock.now(),
        }
        return webhooks.add(session, **given).id


def deliveries(world: World) -> list[WebhookDelivery]:
    with world.database.reading() as session:
        return list(session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)))


def due_now(world: World) -> None:
    with world.database.transaction() as session:
        session.execute(update(WebhookDelivery).values(next_try_at=clock.now()))


def test_created_moved_rated_and_closed_are_told_once_and_verified(
    runtime: Runtime, world: World, receiver: Receiver
) -> None:
    world.ticket("closed")  # before the endpoint: nobody is told of the past
    with world.database.transaction() as session:
        feed.number(session)
    endpoint = add(world, receiver.url)
    ticket = world.ticket("finished")
    world.rated(ticket, 1)
    world.move(ticket, "close")
    for _ in range(3):
        job.send_once(runtime)
    assert sorted(receiver.told) == sorted(
        [("ticket.created", "reported"), ("ticket.rated", ""), ("ticket.closed", "closed")]
        + [("ticket.moved", state) for state in ("dispatched", "accepted", "arrived", "finished")]
    )
    secret = signature.written(signature.secret(runtime.settings.secret_keys[0], endpoint))
    for headers, body in receiver.got:
        Webhook(secret).verify(body, headers)
    rated = next(body for body in receiver.bodies if body["type"] == "ticket.rated")
    assert rated["data"] == {"ticket": {"number": ticket.number, "cycle": 1}}
    assert world.nurse.name.encode() not in b"".join(body for _headers, body in receiver.got)
    assert {one.state for one in deliveries(world)} == {"sent"}


@ONE
def test_what_became_of_each_message_is_a_file(
    runtime: Runtime, world: World, receiver: Receiver, console: Console
) -> None:
    page = f"/console/integrations/webhooks/{add(world, receiver.url, 'ticket.created')}"
    ticket = world.ticket("reported")
    job.send_once(runtime)
    supervisor = console(world.supervisor)
    [row] = columns(supervisor, f"{page}?as=csv")
    assert (row["工单"], row["次数"], row["对方答复"]) == (ticket.number, "1", "200")
    assert columns(supervisor, f"{page}?state=waiting&as=csv") == []
    assert console(world.desk).get(f"{page}?as=csv").status_code == 403


@ONE
def test_only_what_was_asked_for(runtime: Runtime, world: World, receiver: Receiver) -> None:
    add(world, receiver.url, "ticket.closed")
    world.ticket("closed")
    job.send_once(runtime)
    assert receiver.told == [("ticket.closed", "closed")]


@ONE
def test_what_is_not_taken_is_tried_again_later_under_the_same_id(
    runtime: Runtime, world: World, receiver: Receiver
) -> None:
    receiver.answers = [(500, {}), (301, {"Location": receiver.url}), (503, {"Retry-After": "4000"})]
    add(world, receiver.url, "ticket.created")
    world.ticket("reported")
    pauses = []
    for _ in range(4):
        before = clock.now()
        job.send_once(runtime)
        job.send_once(runtime)  # not due yet
        pauses.append(deliveries(world)[0].next_try_at - before)
        due_now(world)
    assert [headers["webhook-id"] for headers, _body in receiver.got] == [deliveries(world)[0].message_id] * 4
    assert [timedelta(seconds=5) < pauses[0], timedelta(minutes=5) < pauses[1]] == [True, True]
    assert pauses[2] >= timedelta(seconds=4000)
    assert [(one.state, one.status, one.attempts) for one in deliveries(world)] == [("sent", 200, 4)]
    with world.database.reading() as session:
        tries = session.scalars(select(WebhookAttempt).order_by(WebhookAttempt.id))
        assert [one.status for one in tries] == [500, 301, 503, 200]


@ONE
def test_pauses_grow_and_come_to_an_end(world: World) -> None:
    assert sorted(webhooks.PAUSES) == webhooks.PAUSES
    endpoint = add(world, "https://itsm.example/hook", "ticket.created")
    world.ticket("reported")
    with world.database.transaction() as session:
        feed.number(session)
        webhooks.take_up(session, endpoint, at=clock.now())
    for _ in range(len(webhooks.PAUSES) + 1):
        due_now(world)
        with world.database.transaction() as session:
            [message] = webhooks.claim(session, at=clock.now(), most=9)
            webhooks.record(session, message, Outcome(reason="no_answer"), at=clock.now())
    assert [(one.state, one.reason) for one in deliveries(world)] == [("failed", "no_answer")]


@ONE
def test_410_switches_it_off_and_on_again_it_goes_on_where_it_was(
    runtime: Runtime, world: World, receiver: Receiver
) -> None:
    receiver.answers = [(410, {})]
    endpoint = add(world, receiver.url, "ticket.created")
    world.ticket("reported")
    job.send_once(runtime)
    world.ticket("reported", description="二")
    job.send_once(runtime)
    assert len(receiver.got) == 1
    with world.database.transaction() as session:
        assert session.get_one(WebhookEndpoint, endpoint).state == "gone"
        webhooks.switch(session, endpoint, on=True)
    job.send_once(runtime)
    assert [one.state for one in deliveries(world)] == ["failed", "sent"]


def test_a_worker_that_died_leaves_its_lease(runtime: Runtime, world: World, receiver: Receiver) -> None:
    add(world, receiver.url, "ticket.created")
    world.ticket("reported")
    job.take_up(runtime)
    with world.database.transaction() as session:
        [dead] = webhooks.claim(session, at=clock.now(), most=9)
        assert webhooks.claim(session, at=clock.now(), most=9) == []
    due_now(world)
    job.send_once(runtime)
    assert receiver.got[0][0]["webhook-id"] == dead.message_id
    with world.database.transaction() as session:  # it comes back after all: another has sent it meanwhile
        webhooks.record(session, dead, Outcome(reason="no_answer"), at=clock.now())
    assert [one.state for one in deliveries(world)] == ["sent"]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://[::1]:9/", "http://10.1.2.3/", "http://169.254.169.254/"]
)
@ONE
def test_a_private_address_is_refused_unless_listed(url: str, settings: Settings, world: World) -> None:
    shut = build(settings.model_copy(update={"webhook_private": ()}), world.database)
    add(world, url, "ticket.created")
    world.ticket("reported")
    job.send_once(shut)
    assert [(one.state, one.reason) for one in deliveries(world)] == [("waiting", "private_address")]


@pytest.mark.parametrize(
    "host",
    [
        *("2130706433", "0x7f.1", "017700000001", "::ffff:10.0.0.1", "::127.0.0.1", "2002:7f00:1::"),
        *("64:ff9b::10.0.0.1", "64:ff9b:1::a00:1", "::ffff:0:127.0.0.1", "0.0.0.0", "::", "fe80::1"),
    ],
)
def test_a_private_address_is_refused_however_it_is_written(host: str) -> None:
    with pytest.raises(job.Unreachable, match="private_address"):
        job.resolved(host, 443, ())


@pytest.mark.parametrize("host", ["1.1.1.1", "2606:4700::1111", "64:ff9b::1.1.1.1", "2002:101:101::"])
def test_a_public_address_is_not(host: str) -> None:
    assert job.resolved(host, 443, ())[1] is False


@pytest.mark.parametrize(
    ("private", "listed"),
    [(("localhost",), True), (("127.0.0.0/8", "::1"), True), (("10.0.0.0/8",), None), (("itsm.local",), None)],
)
def test_what_is_listed_is_a_host_an_address_or_a_network(private: tuple[str, ...], listed: bool | None) -> None:
    if listed is None:
        with pytest.raises(job.Unreachable, match="private_address"):
            job.resolved("localhost", 80, private)
    else:
        assert job.resolved("localhost", 80, private)[1] is listed


@ONE
def test_http_is_for_the_inside_only(runtime: Runtime, world: World) -> None:
    add(world, "http://1.1.1.1/hook", "ticket.created")
    world.ticket("reported")
    job.send_once(runtime)
    assert [one.reason for one in deliveries(world)] == ["not_https"]


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://host/", "https://user:pass@host/", "https:///path", "nothing", "https://h/" + "x" * 500),
        *("https://[::1", "https://h:99999/", "https://h:port/"),
    ],
)
@ONE
def test_what_is_no_address_is_refused(url: str, world: World) -> None:
    with pytest.raises(Refused, match="webhook_url"):
        add(world, url)


@ONE
def test_nothing_is_told_of_an_import(runtime: Runtime, world: World, receiver: Receiver) -> None:
    add(world, receiver.url)
    ticket = world.ticket("reported")
    node = {"ticket_id": ticket.id, "cycle": 1, "kind": "closed", "state": "closed", "channel": "import"}
    with world.database.transaction() as session:
        events.append_all(session, [{**node, "at": clock.now(), "recorded_at": clock.now()}])
    job.send_once(runtime)
    assert receiver.told == [("ticket.created", "reported")]


@ONE
def test_the_admin_adds_looks_and_sends_again(
    runtime: Runtime, world: World, console: Console, receiver: Receiver
) -> None:
    admin, page = console(world.admin), "/console/integrations"
    receiver.answers = [(400, {})]
    given: dict[str, Any] = {"name": "监控平台", "url": receiver.url, "type": ["ticket.created", "ticket.rated"]}
    assert (
        "服务商看不到" in send(admin, page, f"{page}/webhooks", **given).text
    )  # who it was that rated, it could guess
    sent = send(admin, page, f"{page}/webhooks", **given, of_hospital="1")
    assert sent.status_code == 303
    ticket = world.ticket("reported")
    job.send_once(runtime)
    shown = admin.get(sent.location).text
    assert ticket.number in shown
    assert "400" in shown
    assert signature.PREFIX in shown
    again = f"{page}/deliveries/{deliveries(world)[0].id}/again"
    assert send(admin, sent.location, again).status_code == 303
    job.send_once(runtime)
    assert [one.state for one in deliveries(world)] == ["sent"]
    auditor = console(world.auditor)
    assert signature.PREFIX not in auditor.get(sent.location).text
    assert not offers(auditor, page, f"{page}/webhooks")
    assert console(world.desk).get(page).status_code == 403
