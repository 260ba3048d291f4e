"""The worker fetches the announced round of the beacon; whatever a relay answers, only a genuine signature stands."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from time import sleep

import pytest

from app import clock
from app.jobs import draws as jobs
from app.jobs.drand_beacon import Beacon
from app.models import DrawNumber
from app.runtime import Runtime
from app.services.draws import published_files
from app.services.draws.drand import CHAIN
from lottery.sources import quicknet_time
from tests.draws.story import Story
from tests.draws.test_drand import ROUNDS
from tests.draws.test_numbers import shift

ROUND = ROUNDS[-1]
DRAWN = datetime.fromtimestamp(quicknet_time(ROUND["round"]), UTC)
GENUINE = json.dumps({key: ROUND[key] for key in ("round", "randomness", "signature")})


class Relay(ThreadingHTTPServer):
    """Answers as told, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.status, self.content, self.asked = 200, GENUINE, list[str]()
        self.pause, self.dripped = 0.0, 0
        self.url = f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Relay

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        for byte in self.server.content.encode() if self.server.pause else b"":
            sleep(self.server.pause)
            self.wfile.write(bytes([byte]))
            self.server.dripped += 1
        self.send_response(self.server.status)
        self.send_header("Location", f"{self.server.url}/elsewhere")
        self.end_headers()
        self.wfile.write(self.server.content.encode())

    def log_request(self, *_about: object) -> None:
        """Says nothing."""


@pytest.fixture
def relay() -> Iterator[Relay]:
    with Relay() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def fetching(runtime: Runtime, relay: Relay) -> Runtime:
    return replace(runtime, settings=runtime.settings.model_copy(update={"drand_url": relay.url}))


@pytest.fixture
def committed(story: Story, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    """A draw that waits for the round, at the moment it is out."""
    assert not runtime.settings.clock_ahead  # which the application has set
    monkeypatch.setattr("tests.draws.story.ANNOUNCED", DRAWN - timedelta(days=60))
    source = {"id": "drand-quicknet", "issue": str(ROUND["round"]), "drawn_at": DRAWN.isoformat(), "rule": "-"}
    story.people(10)
    story.announce(**shift(DRAWN), sources=[source], redraw_sources=[], redraw_rounds_max=0)
    story.commit(at=DRAWN - timedelta(days=3))
    live(DRAWN)
    yield story
    clock.run_ahead(timedelta())


def test_the_round_is_fetched_when_it_is_out_and_the_result_follows(
    committed: Story, fetching: Runtime, relay: Relay
) -> None:
    live(DRAWN - timedelta(seconds=30))
    jobs.look_once(fetching, Beacon())
    assert relay.asked == []
    live(DRAWN + timedelta(seconds=1))
    jobs.look_once(fetching, Beacon())
    assert relay.asked == [f"/{CHAIN}/public/{ROUND['round']}"]
    with committed.drawing() as (session, draw):
        [typed] = session.query(DrawNumber).all()
        assert published_files.fields(session, draw, "result-1.json")["sources"][0]["value"] == ROUND["randomness"]
    assert (typed.by_id, typed.value, typed.evidence) == (None, ROUND["randomness"], ROUND["signature"])
    jobs.look_once(fetching, Beacon())
    assert len(relay.asked) == 1


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, json.dumps({"signature": ROUNDS[0]["signature"]})),
        (200, json.dumps({"signature": 7})),
        (200, "[]"),
        (200, "no json"),
        (200, GENUINE + " " * 5_000),
        (200, "[" * 4_000),
        (302, GENUINE),
        (500, ""),
    ],
)
def test_nothing_else_stands_and_it_is_asked_again_later_each_time_twice_as_late(
    committed: Story, fetching: Runtime, relay: Relay, status: int, content: str
) -> None:
    relay.status, relay.content = status, content
    beacon = Beacon()
    for seconds, asked in ((1, 1), (50, 1), (70, 2), (180, 2), (200, 3)):
        live(DRAWN + timedelta(seconds=seconds))
        jobs.look_once(fetching, beacon)
        assert len(relay.asked) == asked
    assert not any("elsewhere" in path for path in relay.asked)
    with committed.drawing() as (session, _draw):
        assert session.query(DrawNumber).all() == []


def test_a_relay_that_sends_a_byte_now_and_then_keeps_nobody_waiting(
    committed: Story, fetching: Runtime, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.jobs.drand_beacon.WHOLE", 0.5)
    relay.pause = 0.1
    jobs.look_once(fetching, Beacon())
    assert relay.dripped < len(GENUINE)  # which goes on
    with committed.drawing() as (session, _draw):
        assert session.query(DrawNumber).all() == []


def test_a_relay_that_is_not_there_stops_nothing(committed: Story, runtime: Runtime) -> None:
    away = replace(runtime, settings=runtime.settings.model_copy(update={"drand_url": "http://127.0.0.1:9"}))
    jobs.look_once(away, Beacon())
    committed.type("drand-quicknet", str(ROUND["round"]), ROUND["signature"], by=committed.world.admin, at=DRAWN)
    jobs.look_once(away, Beacon())
    with committed.drawing() as (session, draw):
        assert published_files.find(session, draw, "result-1.json")


def test_nobody_is_asked_in_a_closed_network(committed: Story, runtime: Runtime, relay: Relay) -> None:
    jobs.look_once(runtime, Beacon())
    assert relay.asked == []
    with committed.drawing() as (session, draw):
        assert not published_files.find(session, draw, "result-1.json")


def live(moment: datetime) -> None:
    """From now on it is this moment."""
    clock.run_ahead(timedelta())
    clock.run_ahead(moment - clock.now())
