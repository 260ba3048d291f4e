"""The sheet for its readers: the supervision, the auditor, the provider, each with what is theirs; and the commands."""

import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import clock
from app.errors import Refused
from app.models import Contract, Credential, Provider
from app.services.identity.passwords import hash_password
from app.services.sheets.entries import Value
from app.services.sheets.terms import Term
from tests.conftest import Console
from tests.sheets.conftest import Story
from tests.support.console_forms import offers, send
from tests.support.world import World

PASSWORD = "a password that is long"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
def passwords(world: World) -> None:
    with world.database.transaction() as session:
        for person in (world.supervisor, world.admin, world.desk):
            session.add(Credential(person_id=person.id, password_hash=hash_password(PASSWORD)))


def path(story: Story) -> str:
    return f"/console/sheets/{story.term.contract.id}/{story.term.quarter}"


def test_the_page_the_json_and_the_command_give_the_same_figures(story: Story, console: Console, app: Flask) -> None:
    story.finish()
    ran = app.test_cli_runner().invoke(args=["sheet", "show", str(story.term.quarter), "--json"])
    told = json.loads(ran.stdout)
    client = console(story.world.supervisor)
    assert client.get(f"{path(story)}.json").json == told
    page = client.get(path(story)).text
    for line in told["lines"]:
        if line["points"] is not None:
            assert f"<b>{line['points'] // 100}.{line['points'] % 100:02}</b>" in page
    assert "草稿" in page
    assert app.test_cli_runner().invoke(args=["sheet", "show", "2026Q9"]).exit_code == 1
    assert "总分" in app.test_cli_runner().invoke(args=["sheet", "show", str(story.term.quarter)]).stdout


def test_each_figure_opens_its_tickets(story: Story, console: Console) -> None:
    story.finish()
    story.count()
    client = console(story.world.supervisor)
    number = re.findall(r"/console/tickets/(\d{8}-\d{4})", client.get(f"{path(story)}/C1.1").text)
    assert len(number) == 1
    assert number[0] in client.get(f"{path(story)}/C1.1?show=good").text
    assert number[0] not in client.get(f"{path(story)}/C1.1?show=other").text
    story.freeze()
    assert number[0] in client.get(f"{path(story)}/C1.1?version=1").text
    assert client.get(f"{path(story)}/nothing").status_code == 404
    assert client.get(f"{path(story)}?version=9").status_code == 404


@pytest.mark.usefixtures("passwords")
def test_a_quarter_is_settled_through_its_pages(story: Story, console: Console) -> None:
    world, here = story.world, path(story)
    story.finish()
    story.count()
    supervisor, admin, desk = console(world.supervisor), console(world.admin), console(world.desk)
    send(supervisor, here, f"{here}/entries", code="C8.1", count="1", evidence="一次")
    entry = story.view().content  # unchecked: shown, not counted
    assert entry is not None
    assert story.line("C8.1")["why"] == "unchecked"
    check = re.findall(rf'action="({re.escape(here)}/entries/\d+/check)"', admin.get(here).text)[0]
    assert send(admin, here, check).status_code == 303
    assert story.line("C8.1")["figure"] == {"count": 1}
    assert send(supervisor, here, f"{here}/freeze").status_code == 303
    # The clock of these pages is today's; the days to object run from now.
    assert send(desk, here, f"{here}/objections", code="C8.1", text="那不是我们").status_code == 303
    answer = re.findall(rf'action="({re.escape(here)}/objections/\d+)"', supervisor.get(here).text)[0]
    assert send(supervisor, here, answer, text="是的", decision="refuse").status_code == 303
    wrong = send(desk, here, f"{here}/sign", note="同意", password="another password")
    assert wrong.status_code == 403
    assert send(desk, here, f"{here}/sign", note="同意", password=PASSWORD).status_code == 303
    assert not offers(supervisor, here, f"{here}/settle")
    assert send(supervisor, here, f"{here}/sign", note="同意", password=PASSWORD).status_code == 303
    assert send(admin, here, f"{here}/settle").status_code == 303
    assert "已结算" in desk.get(here).text


def test_who_may_do_what(story: Story, console: Console, app: Flask) -> None:
    world, here = story.world, path(story)
    story.finish()
    story.count()
    app.config["WTF_CSRF_ENABLED"] = False
    desk, auditor = console(world.desk), console(world.auditor)
    assert "<form" not in main_of(auditor, here)
    assert "<form" not in main_of(desk, here)
    assert desk.get("/console/sheets").status_code == 200
    for code in ("C7.1", "C7.2"):
        assert desk.get(f"{here}/{code}").status_code == 403
        assert auditor.get(f"{here}/{code}").status_code == 200
    assert desk.get(f"{here}/C1.1").status_code == 200
    for act in ("entries", "freeze", "settle"):
        assert desk.post(f"{here}/{act}", data={"code": "P4"}).status_code == 403
        assert auditor.post(f"{here}/{act}", data={"code": "P4"}).status_code == 403
    assert console(world.supervisor).post(f"{here}/objections", data={"text": "x"}).status_code == 403
    assert desk.post(f"/console/sheets/{story.term.contract.id}/base", data={"yuan": "1"}).status_code == 403


