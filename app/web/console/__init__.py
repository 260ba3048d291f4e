"""The console's blueprints. Importing the pages registers their views."""

from app.web.console import board, calendar, duty, handover, overview, saved_filters, standing
from app.web.console.access import password, phone_confirm, sign_in
from app.web.console.audit import history
from app.web.console.cases import cases, recovery, teams
from app.web.console.codes import assets, link_rule, printing
from app.web.console.codes import slip_pads as pads
from app.web.console.corridor import corridor, letters
from app.web.console.draws import announce as draws_announce
from app.web.console.draws import claims as draws_claims
from app.web.console.draws import draws
from app.web.console.integrations import integrations
from app.web.console.integrity import integrity
from app.web.console.lists import lists
from app.web.console.lists import mark as house_mark
from app.web.console.notices import inbox, notices
from app.web.console.people import accounts, erasures, people, roles
from app.web.console.ratings import manual_entry, ratings
from app.web.console.registers import blueprint as registers
from app.web.console.sheets import contracts, rules, sheets
from app.web.console.tickets import correct, downtime, incidents, new_ticket, photos, tickets

_BESIDE = (recovery.blueprint, calendar.blueprint, sheets.blueprint, rules.blueprint, registers)
_HOSPITAL = (
    ratings.blueprint,
    manual_entry.blueprint,
    link_rule.blueprint,
    cases.blueprint,
    corridor.blueprint,
    letters.blueprint,
    people.blueprint,
    lists.blueprint,
    draws.blueprint,
    history.blueprint,
    integrations.blueprint,
    integrity.blueprint,
    contracts.blueprint,
)
_DESK = (overview.blueprint, standing.blueprint, incidents.blueprint, downtime.blueprint)
BLUEPRINTS = (sign_in.blueprint, phone_confirm.blueprint, *_DESK, *_BESIDE, *_HOSPITAL)

__all__ = [
    "BLUEPRINTS",
    "accounts",
    "assets",
    "board",
    "correct",
    "draws_announce",
    "draws_claims",
    "duty",
    "erasures",
    "handover",
    "house_mark",
    "inbox",
    "new_ticket",
    "notices",
    "pads",
    "password",
    "photos",
    "printing",
    "roles",
    "saved_filters",
    "teams",
    "tickets",
]
