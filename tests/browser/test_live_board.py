"""Four people, one ticket: who looks at the board or the ticket sees the others' steps without touching anything."""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect
from sqlalchemy import func, select

from app import clock
from app.demo import roles
from app.services import feed
from tests.browser import tickets
from tests.browser.steps import choose, enter_console, open_notice
from tests.support.browser import open_desktop, open_phone
from tests.support.demo import Demo

pytestmark = pytest.mark.slow("a browser")
CHANGES = "**/changes"


@pytest.mark.parametrize("where", ["sqlite", "postgresql"])
def test_four_people_see_each_step_of_a_ticket_whatever_breaks_meanwhile(
    where: str, request: pytest.FixtureRequest, browser: Browser
) -> None:
    """The nurse's phone, the engineer's, the desk's list, the supervisor's board. Nobody touches a page to renew it."""
    demo: Demo = request.getfixturevalue(f"{where}_demo")
    tickets.rest(demo.runtime, roles.ENGINEER)
    with (
        open_desktop(browser) as hospital,
        open_desktop(browser) as provider,
        open_phone(browser) as hers,
        open_phone(browser) as theirs,
    ):
        board, desk = enter_console(hospital, demo, "supervisor"), enter_console(provider, demo, "desk")
        board.goto(f"{demo.at('console-supervisor')}/console/board")
        desk.goto(f"{demo.at('console-desk')}/console/tickets?state=open")
        engineer = theirs.new_page()
        engineer.goto(demo.on_phone("engineer", "/engineer"))
        nurse = hers.new_page()
        number = report(nurse, demo)
        row, line = (page.locator("tr", has_text=number) for page in (board, desk))
        with two_looks(board, desk):
            expect(row).to_contain_text("待派单")
            expect(line).to_be_visible()
        dispatch(line)
        with two_looks(board, nurse, engineer):
            expect(row).to_contain_text("已派单")
            expect(nurse.locator(".comes")).to_contain_text(roles.ENGINEER.name)
            expect(engineer.get_by_role("link", name=number)).to_be_visible()
        engineer.get_by_role("link", name=number).click()
        take(engineer, "接单")
        with two_looks(board, desk, nurse):
            expect(row).to_contain_text("已接单")
            expect(line).to_contain_text("已接单")
            expect(done(nurse, "接单")).to_be_visible()
        urge_and_answer(board, nurse, engineer, row)
        take(engineer, "到场")
        hold(engineer)
        with two_looks(board, nurse):
            expect(row).to_contain_text("暂停中 等配件")
            expect(nurse.get_by_text("等配件")).to_be_visible()
        while_something_is_broken(demo, request, where, board, nurse, engineer, row)
        finish(engineer)
        with two_looks(board, desk):
            expect(row).to_be_hidden()
            expect(line).to_be_hidden()
        still_broken(nurse)
        with two_looks(board, desk):
            expect(row).to_contain_text("已重开")
            expect(line).to_contain_text("已重开")
        engineer.goto(demo.on_phone("engineer", f"/engineer/{number}"))
        take(engineer, "接单")
        finish(engineer)
        expect(nurse.get_by_role("heading", name="这次服务您满意吗？")).to_be_visible()
        choose(nurse, "满意")
        revived(demo)
        engineer.goto(demo.phone("engineer"))
        open_notice(engineer, number)  # told by the worker that came after the one that was killed


def urge_and_answer(board: Page, nurse: Page, engineer: Page, row: Locator) -> None:
    with nurse.expect_navigation():
        nurse.get_by_role("button", name="催一下").click()
    with two_looks(board, engineer):
        expect(row).to_contain_text("催单待答复")
        expect(engineer.get_by_role("alert").filter(has_text="催单待答复")).to_be_visible()
    engineer.get_by_text("正在处理", exact=True).click()
    take(engineer, "答复用户")
    with two_looks(board, nurse):
        expect(row).not_to_contain_text("催单待答复")
        expect(nurse.get_by_text("答复：")).to_contain_text("正在处理")


def while_something_is_broken(
    demo: Demo, request: pytest.FixtureRequest, where: str, board: Page, nurse: Page, engineer: Page, row: Locator
) -> None:
    """The phones go on; the board says that it lost its source, and catches up."""
    with broken(demo, request, where):
        take(engineer, "恢复计时")
        with two_looks(nurse):
            expect(nurse.get_by_text("等配件")).to_be_hidden()
        if where == "postgresql":  # where one file is the whole database, nobody else can number it
            expect(lost(board)).to_be_visible()
    with two_looks(board):
        expect(row).not_to_contain_text("暂停中")
    expect(lost(board)).to_be_hidden()


def still_broken(nurse: Page) -> None:
    expect(nurse.get_by_role("heading", name="这次服务您满意吗？")).to_be_visible()
    nurse.locator("summary", has_text="还没修好").click()
    with nurse.expect_navigation():
        nurse.get_by_role("button", name="是，还没修好").click()


