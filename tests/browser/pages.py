"""Every page there is, each brought up in a browser as the person who would see it."""

from collections.abc import Iterator
from datetime import date, timedelta

from playwright.sync_api import Browser, Page, ViewportSize
from sqlalchemy import delete, select

from app import clock
from app.demo import roles
from app.demo.places import WARD
from app.models import Department, IdentityClaim, Person, WeChatIdentity
from app.services.codes import slip_pads
from app.services.identity import invitations
from tests.browser import draws, tickets
from tests.browser.steps import agree, enter_console, read_code, scan
from tests.support.browser import DESKTOP, PHONE, open_desktop, open_phone
from tests.support.demo import Demo

Shown = Iterator[tuple[str, Page]]
SIZES: dict[str, ViewportSize] = {"phone": PHONE, "desktop": DESKTOP}

_SETTINGS = "integrations mark lists lists/category/2 contracts contracts/1 rules/1/draft"
SETTINGS = {f"console-{path.replace('/', '-')}": f"/console/{path}" for path in _SETTINGS.split()}
DRAWS = {
    "console-draws": "/console/draws",
    "console-draw-new": "/console/draws/new",
    "console-draw-over": "/console/draws/h001-demo-1",
    "console-draw-claims": "/console/draws/h001-demo-1/claims",
    "console-draw-collecting": "/console/draws/h001-demo-2",
    "console-handover": "/console/handover",
    "console-incidents": "/console/incidents",
    "console-downtime": "/console/downtime",
    "console-calendar": "/console/calendar",
}

SPOT = "quarter=2026Q4&dimension=job&value=x&touchpoint=report"
REGISTERS = {
    "console-registers": "/console/registers",
    "console-register": "/console/registers/spares",
    "console-register-record": "/console/registers/uniform/20",
    "console-register-form": "/console/registers/training/new",
}


def every_page(demo: Demo, browser: Browser, looks: str = "") -> Shown:
    """Name and page, one after the other; `looks` is a query such as `?text=large` that stays for the visit."""
    yield from _public(demo, browser, looks)
    yield from _nurse(demo, browser, looks)
    yield from _draws(demo, browser, looks)
    yield from _stranger(demo, browser, looks)
    yield from _engineer(demo, browser, looks)
    yield from _sign_in(demo, browser, looks)
    yield from _console(demo, browser, looks)
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
            "ward": demo.runtime.links.ward_path(_ward(demo)),
            "report-scanned": demo.runtime.links.label_path("asset", 1),
            "unbind": "/my/unbind",
            "my-praise": "/my/praise",
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
            "case": f"/my/cases/{answered}",
        }.items():
            page.goto(demo.at("nurse") + path)
            yield name, page
        page.goto(demo.at("nurse") + link(ticket.id))
        yield "rate", page
        _rate(page, 4)
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
        _rate(page, 2)
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
            "engineer-slip": demo.runtime.links.slip_path(_pad(demo)),
            "engineer-ward": demo.runtime.links.ward_path(_ward(demo)),
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


def _console_addresses(demo: Demo, rated: str, fresh: str, complained: str, cases: tuple[int, int]) -> dict[str, str]:
    complaint, answered = cases
    today = clock.now().astimezone(demo.runtime.settings.timezone).date()
    return {
        "console": "/console",
        "console-board": "/console/board",
        "console-board-wall": "/console/board?wall=1",
        "console-tickets": "/console/tickets",
        "console-tickets-none": "/console/tickets?q=nothing-like-it",
        "console-ticket": f"/console/tickets/{rated}",
        "console-ticket-dispatch": f"/console/tickets/{fresh}",
        "console-correct": f"/console/tickets/{fresh}/correct",
        "console-new-ticket": "/console/tickets/new",
        "console-notices": "/console/notices",
        "console-deliveries": f"/console/notices?ticket={rated}",
        "console-deliveries-person": f"/console/notices?person={roles.ENGINEER.staff_number}",
        "console-inbox": "/console/inbox",
        "console-duty": "/console/duty",
        "console-ratings": "/console/ratings",
        "console-integrity": "/console/integrity",
        "console-standing": "/console/standing",
        "console-director": "/console/director",
        "console-cases": "/console/cases",
        "console-cases-closed": "/console/cases?show=closed",
        "console-cases-new": "/console/cases/new",
        "console-corridor": "/console/corridor",
        "console-corridor-tickets": "/console/corridor/tickets?touchpoint=overall",
        "console-corridor-person": f"/console/corridor/people/{_person(demo, roles.NURSE)}",
        "console-corridor-measure": f"/console/corridor/measures/new?{SPOT}",
        "console-letters": "/console/letters",
        "console-recovery": "/console/recovery",
        "console-case": f"/console/cases/{complaint}",
        "console-case-answered": f"/console/cases/{answered}",
        "console-ticket-photos": f"/console/tickets/{complained}",
        "console-people": "/console/people",
        "console-person": f"/console/people/{_person(demo, roles.NURSE)}",
        "console-claims": "/console/people/claims",
        "console-erasures": "/console/people/erasures",
        "console-print": "/console/print",
        "console-print-labels": "/console/print?what=assets&tag=PRN-0001&cut=on",
        "console-print-slip": f"/console/print/sheet?number={rated}",
        "console-assets": "/console/assets",
        "console-pads": "/console/print/pads",
        "console-entered": "/console/entered",
        "console-entered-new": f"/console/entered/new?number={rated}&source=paper&day={today}",
        "console-pad-link": f"/console/print/pads/link?slip={_pad(demo)}&ticket={rated}",
        "console-link-rule": "/console/mini-program/link-rule",
        "console-sheets": "/console/sheets",
        "console-sheet": f"/console/sheets/1/{_quarter(today)}",
        "console-sheet-line": f"/console/sheets/1/{_quarter(today)}/C1.1",
        **REGISTERS,
        "console-audit": "/console/audit",
        "console-audit-verify": "/console/audit/verify",
        **DRAWS,
        **SETTINGS,
        "console-missing": "/console/tickets/19990101-0001",
    }


