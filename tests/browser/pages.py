"""Every page there is, each brought up in a browser as the person who would see it."""

from datetime import timedelta

from playwright.sync_api import Browser, Page, ViewportSize
from sqlalchemy import delete, select

from app import clock
from app.demo import roles
from app.models import IdentityClaim, WeChatIdentity
from app.services.identity import invitations
from tests.browser import console_pages, draws, tickets
from tests.browser.console_pages import Shown
from tests.browser.rows import pad, person, record, ward
from tests.browser.steps import agree, rate, read_code, scan
from tests.support.browser import DESKTOP, PHONE, open_desktop, open_phone
from tests.support.demo import Demo

SIZES: dict[str, ViewportSize] = {"phone": PHONE, "desktop": DESKTOP}


def every_page(demo: Demo, browser: Browser, looks: str = "") -> Shown:
    """Name and page, one after the other; `looks` is a query such as `?text=large` that stays for the visit."""
    yield from _public(demo, browser, looks)
    yield from _nurse(demo, browser, looks)
    yield from _draws(demo, browser, looks)
    yield from _stranger(demo, browser, looks)
    yield from _engineer(demo, browser, looks)
    yield from _sign_in(demo, browser, looks)
    yield from console_pages.shown(demo, browser, looks)
    yield from _sandbox(demo, browser)


def _public(demo: Demo, browser: Browser, looks: str) -> Shown:
    waiting = tickets.make(demo.runtime, "finished")
    with open_phone(browser) as anybody:
        page = anybody.new_page()
        page.goto(demo.url + looks)
        yield "home", page
        page.goto(demo.url + demo.runtime.links.ticket_path(waiting.id))
        yield "open-in-wechat", page
        page.goto(f"{demo.url}/team")
        yield "team", page
        page.goto(f"{demo.url}/praise")
        yield "praise", page
        page.goto(f"{demo.url}/published")
        yield "published", page
        page.goto(f"{demo.url}/published/checkpoints")
        yield "checkpoints", page
        page.goto(f"{demo.url}/r/AAAAAAAAAAAAAAAAAAAAAA")
        yield "bad-code", page


def _nurse(demo: Demo, browser: Browser, looks: str) -> Shown:
    link = demo.runtime.links.ticket_path
    ticket, others = (
        tickets.make(demo.runtime, "finished"),
        tickets.make(demo.runtime, "finished", served=roles.SUPERVISOR),
    )
    old = tickets.make(demo.runtime, "finished", at=clock.now() - timedelta(days=15))
    with open_phone(browser) as nurse:
        page = nurse.new_page()
        page.goto(demo.on_phone("nurse", "/my" + looks))
        yield "my", page
        for name, path in {
            "progress": link(tickets.make(demo.runtime, "accepted").id),
            "cancelled": link(tickets.make(demo.runtime, "cancelled").id),
            "over": link(old.id),
            "proxy": link(others.id),
            "report": "/report",
            "ward": demo.runtime.links.ward_path(ward(demo)),
            "report-scanned": demo.runtime.links.label_path("asset", 1),
            "unbind": "/my/unbind",
            "my-praise": "/my/praise",
            "my-record": f"/my/records/{record(demo)}",
            "my-records": "/my/records",
        }.items():
            page.goto(demo.at("nurse") + path)
            yield name, page
        complained = tickets.make(demo.runtime, "accepted")
        answered, _ = tickets.complain(demo.runtime, complained)
        page.goto(demo.at("nurse") + link(complained.id))
        yield "complaints", page
        for name, path in {
            "complain": "/complain",
            "complain-ticket": f"/complain?r={link(complained.id).removeprefix('/r/')}",
            "case": demo.runtime.links.case_path(answered),
        }.items():
            page.goto(demo.at("nurse") + path)
            yield name, page
        page.goto(demo.at("nurse") + link(ticket.id))
        yield "rate", page
        rate(page, 4)
        for summary in page.locator("summary").all():
            summary.click()
        yield "thanks", page
        page.locator("form[action$='/detail'] button").click()
        page.locator("form[action$='/detail']").wait_for(state="detached")
        yield "answer", page
        yield from _data(demo, page)


def _data(demo: Demo, page: Page) -> Shown:
    """What is kept about her, unfolded; and her request, which waits at the console until the next walk."""
    page.goto(f"{demo.at('nurse')}/my/data")
    yield "data", page
    if (asked_before := page.locator("form[action$='/withdraw'] button")).count():
        asked_before.click()
    for summary in page.locator("summary").all():
        summary.click()
    yield "data-unfolded", page
    page.locator("form[action='/my/data/erasure'] button").click()
    page.locator("form[action$='/withdraw']").wait_for()
    yield "data-asked", page


def _draws(demo: Demo, browser: Browser, looks: str) -> Shown:
    collecting, drawn = draws.make(demo, "collecting"), draws.make(demo, "redrawn")
    won = draws.make(demo, "drawn", everybody_wins=True)
    with open_phone(browser) as nurse:
        page = nurse.new_page()
        page.goto(demo.on_phone("nurse", "/draws" + looks))
        yield "draws", page
        for name, path in {
            "draw-collecting": f"/draws/{collecting}",
            "draw-redrawn": f"/draws/{drawn}",
            "draw-play": f"/draws/{drawn}/play",
            "draw-missing": "/draws/none",
            "receipts": "/my/receipts",
            "receipt": f"/my/receipts/{drawn}",
            "prize": f"/my/prizes/{won}",
        }.items():
            page.goto(demo.at("nurse") + path)
            for summary in page.locator("summary").all():
                summary.click()
            yield name, page
        page.goto(f"{demo.at('nurse')}/my/receipts/{drawn}")
        page.locator(f"a[href^='/draws/{drawn}/check']").click()
        page.locator("#receipt-steps li").nth(8).wait_for()
        page.locator("#whole").click()
        page.locator("#whole-progress[hidden]").wait_for(state="attached")
        for summary in page.locator("summary").all():
            summary.click()
        yield "draw-check", page


