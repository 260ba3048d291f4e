"""The whole job as its people do it, in a real browser, over the running demo: dispatch to rating to console."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from app.demo import roles
from app.models import Completion, CountedRating, Rating, Ticket
from tests.browser import tickets
from tests.browser.steps import agree, choose, enter_console, open_notice, read_code, scan
from tests.support.browser import SMALL_PHONE, open_desktop, open_phone
from tests.support.demo import Demo

pytestmark = pytest.mark.slow("a browser")
COMMENT = "修得快，也讲清楚了原因"


def test_from_dispatch_to_the_rating_on_the_console(demo: Demo, browser: Browser) -> None:
    with open_desktop(browser) as desk, open_phone(browser) as engineer, open_phone(browser) as nurse:
        desk_page = enter_console(desk, demo, "desk")
        number, address = new_ticket(desk_page, demo)
        dispatch(desk_page)
        shown = serve(engineer.new_page(), demo, number)
        assert shown == address
        rate(nurse.new_page(), demo, number, shown)
        supervisor_sees_it(browser, demo, number)
        provider_does_not(desk_page, demo, engineer, number)
    assert ratings_of(demo, number) == [4]


def test_a_finished_ticket_is_told_to_the_user_who_can_rate_from_there(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "accepted")
    tickets.rest(demo.runtime)
    with open_phone(browser) as engineer, open_phone(browser) as nurse:
        page = engineer.new_page()
        page.goto(demo.on_phone("engineer", f"/engineer/{ticket.number}"))
        page.locator("summary", has_text="完成").click()
        expect(page.get_by_text("还没有点“到场”")).to_be_visible()
        page.get_by_role("button", name="是，已修好").click()
        page = nurse.new_page()
        page.goto(demo.phone("nurse"))
        open_notice(page, ticket.number)
        expect(page.get_by_role("heading", name="这次服务您满意吗？")).to_be_visible()
    assert ratings_of(demo, ticket.number) == []


def test_rating_needs_no_script(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    with open_phone(browser, script=False, size=SMALL_PHONE) as nurse:
        page = nurse.new_page()
        page.goto(demo.on_phone("nurse", demo.runtime.links.ticket_path(ticket.id)))
        page.get_by_text("不满意", exact=True).click()
        page.get_by_role("button", name="提交").click()
        expect(page.get_by_role("heading", name="谢谢您的评价")).to_be_visible()
        page.get_by_label("还想说什么").fill("等得太久")
        page.get_by_role("button", name="补充提交").click()
        expect(page.get_by_text("补充说明已收到。")).to_be_visible()
    assert ratings_of(demo, ticket.number) == [2]


def test_no_level_is_chosen_beforehand_and_none_can_be_left_out(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    with open_phone(browser) as nurse:
        page = nurse.new_page()
        page.goto(demo.on_phone("nurse", demo.runtime.links.ticket_path(ticket.id)))
        assert page.locator("input[type=radio]:checked").count() == 0
        assert len(sizes(page, "label.pick")) == 1, "one level is easier to hit than another"
        assert len(sizes(page, "main button:visible, main summary")) == 1, "submit and still broken are equally large"
        page.get_by_role("button", name="提交").click()
        expect(page.get_by_role("heading", name="这次服务您满意吗？")).to_be_visible()
    assert ratings_of(demo, ticket.number) == []


def test_still_broken_is_no_rating_and_brings_the_ticket_back(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    with open_phone(browser) as nurse, open_phone(browser) as engineer:
        page = nurse.new_page()
        page.goto(demo.on_phone("nurse", demo.runtime.links.ticket_path(ticket.id)))
        page.locator("summary", has_text="还没修好").click()
        assert ticket_state(demo, ticket.number) == "finished"  # one tap asks
        page.get_by_role("button", name="是，还没修好").click()
        expect(page.get_by_role("heading", name="工单进度")).to_be_visible()
        page = engineer.new_page()
        page.goto(demo.phone("engineer"))
        open_notice(page, ticket.number)
        expect(page.get_by_role("button", name="接单")).to_be_visible()
    assert ratings_of(demo, ticket.number) == []


def test_a_strangers_rating_is_kept_unverified_and_does_not_take_the_place(demo: Demo, browser: Browser) -> None:
    ticket = tickets.make(demo.runtime, "finished")
    path = demo.runtime.links.ticket_path(ticket.id)
    with open_phone(browser) as stranger, open_phone(browser) as nurse:
        page = stranger.new_page()
        page.goto(demo.on_phone("stranger", path))
        agree(page)
        choose(page, "非常不满意")
        expect(page.get_by_text("未核验")).to_be_visible()
        page = nurse.new_page()
        page.goto(demo.on_phone("nurse", path))
        choose(page, "满意")
        expect(page.get_by_role("heading", name="谢谢您的评价")).to_be_visible()
    assert ratings_of(demo, ticket.number) == [1, 4]
    assert counted(demo, ticket.number) == [4]


def test_a_supervisor_signs_in_at_the_console_with_his_phone(demo: Demo, browser: Browser) -> None:
    with open_desktop(browser) as desktop, open_phone(browser) as phone:
        page = desktop.new_page()
        page.goto(f"{demo.url}/console/ratings")
        digits = page.locator(".digits").inner_text()
        hand = phone.new_page()
        scan(hand, demo, "supervisor", read_code(page))
        agree(hand)
        hand.get_by_role("button", name=digits, exact=True).click()
        expect(hand.get_by_role("heading", name="已确认")).to_be_visible()
        expect(page.get_by_role("heading", name="评价", exact=True)).to_be_visible()
        assert page.url == f"{demo.url}/console/ratings"


def ticket_state(demo: Demo, number: str) -> str:
    with demo.runtime.database.reading() as session:
        return session.scalars(select(Ticket.state).where(Ticket.number == number)).one()


def new_ticket(page: Page, demo: Demo, fault: str = "护士站打印机不出纸") -> tuple[str, str]:
    """The desk takes a call from the nurse, another one each time; the ticket's number and its scan address."""
    page.goto(f"{demo.at('console-desk')}/console/tickets/new")
    page.get_by_label("报修人（工号或姓名）").fill(roles.NURSE.staff_number)
    page.locator("[name=category]").select_option(index=1)
    page.get_by_label("说明").fill(fault)
    page.get_by_role("button", name="建工单").click()
    number = re.search(r"\d{8}-\d{4,}", page.get_by_role("heading", level=1).inner_text())
    assert number, page.content()
    return number[0], page.locator(".address a").get_attribute("href") or ""


