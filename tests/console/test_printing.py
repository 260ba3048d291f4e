"""Printing at the desk: counted first, then the pages at true size; the same as a PDF."""

import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from urllib.parse import urlencode

import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from fontTools.ttLib import TTFont
from werkzeug.test import TestResponse

from app import clock
from app.http.context import EXTENSION
from app.models import Asset, Place
from app.paths import ROOT
from app.runtime import Runtime
from app.services.codes import print_order
from tests.conftest import Console
from tests.support.codes import read_codes
from tests.support.world import World

SHEET = "/console/print/sheet"
RATINGS = ("非常满意", "不满意", "rating")


def test_a_ticket_s_page_leads_to_its_slip_in_one_click(desk: FlaskClient, world: World, runtime: Runtime) -> None:
    ticket = world.ticket("finished")
    page = desk.get(f"/console/tickets/{ticket.number}").text
    (way,) = re.findall(r'href="(/console/print/sheet[^"]+)"', page)
    sheet = desk.get(html.unescape(way)).text
    assert words(sheet) == [
        "请用微信扫码评价本次服务",
        f"工单 {ticket.number}",
        f"{ticket.reported_at.astimezone(runtime.settings.timezone):%Y-%m-%d} · 打印机",
        "呼吸内科",
        "监督热线 6120",
        "服务商看不到您的评价",
    ]
    assert 'width="58mm" height="92mm"' in sheet
    assert "data-print" in sheet
    assert addresses(desk.get(SHEET + ".pdf", query_string={"number": ticket.number})) == [
        runtime.links.ticket_url(ticket.id)
    ]


def test_a_cancelled_ticket_and_one_without_anybody_served_have_no_slip(desk: FlaskClient, world: World) -> None:
    for ticket in (world.ticket("cancelled"), world.ticket("finished", source="monitoring")):
        assert SHEET not in desk.get(f"/console/tickets/{ticket.number}").text
        assert desk.get(SHEET, query_string={"number": ticket.number}).status_code == 404


def test_the_printer_used_last_is_the_one_used_next(desk: FlaskClient, world: World) -> None:
    one, other = world.ticket("finished"), world.ticket("finished")
    desk.get(SHEET, query_string={"number": one.number, "layout": "slip80"})
    assert 'width="80mm"' in desk.get(SHEET, query_string={"number": other.number}).text
    assert 'width="148mm"' in desk.get(SHEET, query_string={"what": "wards"}).text


def test_an_order_begins_with_today_and_says_how_many_first(desk: FlaskClient, world: World) -> None:
    world.ticket("accepted", reported_at=datetime(2026, 3, 1, tzinfo=UTC))
    today = world.ticket("reported", reported_at=clock.now())
    way = desk.get("/console/print").headers["Location"]
    assert "共 1 张" in desk.get(way).text
    sheet = desk.get(way.replace("/print?", "/print/sheet?")).text
    assert f"工单 {today.number}" in words(sheet)


def test_slips_too_late_to_be_rated_are_left_out_and_counted(desk: FlaskClient, world: World) -> None:
    old = world.ticket("finished", reported_at=clock.now() - timedelta(days=15))
    page = desk.get("/console/print?what=slips&state=finished").text
    assert "共 0 张" in page
    assert "另有 1 张的评价时间已过" in page
    assert desk.get("/console/print/sheet?what=slips&state=finished").status_code == 404
    assert desk.get(f"/console/print/sheet?what=slips&number={old.number}").status_code == 200
    assert "评价时间已过" not in desk.get("/console/print?what=wards").text


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, 4),
        ({"department": "N07"}, 3),
        ({"state": "finished"}, 2),
        ({"from": "2026-03-02T08:00", "to": "2026-03-02T20:00"}, 1),
        ({"from": "2026-03-02T20:00"}, 3),
        ({"copies": "3", "department": "P01"}, 3),
    ],
)
def test_a_shift_s_or_a_department_s_tickets_are_counted_and_printed(
    desk: FlaskClient, world: World, asked: dict[str, str], expected: int
) -> None:
    shift = datetime(2026, 3, 2, 0, 30, tzinfo=UTC)  # 08:30 in Shanghai
    world.ticket("reported", reported_at=shift)
    for state, served in (("finished", world.nurse), ("finished", world.nurse), ("reported", world.pharmacy)):
        world.ticket(state, served=served)
    query = urlencode({"what": "slips", **asked})
    assert f"共 {expected} 张" in desk.get(f"/console/print?{query}").text
    assert desk.get(f"{SHEET}?{query}").text.count("<svg") == expected


@pytest.mark.parametrize(
    ("layout", "paper"), [("slip58", (58, 92)), ("slip80", (80, 112)), ("a6", (105, 148)), ("labels", (210, 297))]
)
def test_the_paper_is_said_to_the_browser_and_in_the_pdf(
    desk: FlaskClient, world: World, layout: str, paper: tuple[int, int]
) -> None:
    world.ticket("finished")
    width, height = paper
    sheet = desk.get(f"{SHEET}?layout={layout}").text
    assert f"paper.css?layout={layout}" in sheet
    style = desk.get(f"/console/print/paper.css?layout={layout}")
    assert style.mimetype == "text/css"
    assert style.text == f"@page{{size:{width}mm {height}mm;margin:0}}\n"
    pdf = desk.get(f"{SHEET}.pdf?layout={layout}")
    assert pdf.mimetype == "application/pdf"
    size = pypdfium2.PdfDocument(pdf.data)[0].get_size()
    assert size == pytest.approx((width / 25.4 * 72, height / 25.4 * 72), abs=0.01)


