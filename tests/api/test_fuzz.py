"""Whatever anybody sends to the running service: no 5xx, and no answer that is not in its document."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from app.api import blueprints  # noqa: F401 which writes the operations down
from app.api.operations import OPERATIONS, Operation
from app.db import Database
from app.models import Ticket
from app.paths import ROOT
from app.services.links import Links
from sandbox.accounts import MINI
from tests.conftest import KEY, migrate, plain_environ
from tests.support.nursery import Nursery
from tests.support.phone import bearer
from tests.support.postgres import Postgres
from tests.support.processes import installation
from tests.support.world import World, build

pytestmark = [pytest.mark.slow("hundreds of requests for each door"), pytest.mark.timeout(400)]

EXAMPLES = settings(
    max_examples=30, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
ABOUT_A_TICKET = [
    operation for operation in OPERATIONS if {"<token>", "<ticket:number>"} & set(operation.path.split("/"))
]
# Not that what fits the schema is taken: most of our rules are about the ticket, and no schema could tell them.
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance"),
    *("response_headers_conformance", "negative_data_rejection", "ignored_auth", "unsupported_method"),
)
ENDS_THE_SESSION = ("end_session", "unbind")
_number = count()


@dataclass(frozen=True)
class Service:
    """The running service, and what is real in it."""

    url: str
    world: World
    ticket: Ticket
    nurse: str
    folder: Path

    @property
    def token(self) -> str:
        return Links("", (KEY,)).ticket_path(self.ticket.id).removeprefix("/r/")

    @property
    def ward(self) -> str:
        return Links("", (KEY,)).ward_path(self.world.ward.id).removeprefix("/w/")

    def form(self) -> str:
        headers = {"Authorization": f"Bearer {self.nurse}"}
        answer = requests.get(f"{self.url}/api/v1/scan/{self.token}", headers=headers, timeout=10)
        return str(answer.json()["form"])


def test_nothing_sent_by_somebody_signed_in_breaks_it(service: Service) -> None:
    left_out = [part for name in ENDS_THE_SESSION for part in ("--exclude-operation-id", name)]
    fuzz(service, "--header", f"Authorization: Bearer {service.nurse}", "--max-examples", "20", *left_out)


def test_nothing_sent_by_a_stranger_breaks_it(service: Service) -> None:
    fuzz(service, "--max-examples", "5")


@pytest.mark.parametrize("operation", ABOUT_A_TICKET, ids=lambda operation: operation.name)
def test_nothing_sent_about_a_real_ticket_breaks_it(operation: Operation, service: Service) -> None:
    document = schemathesis.openapi.from_url(f"{service.url}/api/v1/openapi.json")
    known = document[re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", operation.path)][operation.method]
    token = service.ward if operation.name == "ward" else service.token
    real: dict[str, Any] = {"token": token, "number": service.ticket.number, "photo_id": 1}

    @EXAMPLES
    @given(case=known.as_strategy())
    def send(case: "Case[Any]") -> None:
        case.path_parameters = {name: real[name] for name in case.path_parameters}
        if isinstance(case.body, dict) and "form" in case.body:
            case.body["form"] = service.form()
        headers = {"Authorization": f"Bearer {service.nurse}", **from_somewhere()}
        if operation.keyed:
            headers["Idempotency-Key"] = f"key-of-{next(_number):08}"
        case.call_and_validate(
            base_url=f"{service.url}/api/v1", headers=headers, excluded_checks=[positive_data_acceptance]
        )

    send()


def fuzz(service: Service, *options: str) -> None:
    """schemathesis itself, with all it knows to send and to check."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/api/v1/openapi.json"),
            *("--url", f"{service.url}/api/v1", "--phases", "examples,coverage,fuzzing", "--seed", "1"),
            *("--checks", ",".join(CHECKS), "--continue-on-failure"),
            *("--generation-database", "none", "--suppress-health-check", "all", "--no-color", *options),
        ],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.api.fuzz_hooks", "PYTHONPATH": str(ROOT)},
        cwd=service.folder,  # it leaves notes behind
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-12_000:] + done.stderr[-2_000:]


def from_somewhere() -> dict[str, str]:
    """From a new address each time, or the limits of one would be all that is seen."""
    number = next(_number)
    return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}


@pytest.fixture(scope="module")
def service(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Iterator[Service]:
    """On PostgreSQL, which takes least of what is odd."""
    postgres.execute("CREATE DATABASE fuzzed")
    migrate(postgres.url("fuzzed"))
    folder = tmp_path_factory.mktemp("fuzzed")
    mini = {"WECHAT_MINI_APPID": MINI.appid, "WECHAT_MINI_SECRET": MINI.secret, "TRUSTED_PROXIES": "1"}
    mini["API_POSTS_PER_MINUTE"] = "0"  # one user is all of them here
    database = Database(postgres.url("fuzzed"))
    world = build(database)
    ticket = world.ticket("finished")
    with installation({**plain_environ(postgres.url("fuzzed"), folder), **mini}, folder, nursery) as installed:
        installed.start("sandbox", "web")
        yield Service(installed.url, world, ticket, bearer(world, world.nurse), folder)
    database.engine.dispose()
    postgres.execute("DROP DATABASE fuzzed WITH (FORCE)")
