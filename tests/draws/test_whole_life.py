"""The whole life of a draw in the browser: real processes, started again with a later clock at each stage.

Announced at the console, rated on two phones, committed by the worker, numbers typed by two people, the winner's
inbox, her claim, what a loser checks on the phone, round 2, and the check of the archive on a bare Python.
"""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import BytesIO
from itertools import count
from pathlib import Path
from random import Random  # noqa: TID251 seeded: what the lotteries are made to draw
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy.orm import Session

from app import clock
from app.demo import roles
from app.models import Draw
from app.services.draws import announcement, commitment, keys, public_numbers, published_files, ranking
from app.services.draws.published_files import Fields
from app.services.identity import binding
from app.services.organisation import employment
from lottery import rule
from lottery.rule import Source
from tests.browser import tickets
from tests.browser.steps import agree, choose, enter_console
from tests.support.browser import open_desktop, open_phone
from tests.support.demo import Demo, running_demo
from tests.support.nursery import Nursery

pytestmark = [pytest.mark.slow("servers that live through a draw's whole calendar"), pytest.mark.timeout(900)]

DRAW_ID = "h001-rehearsal"
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
CLOSES, DRAWN, CLAIMED, REDRAWN = 8 * DAY, 11 * DAY, 25 * DAY, 26 * DAY
PAGE, DESK = f"/console/draws/{DRAW_ID}", f"/console/draws/{DRAW_ID}/claims"
SHOWN, CHECKED = f"/draws/{DRAW_ID}", f"/draws/{DRAW_ID}/check"
BY_THE_WORKER = 90_000  # milliseconds: it looks every minute


@pytest.fixture
def at_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nursery: Nursery) -> Iterator[Any]:
    """`with at_stage(8 * DAY) as demo:` the same hospital, so much later; our own clock goes with it."""

    @contextmanager
    def begin(ahead: timedelta) -> Iterator[Demo]:
        monkeypatch.setenv("CLOCK_AHEAD", str(int(ahead.total_seconds())))
        clock.run_ahead(ahead)
        with running_demo(tmp_path / "home", nursery) as demo:
            yield demo

    yield begin
    clock.run_ahead(timedelta())


def test_the_whole_life_of_a_draw(at_stage: Any, browser: Browser, tmp_path: Path) -> None:
    begun = clock.now().replace(second=0, microsecond=0)
    with at_stage(timedelta()) as demo:
        announce(demo, browser, begun)
        rate(demo, browser, "nurse", roles.NURSE)
        bind_stranger(demo, browser)
        rate(demo, browser, "stranger", roles.STRANGER)
    with at_stage(CLOSES + 3 * MINUTE) as demo, open_phone(browser) as anybody:
        wait_for(anybody.new_page(), demo, "名单已锁定，等待开奖号码")
    with at_stage(DRAWN + 5 * MINUTE) as demo:
        decide(demo, browser, 1, chosen(demo, wins=roles.NURSE, loses=roles.STRANGER))
        with open_phone(browser) as anybody:
            wait_for(anybody.new_page(), demo, "已出结果，正在领奖")
        claim(demo, browser, winners_code(demo, browser))
        check(demo, browser)
    with at_stage(REDRAWN + 5 * MINUTE) as demo:
        with open_phone(browser) as anybody:
            wait_for(anybody.new_page(), demo, "领奖已截止")
            wait_for(anybody.new_page(), demo, "过期未领")
        expect_expired(demo, browser)
        decide(demo, browser, 2, {"cn-kl8": balls(Random(7), 20, 80)})
        with open_phone(browser) as anybody:
            page = anybody.new_page()
            wait_for(page, demo, "第二轮已出结果")
            verify(page.request.get(f"{demo.url}{SHOWN}/bundle.zip").body(), tmp_path / "unpacked")