def test_every_ward_gets_its_plate_or_one_alone(desk: FlaskClient, world: World, runtime: Runtime) -> None:
    every = sorted(runtime.links.ward_url(ward.id) for ward in (world.ward, world.pharmacy, world.it))
    assert sorted(addresses(desk.get(f"{SHEET}.pdf?what=wards"))) == every
    assert addresses(desk.get(f"{SHEET}.pdf?what=wards&department=N07")) == [runtime.links.ward_url(world.ward.id)]
    assert "共 3 张" in desk.get("/console/print?what=wards").text


def test_labels_begin_where_the_sheet_is_still_free(desk: FlaskClient, things: list[Asset], runtime: Runtime) -> None:
    query = "what=assets&columns=2&rows=5&start=9&cut=on&copies=2"
    data = desk.get(f"{SHEET}.pdf?{query}")
    assert len(pypdfium2.PdfDocument(data.data)) == 2
    links = [runtime.links.label_url("asset", thing.id) for thing in things[:3]]
    assert sorted(addresses(data)) == sorted(links * 2)
    assert desk.get(f"{SHEET}?{query}").text.count('stroke="black"') == 2 * 2 * 3 * 6


def test_only_the_labels_that_were_picked_are_printed(desk: FlaskClient, things: list[Asset], runtime: Runtime) -> None:
    page = desk.get("/console/print?what=assets&tag=PRN-1&tag=PRN-2").text
    assert "共 2 张" in page
    assert "PRN-1、PRN-2" in page
    assert words(desk.get(f"{SHEET}?what=assets&tag=PRN-1").text)[0] == "PRN-1"


def test_the_list_finds_assets_and_rooms_and_offers_their_labels(desk: FlaskClient, things: list[Asset]) -> None:
    shown = desk.get("/console/assets?q=prn-").text
    assert [tag for tag in ("PRN-1", "PRN-2", "CART", "OLD") if tag in shown] == ["PRN-1", "PRN-2"]
    shown = desk.get("/console/assets?q=查房").text
    assert 'value="CART"' in shown
    assert "已停用" not in shown
    old = desk.get("/console/assets?q=old").text
    assert "已停用" in old
    assert 'value="OLD"' not in old
    assert "发药窗口" in desk.get("/console/assets?show=places&department=P01").text
    assert "没有找到" in desk.get("/console/assets?show=places&department=N07").text


def test_an_empty_list_says_how_to_fill_it(desk: FlaskClient, world: World) -> None:
    assert "flask assets import" in desk.get("/console/assets").text


def test_a_long_list_goes_on_after_its_last_tag(desk: FlaskClient, world: World) -> None:
    with world.database.transaction() as session:
        session.add_all(Asset(tag=f"A{number:03}", name="电脑") for number in range(51))
    first = desk.get("/console/assets").text
    assert "A049" in first
    assert "A050" not in first
    (way,) = re.findall(r'<a href="([^"]+)" rel="next">', first)
    assert re.findall(r'value="(A\d+)"', desk.get(html.unescape(way)).text) == ["A050"]


def test_what_cannot_be_printed_is_said_before_the_dialog_comes(desk: FlaskClient, world: World) -> None:
    ticket = world.ticket("finished")
    with world.database.transaction() as session:
        session.add(world.ward)
        world.ward.name = "呼吸😀<b>科</b>"
    sheet = desk.get(f"{SHEET}?number={ticket.number}").text
    assert "呼吸😀&lt;b&gt;科&lt;/b&gt;，印成 呼吸〓&lt;b&gt;科&lt;/b&gt;" in sheet
    assert "呼吸〓<b>科</b>" in words(sheet)
    assert "data-print" not in sheet


def test_a_pdf_that_loses_something_comes_after_what_it_loses(desk: FlaskClient, world: World) -> None:
    ticket = world.ticket("finished")
    with world.database.transaction() as session:
        session.add(world.ward)
        world.ward.name = "呼吸😀科"
    asked = f"number={ticket.number}&layout=a6"
    first = desk.get(f"{SHEET}.pdf?{asked}")
    assert first.status_code == 302
    assert first.headers["Location"] == f"{SHEET}?{asked}"
    sheet = desk.get(first.headers["Location"]).text
    assert "呼吸😀科，印成" in sheet
    (way,) = re.findall(r'href="([^"]+sheet\.pdf[^"]+)"', sheet)
    assert desk.get(html.unescape(way)).mimetype == "application/pdf"


