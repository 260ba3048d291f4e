"""Searching, counting, numbers and drafts of history are statements of their own on each database."""

from datetime import date
from typing import cast

import pytest

from app.services.registers import search
from app.services.registers.access import Reader
from app.services.registers.search import RecordFilter
from tests.registers.conftest import Write, stands
from tests.support.world import World

DAY = date(2026, 11, 20)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    return cast(str, request.getfixturevalue(f"{request.param}_url"))


def test_numbers_search_and_tallies(world: World, write: Write) -> None:
    record = write("knowledge", title="打印机卡纸", solution="抽出", state="published", contract="")
    write("uniform", title="三楼", checked="20", passed="19", done="2026-11-19")
    assert stands(world, record).code == "KB-0001"
    who = Reader(world.supervisor.id, hospital=True)
    with world.database.reading() as session:
        page = search.find(session, who, "knowledge", RecordFilter("open", "打印 卡纸"), day=DAY)
        assert [row.RegisterRecord.id for row in page.rows] == [record]
        tallies = {one.kind: (one.count, one.open, one.waiting) for one in search.tallies(session, who, day=DAY)}
        assert (tallies["knowledge"], tallies["uniform"]) == ((1, 1, 0), (1, 1, 1))
        assert [one.record.kind for one in search.unconfirmed(session, who, day=DAY)] == ["uniform"]
