"""The check page in a real browser: it computes by itself, on a phone, and believes no answer of ours."""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from textwrap import wrap
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from app.models import Person
from app.paths import ROOT
from app.services.draws import keys, published_files
from app.services.draws.receipts import Receipt
from tests.browser.test_pages import told
from tests.draws.story import COMMITTED, DRAW_ID, DRAWN, NUMBERS, Story
from tests.lottery.bundles import DLT, KL8
from tests.support.browser import DESKTOP, PHONE, SMALL_PHONE, open_phone
from tests.support.processes import free_port

pytestmark = pytest.mark.slow("a browser")
Open = Callable[..., Page]


def test_a_loser_finds_every_step_true_on_his_phone(story: Story, opened: Open) -> None:
    story.now_is(DRAWN).drawn()
    page = opened(story, loser(story))
    assert said(page) == "✓ 回执核对通过。"
    assert len(steps(page, "good")) == 14
    assert steps(page, "open") == []
    assert "没有中奖" in steps(page, "good")[-1]


def test_a_winner_is_told_his_prize(story: Story, opened: Open) -> None:
    result = story.now_is(DRAWN).drawn()
    with story.drawing() as (session, _draw):
        winner = story.person_of(session, result["tiers"][1]["winners"][0])
    assert "中奖了：二等 雨伞" in steps(opened(story, winner), "good")[-1]


def test_before_the_list_is_locked_the_page_says_what_it_waits_for(story: Story, opened: Open) -> None:
    story.now_is(COMMITTED).people(5)
    story.announce()
    page = opened(story, story.raters[0])
    assert said(page) == "✓ 能核对的都对，有几步还不能核对，见下。"
    assert "名单还没有锁定" in steps(page, "open")[-1]


def test_a_receipt_that_was_changed_is_not_signed(story: Story, opened: Open) -> None:
    story.now_is(COMMITTED).people(5)
    story.announce()
    story.commit()
    page = opened(story, story.raters[0], tickets=3)
    assert "签名不对" in steps(page, "bad")[0]
    assert len(steps(page, "good")) == 2


def test_what_is_no_receipt_is_said_to_be_none(story: Story, anybody: BrowserContext, site: str) -> None:
    story.now_is(COMMITTED).announce()
    page = anybody.new_page()
    page.goto(f"{site}/draws/{DRAW_ID}/check")
    page.get_by_role("button", name="核对回执").click()
    assert said(page) == "请先粘贴回执，或打开回执文件。"
    for behind in ("receipt=%E4%B8%AD", "receipt=e30"):
        page.goto(f"{site}/draws/{DRAW_ID}/check#{behind}")
        page.locator("#receipt-steps li.bad").wait_for()
        assert "有一处不合规定的写法" in steps(page, "bad")[0]
        assert "#" not in page.url


def test_a_list_that_was_changed_after_the_commit_is_found_out(
    story: Story, opened: Open, anybody: BrowserContext
) -> None:
    story.now_is(DRAWN).drawn()
    anybody.route("**/files/leaves-1.bin", changed(lambda data: data[:33] + bytes([data[33] ^ 3]) + data[34:]))
    assert "算出的和公布的不同" in steps(opened(story, loser(story)), "bad")[0]


def test_a_friend_in_a_winners_place_is_found_out(story: Story, opened: Open, anybody: BrowserContext) -> None:
    result = story.now_is(DRAWN).drawn()
    with story.drawing() as (session, _draw):
        winner = story.person_of(session, result["tiers"][0]["winners"][0])
    entry = held(story, winner).entry.encode()
    anybody.route("**/files/result-1.json", changed(lambda data: data.replace(entry, b"0" * 64)))
    page = opened(story, winner)
    assert said(page) == "✗ 有一处不符，见红字。"
    assert "公布的中奖名单有假：result-1.json: tier 1" in steps(page, "bad")[0]


def test_an_issue_that_was_replaced_is_told_in_red(
    story: Story, opened: Open, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NUMBERS, 1, [("cn-kl8", "2027005", KL8), ("cn-dlt", "2027002", DLT)])
    story.now_is(DRAWN).drawn()
    page = opened(story, loser(story))
    assert said(page) == "✓ 能核对的都对，有几步还不能核对，见下。"
    [replaced] = steps(page, "open")
    assert "快乐8：公告的是第 2027004 期，实际用的是下一期，第 2027005 期。" in replaced
    assert not any("与公告一致" in step for step in steps(page, "good"))
    assert page.locator("#receipt-steps p.bad").count() == 1
    shown = client.get(f"/draws/{DRAW_ID}").text
    assert '<strong class="bad">公告的是第 2027004 期，用的是下一期。只有公告的那一期停开才可以，' in shown