def announce(demo: Demo, browser: Browser, begun: datetime) -> None:
    """The admin changes the proposed calendar, sees the bytes, and types the id."""
    zone = demo.runtime.settings.timezone
    moments = {
        "opens": -30 * DAY,
        "closes": CLOSES,
        "commit_by": CLOSES + DAY / 2,
        "objections_until": CLOSES + DAY,
        "claim_until": CLAIMED,
        "sources-0-drawn_at": DRAWN,
        "sources-1-drawn_at": DRAWN,
        "redraw_sources-0-drawn_at": REDRAWN,
    }
    with open_desktop(browser) as admin:
        page = enter_console(admin, demo, "admin")
        page.goto(f"{demo.at('console-admin')}/console/draws")
        page.get_by_role("link", name="公布新的抽奖").click()
        for name, after in moments.items():
            page.locator(f"[name='{name}']").fill((begun + after).astimezone(zone).strftime("%Y-%m-%dT%H:%M"))
        page.locator("[name=draw_id]").fill(DRAW_ID)
        page.locator("[name=committee]").fill(roles.SUPERVISOR.staff_number)
        for name, issue in {"sources-0": "2026330", "sources-1": "2026140", "redraw_sources-0": "2026345"}.items():
            page.locator(f"[name='{name}-issue']").fill(issue)
        page.get_by_role("button", name="预览全文").click()
        expect(page.locator("pre.file")).to_contain_text('"scheme": "xlot/1"')
        page.locator("[name=confirm]").fill(DRAW_ID)
        page.get_by_role("button", name="公布并锁定").click()
        expect(page.get_by_text("已公布并锁定。")).to_be_visible()
        expect(page.locator("[aria-current=step]")).to_contain_text("收集评价")


def bind_stranger(demo: Demo, browser: Browser) -> None:
    with open_phone(browser) as stranger:
        page = stranger.new_page()
        page.goto(demo.on_phone("stranger", "/my/bind"))
        agree(page)
        page.goto(f"{demo.at('stranger')}/my/bind")
        page.locator("[name=staff_number]").fill(roles.STRANGER.staff_number)
        page.locator("[name=name]").fill(roles.STRANGER.name)
        page.locator("[name=last_four]").fill(roles.STRANGER.telephone[-4:])
        page.locator("form[action='/my/bind'] button").click()
        page.get_by_text("申请收到了").wait_for()
    with demo.runtime.database.transaction() as session:
        supervisor = employment.by_staff_number(session, roles.SUPERVISOR.staff_number)
        assert supervisor is not None
        (one,) = binding.waiting_claims(session, at=clock.now())
        binding.decide_claim(session, one.claim.id, approve=True, by=supervisor.id, at=clock.now())


def rate(demo: Demo, browser: Browser, phone: str, who: roles.Part) -> None:
    """A rating, and the receipt it earns."""
    ticket = tickets.make(demo.runtime, "finished", served=who)
    with open_phone(browser) as opened:
        page = opened.new_page()
        page.goto(demo.on_phone(phone, demo.runtime.links.ticket_path(ticket.id)))
        choose(page, "满意")
        page.locator(f"a[href='/my/receipts/{DRAW_ID}']").click()
        expect(page.get_by_role("heading", name="回执", exact=True)).to_be_visible()


def wait_for(page: Page, demo: Demo, words: str) -> None:
    """Until the public page says so: the worker has done it by itself."""
    page.goto(demo.url + SHOWN)
    deadline = clock.now() + timedelta(milliseconds=BY_THE_WORKER)
    while not page.get_by_text(words).first.is_visible():
        assert clock.now() < deadline, page.locator("body").inner_text()
        page.wait_for_timeout(500)
        page.reload()


def decide(demo: Demo, browser: Browser, draw_round: int, values: dict[str, str]) -> None:
    """Two people type the numbers; the second is not shown what the first has typed."""
    for role in ("admin", "supervisor"):
        with open_desktop(browser) as official:
            page = enter_console(official, demo, role)
            for source, value in values.items():
                page.goto(demo.at(f"console-{role}") + PAGE)
                form = page.locator(f"form:has([name=round][value='{draw_round}']):has([name=source][value={source}])")
                assert role == "admin" or value not in page.locator("main").inner_text()
                for group, part in enumerate(value.split("+")):
                    for number in part.split():
                        form.locator(f"[name=balls-{group}][value='{number}']").check()
                form.get_by_role("button").click()
                said = "已记下。另一人录得一样才算数。" if role == "admin" else "两人录得一致，这个号码已定。"
                expect(page.get_by_text(said)).to_be_visible()