def test_another_providers_sheet_is_not_there(story: Story, console: Console) -> None:
    with story.world.database.transaction() as session:
        other = Provider(code="other", name="另一家")
        session.add(other)
        session.flush()
        days = {"valid_from": story.term.contract.valid_from, "valid_to": story.term.contract.valid_to}
        strange = Contract(number="HT/9", provider_id=other.id, **days)
        session.add(strange)
    desk = console(story.world.desk)
    assert "HT/9" not in desk.get("/console/sheets").text
    assert desk.get(f"/console/sheets/{strange.id}/{story.term.quarter}").status_code == 404
    assert console(story.world.supervisor).get(f"/console/sheets/{strange.id}/{story.term.quarter}").status_code == 200


def test_the_admin_enters_the_base(story: Story, console: Console) -> None:
    to = f"/console/sheets/{story.term.contract.id}/base"
    admin = console(story.world.admin)
    assert send(admin, "/console/sheets", to, yuan="325,000.50").status_code == 303
    assert "325,000.50" in admin.get("/console/sheets").text
    assert send(admin, "/console/sheets", to, yuan="many").status_code == 422
    assert not offers(console(story.world.supervisor), "/console/sheets", to)


def test_without_an_agreed_fee_the_points_are_shown_and_no_money(story: Story, console: Console) -> None:
    with story.world.database.transaction() as session:
        contract = session.merge(story.term.contract)
        contract.quarterly_base_fen = None
    story.finish()
    fee_is_open = Story(story.world, Term(contract, story.term.quarter, story.term.zone))
    fee_is_open.count()
    client = console(story.world.supervisor)
    assert "合同还没有登记每季度的服务费" in client.get(path(story)).text
    for ending in (".xlsx", ".pdf", ".json"):
        assert client.get(path(story) + ending).status_code == 200
    with pytest.raises(Refused, match="no_base"):
        fee_is_open.freeze()


@pytest.mark.usefixtures("passwords")
def test_the_commands_freeze_sign_and_take_in_calls(story: Story, app: Flask, tmp_path: Path) -> None:
    story.finish()
    run, quarter, by = app.test_cli_runner().invoke, str(story.term.quarter), story.world.supervisor.staff_number
    day, next_day = story.term.quarter.first.isoformat(), story.day(1).date().isoformat()
    calls = tmp_path / "calls.csv"
    calls.write_text(f"日期,呼入,接通\n{day},100,95\n{next_day},50,40\n", "utf-8")
    told = json.loads(run(args=["sheet", "calls", quarter, str(calls), "--by", by, "--json"]).stdout)
    assert told == {"offered": 150, "answered": 135}
    calls.write_text(f"日期,呼入,接通\n{day},100,95\n{day},50,40\n", "utf-8")
    assert run(args=["sheet", "calls", quarter, str(calls), "--by", by]).exit_code == 1
    calls.write_text("一行\n", "utf-8")
    assert run(args=["sheet", "calls", quarter, str(calls), "--by", by]).exit_code == 1
    for wrong in (f"{day}x,2,1", f"{day},{'9' * 20},1", f"{day},-2,-3", f"{day},1_0,1", f"{day},2", "2026-13-45,2,1"):
        calls.write_text(f"日期,呼入,接通\n{wrong}\n", "utf-8")
        ran = run(args=["sheet", "calls", quarter, str(calls), "--by", by])
        assert (ran.exit_code, type(ran.exception)) == (1, SystemExit), wrong
    story.count()
    assert story.line("R2")["figure"] == {"num": 135, "den": 150}
    assert run(args=["sheet", "base", "300000", "--by", by]).exit_code == 0
    assert run(args=["sheet", "freeze", quarter, "--by", story.world.desk.staff_number]).exit_code == 1
    assert json.loads(run(args=["sheet", "freeze", quarter, "--by", by, "--json"]).stdout)["version"] == 1
    sign = ["sheet", "sign", quarter, "--note", "同意", "--password-stdin", "--by"]
    assert run(args=[*sign, by], input="wrong\n").exit_code == 1
    assert run(args=[*sign, story.world.desk.staff_number, "--json"], input=f"{PASSWORD}\n").exit_code == 0
    assert run(args=[*sign, by], input=f"{PASSWORD}\n").exit_code == 0
    assert story.view().state == "signed"
    assert run(args=["sheet", "show", quarter, "--contract", "none"]).exit_code == 1


def main_of(client: FlaskClient, where: str) -> str:
    return client.get(where).text.partition("<main")[2]


def test_an_entry_without_a_figure_says_why(story: Story, console: Console) -> None:
    story.finish()
    story.count()
    here = path(story)
    client = console(story.world.supervisor)
    send(client, here, f"{here}/entries", code="R1", yes="yes", evidence="制度在案")
    send(client, here, f"{here}/entries", code="P4", evidence="本季没有考核")
    assert send(client, here, f"{here}/entries", code="P4", num="x", den="1", evidence="x").status_code == 422
    assert story.line("R1")["figure"] == {"yes": True}
    assert "已说明不适用" in client.get(here).text
    assert "本季没有考核" in client.get(f"{here}/P4").text
    assert Value().fields() is None
    assert clock.now()
