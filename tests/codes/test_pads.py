"""Pads: reserved and printed at the console or the command line, true to their numbers."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pypdfium2
import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import clock
from app.http.context import EXTENSION
from app.runtime import Runtime
from app.services.codes import slip_pads
from app.services.links import Links
from tests.conftest import Console
from tests.support.codes import read_codes
from tests.support.console_forms import send
from tests.support.world import World

PAGE = "/console/print/pads"
Pages = list[tuple[list[str], list[str]]]


def test_the_command_prints_front_and_back_of_every_number(
    app: Flask, world: World, runtime: Runtime, tmp_path: Path
) -> None:
    out = tmp_path / "pad.pdf"
    told = json.loads(pad(app, "--count", "3", "--back", "--out", str(out), "--json").stdout)
    assert (told["first"], told["last"]) == ("B-000001", "B-000003")
    pages = printed(out.read_bytes())
    assert [codes for _text, codes in pages[::2]] == [[runtime.links.slip_url(number)] for number in (1, 2, 3)]
    assert [codes for _text, codes in pages[1::2]] == [[], [], []]
    for number, (front, back) in enumerate(zip(pages[::2], pages[1::2], strict=True), 1):
        assert front[0] == [
            "请用微信扫码评价本次服务",
            f"空白单 B-00000{number}",
            "监督热线 6120",
            "服务商看不到您的评价",
        ]
        assert back[0][1] == f"空白单 B-00000{number}"
        assert back[0][2:7] == ["非常满意", "满意", "基本满意", "不满意", "非常不满意"]
        assert "不要交给工程师" in back[0][-1]


def test_the_next_pad_goes_on_where_the_last_ended(app: Flask, world: World, tmp_path: Path) -> None:
    out = str(tmp_path / "pad.pdf")
    said = [pad(app, "--count", count, "--layout", "labels", "--out", out).stdout for count in ("30", "2")]
    assert "B-000001 到 B-000030" in said[0]
    assert "B-000031 到 B-000032" in said[1]
    assert len(printed(Path(out).read_bytes())[0][1]) == 2


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (("--count", "0", "--out", "x.pdf"), 2),
        (("--count", "10001", "--out", "x.pdf"), 2),
        (("--count", "5", "--out", "x.png"), 2),
        (("--count", "5", "--out", "x.pdf", "--layout", "labels", "--back"), 2),
        (("--count", "5", "--out", "/no/such/folder/x.pdf"), 1),
    ],
)
def test_what_cannot_be_printed_is_refused(app: Flask, world: World, options: tuple[str, ...], status: int) -> None:
    assert pad(app, *options).exit_code == status


def test_the_desk_prints_a_pad_again_with_the_same_numbers(world: World, console: Console, runtime: Runtime) -> None:
    desk = console(world.desk)
    assert reserve(desk, "4").status_code == 303
    page = desk.get("/console/print/pads").text
    assert "B-000001 – B-000004" in page
    assert "0 / 4" in page
    twice = [desk.get("/console/print/pads/1.pdf?layout=slip80&back=1") for _ in range(2)]
    assert twice[0].mimetype == "application/pdf"
    assert printed(twice[0].data) == printed(twice[1].data)
    assert len(printed(twice[0].data)) == 8
    fronts = printed(desk.get("/console/print/pads/1.pdf").data)
    assert [codes for _text, codes in fronts] == [[runtime.links.slip_url(number)] for number in (1, 2, 3, 4)]


def test_more_than_anybody_waits_for_is_printed_by_the_command_that_is_shown(
    world: World, console: Console, app: Flask, tmp_path: Path
) -> None:
    with world.database.transaction() as session:
        slip_pads.reserve(session, 6, by=None, at=clock.now())
        slip_pads.reserve(session, 501, by=None, at=clock.now())
    desk = console(world.desk)
    assert desk.get("/console/print/pads/1.pdf").status_code == 200
    refused = desk.get("/console/print/pads/2.pdf")
    assert refused.status_code == 422
    assert "共 501 张" in refused.text
    (shown,) = re.findall("<code>flask qr pad (.+?)</code>", desk.get(PAGE).text)
    assert "--again B-000007" in shown


def test_what_no_slip_can_show_is_said_where_pads_are_printed(
    world: World, console: Console, app: Flask, runtime: Runtime, tmp_path: Path
) -> None:
    desk, out = console(world.desk), str(tmp_path / "pad.pdf")
    assert "不能照原样印" not in desk.get(PAGE).text
    app.extensions[EXTENSION] = replace(runtime, settings=runtime.settings.model_copy(update={"hotline": "📞6120"}))
    assert desk.get(PAGE).text.count("监督热线 📞6120，印成") == 1
    said = pad(app, "--count", "2", "--out", out)
    assert said.stderr.count("📞6120") == 1
    told = pad(app, "--count", "1", "--out", out, "--json").stdout
    assert json.loads(told)["replaced"] == [{"text": "监督热线 📞6120", "printed": "监督热线 〓6120"}]
    app.extensions[EXTENSION] = replace(runtime, settings=runtime.settings.model_copy(update={"hotline": ""}))
    assert pad(app, "--count", "2", "--out", out).stderr.count("HOTLINE") == 1


@pytest.mark.parametrize("layout", ["slip58", "labels"])
def test_a_pad_is_printed_again_by_its_first_number(app: Flask, world: World, tmp_path: Path, layout: str) -> None:
    once, again = tmp_path / "once.pdf", tmp_path / "again.pdf"
    pad(app, "--count", "2", "--out", str(tmp_path / "other.pdf"))
    pad(app, "--count", "3", "--layout", layout, "--out", str(once))
    said = pad(app, "--again", "b-3", "--layout", layout, "--out", str(again))
    assert "B-000003 到 B-000005" in said.stdout
    assert printed(again.read_bytes()) == printed(once.read_bytes())
    unknown = pad(app, "--again", "B-000004", "--out", str(tmp_path / "x.pdf"))
    assert (unknown.exit_code, "B-000004" in unknown.stderr) == (1, True)
    assert not (tmp_path / "x.pdf").exists()
    assert pad(app, "--again", "word", "--out", str(again)).exit_code == 2
    assert pad(app, "--out", str(again)).exit_code == 2
    assert pad(app, "--count", "1", "--again", "B-000003", "--out", str(again)).exit_code == 2


def test_what_cannot_be_written_takes_no_numbers(app: Flask, world: World, runtime: Runtime, tmp_path: Path) -> None:
    assert pad(app, "--count", "5", "--out", str(tmp_path / "no" / "pad.pdf")).exit_code == 1
    links = Links("https://" + "x" * 140 + ".cn", runtime.settings.secret_keys)
    app.extensions[EXTENSION] = replace(runtime, links=links)
    assert pad(app, "--count", "5", "--out", str(tmp_path / "pad.pdf")).exit_code == 1
    app.extensions[EXTENSION] = runtime
    assert "B-000001 到" in pad(app, "--count", "1", "--out", str(tmp_path / "pad.pdf")).stdout


@pytest.mark.parametrize("count", ["", "0", "501", "-1", "x", "9" * 30])
def test_a_pad_has_a_sensible_number_of_slips(world: World, console: Console, count: str) -> None:
    desk = console(world.desk)
    assert reserve(desk, count).status_code == 422
    assert "还没有印过" in desk.get("/console/print/pads").text


def test_the_desk_gives_a_slip_by_its_number(world: World, console: Console) -> None:
    ticket, other, desk = world.ticket("finished"), world.ticket("finished"), console(world.desk)
    reserve(desk, "2")
    told = {"slip": "b-2", "ticket": ticket.number}
    assert link(desk, **told).status_code == 303
    page = desk.get("/console/print/pads").text
    assert f"B-000002 已连到工单 {ticket.number}" in page
    assert "1 / 2" in page
    assert "B-000002" in desk.get(f"/console/tickets/{ticket.number}").text
    assert link(desk, **told).status_code == 303
    assert link(desk, slip="B-000002", ticket=other.number).status_code == 409
    assert link(desk, slip="B-000003", ticket=ticket.number).status_code == 404
    assert link(desk, slip="abc", ticket=ticket.number).status_code == 404
    assert link(desk, slip="1", ticket="20000101-0001").status_code == 404


def test_the_desk_looks_at_the_ticket_before_the_slip_is_its_own_for_good(world: World, console: Console) -> None:
    ticket, desk = world.ticket("finished"), console(world.desk)
    reserve(desk, "1")
    page = desk.get(f"{PAGE}/link?slip=1&ticket={ticket.number}").text
    for shown in ("B-000001", ticket.number, world.ward.name, world.printers.name, world.engineer.name, "确认连上"):
        assert shown in page
    assert world.nurse.name not in page
    assert world.nurse.telephone not in page
    assert "0 / 1" in desk.get(PAGE).text
    assert "确认连上" not in console(world.auditor).get(f"{PAGE}/link?slip=1&ticket={ticket.number}").text


def test_a_ticket_nobody_can_rate_takes_no_slip_at_the_console_either(world: World, console: Console) -> None:
    desk, old = console(world.desk), world.ticket("closed", reported_at=clock.now() - timedelta(days=20))
    reserve(desk, "1")
    assert link(desk, slip="1", ticket=old.number).status_code == 410
    assert link(desk, slip="1", ticket=world.ticket("finished", source="inspection").number).status_code == 409


def test_an_auditor_looks_and_changes_nothing(world: World, console: Console) -> None:
    auditor = console(world.auditor)
    page = auditor.get("/console/print/pads")
    assert page.status_code == 200
    assert "预留号码" not in page.text
    assert auditor.post("/console/print/pads", data={"count": "1"}).status_code in {400, 403}
    assert console(world.nurse).get("/console/print/pads").status_code == 403
    assert console(world.engineer).get("/console/print/pads").status_code == 403


@pytest.mark.parametrize("address", ["/console/print/pads/7.pdf", "/console/print/pads/1.pdf?layout=poster"])
def test_what_is_not_there_is_not_printed(world: World, console: Console, address: str) -> None:
    desk = console(world.desk)
    reserve(desk, "1")
    assert desk.get(address).status_code in {400, 404}


def pad(app: Flask, *options: str) -> Result:
    return app.test_cli_runner().invoke(args=["qr", "pad", *options])


def reserve(desk: FlaskClient, count: str) -> TestResponse:
    return send(desk, PAGE, PAGE, count=count)


def link(desk: FlaskClient, *, slip: str, ticket: str) -> TestResponse:
    """The numbers first, then what they stand for is looked at and confirmed."""
    look = f"{PAGE}/link?{urlencode({'slip': slip, 'ticket': ticket})}"
    shown = desk.get(look)
    return send(desk, look, f"{PAGE}/link") if shown.status_code == 200 else shown


def printed(data: bytes) -> Pages:
    pages: Pages = []
    for page in pypdfium2.PdfDocument(data):
        codes = read_codes(page.render(scale=4, grayscale=True).to_pil())
        pages.append((page.get_textpage().get_text_bounded().splitlines(), [code.text for code in codes]))
    return pages