def test_who_is_not_in_the_list_is_told_what_to_do(story: Story, opened: Open) -> None:
    story.now_is(COMMITTED).people(5)
    story.announce()
    story.commit()
    [late] = story.people(1)
    page = opened(story, late)
    [missing] = steps(page, "bad")
    assert "名单里没有您的代号。请在" in missing
    assert "之前带上这张回执提出异议：和平医院 6120" in missing
    assert page.get_by_role("link", name="提出异议").get_attribute("href") == f"/my/receipts/{DRAW_ID}/object"
    assert not opened(story, story.raters[0]).get_by_role("link", name="提出异议").is_visible()


def test_of_a_long_list_only_the_proof_is_fetched(
    story: Story, opened: Open, anybody: BrowserContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.web.draws.check.SHORT_LIST", 100)
    story.now_is(DRAWN).drawn()
    asked: list[str] = []
    anybody.on("request", lambda request: asked.append(request.url.rsplit("/", 2)[1]))
    page = opened(story, loser(story))
    assert said(page) == "✓ 回执核对通过。"
    assert "proof" in asked
    page.get_by_role("button", name="也下载整个名单核对").click()
    expect(page.locator("#with-list")).to_be_hidden()
    assert len(steps(page, "good")) == 14


def test_without_a_network_a_page_once_opened_goes_on_checking(
    story: Story, opened: Open, anybody: BrowserContext, site: str
) -> None:
    story.now_is(DRAWN).drawn()
    page = anybody.new_page()
    page.goto(f"{site}/draws/{DRAW_ID}/check")
    page.wait_for_load_state("networkidle")
    anybody.set_offline(True)
    page.locator("[name=receipt]").fill(json.dumps(held(story, loser(story)).fields()))
    page.get_by_role("button", name="核对回执").press("Enter")
    page.locator("#receipt-steps li").last.wait_for()
    assert said(page) == "✓ 能核对的都对，有几步还不能核对，见下。"
    assert [step.split("\n")[0] for step in steps(page, "open")] == ["– 代号"]


def test_a_receipt_is_opened_from_a_file(story: Story, anybody: BrowserContext, site: str, tmp_path: Path) -> None:
    story.now_is(DRAWN).drawn()
    file = tmp_path / "receipt.json"
    file.write_text(json.dumps(held(story, loser(story)).fields(), indent=1))
    page = anybody.new_page()
    page.goto(f"{site}/draws/{DRAW_ID}/check")
    page.locator("[name=file]").set_input_files(file)
    page.locator("#receipt-steps li.open").wait_for()
    assert len(steps(page, "good")) == 13


@pytest.mark.parametrize("worker", [True, False])
def test_the_whole_draw_is_checked_in_the_browser(
    story: Story, anybody: BrowserContext, site: str, worker: bool
) -> None:
    story.now_is(DRAWN).drawn()
    page = anybody.new_page()
    if not worker:
        page.route("**/worker.js", lambda route: route.abort())
    page.goto(f"{site}/draws/{DRAW_ID}/check")
    page.get_by_role("button", name="核对全部").click()
    page.locator("#whole-said", has_text="全部为真").wait_for()
    with story.drawing() as (session, draw):
        published = [file.name for file in published_files.all_of(session, draw) if not file.name.endswith(".sig")]
    assert page.locator("#whole-steps > li.good").count() == len(published) + 1
    assert page.locator("#whole-steps ul li").count() > 50


def test_files_of_ones_own_are_checked_and_the_first_lie_is_named(
    story: Story, anybody: BrowserContext, site: str, tmp_path: Path
) -> None:
    story.now_is(DRAWN).drawn()
    story.publish(tmp_path / "draw")
    result = tmp_path / "draw" / "result-1.json"
    result.write_bytes(result.read_bytes().replace(b'"rank": 2', b'"rank": 3'))
    page = anybody.new_page()
    page.goto(f"{site}/draws/{DRAW_ID}/check")
    page.locator("#own").set_input_files(sorted((tmp_path / "draw").iterdir()))
    page.locator("#whole-said", has_text="第一处不符").wait_for()
    assert said(page, "whole") == "✗ 第一处不符：result-1.json: tier 2: rank, ticket, score, index, tickets"
    (tmp_path / "draw" / "__proto__").touch()
    page.locator("#own").set_input_files(sorted((tmp_path / "draw").iterdir()))
    page.locator("#whole-said", has_text="files: only known ones").wait_for()


@pytest.mark.parametrize("looks", ["", "?text=large"])
def test_the_page_shuts_nobody_out(story: Story, opened: Open, looks: str) -> None:
    story.now_is(DRAWN).drawn()
    page = opened(story, loser(story), looks=looks)
    page.get_by_role("button", name="核对全部").click()
    page.locator("#whole-said", has_text="全部为真").wait_for()
    for summary in page.locator("summary").all():
        summary.click()
    for size in (PHONE, SMALL_PHONE, DESKTOP):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert [told(one) for one in Axe().run(page).response["violations"]] == []
    assert [message.text for message in page.console_messages() if message.type == "error"] == []


def test_without_script_the_page_names_the_command(story: Story, browser: Browser, site: str) -> None:
    story.now_is(DRAWN).drawn()
    with open_phone(browser, script=False) as phone:
        page = phone.new_page()
        page.goto(f"{site}/draws/{DRAW_ID}/check")
        assert "python -m lottery verify draw" in page.locator("noscript").inner_text()
        assert not page.locator("form").is_visible()


def test_a_draw_of_more_people_than_a_phone_can_check_is_left_to_the_command(
    story: Story, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.now_is(DRAWN).drawn()
    assert 'id="whole"' in client.get(f"/draws/{DRAW_ID}/check").text
    monkeypatch.setattr("app.web.draws.check.CHECKED_HERE", 19)
    page = client.get(f"/draws/{DRAW_ID}/check").text
    assert 'id="whole"' not in page
    assert "名单有 20 人，超过 19 人" in page


def test_the_page_shows_the_hash_of_each_of_its_scripts(story: Story, client: FlaskClient) -> None:
    story.now_is(COMMITTED).announce()
    page = client.get(f"/draws/{DRAW_ID}/check").text
    loaded = set(re.findall(r"draw-check/([\w-]+\.js)", page))
    assert loaded == {path.name for path in (ROOT / "app" / "static" / "draw-check").iterdir()}
    for name in loaded:
        with client.get(f"/static/draw-check/{name}") as answer:
            assert " ".join(wrap(sha256(answer.data).hexdigest(), 4)) in page


def test_a_proof_is_of_an_entry_in_the_list(story: Story, client: FlaskClient) -> None:
    story.now_is(DRAWN).drawn()
    entry = held(story, loser(story)).entry
    assert set(client.get(f"/draws/{DRAW_ID}/proof/{entry}").get_json()) == {"version", "index", "tickets", "proof"}
    for wrong in ("0" * 64, entry.upper(), "x"):
        assert client.get(f"/draws/{DRAW_ID}/proof/{wrong}").status_code == 404
    tried = [client.get(f"/draws/{DRAW_ID}/proof/{number:064x}").status_code for number in range(60)]
    assert (tried[0], tried[-1]) == (404, 429)
    assert client.get(f"/draws/{DRAW_ID}/proof/{entry}").status_code == 200


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One database is enough: what the page reads of it is tested on both elsewhere."""
    return sqlite_url


@pytest.fixture
def opened(site: str, anybody: BrowserContext) -> Open:
    def open_(story: Story, person: Person, looks: str = "", **changes: object) -> Page:
        page = anybody.new_page()
        page.goto(f"{site}/draws/{DRAW_ID}/check{looks}#{fragment(story, person, **changes)}")
        page.locator("#receipt-steps li").last.wait_for()
        return page

    return open_


@pytest.fixture
def anybody(browser: Browser) -> Iterator[BrowserContext]:
    with open_phone(browser) as phone:
        yield phone


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    port = free_port()
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def changed(change: Callable[[bytes], bytes]) -> Callable[[Route], None]:
    """Somebody between the service and the phone."""

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=change(response.body()))

    return answer


def held(story: Story, person: Person, **changes: object) -> Receipt:
    receipt = story.receipt(person)
    assert receipt
    return replace(receipt, **changes)  # type: ignore[arg-type]


def fragment(story: Story, person: Person, **changes: object) -> str:
    """The receipt and the person's own number behind the #."""
    packed = json.dumps(held(story, person, **changes).fields()).encode()
    with story.drawing() as (_session, draw):
        number = keys.pid(draw, person.id)
    return f"receipt={urlsafe_b64encode(packed).decode().rstrip('=')}&person={number}"


def loser(story: Story) -> Person:
    with story.drawing() as (session, draw):
        won = {winner["entry"] for winner in published_files.winners_of(session, draw, 1)}
    return next(person for person in story.raters if held(story, person).entry not in won)


def said(page: Page, where: str = "receipt") -> str:
    return page.locator(f"#{where}-said").inner_text()


def steps(page: Page, kind: str) -> list[str]:
    return page.locator(f"#receipt-steps li.{kind}").all_inner_texts()