def dispatch(page: Page) -> None:
    lead = page.get_by_label("主责工程师")
    option = lead.locator("option", has_text=roles.ENGINEER.name)
    lead.select_option(value=option.get_attribute("value"))
    page.get_by_role("button", name="派单并通知").click()
    expect(page.locator("h1 .state")).to_have_text("已派单")


def serve(page: Page, demo: Demo, number: str) -> str:
    """The engineer gets the notice, does the work and shows the code; what a camera reads from it."""
    page.goto(demo.phone("engineer"))
    open_notice(page, number)
    for act in ("接单", "到场"):
        with page.expect_navigation():  # the page sends it by script: a click does not wait for that
            page.get_by_role("button", name=act).click()
    page.locator("summary", has_text="完成").click()
    page.get_by_role("button", name="是，已修好").click()
    expect(page).to_have_url(f"{demo.at('engineer')}/engineer/{number}/code")
    return read_code(page)


def rate(page: Page, demo: Demo, number: str, address: str) -> None:
    """The nurse scans, rates and adds a word of praise."""
    scan(page, demo, "nurse", address)
    choose(page, "满意")
    expect(page.get_by_role("heading", name="谢谢您的评价")).to_be_visible()
    others = page.locator("a[href^='/my/receipts/']").count() - 1  # of draws that other tests have made
    assert page.evaluate("document.documentElement.scrollHeight") <= 900 + 30 * others  # about one screen
    expect(page.get_by_text(number)).to_be_visible()
    page.locator(".tags label").first.click()
    page.get_by_label("还想说什么").fill(COMMENT)
    page.locator("summary", has_text="更多").click()
    page.get_by_text("把表扬转告工程师").click()
    page.get_by_role("button", name="补充提交").click()
    expect(page.get_by_text("补充说明已收到。")).to_be_visible()


def supervisor_sees_it(browser: Browser, demo: Demo, number: str) -> None:
    with open_desktop(browser) as supervisor:
        page = enter_console(supervisor, demo, "supervisor")
        page.goto(f"{demo.at('console-supervisor')}/console/ratings")
        newest = page.locator("li.rating").first
        for words in (number, "满意", "计入", COMMENT, roles.NURSE.name, roles.ENGINEER.name):
            expect(newest).to_contain_text(words)
        newest.get_by_role("link", name=number).click()
        expect(page.locator("section", has=page.get_by_role("heading", name="评价"))).to_contain_text(COMMENT)


def provider_does_not(desk: Page, demo: Demo, engineer: BrowserContext, number: str) -> None:
    desk.goto(f"{demo.at('console-desk')}/console/tickets/{number}")
    assert_no_rating(desk)
    assert desk.goto(f"{demo.at('console-desk')}/console/ratings").status == 403  # type: ignore[union-attr]
    page = engineer.new_page()
    page.goto(demo.on_phone("engineer", f"/engineer/{number}"))
    assert_no_rating(page)
    page.goto(demo.on_phone("engineer", demo.runtime.links.ticket_path(ticket_id(demo, number))))
    assert_no_rating(page)


def assert_no_rating(page: Page) -> None:
    said = page.locator("body").inner_text()
    assert "工单" in said or "进度" in said
    assert not re.findall(r"满意|已评|作出评价|计入|" + COMMENT, said)


def sizes(page: Page, selector: str) -> set[tuple[float, float]]:
    found = [one.bounding_box() for one in page.locator(selector).all()]
    return {(box["width"], box["height"]) for box in found if box}


def ratings_of(demo: Demo, number: str) -> list[int]:
    with demo.runtime.database.reading() as session:
        query = select(Rating.level).join(Completion).join(Ticket).where(Ticket.number == number)
        return list(session.scalars(query.order_by(Rating.id)))


def counted(demo: Demo, number: str) -> list[int]:
    with demo.runtime.database.reading() as session:
        query = select(Rating.level).join(CountedRating).join(Completion, Completion.id == Rating.completion_id)
        return list(session.scalars(query.join(Ticket).where(Ticket.number == number)))


def ticket_id(demo: Demo, number: str) -> int:
    with demo.runtime.database.reading() as session:
        return session.scalars(select(Ticket.id).where(Ticket.number == number)).one()