def _console(demo: Demo, browser: Browser, looks: str) -> Shown:
    rated = tickets.make(demo.runtime, "finished")
    with open_phone(browser) as nurse:
        page = nurse.new_page()
        page.goto(demo.on_phone("nurse", demo.runtime.links.ticket_path(rated.id)))
        _rate(page, 5)
        page.locator("[name=comment]").fill("来得快，讲得清楚")
        page.locator("summary", has_text="更多").click()
        page.locator("label:has([name=praise])").click()
        page.locator("form[action$='/detail'] button").click()
        page.locator("form[action$='/detail']").wait_for(state="detached")
    fresh, complained = tickets.make(demo.runtime, "reported"), tickets.make(demo.runtime, "accepted")
    answered, complaint = tickets.complain(demo.runtime, complained)
    with open_desktop(browser) as desktop:
        page = enter_console(desktop, demo, "supervisor")
        page.goto(f"{demo.at('console-supervisor')}/console{looks}")
        shown = _console_addresses(demo, rated.number, fresh.number, complained.number, (complaint, answered))
        for name, path in shown.items():
            page.goto(demo.at("console-supervisor") + path)
            yield name, page
        yield from _invitations(demo, page)
        page.goto(f"{demo.at('console-supervisor')}/console/tickets/new")
        page.locator("[name=requester]").fill("没有这个人")
        page.locator("form.sheet").evaluate("form => form.noValidate = true")
        page.locator("form.sheet button").click()
        page.get_by_role("alert").wait_for()
        yield "console-new-ticket-faults", page


def _quarter(day: date) -> str:
    return f"{day.year}Q{(day.month + 2) // 3}"


def _invitations(demo: Demo, page: Page) -> Shown:
    """Of one person, and of a ward."""
    page.goto(f"{demo.at('console-supervisor')}/console/people/{_person(demo, roles.DESK)}")
    page.locator("form[action$='/invitation'] button").click()
    page.locator(".invitations img").nth(1).wait_for(timeout=20_000)
    yield "console-invitation", page
    page.goto(f"{demo.at('console-supervisor')}/console/people?department={_ward(demo)}")
    page.locator("form[action$='/invitations'] button").click()
    page.locator(".strip").first.wait_for()
    yield "console-ward-invitations", page


def _sandbox(demo: Demo, browser: Browser) -> Shown:
    with open_phone(browser) as phone:
        page = phone.new_page()
        page.goto(demo.place.sandbox_url)
        yield "sandbox", page
        page.goto(demo.phone("engineer"))
        yield "sandbox-engineer", page
        page.goto(demo.phone("stranger"))
        yield "sandbox-stranger", page


def _rate(page: Page, level: int) -> None:
    page.locator(f".levels label:has([value='{level}'])").first.click()
    page.locator("form[action$='/rate'] button").click()
    page.locator("[role=status]").first.wait_for()


def _ward(demo: Demo) -> int:
    with demo.runtime.database.reading() as session:
        return session.scalars(select(Department.id).where(Department.code == WARD)).one()


def _pad(demo: Demo) -> int:
    """The first number of a new pad of blank slips."""
    with demo.runtime.database.transaction() as session:
        return slip_pads.reserve(session, 20, by=None, at=clock.now()).first


def _person(demo: Demo, part: roles.Part) -> int:
    with demo.runtime.database.reading() as session:
        return session.scalars(select(Person.id).where(Person.staff_number == part.staff_number)).one()


def _invitation(demo: Demo) -> str:
    """The address of one for the desk, made at the command line."""
    with demo.runtime.database.transaction() as session:
        made = invitations.invite(session, _person(demo, roles.DESK), by=None, at=clock.now(), users=False)
    return demo.at("stranger") + "/bind/" + demo.runtime.links.invitation_token(made.number)


def _forget_stranger(demo: Demo) -> None:
    """The stranger meets the privacy notice again, however often this walk is made."""
    with demo.runtime.database.transaction() as session:
        for identity in session.scalars(select(WeChatIdentity).where(WeChatIdentity.openid.like("oSandboxStranger%"))):
            identity.privacy_version = identity.privacy_at = None
            session.execute(delete(IdentityClaim).where(IdentityClaim.identity_id == identity.id))
