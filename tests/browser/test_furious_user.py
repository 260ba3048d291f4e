"""A furious user's whole way in a real browser, and the provider reads nothing of it, hidden name or not.

Level 1, the promise, the alarm on the supervisor's phone, the call, the recovery, 5 at last; the corridor before and
after, and on paper.
"""

import re

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from app.demo import roles
from app.jobs import rollups
from app.models import Ticket
from tests.browser import tickets
from tests.browser.steps import agree, choose, enter_console
from tests.support.browser import open_desktop, open_phone
from tests.support.demo import Demo

pytestmark = pytest.mark.slow("a browser")
WORDS = "翠羽黄喙：打印机又坏了，没有人管"
CALLED, ANSWER, AGREED, MADE_UP = "听了经过，对方很生气", "已请班组长核实", "明天上午换一台", "换了一台新的，已试打"
ACTS = (("答复并通知", ANSWER), ("记下商定的补救", AGREED), ("已做到，请用户再评", MADE_UP))


@pytest.mark.parametrize("demo", ["postgresql"], indirect=True)  # the corridor is counted here while others write
@pytest.mark.parametrize("hidden", [False, True], ids=["named", "hidden"])
def test_from_fury_to_content_and_the_provider_knows_nothing(demo: Demo, browser: Browser, hidden: bool) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    tickets.rest(demo.runtime, roles.SUPERVISOR)
    with open_phone(browser) as nurse, open_phone(browser) as rings, open_desktop(browser) as supervisor:
        console = enter_console(supervisor, demo, "supervisor")
        before = corridor(console, demo)
        case = complain(nurse.new_page(), demo, ticket) if hidden else rate_worst(nurse.new_page(), demo, ticket)
        alarm = rings.new_page()
        alarm.goto(demo.phone("supervisor"))
        expect(
            alarm.locator("#inbox article", has_text=ticket.number).filter(has_text="有新案件").first
        ).to_be_visible()
        make_up(console, demo, case, hidden=hidden)
        content(nurse.new_page(), demo, case)
        after = corridor(console, demo)
        assert after["弥补"] == before["弥补"] + 1
        assert after["投诉"] == before["投诉"] + (0 if hidden else 1)  # a complaint alone is no level
        printed(console)
    provider_reads_nothing(demo, browser, ticket, case)


def rate_worst(page: Page, demo: Demo, ticket: Ticket) -> int:
    """Level 1; the page says at once who will ring and by when, and leads to the case."""
    page.goto(demo.on_phone("nurse", demo.runtime.links.ticket_path(ticket.id)))
    agree(page)
    choose(page, "非常不满意")
    expect(page.get_by_text("很抱歉没有让您满意。信息科会在")).to_be_visible()
    page.get_by_label("还想说什么").fill(WORDS)
    page.get_by_role("button", name="补充提交").click()
    expect(page.get_by_text("补充说明已收到。")).to_be_visible()
    page.get_by_role("link", name="看处理到哪一步").click()
    return number_of(page, demo)


def complain(page: Page, demo: Demo, ticket: Ticket) -> int:
    """A complaint from the ticket, the name kept back: that is offered, and chosen."""
    page.goto(demo.on_phone("nurse", demo.runtime.links.ticket_path(ticket.id)))
    agree(page)
    page.get_by_role("link", name="投诉").first.click()
    page.locator("[name=text]").fill(WORDS)
    expect(page.locator("[name=hidden]")).to_be_checked()
    page.get_by_role("button", name="提交投诉").click()
    expect(page.get_by_text("由信息科转达，不透露您是谁。")).to_be_visible()
    return number_of(page, demo)


def number_of(page: Page, demo: Demo) -> int:
    expect(page).to_have_url(re.compile("/my/cases/"))
    return demo.runtime.links.case_id(page.url.rpartition("/")[2])


def make_up(page: Page, demo: Demo, case: int, *, hidden: bool) -> None:
    """The supervisor takes it, rings, answers, agrees what makes up for it, and does it."""
    page.goto(f"{demo.at('console-supervisor')}/console/cases/{case}")
    expect(page.get_by_text(WORDS).first).to_be_visible()
    expect(page.get_by_text("由信息科转达，不透露是谁")).to_have_count(int(hidden))
    expect(page.locator("#call ~ p a[href^='tel:']")).to_have_count(1)
    page.get_by_role("button", name="由他负责").click()
    page.get_by_label("打通了").check()
    page.locator("form[action$='/call'] textarea").fill(CALLED)
    page.get_by_role("button", name="记下回访").click()
    for button, words in ACTS:
        page.locator("form", has=page.get_by_role("button", name=button)).locator("textarea").fill(words)
        page.get_by_role("button", name=button).click()
        expect(page.locator(".timeline, main").get_by_text(words).first).to_be_visible()


def content(page: Page, demo: Demo, case: int) -> None:
    """The nurse reads what was done, is very satisfied with it, and closes."""
    page.goto(demo.at("nurse") + demo.runtime.links.case_path(case))
    for words in (ANSWER, AGREED, MADE_UP):
        expect(page.get_by_text(words)).to_be_visible()
    expect(page.get_by_text(CALLED)).to_have_count(0)
    choose(page, "非常满意")
    page.get_by_role("button", name="解决了，可以结案").click()
    expect(page.get_by_role("heading", name="已结案")).to_be_visible()


def corridor(page: Page, demo: Demo) -> dict[str, int]:
    """How many levels there are at each touchpoint, as the table has them once the feed was read."""
    while rollups.roll(demo.runtime, at=demo.runtime.now()):
        pass
    page.goto(f"{demo.at('console-supervisor')}/console/corridor")
    rows = page.locator(".corridor-table tbody tr")
    cells = [
        [cell.split()[0] for cell in rows.nth(at).locator("th, td").all_inner_texts() if cell.strip()]
        for at in range(rows.count())
    ]
    return {row[0]: int(row[2]) for row in cells}


def printed(page: Page) -> None:
    """The corridor on paper: A4 lying, picture and table on the first page."""
    first = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))[0]
    assert [round(side) for side in first.get_size()] == [842, 595]
    text = first.get_textpage().get_text_range()
    assert all(word in text for word in ("客户走廊", "报修", "弥补", "总评"))


def provider_reads_nothing(demo: Demo, browser: Browser, ticket: Ticket, case: int) -> None:
    """On the engineer's phone and at the desk: no word of it, no case, no level."""
    with open_phone(browser) as engineer, open_desktop(browser) as desk:
        page = engineer.new_page()
        page.goto(demo.on_phone("engineer", "/engineer"))
        for path in ("/engineer", "/engineer/figures", f"/engineer/{ticket.number}", "/my", "/my/data"):
            page.goto(demo.at("engineer") + path)
            silent(page)
        at_desk = enter_console(desk, demo, "desk")
        for path in (f"/console/tickets/{ticket.number}", "/console/notices", "/console/inbox", "/console"):
            at_desk.goto(demo.at("console-desk") + path)
            silent(at_desk)
        for path in (f"/console/cases/{case}", "/console/corridor", "/console/ratings"):
            answer = at_desk.goto(demo.at("console-desk") + path)
            assert answer is not None
            assert answer.status == 403


def silent(page: Page) -> None:
    shown = page.content()
    assert not [words for words in (WORDS, CALLED, ANSWER, AGREED, MADE_UP, "有新案件") if words in shown], page.url
