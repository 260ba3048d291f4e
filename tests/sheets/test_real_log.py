"""The log of a real company, scored: a whole sheet from its nodes alone, every figure counted once more by hand.

The log is of 2016, before there were rules to score by; its days are taken eight years on, to the next leap year.
"""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from app import clock
from app.models import Contract, ContractScope, Provider
from app.services.imports.ticket_log import importer, profile
from app.services.imports.ticket_log.node_reader import Node, NodeReader
from app.services.indicators.quarters import Quarter
from app.services.sheets import computing
from app.services.sheets.terms import Term
from app.services.tables.reader import open_table
from app.services.tables.records import Fault
from tests.imports.log import NODES, as_bytes, sample
from tests.sheets import plain, plain_registers
from tests.sheets.test_recount import by_the_wall, figures, fill, total
from tests.support.world import ZONE, World

pytestmark = pytest.mark.slow("the whole sample log, and its quarter counted twice")

NOBODY_WAS_ASKED = ("C7.1", "C7.3", "C7.4", "C7.5", "C3.5")
"""The log has neither ratings nor complaints nor urges: without any, a figure does not apply."""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


def test_every_figure_of_the_real_log_is_its_plain_count(world: World, tmp_path: Path) -> None:
    contract = agreed(world)
    take_in(world, tmp_path / "log.csv")
    with world.database.reading() as session:
        term = Term(contract, Quarter(2024, 1), ZONE)
        kept = by_the_wall(session)
        fill(session, term)
        content = computing.content(session, term)
        rows = plain.load(session, kept=kept, since=term.scope.since, until=term.scope.until, contract=contract.id)
        found = {code: count(rows) for code, count in plain_registers.FIGURES.items()}
    lines = {line["code"]: line for line in content["lines"]}
    assert {code: figures(lines[code]["figure"]) for code in found} == found
    assert found["C1.3"][1] > 500
    assert [lines[code]["points"] for code in NOBODY_WAS_ASKED] == [None] * len(NOBODY_WAS_ASKED)
    assert content["total"] == total(content)


def agreed(world: World) -> Contract:
    with world.database.transaction() as session:
        provider = Provider(code="acme", name="Acme")
        session.add(provider)
        session.flush()
        days = {"valid_from": date(2024, 1, 1), "valid_to": date(2024, 12, 31)}
        contract = Contract(number="ACME-2024", provider_id=provider.id, quarterly_base_fen=10_000_000, **days)
        session.add(contract)
        session.flush()
        session.add(ContractScope(contract_id=contract.id))
    return contract


def take_in(world: World, path: Path) -> None:
    header, rows = sample()
    later = [[value.replace("-2016 ", "-2024 ").replace("/2016 ", "/2024 ") for value in row] for row in rows]
    path.write_bytes(as_bytes(header, later))
    # Its waits are told apart elsewhere: here every clock runs through, so that it can be counted plainly.
    ours = replace(profile.load("servicenow"), provider="acme", pauses={})
    table = open_table(path)
    reader = NodeReader(ours, table.header, ZONE, now=clock.now())
    nodes = [
        node
        for row in table.rows(reader.columns)
        if not isinstance(row, Fault) and isinstance(node := reader.read(row), Node)
    ]
    assert len(nodes) == NODES
    with world.database.transaction() as session:
        assert importer.import_rows(session, nodes, ours, at=clock.now()).faults == []
