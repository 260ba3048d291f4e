"""`flask qr`: the paper of a hospital's tickets and wards, from the command line."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pypdfium2
import pytest
from click.testing import Result
from flask import Flask
from PIL import Image

from app import clock
from app.http.context import EXTENSION
from app.models import Asset, Place
from app.runtime import Runtime
from tests.support.codes import read_codes
from tests.support.world import ZONE, World


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "slips.pdf"


def test_the_slip_of_a_ticket_leads_to_it(app: Flask, world: World, runtime: Runtime, out: Path) -> None:
    ticket = world.ticket("finished", description="打印机卡纸，张护士很急")
    done = qr(app, "sheet", "--tickets", ticket.number, "--out", str(out))
    assert done.exit_code == 0, done.output
    ((text, codes),) = printed(out)
    assert codes == [runtime.links.ticket_url(ticket.id)]
    assert text[0] == "请用微信扫码评价本次服务"
    assert text[1] == f"工单 {ticket.number}"
    assert text[2].endswith("· 打印机")
    assert "呼吸内科" in text
    assert text[-1] == "服务商看不到您的评价"
    said = "".join(text)
    assert not any(word in said for word in ("卡纸", "护士", world.nurse.name, world.engineer.name))


def test_a_department_s_tickets_are_printed_in_a_batch(app: Flask, world: World, runtime: Runtime, out: Path) -> None:
    mine = [world.ticket("finished") for _ in range(3)]
    world.ticket("finished", served=world.pharmacy)
    world.ticket("cancelled")
    world.ticket("finished", source="monitoring")
    wanted = f"department={world.ward.code},state=finished"
    done = qr(app, "sheet", "--tickets", wanted, "--layout", "labels", "--out", str(out), "--json", "--start", "2")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told == {"cards": 3, "files": [str(out)], "replaced": []}
    ((_, codes),) = printed(out)
    assert sorted(codes) == sorted(runtime.links.ticket_url(ticket.id) for ticket in mine)


def test_days_are_the_hospital_s(app: Flask, world: World, out: Path) -> None:
    ticket = world.ticket("finished")
    day = ticket.reported_at.astimezone(ZONE).date().isoformat()
    assert qr(app, "sheet", "--tickets", f"from={day},to={day}", "--out", str(out)).exit_code == 0
    assert qr(app, "sheet", "--tickets", "to=2020-01-01", "--out", str(out)).exit_code == 1
    assert qr(app, "sheet", "--tickets", "from=2099-01-01", "--out", str(out)).exit_code == 1


def test_a_shift_is_printed_to_the_minute_and_its_end_belongs_to_the_next(
    app: Flask, world: World, runtime: Runtime, out: Path
) -> None:
    at = [datetime(2026, 3, 2, hour, tzinfo=ZONE) for hour in (7, 8, 19, 20)]
    shift = [world.ticket("accepted", reported_at=one) for one in at][1:3]
    wanted = "from=2026-03-02T08:00,to=2026-03-02T20:00"
    assert qr(app, "sheet", "--tickets", wanted, "--out", str(out)).exit_code == 0
    assert [codes for _, codes in printed(out)] == [[runtime.links.ticket_url(one.id)] for one in shift]


def test_numbers_that_get_no_slip_are_named_before_anything_is_written(app: Flask, world: World, out: Path) -> None:
    known, other = world.ticket("finished"), world.ticket("finished", served=world.pharmacy)
    none = ["TYPO", world.ticket("cancelled").number, world.ticket("finished", source="monitoring").number]
    done = qr(app, "sheet", "--tickets", ",".join([known.number, *none]), "--out", str(out))
    assert done.exit_code == 1
    assert ", ".join(sorted(none)) in done.stderr
    assert known.number not in done.stderr
    assert not out.exists()
    both = f"{known.number},{other.number},department={world.ward.code}"
    done = qr(app, "sheet", "--tickets", both, "--out", str(out))
    assert (done.exit_code, other.number in done.stderr) == (1, True)
    assert qr(app, "sheet", "--tickets", f"{known.number},{other.number}", "--out", str(out)).exit_code == 0


def test_slips_too_late_to_be_rated_are_left_out_counted_and_printed_by_their_numbers(
    app: Flask, world: World, out: Path
) -> None:
    old = [world.ticket(state, reported_at=clock.now() - timedelta(days=15)) for state in ("finished", "closed")]
    world.ticket("accepted", reported_at=clock.now() - timedelta(days=15))
    done = qr(app, "sheet", "--tickets", f"department={world.ward.code}", "--out", str(out), "--json")
    assert json.loads(done.stdout)["cards"] == 1
    assert "有 2 张的评价时间已过" in done.stderr
    done = qr(app, "sheet", "--tickets", ",".join(ticket.number for ticket in old), "--out", str(out), "--json")
    assert json.loads(done.stdout)["cards"] == 2
    assert "评价时间" not in done.stderr


def test_paper_without_a_hotline_says_so_once(app: Flask, world: World, runtime: Runtime, out: Path) -> None:
    app.extensions[EXTENSION] = replace(runtime, settings=runtime.settings.model_copy(update={"hotline": ""}))
    done = qr(app, "poster", "--out", str(out))
    assert (done.exit_code, done.stderr.count("没有设置 HOTLINE")) == (0, 1)


def test_what_cannot_be_printed_is_said(app: Flask, world: World, out: Path) -> None:
    with world.database.transaction() as session:
        session.add(world.ward)
        world.ward.name = "呼吸😀科"
    done = qr(app, "poster", "--wards", world.ward.code, "--out", str(out))
    assert done.exit_code == 0, done.output
    assert "呼吸😀科" in done.stderr
    assert "呼吸〓科" in done.stderr


def test_every_ward_gets_its_plate_and_its_labels(app: Flask, world: World, runtime: Runtime, out: Path) -> None:
    wards = [world.ward, world.pharmacy, world.it]
    addresses = sorted(runtime.links.ward_url(ward.id) for ward in wards)
    assert qr(app, "poster", "--out", str(out)).exit_code == 0
    assert sorted(code for _, codes in printed(out) for code in codes) == addresses
    assert qr(app, "label", "--copies", "4", "--cut-marks", "--out", str(out)).exit_code == 0
    assert sorted(code for _, codes in printed(out) for code in codes) == sorted(4 * addresses)


def test_the_label_of_an_asset_has_its_tag_in_letters_and_leads_to_the_report(
    app: Flask, world: World, runtime: Runtime, out: Path
) -> None:
    room, printer = inventory(world)
    assert qr(app, "label", "--assets", "all", "--out", str(out)).exit_code == 0
    ((text, codes),) = printed(out)
    assert codes == [runtime.links.label_url("asset", printer)]
    assert text == ["PRN-0032", "激光打印机", "呼吸内科护士站", "3号楼 7 701", "监督热线 6120", "请用微信扫码报修"]
    assert (
        qr(app, "label", "--places", f"department={world.ward.code}", "--copies", "2", "--out", str(out)).exit_code == 0
    )
    ((text, codes),) = printed(out)
    assert codes == [runtime.links.label_url("place", room)] * 2
    assert text[:3] == ["呼吸内科护士站", "N07-1", "呼吸内科"]


def test_a_retired_asset_gets_no_label(app: Flask, world: World, out: Path) -> None:
    inventory(world)
    done = qr(app, "label", "--assets", "PRN-0032,OLD-1", "--out", str(out))
    assert done.exit_code == 1
    assert "OLD-1" in done.stderr
    assert "PRN-0032" not in done.stderr


def test_pictures_are_numbered_pages(app: Flask, world: World, runtime: Runtime, tmp_path: Path) -> None:
    tickets = [world.ticket("finished") for _ in range(2)]
    out = tmp_path / "slip.png"
    done = qr(app, "sheet", "--tickets", "all", "--layout", "slip80", "--dpi", "203", "--out", str(out), "--json")
    files = json.loads(done.stdout)["files"]
    assert files == [str(out), str(tmp_path / "slip-2.png")]
    read = [found.text for file in files for found in read_codes(Image.open(file).convert("L"))]
    assert read == [runtime.links.ticket_url(ticket.id) for ticket in tickets]


@pytest.mark.parametrize(
    ("args", "status"),
    [
        (["sheet", "--tickets", "NOBODY", "--out", "x.pdf"], 1),
        (["sheet", "--tickets", "all", "--out", "/nowhere/x.pdf"], 1),
        (["label", "--wards", "NOBODY", "--out", "x.pdf"], 1),
        (["label", "--assets", "all", "--out", "x.pdf"], 1),
        (["label", "--places", "NOWHERE", "--out", "x.pdf"], 1),
        (["label", "--assets", ",", "--out", "x.pdf"], 2),
        (["label", "--assets", "all", "--wards", "all", "--out", "x.pdf"], 2),
        (["sheet", "--tickets", "colour=red", "--out", "x.pdf"], 2),
        (["sheet", "--tickets", "state=asleep", "--out", "x.pdf"], 2),
        (["sheet", "--tickets", "from=yesterday", "--out", "x.pdf"], 2),
        (["sheet", "--tickets", "department=", "--out", "x.pdf"], 2),
        (["sheet", "--tickets", "department=N07,department=P01", "--out", "x.pdf"], 2),
        (["sheet", "--tickets", "from=2026-03-02T25:00", "--out", "x.pdf"], 2),
        (["sheet", "--tickets", "from=2026-03-02T08:00Z", "--out", "x.pdf"], 2),
        (["sheet", "--tickets", "from=0001-01-01", "--out", "x.pdf"], 2),
        (["label", "--assets", "department=", "--out", "x.pdf"], 2),
        (["label", "--assets", "PRN-1,department=N07", "--out", "x.pdf"], 2),
        (["label", "--wards", "all", "--grid", "20x1", "--out", "x.pdf"], 2),
        (["sheet", "--tickets", ",", "--out", "x.pdf"], 2),
        (["sheet", "--tickets", "all", "--out", "x.doc"], 2),
        (["sheet", "--tickets", "all", "--layout", "b7", "--out", "x.pdf"], 2),
        (["sheet", "--tickets", "all", "--layout", "labels", "--start", "25", "--out", "x.pdf"], 2),
        (["sheet", "--tickets", "all", "--layout", "labels", "--grid", "0x3", "--out", "x.pdf"], 2),
        (["sheet", "--tickets", "all", "--layout", "labels", "--grid", "20x40", "--out", "x.pdf"], 2),
        (["sheet", "--out", "x.pdf"], 2),
    ],
)
def test_what_cannot_be_done_is_refused(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, args: list[str], status: int
) -> None:
    monkeypatch.chdir(tmp_path)
    world.ticket("finished")
    assert qr(app, *args).exit_code == status
    assert list(tmp_path.glob("x.*")) == []


def inventory(world: World) -> tuple[int, int]:
    """A room of the ward and a printer in it, and a printer of long ago; the ids of the first two."""
    with world.database.transaction() as session:
        room = Place(
            code="N07-1", name="呼吸内科护士站", department_id=world.ward.id, building="3号楼", floor="7", room="701"
        )
        session.add(room)
        session.flush()
        printer = Asset(tag="PRN-0032", name="激光打印机", place_id=room.id)
        session.add_all([printer, Asset(tag="OLD-1", name="针式打印机", retired_at=clock.now())])
        session.flush()
        return room.id, printer.id


def qr(app: Flask, *args: str) -> Result:
    return app.test_cli_runner().invoke(args=["qr", *args])


def printed(path: Path) -> list[tuple[list[str], list[str]]]:
    """For each page its lines of text and the addresses read from its codes."""
    pages = list(pypdfium2.PdfDocument(path.read_bytes()))
    texts = [page.get_textpage().get_text_bounded().splitlines() for page in pages]
    seen = [read_codes(page.render(scale=2.8, grayscale=True).to_pil()) for page in pages]
    return [(text, [found.text for found in codes]) for text, codes in zip(texts, seen, strict=True)]