def winners_code(demo: Demo, browser: Browser) -> str:
    """The nurse finds the notice in her inbox and opens the code."""
    with open_phone(browser) as nurse:
        page = nurse.new_page()
        page.goto(demo.on_phone("nurse", "/my"))
        page.locator(f"a[href$='/my/prizes/{DRAW_ID}']").first.click()
        expect(page.get_by_role("heading", name="您中奖了")).to_be_visible()
        return page.locator(".claim").inner_text()


def claim(demo: Demo, browser: Browser, code: str) -> None:
    with open_desktop(browser) as supervisor:
        page = enter_console(supervisor, demo, "supervisor")
        page.goto(demo.at("console-supervisor") + DESK)
        page.locator("input[name=code]").fill(code)
        page.get_by_role("button", name="查领奖码").click()
        expect(page.locator("main")).to_contain_text(roles.NURSE.name)
        page.get_by_label("已在纸质领奖单上签名").check()
        page.get_by_label("本人同意").check()
        page.get_by_role("button", name="登记已领").click()
        expect(page.get_by_text("已登记领奖")).to_be_visible()


def check(demo: Demo, browser: Browser) -> None:
    """The stranger has not won: their own phone computes it from their receipt."""
    with open_phone(browser) as loser:
        page = loser.new_page()
        page.goto(demo.on_phone("stranger", f"/my/receipts/{DRAW_ID}"))
        page.get_by_role("link", name="用这张回执自己核对").click()
        expect(page.locator("#receipt-said")).to_contain_text("回执核对通过", timeout=30_000)
        expect(page.locator("#receipt-steps")).to_contain_text("没有中奖")


def expect_expired(demo: Demo, browser: Browser) -> None:
    with open_desktop(browser) as auditor:
        page = enter_console(auditor, demo, "auditor")
        page.goto(demo.at("console-auditor") + DESK)
        expect(page.locator("section[aria-labelledby=settled]")).to_contain_text("过期未领")
        expect(page.locator("form[action$='/claims']")).to_have_count(0)


def verify(archive: bytes, folder: Path) -> None:
    """Nothing but Python: no site packages, nothing of the environment."""
    zipfile.ZipFile(BytesIO(archive)).extractall(folder)
    command = [sys.executable, "-S", "-E", "-m", "lottery", "verify", "draw"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "result-2.json" in done.stdout


def chosen(demo: Demo, *, wins: roles.Part, loses: roles.Part) -> dict[str, str]:
    """What the lotteries drew that day. In a test it is chosen: so that one of ours has won and the other has not."""
    with demo.runtime.database.reading() as session:
        draw = announcement.find(session, DRAW_ID)
        listed, told = commitment.load(session, draw, 1), published_files.announced(session, draw)
        winner, loser = entry(session, draw, wins), entry(session, draw, loses)
        prizes = sum(tier["count"] for tier in told["tiers"])
        commit = published_files.fields(session, draw, "commit-1.json")
        for attempt in count():
            dice = Random(attempt)
            values = {"cn-kl8": balls(dice, 20, 80), "cn-dlt": f"{balls(dice, 5, 35)}+{balls(dice, 2, 12)}"}
            sources = [
                Source(one["id"], one["issue"], values[one["id"]]) for one in public_numbers.sources(session, draw, 1)
            ]
            seed = rule.seed(seed_text(draw, commit, sources))
            won = {place.entry for place in ranking.first(seed, listed.data, prizes)}
            if winner in won and loser not in won:
                return values
    raise AssertionError


def seed_text(draw: Draw, commit: Fields, sources: list[Source]) -> str:
    root, digest = commit["root"], draw.announcement_sha256
    return rule.seed_text(draw.draw_id, 1, commit["entries"], commit["tickets"], root, digest, sources)


def entry(session: Session, draw: Draw, who: roles.Part) -> bytes:
    found = employment.by_staff_number(session, who.staff_number)
    assert found
    return keys.load(session, draw).entry(draw, found.id)


def balls(dice: Random, many: int, greatest: int) -> str:
    return " ".join(f"{one:02}" for one in sorted(dice.sample(range(1, greatest + 1), many)))
