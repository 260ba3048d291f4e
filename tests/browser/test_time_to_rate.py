"""From the scan to the tick, on a phone that was never here: how much is asked for, and how heavy it is.

Requests and bytes have a budget. Milliseconds of the main thread are printed alone: they are the machine's, too.
"""

import sys
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, CDPSession, Page

from tests.browser import tickets
from tests.browser.steps import agree, choose
from tests.support.browser import PHONE, open_phone
from tests.support.demo import Demo

pytestmark = pytest.mark.slow("a browser")

# Scan, sign-in and back, the page, its style, script and sign; "opened" and the tap; the thanks and its script.
MOST_REQUESTS = 14
MOST_BYTES = 48_000  # of all that, as it comes over the wire without compression
MOST_OF_A_PAGE = 30_000  # with what it needs, without photos
MAIN_THREAD = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


@dataclass
class Asked:
    """What the phone asked of the service, as the browser's own log has it: every hop that was no copy of its own."""

    host: str
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    hops: list[tuple[str, int]] = field(default_factory=list)
    pages: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def listen(self, log: CDPSession) -> None:
        log.on("Network.requestWillBeSent", self._begins)
        log.on("Network.loadingFinished", lambda said: self._came(said["requestId"], said["encodedDataLength"]))
        log.send("Network.enable")

    def _begins(self, said: dict[str, Any]) -> None:
        if led_on := said.get("redirectResponse"):
            self._came(said["requestId"], led_on["encodedDataLength"])
        self.sent[said["requestId"]] = said

    def _came(self, request: str, size: float) -> None:
        said = self.sent.get(request)
        if said is None or size == 0 or urlsplit(said["request"]["url"]).netloc != self.host:
            return
        self.hops.append((f"{said['request']['method']} {urlsplit(said['request']['url']).path}", int(size)))
        self.pages[said["loaderId"]] += int(size)


def test_a_rating_costs_few_requests_and_thirty_kilobytes(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    with open_phone(browser) as nurse:
        page = nurse.new_page()
        page.goto(demo.on_phone("nurse", "/my"))
        agree(page)  # once for good, long before this scan
    with open_phone(browser) as nurse:
        page = nurse.new_page()
        log, asked = nurse.new_cdp_session(page), Asked(urlsplit(demo.url).netloc)
        asked.listen(log)
        log.send("Performance.enable")
        page.goto(demo.on_phone("nurse", demo.runtime.links.ticket_path(ticket.id)))
        scanned = busy(log, page)
        choose(page, "满意")
        page.locator(".done").first.wait_for()
        thanked = busy(log, page)
    sizes = [size for _what, size in asked.hops]
    said = f"{len(sizes)} requests, {sum(sizes)} bytes, the heaviest page {heaviest(asked)}"
    sys.stdout.write(f"\ntime to rate on a cold cache: {said}\n  main thread, ms: page {scanned}, thanks {thanked}\n")
    assert len(sizes) <= MOST_REQUESTS, asked.hops
    assert sum(sizes) <= MOST_BYTES, asked.hops
    assert heaviest(asked) <= MOST_OF_A_PAGE, asked.hops


def test_what_is_under_way_lies_on_the_second_screen_however_much_waits(demo: Demo, browser: Browser) -> None:
    for to in ("finished",) * 4 + ("accepted",):
        tickets.make(demo.runtime, to)
    with open_phone(browser) as nurse:
        page = nurse.new_page()
        page.goto(demo.on_phone("nurse", "/my"))
        agree(page)
        heading = page.get_by_role("heading", name="处理中").bounding_box()
        assert heading is not None
        assert heading["y"] < 1.5 * PHONE["height"]
        folded = page.locator("details", has=page.locator("input[name=level]"))
        folded.locator("summary").press("Enter")
        article = folded.locator("article").first
        article.get_by_label("基本满意", exact=True).check()
        article.get_by_role("button", name="提交").click()
        page.locator(".done").first.wait_for()


def heaviest(asked: Asked) -> int:
    return max(asked.pages.values())


def busy(log: CDPSession, page: Page) -> dict[str, int]:
    """What this page has cost the main thread so far."""
    page.wait_for_load_state("networkidle")
    found = {one["name"]: one["value"] for one in log.send("Performance.getMetrics")["metrics"]}
    return {name: round(found[name] * 1000) for name in MAIN_THREAD}
