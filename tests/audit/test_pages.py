"""The seal for its readers: the auditor's pages, what everybody sees, and the two commands."""

import json
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock
from app.db import Database
from app.jobs import history
from app.runtime import Runtime
from app.services.audit import entries, seal
from ledger.notes import Note
from tests.audit.test_seal import directly
from tests.conftest import Console
from tests.support.exports import columns
from tests.support.world import World


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def sealed(world: World, runtime: Runtime) -> World:
    ticket = world.ticket("finished")
    world.rated(ticket)
    history.seal_all(runtime)
    return world


def test_the_auditor_finds_an_event_and_takes_its_proof(sealed: World, console: Console, app: Flask) -> None:
    auditor = console(sealed.auditor)
    page = auditor.get("/console/audit").text
    assert "评价" in page
    assert app.extensions["mashangping"].signer.origin in page
    assert "<button" not in page.partition("<main")[2].replace('<button class="btn btn-secondary btn-sm">筛选', "")
    assert "报修" in auditor.get("/console/audit?kind=reported").text
    assert "没有这样的记录" in auditor.get("/console/audit?number=none").text
    made = auditor.get("/console/audit/entries/1.json").json
    assert made is not None
    assert [one["id"] for one in made["vectors"]] == ["seq-1"]
    assert Note.read(made["checkpoint"]).signatures
    assert auditor.get("/console/audit/entries/999.json").status_code == 404
    assert len(auditor.get("/console/audit/checkpoints.txt").text.splitlines()) == 1


def test_what_was_chosen_of_the_history_is_a_file_in_its_order(sealed: World, console: Console) -> None:
    auditor = console(sealed.auditor)
    found = columns(auditor, "/console/audit?as=csv")
    turned = columns(auditor, "/console/audit?as=csv&order=oldest")
    assert found == turned[::-1]
    assert {row["已封存"] for row in found} == {"是"}
    assert {row["什么事"] for row in columns(auditor, "/console/audit?kind=reported&as=csv")} == {"报修"}
    assert console(sealed.desk).get("/console/audit?as=csv").status_code == 403


def test_the_page_says_what_no_longer_holds(sealed: World, console: Console) -> None:
    auditor = console(sealed.auditor)
    sealed.ticket("reported")
    assert 'role="status"' in auditor.get("/console/audit/verify").text
    directly(sealed.database, "DELETE FROM seal_verification", "UPDATE event SET channel = 'phone' WHERE id = 2")
    assert "第 2 (event 2) 条被改过" in auditor.get("/console/audit/verify").text


def test_everybody_sees_published_checkpoints_alone(
    sealed: World, client: FlaskClient, runtime: Runtime, database: Database
) -> None:
    assert "还没有公布检查点" in client.get("/published/checkpoints").text
    assert client.get("/published/checkpoints.txt").text == ""
    directly(database, "UPDATE seal_checkpoint SET published = 1")
    with database.reading() as session:
        [made] = seal.published(session)
    line = seal.checkpoint_of(made).line
    assert line in client.get("/published/checkpoints").text
    assert client.get("/published/checkpoints.txt").text == f"{line}\n"
    assert client.get(f"/published/checkpoints/{made.size}").text == made.note
    assert client.get("/published/checkpoints/7777").status_code == 404


def test_the_commands_verify_and_export(sealed: World, app: Flask, tmp_path: Path) -> None:
    run = app.test_cli_runner().invoke
    told = json.loads(run(args=["audit", "verify", "--all", "--json"]).stdout)
    assert told["holds"]
    folder = tmp_path / "log"
    assert run(args=["audit", "export", str(folder), "--by", sealed.auditor.staff_number]).exit_code == 0
    assert run(args=["audit", "verify", "--since", str(folder / "checkpoint")]).exit_code == 0
    assert run(args=["audit", "export", str(folder)]).exit_code == 2
    assert run(args=["audit", "export", str(tmp_path / "x"), "--by", "nobody"]).exit_code == 1
    assert run(args=["audit", "verify", "--since", "no checkpoint"]).exit_code == 2
    assert run(args=["audit", "verify", "--since", "other.example/log 3 AAAA"]).exit_code == 2
    with sealed.database.reading() as session:
        kinds = [row.kind for row in session.execute(entries.query()) if row.kind]
    assert kinds[-1] == "history_exported"
    directly(sealed.database, "UPDATE event SET channel = 'phone' WHERE id = 2")
    wrong = run(args=["audit", "verify", "--all"])
    assert wrong.exit_code == 1
    assert "第 2 (event 2) 条被改过" in wrong.stdout
    assert run(args=["audit", "export", str(tmp_path / "altered")]).exit_code == 1


def test_one_ticket_goes_out_with_its_proofs(sealed: World, app: Flask, tmp_path: Path, database: Database) -> None:
    number = sealed.ticket("finished", reported_at=clock.now()).number
    run = app.test_cli_runner().invoke
    assert run(args=["audit", "export", str(tmp_path), "--ticket", number]).exit_code == 0
    made = json.loads((tmp_path / f"ticket-{number}.json").read_text("utf-8"))
    assert len(made["vectors"]) == 6  # every step, and that its lead opened it
    assert run(args=["audit", "export", str(tmp_path), "--ticket", "none"]).exit_code == 1
