"""Mini-program codes on slips: drawn by WeChat, asked for once, and a printer never waits for them in vain."""

from pathlib import Path
from threading import Event

import pypdfium2
import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from app import clock
from app.jobs import mini_codes as job
from app.models import MiniCode, Ticket
from app.runtime import Runtime
from app.services.codes import mini_codes
from config.settings import SettingsError, read_settings
from sandbox.accounts import MINI
from tests.conftest import Console
from tests.support.codes import read_codes
from tests.support.wechat import Sandbox
from tests.support.world import World

CODE = "/wxa/getwxacodeunlimit"
chosen = pytest.mark.parametrize("slip_code", ["mini"], indirect=True)


@chosen
def test_the_slip_carries_the_mini_programs_code_and_asks_for_it_once(
    app: Flask, world: World, runtime: Runtime, wechat: Sandbox, tmp_path: Path
) -> None:
    tickets, before = [world.ticket("finished") for _ in range(2)], wechat.calls(CODE)
    for _ in range(2):
        done = qr(app, tmp_path, *tickets)
        assert (done.exit_code, done.stderr.count("链接码")) == (0, 0), done.output
        assert printed(tmp_path) == [{scene(runtime, ticket)} for ticket in tickets]
    assert wechat.calls(CODE) - before == 2
    with world.database.reading() as session:
        assert set(session.scalars(select(MiniCode.media_type))) == {"image/jpeg"}


@pytest.mark.parametrize("slip_code", ["both"], indirect=True)
def test_both_stand_side_by_side(app: Flask, world: World, runtime: Runtime, tmp_path: Path) -> None:
    ticket = world.ticket("finished")
    qr(app, tmp_path, ticket)
    assert printed(tmp_path) == [{scene(runtime, ticket), runtime.links.ticket_url(ticket.id)}]


@pytest.mark.parametrize("slip_code", ["link"], indirect=True)
def test_a_hospital_that_chose_nothing_asks_wechat_nothing(
    app: Flask, world: World, runtime: Runtime, wechat: Sandbox, tmp_path: Path
) -> None:
    ticket, before = world.ticket("finished"), wechat.calls(CODE)
    qr(app, tmp_path, ticket)
    assert job.fetch_fresh(runtime, Event()) == job.NEVER
    assert printed(tmp_path) == [{runtime.links.ticket_url(ticket.id)}]
    assert wechat.calls(CODE) == before


@chosen
@pytest.mark.parametrize("errcode", [45009, -1, 41030])
def test_when_wechat_draws_none_the_link_is_printed_and_that_is_said(
    app: Flask, world: World, runtime: Runtime, wechat: Sandbox, tmp_path: Path, errcode: int
) -> None:
    tickets = [world.ticket("finished") for _ in range(3)]
    qr(app, tmp_path, tickets[0])
    wechat.trouble(CODE, next_errors=[errcode] * 9)
    before = wechat.calls(CODE)
    done = qr(app, tmp_path, *tickets)
    assert done.exit_code == 0
    assert "微信没有给出 2 张的小程序码" in done.stderr
    links = [{runtime.links.ticket_url(ticket.id)} for ticket in tickets[1:]]
    assert printed(tmp_path) == [{scene(runtime, tickets[0])}, *links]
    assert wechat.calls(CODE) - before <= 2  # it is not asked for each


@chosen
def test_the_worker_fetches_ahead_and_the_console_prints_what_is_here(
    runtime: Runtime, world: World, console: Console, wechat: Sandbox
) -> None:
    ticket, desk = world.ticket("finished"), console(world.desk)
    world.ticket("finished", source="monitoring")
    world.ticket("cancelled")
    address = f"/console/print/sheet.pdf?what=slips&number={ticket.number}&layout=slip58"
    before = wechat.calls(CODE)
    assert seen(desk.get(address).data) == [{runtime.links.ticket_url(ticket.id)}]
    assert wechat.calls(CODE) == before  # nobody waits for WeChat at the console
    job.fetch_fresh(runtime, Event())
    assert wechat.calls(CODE) - before == 1
    assert seen(desk.get(address).data) == [{scene(runtime, ticket)}]


@chosen
def test_no_time_and_a_stop_are_respected(runtime: Runtime, world: World) -> None:
    ticket, stopping = world.ticket("finished"), Event()
    stopping.set()
    job.fetch(runtime, [ticket.id], seconds=-1)
    job.fetch(runtime, [ticket.id], seconds=30, stopping=stopping)
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(MiniCode)) == 0


@chosen
def test_what_was_kept_and_is_no_picture_does_not_stop_the_printer(
    app: Flask, world: World, runtime: Runtime, tmp_path: Path
) -> None:
    ticket = world.ticket("finished")
    with world.database.transaction() as session:
        content = mini_codes.content(MINI.appid, mini_codes.scene(runtime.links, ticket.id))
        mini_codes.store(session, content, b"broken", at=clock.now())
    assert qr(app, tmp_path, ticket).exit_code == 0
    assert printed(tmp_path) == [{runtime.links.ticket_url(ticket.id)}]


def test_a_setting_that_cannot_be_kept_is_refused(environ: dict[str, str]) -> None:
    without = {name: value for name, value in environ.items() if not name.startswith("WECHAT_MINI")}
    with pytest.raises(SettingsError, match="SLIP_CODE set to mini or both needs"):
        read_settings({**without, "SLIP_CODE": "both"})
    with pytest.raises(SettingsError, match="SLIP_CODE must be one of"):
        read_settings({**environ, "SLIP_CODE": "qr"})


def qr(app: Flask, folder: Path, *tickets: Ticket) -> Result:
    numbers = ",".join(ticket.number for ticket in tickets)
    options = ["--tickets", numbers, "--layout", "slip80", "--out", str(folder / "slips.pdf")]
    return app.test_cli_runner().invoke(args=["qr", "sheet", *options])


def printed(folder: Path) -> list[set[str]]:
    return seen((folder / "slips.pdf").read_bytes())


def seen(data: bytes) -> list[set[str]]:
    pages = pypdfium2.PdfDocument(data)
    return [{code.text for code in read_codes(page.render(scale=4, grayscale=True).to_pil())} for page in pages]


def scene(runtime: Runtime, ticket: Ticket) -> str:
    return f"{mini_codes.PAGE}?scene={mini_codes.scene(runtime.links, ticket.id)}"


@pytest.fixture
def slip_code(request: pytest.FixtureRequest) -> str:
    return str(getattr(request, "param", "link"))


@pytest.fixture
def environ(environ: dict[str, str], wechat: Sandbox, slip_code: str) -> dict[str, str]:
    mini = {"WECHAT_MINI_APPID": MINI.appid, "WECHAT_MINI_SECRET": MINI.secret}
    return {**environ, **mini, "WECHAT_API_URL": wechat.url, "SLIP_CODE": slip_code}
