"""A draw as people meet it: its page, the play on the wall, a receipt and a prize in the hand."""

import json
import zipfile
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from lottery.verify import verify
from tests.browser import draws, tickets
from tests.browser.steps import choose
from tests.support.browser import open_desktop, open_phone
from tests.support.demo import Demo

pytestmark = [
    pytest.mark.slow("a browser"),
    pytest.mark.timeout(300),
    pytest.mark.parametrize("demo", ["sqlite", "postgresql"], indirect=True),
]


def test_a_nurse_rates_and_holds_her_receipt(demo: Demo, browser: Browser) -> None:
    draw_id = draws.make(demo, "collecting")
    ticket = tickets.make(demo.runtime, "finished")
    with open_phone(browser) as nurse:
        page = nurse.new_page()
        page.goto(demo.on_phone("nurse", demo.runtime.links.ticket_path(ticket.id)))
        choose(page, "满意")
        page.locator(f"a[href='/my/receipts/{draw_id}']").click()
        expect(page.get_by_role("heading", name="我的抽奖券和回执")).to_be_visible()
        with page.expect_download() as waiting:
            page.get_by_role("link", name="下载回执").click()
        assert waiting.value.suggested_filename == f"receipt-{draw_id}.json"
        held = json.loads(waiting.value.path().read_bytes())
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.get_by_role("link", name="用这张回执自己核对").click()
        page.wait_for_url(f"**/draws/{draw_id}/check**")
        expect(page.locator("[name=receipt]")).not_to_have_value("")
        assert json.loads(page.locator("[name=receipt]").input_value()) == held
        assert urlsplit(page.url).fragment == ""  # nobody shares it with the address
    assert not any(held["salt"][:8] in url or "receipt=" in urlsplit(url).query for url in asked)


def test_the_countdown_ticks_and_is_right_without_script(demo: Demo, browser: Browser) -> None:
    address = f"{demo.url}/draws/{draws.make(demo, 'committed')}"
    with open_phone(browser, script=False) as phone, open_phone(browser) as clever:
        plain, page = phone.new_page(), clever.new_page()
        plain.goto(address)
        hours = plain.locator("[data-hours]").inner_text()
        assert "异议截止：还有" in plain.locator("[data-until]").inner_text()
        page.goto(address)
        expect(page.locator("[data-hours]")).to_have_text(hours)
        page.evaluate("performance.now = ((real) => () => real() + 3600000)(performance.now.bind(performance))")
        expect(page.locator("[data-hours]")).to_have_text(str(int(hours) - 1))


def test_the_result_is_played_by_keyboard_without_a_network(demo: Demo, browser: Browser) -> None:
    address = f"{demo.url}/draws/{draws.make(demo, 'claimed')}/play"
    with open_desktop(browser) as wall:
        page = wall.new_page()
        page.goto(address)
        page.wait_for_load_state("networkidle")
        wall.set_offline(True)
        page.get_by_role("button", name="全屏播放").click()
        seen = []
        while page.get_by_role("button", name="下一页").is_enabled():
            seen.append(page.locator(".scene:visible").inner_text())
            page.keyboard.press("ArrowRight")
        assert [page.locator(".scene:visible").count(), "抽奖" in seen[0], "名单" in seen[1]] == [1, True, True]
        assert len(seen) == 8
        assert "三等奖" in seen[5]
        assert "一等奖" in seen[7]
        page.keyboard.press("ArrowLeft")
        expect(page.locator(".scene:visible")).to_contain_text("一等奖")
        page.keyboard.press("Escape")
        expect(page.locator(".scene:visible")).to_have_count(9)


def test_the_bundle_plays_from_its_folder_and_is_judged_as_before(demo: Demo, browser: Browser, tmp_path: Path) -> None:
    with open_desktop(browser) as wall:
        page, wrong = wall.new_page(), []
        made = page.request.get(f"{demo.url}/draws/{draws.make(demo, 'claimed')}/bundle.zip").body()
        with zipfile.ZipFile(BytesIO(made)) as archive:
            archive.extractall(tmp_path)
        assert all(check.holds for check in verify(tmp_path / "draw"))
        wall.set_offline(True)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda said: wrong.append(said.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto((tmp_path / "play.html").as_uri())
        expect(page.locator(".scene:visible")).to_have_count(9)
        page.get_by_role("button", name="全屏播放").click()
        expect(page.locator(".scene:visible")).to_have_count(1)
        page.keyboard.press("ArrowRight")
        expect(page.locator(".scene:visible")).to_contain_text("名单")
    assert wrong == []
    assert {urlsplit(address).scheme for address in asked} <= {"file", "data"}


def test_without_script_or_motion_the_result_stands_as_plain_tables(demo: Demo, browser: Browser) -> None:
    address = f"{demo.url}/draws/{draws.make(demo, 'drawn')}/play"
    with open_phone(browser, script=False) as phone:
        page = phone.new_page()
        page.goto(address)
        expect(page.locator(".scene:visible")).to_have_count(9)
        expect(page.locator(".winners tbody tr")).to_have_count(104)  # the demo has a prize for each of those who rated
        expect(page.get_by_role("button", name="全屏播放")).to_be_hidden()
    with open_desktop(browser) as wall:
        page = wall.new_page()
        page.emulate_media(reduced_motion="reduce")
        page.goto(address)
        page.get_by_role("button", name="全屏播放").click()
        assert page.locator("tbody tr").first.evaluate("row => getComputedStyle(row).animationName") == "none"


def test_a_winner_sees_his_code_and_waives_after_all(demo: Demo, browser: Browser) -> None:
    draw_id = draws.make(demo, "drawn", everybody_wins=True)
    with open_phone(browser) as nurse:
        page = nurse.new_page()
        page.goto(demo.on_phone("nurse", "/my"))
        won = page.locator("#inbox ~ *", has_text="您中奖了").first
        expect(won).to_be_attached()  # among the earlier ones where others have come since
        page.locator(f"a.button[href='/my/prizes/{draw_id}']").click()
        code = page.locator(".claim")
        assert len(code.inner_text()) >= 8
        assert size(page, ".claim") >= 32
        page.get_by_text("我不要这份奖").click()
        page.get_by_role("button", name="确认放弃").click()
        expect(page.get_by_role("status")).to_contain_text("本人放弃")
        expect(code).to_have_count(0)


def size(page: Page, what: str) -> float:
    """How large the words are, in pixels."""
    return float(page.locator(what).evaluate("one => parseFloat(getComputedStyle(one).fontSize)"))
