"""Which pages are opened, by whom, and with which filters: every door there is, and each list's choices."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from app import clock
from app.http.guards import CONSOLE, GUARDS, PHONE
from app.models import Person, Rating, ServiceCase, Ticket, WeChatIdentity
from app.models.notice import NOTICE_STATES
from app.models.ticket import OPEN_STATES, STATES
from app.pagination import Cursor
from app.runtime import Runtime
from app.web.console.ratings.ratings import SHOWN
from benchmarks.growth_hospital import ENGINEERS, FIRST, NURSES
from tests.support.doors import doors

NURSE, ENGINEER, RARE_ENGINEER = FIRST + 17, FIRST + NURSES + 1, FIRST + NURSES + ENGINEERS
WARD, RARE_WARD, CATEGORY = FIRST + 18, FIRST, FIRST + 1
SITE = "https://bench.example"
_WECHAT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Mobile MicroMessenger/8.0.50 Language/zh_CN"
# What is the same for everybody and asks for no row, or is no page: files (of all somebody has), steps of a sign-in.
_NOT_MEASURED = (
    "console.print_font",
    "console.print_paper",
    "verify.",
    "sign_in",
    "wechat.",
    "callback.",
    "bootstrap.",
    "health.",
    "api_",
    "data.export",
    "console_audit.check",  # goes through what has come since the last look at the seal: nothing is sealed here
    "demo.",
)


@dataclass(frozen=True)
class Page:
    name: str
    visitor: str
    address: str
    choices: int = 0
    """How many filters narrow it down at once."""


@dataclass(frozen=True)
class Parts:
    """What the variable parts of addresses are here."""

    tickets: int
    values: Mapping[str, str]
    middle: str
    """A cursor in the middle of the history."""
    newest: Mapping[str, str]
    """The number of the last ticket in each state."""


def parts(runtime: Runtime) -> Parts:
    """Of the last ticket that is done, so that both hospitals have one of the same age."""
    with runtime.database.reading() as session:
        done = (Ticket.state == "finished", Ticket.served_person_id.is_not(None))
        last = session.scalars(select(Ticket).where(*done).order_by(Ticket.id.desc()).limit(1)).one()
        rating = session.scalar(select(func.max(Rating.id)))
        case = session.scalar(select(func.max(ServiceCase.id)))
        first_at, tickets = session.execute(select(func.min(Ticket.reported_at), func.count(Ticket.id))).one()
        own = select(Ticket.number).where(Ticket.lead_id == ENGINEER, Ticket.state == "finished")
        led = session.scalar(own.order_by(Ticket.id.desc()).limit(1))
        by_age = select(Ticket.state, Ticket.number).where(Ticket.state.in_(OPEN_STATES)).order_by(Ticket.id)
        newest: dict[str, str] = dict(session.execute(by_age).all())
    links = runtime.links
    values = {
        "number": last.number,
        "engineer.number": led or "",
        "scan.token": links.ticket_path(last.id).removeprefix("/r/"),
        "ward.token": links.ward_path(WARD).removeprefix("/w/"),
        "case_id": str(case),
        "rating_id": str(rating),
        "person_id": str(NURSE),
        "department_id": str(WARD),
    }
    return Parts(tickets, values, str(Cursor(first_at + (clock.now() - first_at) / 2, 0)), newest)


def pages(app: Flask, parts: Parts) -> list[Page]:
    """Every door that opens to a GET, as its visitor; lists once more for each of their filters."""
    found = []
    for door in doors(app, "GET", real=dict(parts.values)):
        if door.endpoint.startswith(_NOT_MEASURED):
            continue
        for who, query in _looks(door.endpoint, door.blueprint, parts.middle):
            words = "&".join(f"{key}={value}" for key, value in query.items())
            name = f"{door.rule}{'?' if words else ''}{words} ({who})"
            address = f"{door.address}?{urlencode(query)}" if query else door.address
            narrowed = query.keys() - {"after", "order", "touchpoint"}  # a touchpoint is always asked for
            found.append(Page(name, who, address, choices=sum(bool(query[name]) for name in narrowed)))
    # What waits for somebody, or is worked at, has more on its page than what is done.
    found += [Page(f"{before}<{state}> ({who})", who, f"{before}{parts.newest[state]}") for who, before, state in _OPEN]
    return found


def visitors(runtime: Runtime) -> dict[str, dict[str, int]]:
    numbers = {"admin": "00043", "desk": "W0001"}
    phones = {"nurse": NURSE, "engineer": ENGINEER, "rare engineer": RARE_ENGINEER}
    with runtime.database.reading() as session:
        people = {
            name: {"person": session.scalars(select(Person.id).where(Person.staff_number == number)).one()}
            for name, number in numbers.items()
        }
        identities = {
            name: {
                "identity": session.scalars(select(WeChatIdentity.id).where(WeChatIdentity.person_id == person)).one()
            }
            for name, person in phones.items()
        }
    return people | identities


def visitor(app: Flask, *, person: int | None = None, identity: int | None = None) -> FlaskClient:
    """Signed in at the console, or as a phone."""
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = _WECHAT
    with client.session_transaction(base_url=SITE) as session:
        if person:
            session["console"] = {
                "person": person,
                "seen": int((clock.now() + timedelta(days=1)).timestamp()),
                "sign_outs": 0,
            }
        if identity:
            session["identity"], session["visit"] = identity, "a-visit"
    return client


def _looks(endpoint: str, blueprint: str, middle: str) -> Iterator[tuple[str, dict[str, Any]]]:
    guard = GUARDS[blueprint]
    if guard.who == CONSOLE:
        for query in _FILTERS.get(endpoint, ({},)):
            yield "admin", query
        if endpoint in _CONTINUED:
            yield "admin", {**_CONTINUED[endpoint], "after": middle}
        if "desk" in guard.roles:
            yield "desk", {}
        return
    yield "engineer" if guard.who == PHONE else "nurse", {}
    if endpoint in {"engineer.index", "data.show", "my.show"}:
        yield "rare engineer", {}
    if endpoint in {"data.show", "my.show"}:
        yield "engineer", {}


_OPEN = (
    ("desk", "/console/tickets/", "reported"),
    ("admin", "/console/tickets/", "arrived"),
    ("engineer", "/engineer/", "dispatched"),
    ("engineer", "/engineer/", "arrived"),
)
_RATINGS: tuple[dict[str, Any], ...] = (
    {},
    {"from": ""},
    *({"from": "", "show": show} for show in SHOWN if show),
    *({"from": "", "level": level} for level in range(1, 6)),
    {"from": "", "department": WARD},
    {"from": "", "department": RARE_WARD},
    {"from": "", "engineer": ENGINEER},
    {"from": "", "engineer": RARE_ENGINEER},
    {"from": "", "engineer": ENGINEER, "department": WARD},
    {"from": "", "engineer": RARE_ENGINEER, "department": RARE_WARD},
    {"from": "", "engineer": ENGINEER, "level": 1},
    {"from": "", "department": WARD, "show": "unverified"},
    {"from": "", "department": RARE_WARD, "show": "low"},
)
_TICKETS: tuple[dict[str, Any], ...] = (
    {},
    *({"state": state} for state in ("open", *STATES)),
    {"department": WARD},
    {"department": RARE_WARD},
    {"category": CATEGORY},
    {"engineer": ENGINEER},
    {"engineer": RARE_ENGINEER},
    {"order": "oldest"},
    *({"state": "open", "order": order} for order in ("due", "due_last", "priority", "priority_last")),
    {"state": "open", "category": CATEGORY},
    {"state": "open", "department": RARE_WARD},
    {"state": "cancelled", "engineer": ENGINEER},
    {"state": "cancelled", "category": CATEGORY},
    {"state": "closed", "engineer": RARE_ENGINEER},
    {"engineer": ENGINEER, "department": WARD},
    {"q": "护士17"},
    {"q": "N17"},
    {"q": "G17"},
    {"q": "nobody"},
)
_FILTERS: Mapping[str, tuple[dict[str, Any], ...]] = {
    "console_ratings.rating_index": _RATINGS,
    "console.ticket_index": _TICKETS,
    "console.live_board": (
        {},
        *({"state": state} for state in OPEN_STATES),
        {"order": "newest"},
        {"wall": "1"},
        {"campus": 1},
        {"team": 1},
        {"provider": 1},
    ),
    "console_cases.case_index": (
        {},
        *({"show": show} for show in ("mine", "pressed", "closed")),
        *({"show": "closed", "order": order} for order in ("closed", "opened", "opened_last")),
    ),
    "console.notice_index": (
        {},
        *({"state": state} for state in NOTICE_STATES),
        {"order": "oldest"},
        {"state": "waiting", "order": "next"},
        {"ticket": "G17"},
        {"person": "N17"},
        {"person": f"N{NURSES + 1}"},
    ),
    "console_corridor.show": (
        {},
        {"department": WARD},
        {"category": CATEGORY},
        {"department": RARE_WARD},
        {"department": WARD, "category": CATEGORY},
    ),
    "console_corridor.behind": (
        *({"touchpoint": code} for code in ("overall", "arrived", "complaint")),
        {"touchpoint": "arrived", "low": "1"},
        {"touchpoint": "overall", "department": WARD},
    ),
    "console.duty_month": ({}, {"month": f"{clock.now():%Y-%m}"}),
    "console_people.people_index": ({}, {"q": "护士17"}, {"department": WARD}),
}
_CONTINUED: Mapping[str, dict[str, str]] = {
    "console_ratings.rating_index": {"from": ""},
    "console.ticket_index": {},
    "console_cases.case_index": {"show": "closed"},
    "console_entered.entered_index": {},
    "console.notice_index": {},
}