def _stranger(demo: Demo, browser: Browser, looks: str) -> Shown:
    """Who has not agreed to anything yet, and claims a number that is the nurse's."""
    _forget_stranger(demo)
    ticket = tickets.make(demo.runtime, "finished")
    with open_phone(browser) as stranger:
        page = stranger.new_page()
        page.goto(demo.on_phone("stranger", demo.runtime.links.ticket_path(ticket.id) + looks))
        yield "privacy", page
        agree(page)
        rate(page, 2)
        yield "thanks-unverified", page
        page.goto(f"{demo.at('stranger')}/my")
        yield "my-unbound", page
        page.goto(f"{demo.at('stranger')}/my/bind")
        yield "bind", page
        for name, digits in (("bind-wrong", "0000"), ("bind-claimed", roles.NURSE.telephone[-4:])):
            page.goto(f"{demo.at('stranger')}/my/bind")
            page.locator("[name=staff_number]").fill(roles.NURSE.staff_number)
            page.locator("[name=name]").fill(roles.NURSE.name)
            page.locator("[name=last_four]").fill(digits)
            page.locator("form[action='/my/bind'] button").click()
            page.locator("p.say[role]").wait_for()
            yield name, page
        page.goto(_invitation(demo))
        yield "invited", page


def _engineer(demo: Demo, browser: Browser, looks: str) -> Shown:
    ticket, done = tickets.make(demo.runtime, "dispatched"), tickets.make(demo.runtime, "finished")
    under_way = tickets.make(demo.runtime, "accepted")
    with open_phone(browser) as engineer:
        page = engineer.new_page()
        page.goto(demo.on_phone("engineer", "/engineer" + looks))
        for name, path in {
            "engineer": "/engineer",
            "engineer-ticket": f"/engineer/{ticket.number}",
            "engineer-under-way": f"/engineer/{under_way.number}",
            "engineer-correct": f"/engineer/{under_way.number}/correct",
            "engineer-shift": "/engineer/hand-over",
            "engineer-today": "/engineer/today",
            "engineer-duty": "/engineer/duty",
            "engineer-figures": "/engineer/figures",
            "engineer-portrait": "/engineer/portrait",
            "engineer-knowledge": "/engineer/knowledge?q=卡纸",
            "engineer-article": f"/engineer/knowledge/1?ticket={under_way.number}",
            "engineer-code": f"/engineer/{ticket.number}/code",
            "engineer-shows": f"/engineer/{done.number}/code",
            "engineer-slip": demo.runtime.links.slip_path(pad(demo)),
            "engineer-ward": demo.runtime.links.ward_path(ward(demo)),
            "engineer-scans": demo.runtime.links.ticket_path(ticket.id),
            "engineer-missing": "/engineer/19990101-0001",
        }.items():
            page.goto(demo.at("engineer") + path)
            for summary in page.locator("summary").all():
                summary.click()
            yield name, page


def _sign_in(demo: Demo, browser: Browser, looks: str) -> Shown:
    with open_desktop(browser) as desktop, open_phone(browser) as phone:
        page = desktop.new_page()
        page.goto(f"{demo.url}/sign-in{looks}")
        yield "sign-in", page
        digits, address = page.locator(".digits").inner_text(), read_code(page)
        page.locator("[name=staff_number]").fill(roles.DESK.staff_number)
        page.locator("[name=password]").fill("wrong")
        page.locator("form[action='/sign-in'] button").click()
        page.get_by_role("alert").wait_for()
        yield "sign-in-wrong", page
        hand = phone.new_page()
        hand.goto(demo.url + looks)
        scan(hand, demo, "supervisor", address)
        agree(hand)
        yield "sign-in-compare", hand
        hand.get_by_role("button", name=digits, exact=True).click()
        hand.wait_for_load_state()
        yield "sign-in-confirmed", hand


def _sandbox(demo: Demo, browser: Browser) -> Shown:
    with open_phone(browser) as phone:
        page = phone.new_page()
        page.goto(demo.place.sandbox_url)
        yield "sandbox", page
        page.goto(demo.phone("engineer"))
        yield "sandbox-engineer", page
        page.goto(demo.phone("stranger"))
        yield "sandbox-stranger", page


def _invitation(demo: Demo) -> str:
    """The address of one for the desk, made at the command line."""
    with demo.runtime.database.transaction() as session:
        made = invitations.invite(session, person(demo, roles.DESK), by=None, at=clock.now(), users=False)
    return demo.at("stranger") + "/bind/" + demo.runtime.links.invitation_token(made.number)


def _forget_stranger(demo: Demo) -> None:
    """The stranger meets the privacy notice again, however often this walk is made."""
    with demo.runtime.database.transaction() as session:
        for identity in session.scalars(select(WeChatIdentity).where(WeChatIdentity.openid.like("oSandboxStranger%"))):
            identity.privacy_version = identity.privacy_at = None
            session.execute(delete(IdentityClaim).where(IdentityClaim.identity_id == identity.id))