@pytest.mark.parametrize(
    ("asked", "field"), [("columns=20&rows=1", "rows"), ("columns=4&rows=16", "rows"), ("start=25", "start")]
)
def test_a_grid_that_cannot_be_printed_is_refused_at_its_field(
    desk: FlaskClient, world: World, asked: str, field: str
) -> None:
    world.ticket("finished")
    order = desk.get(f"{SHEET}?layout=labels&{asked}")
    assert order.status_code == 422
    (said,) = re.findall(rf'name="{field}"[^>]+value="(\d+)" aria-invalid="true" aria-describedby="wrong-', order.text)
    assert f"{field}={said}" in asked
    assert f'id="wrong-{field}"' in order.text


def test_paper_without_a_hotline_says_so(desk: FlaskClient, world: World, app: Flask, runtime: Runtime) -> None:
    ticket = world.ticket("finished")
    pages = [f"/console/print?number={ticket.number}", f"{SHEET}?number={ticket.number}", "/console/print/pads"]
    assert not [page for page in pages if "没有设置 HOTLINE" in desk.get(page).text]
    app.extensions[EXTENSION] = replace(runtime, settings=runtime.settings.model_copy(update={"hotline": ""}))
    assert [desk.get(page).text.count("没有设置 HOTLINE") for page in pages] == [1, 1, 1]


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ("number=nothing", 404, "没有可打印的"),
        ("what=slips&department=nobody", 404, "没有可打印的"),
        ("what=assets", 404, "没有可打印的"),
        ("what=money", 400, "筛选条件看不懂"),
        ("layout=b7", 400, "筛选条件看不懂"),
        ("from=yesterday", 400, "筛选条件看不懂"),
        ("from=0001-01-01T00:00", 400, "筛选条件看不懂"),
        ("copies=0", 400, "筛选条件看不懂"),
        ("copies=51", 400, "筛选条件看不懂"),
        ("layout=labels&columns=x", 400, "筛选条件看不懂"),
        ("layout=labels&start=25", 422, "每页只有 24 格"),
        ("layout=labels&columns=20&rows=40", 422, "格子太小"),
        ("what=assets&" + "&".join(["tag=x"] * 201), 400, "筛选条件看不懂"),
        ("&".join(["number=x"] * 201), 400, "筛选条件看不懂"),
    ],
)
def test_what_cannot_be_ordered_is_refused_with_the_reason(
    desk: FlaskClient, world: World, asked: str, status: int, said: str
) -> None:
    world.ticket("finished")
    for address in (SHEET, f"{SHEET}.pdf"):
        answer = desk.get(f"{address}?{asked}")
        assert answer.status_code == status
        assert said in answer.text


def test_more_than_one_request_prints_is_refused_with_the_count(
    desk: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(print_order, "MOST", 2)
    for _ in range(3):
        world.ticket("finished")
    answer = desk.get(SHEET)
    assert answer.status_code == 422
    assert "共 3 张，一次最多打印 2 张" in answer.text
    order = desk.get("/console/print?what=slips").text
    assert "共 3 张" in order
    assert f'formaction="{SHEET}"' not in order


def test_the_page_brings_the_font_it_is_measured_in(desk: FlaskClient, world: World, console: Console) -> None:
    (address,) = re.findall(r'url\("([^"]+\.otf)"\)', (ROOT / "app/static/print.css").read_text())
    answer = desk.get(address)
    assert answer.mimetype == "font/otf"
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    with TTFont(BytesIO(answer.data)) as served:
        assert f"{served['head'].fontRevision:.3f}" in address
        assert {ord(char) for char in "请用微信扫码龘𠮷"} <= served.getBestCmap().keys()
    assert console(world.nurse).get(address).status_code == 403


def test_printing_tells_the_desk_nothing_of_ratings_and_records_nothing(desk: FlaskClient, world: World) -> None:
    ticket = world.ticket("finished")
    for address in ("/console/print?what=slips", f"{SHEET}?number={ticket.number}", "/console/assets"):
        page = desk.get(address).text
        assert not [word for word in RATINGS if word in page]
    assert "出示" not in desk.get(f"/console/tickets/{ticket.number}").text


def words(sheet: str) -> list[str]:
    return [html.unescape(text) for text in re.findall(r"<text [^>]+>([^<]*)</text>", sheet)]


def addresses(answer: TestResponse) -> list[str]:
    """What a camera reads from the pages of a PDF."""
    pages = [page.render(scale=2.8, grayscale=True).to_pil() for page in pypdfium2.PdfDocument(answer.data)]
    return [found.text for page in pages for found in read_codes(page)]


@pytest.fixture
def things(world: World) -> list[Asset]:
    """Two printers at the pharmacy's window, a cart of nowhere, and what was thrown away."""
    with world.database.transaction() as session:
        room = Place(code="P01-1", name="发药窗口", department_id=world.pharmacy.id)
        session.add(room)
        session.flush()
        made = [
            Asset(tag="PRN-1", name="激光打印机", place_id=room.id),
            Asset(tag="PRN-2", name="激光打印机", place_id=room.id),
            Asset(tag="CART", name="查房车"),
            Asset(tag="OLD", name="针式打印机", retired_at=clock.now()),
        ]
        session.add_all(made)
    return made


@pytest.fixture
def desk(console: Console, world: World) -> FlaskClient:
    return console(world.desk)