def test_a_board_that_lost_its_source_says_so_and_catches_up(demo: Demo, browser: Browser) -> None:
    with open_desktop(browser) as hospital:
        board = enter_console(hospital, demo, "supervisor")
        board.goto(f"{demo.at('console-supervisor')}/console/board")
        hospital.set_offline(True)
        expect(lost(board)).to_be_visible()
        expect(lost(board).locator("time")).not_to_be_empty()
        made = tickets.make(demo.runtime, "reported")
        hospital.set_offline(False)
        expect(board.locator("tr", has_text=made.number)).to_be_visible()
        expect(lost(board)).to_be_hidden()


def test_who_is_signed_out_is_told(demo: Demo, browser: Browser) -> None:
    with open_desktop(browser) as hospital:
        board = enter_console(hospital, demo, "supervisor")
        board.goto(f"{demo.at('console-supervisor')}/console/board")
        hospital.clear_cookies()
        expect(board.locator("[data-signed-out]")).to_be_visible()


def test_a_step_moves_neither_the_focus_nor_the_page(demo: Demo, browser: Browser) -> None:
    first = tickets.make(demo.runtime, "reported")
    with open_desktop(browser) as hospital:
        board = enter_console(hospital, demo, "supervisor")
        board.goto(f"{demo.at('console-supervisor')}/console/board?order=newest")
        board.get_by_role("link", name=first.number).focus()
        second = tickets.make(demo.runtime, "reported")
        expect(board.locator("tr", has_text=second.number)).to_be_visible()
        expect(board.get_by_role("link", name=first.number)).to_be_focused()


def report(nurse: Page, demo: Demo) -> str:
    nurse.goto(demo.on_phone("nurse", "/report"))
    nurse.locator("[name=category]").select_option(index=1)
    nurse.locator("[name=description]").fill("四个人一起看的打印机卡纸了")
    nurse.get_by_role("button", name="提交报修").click()
    expect(nurse.get_by_role("heading", name="工单进度")).to_be_visible()
    return nurse.locator("dd").first.inner_text()


def dispatch(line: Locator) -> None:
    line.locator("summary").click()
    lead = line.locator("[name=lead]")
    option = lead.locator("option", has_text=roles.ENGINEER.name)
    lead.select_option(value=option.get_attribute("value"))
    with line.page.expect_navigation():
        line.get_by_role("button", name="派单并通知").click()
    line.page.goto(line.page.url.split("/console/")[0] + "/console/tickets?state=open")


def take(engineer: Page, step: str) -> None:
    """The page sends it by script: a click does not wait for that."""
    with engineer.expect_navigation():
        engineer.get_by_role("button", name=step, exact=True).click()


def hold(engineer: Page) -> None:
    engineer.locator("summary", has_text="暂停计时").click()
    engineer.get_by_text("等配件", exact=True).click()
    engineer.locator("[name=hours]").first.check(force=True)
    take(engineer, "暂停计时")


def finish(engineer: Page) -> None:
    engineer.locator("summary", has_text="完成").click()
    take(engineer, "是，已修好")


def done(nurse: Page, step: str) -> Locator:
    return nurse.locator(".steps li:not(.todo)", has_text=step)


@contextmanager
def broken(demo: Demo, request: pytest.FixtureRequest, where: str) -> Iterator[None]:
    """No worker; and, in a hospital's installation, a Redis that hangs and a feed that nobody can number."""
    demo.processes["worker"].kill()
    request.addfinalizer(lambda: revived(demo))
    if where == "sqlite":
        yield
    else:
        _address, redis = request.getfixturevalue("demo_redis")
        redis.send_signal(signal.SIGSTOP)
        with demo.runtime.database.engine.connect() as somebody:
            somebody.execute(select(func.pg_advisory_lock(feed._LOCK)))  # noqa: SLF001 as who hangs while numbering
            yield
            somebody.execute(select(func.pg_advisory_unlock(feed._LOCK)))  # noqa: SLF001
        redis.send_signal(signal.SIGCONT)


def revived(demo: Demo) -> None:
    if demo.processes["worker"].poll() is not None:
        demo.start("worker")


@contextmanager
def two_looks(*pages: Page) -> Iterator[None]:
    """From now on each page hears two answers whether anything has changed, and no third."""
    now = clock.now().timestamp() * 1000  # as the browser counts
    heard: Counter[Page] = Counter()

    def listener(page: Page) -> Callable[[Response], None]:
        def listen(answer: Response) -> None:
            if answer.url.endswith("/changes") and answer.ok and answer.request.timing["startTime"] > now:
                heard[page] += 1

        return listen

    listeners = {page: listener(page) for page in pages}
    for page, listen in listeners.items():
        page.on("response", listen)
    while waiting := [page for page in pages if heard[page] < 2]:
        waiting[0].wait_for_event("response")
    for page, listen in listeners.items():
        page.remove_listener("response", listen)
        page.route(CHANGES, lambda route: route.abort())
    yield
    for page in pages:
        page.unroute(CHANGES)


def lost(board: Page) -> Locator:
    return board.locator("[data-lost]")
