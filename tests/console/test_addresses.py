"""Addresses nobody meant: answered here, never led elsewhere."""

import pytest
from flask.testing import FlaskClient

from tests.conftest import Console
from tests.support.world import World


@pytest.mark.parametrize("address", ["/console//tickets", "/console/tickets//new", "/sign-in//scan/x"])
def test_no_way_on_is_built_from_the_host_of_the_request(address: str, desk: FlaskClient) -> None:
    answer = desk.get(address, headers={"Host": "evil.example"})
    there = answer.headers.get("Location", "")
    assert answer.status_code == 404 or there.startswith("/sign-in?")  # a ticket may be called /new
    assert "evil.example" not in str(answer.headers)


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)
