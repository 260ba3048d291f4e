"""The console's pages, as a supervisor sees them."""

from collections.abc import Iterator
from datetime import date

from playwright.sync_api import Browser, Page

from app import clock
from app.demo import roles
from tests.browser import tickets
from tests.browser.rows import pad, person, ward
from tests.browser.steps import enter_console, rate
from tests.support.browser import open_desktop, open_phone
from tests.support.demo import Demo

Shown = Iterator[tuple[str, Page]]

_SETTINGS = "integrations mark lists lists/category/2 contracts contracts/1 rules/1 rules/1/draft"
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


def shown(demo: Demo, browser: Browser, looks: str) -> Shown:
    rated = tickets.make(demo.runtime, "finished")
    with open_phone(browser) as nurse:
        page = nurse.new_page()
        page.goto(demo.on_phone("nurse", demo.runtime.links.ticket_path(rated.id)))
        rate(page, 5)
        page.locator("[name=comment]").fill("来得快，讲得清楚")
        page.locator("summary", has_text="更多").click()
        page.locator("label:has([name=praise])").click()
        page.locator("form[action$='/detail'] button").click()
        page.locator("form[action$='/detail']").wait_for(state="detached")
    fresh, complained = tickets.make(demo.runtime, "reported"), tickets.make(demo.runtime, "accepted")
    answered, complaint = tickets.complain(demo.runtime, complained)
    tickets.incident(demo.runtime)
    with open_desktop(browser) as desktop:
        page = enter_console(desktop, demo, "supervisor")
        page.goto(f"{demo.at('console-supervisor')}/console{looks}")
        addresses = _addresses(demo, rated.number, fresh.number, complained.number, (complaint, answered))
        for name, path in addresses.items():
            page.goto(demo.at("console-supervisor") + path)
            if name == "console-incidents":
                page.locator("main summary").first.click()
            yield name, page
        yield from _invitations(demo, page)
        page.goto(f"{demo.at('console-supervisor')}/console/tickets/new")
        page.locator("[name=requester]").fill("没有这个人")
        page.locator("form.sheet").evaluate("form => form.noValidate = true")
        page.locator("form.sheet button").click()
        page.get_by_role("alert").wait_for()
        yield "console-new-ticket-faults", page


def _addresses(demo: Demo, rated: str, fresh: str, complained: str, cases: tuple[int, int]) -> dict[str, str]:
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
        "console-corridor-person": f"/console/corridor/people/{person(demo, roles.NURSE)}",
        "console-corridor-measure": f"/console/corridor/measures/new?{SPOT}",
        "console-letters": "/console/letters",
        "console-recovery": "/console/recovery",
        "console-case": f"/console/cases/{complaint}",
        "console-case-answered": f"/console/cases/{answered}",
        "console-ticket-photos": f"/console/tickets/{complained}",
        "console-people": "/console/people",
        "console-person": f"/console/people/{person(demo, roles.NURSE)}",
        "console-claims": "/console/people/claims",
        "console-erasures": "/console/people/erasures",
        "console-print": "/console/print",
        "console-print-labels": "/console/print?what=assets&tag=PRN-0001&cut=on",
        "console-print-slip": f"/console/print/sheet?number={rated}",
        "console-assets": "/console/assets",
        "console-pads": "/console/print/pads",
        "console-entered": "/console/entered",
        "console-entered-new": f"/console/entered/new?number={rated}&source=paper&day={today}",
        "console-pad-link": f"/console/print/pads/link?slip={pad(demo)}&ticket={rated}",
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


def _quarter(day: date) -> str:
    return f"{day.year}Q{(day.month + 2) // 3}"


def _invitations(demo: Demo, page: Page) -> Shown:
    """Of one person, and of a ward."""
    page.goto(f"{demo.at('console-supervisor')}/console/people/{person(demo, roles.DESK)}")
    page.locator("form[action$='/invitation'] button").click()
    page.locator(".invitations img").nth(1).wait_for(timeout=20_000)
    yield "console-invitation", page
    page.goto(f"{demo.at('console-supervisor')}/console/people?department={ward(demo)}")
    page.locator("form[action$='/invitations'] button").click()
    page.locator(".strip").first.wait_for()
    yield "console-ward-invitations", page
