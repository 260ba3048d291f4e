"""WeChat's rule that opens the mini-program from our ordinary codes: what to enter there, and whether it can work."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Ticket
from app.services.links import Links

TEST_LINKS = 5  # as many as WeChat takes for one rule
OF_A_DOMAIN = "MP_verify_"  # the service account's files; the rule's have names of their own
SECONDS = (2.0, 3.0)
LONGEST = 256


@dataclass(frozen=True)
class Check:
    """`fault` is empty, or says what WeChat would find: no_answer, moved, status, other_content."""

    name: str
    address: str
    fault: str


def prefix(links: Links) -> str:
    return f"{links.public_url}/r/"


def publishable(links: Links) -> bool:
    """WeChat takes https on a host with a name; the last part of an address is a number, of a name never."""
    parts = urlsplit(links.public_url)
    _name, dot, last = (parts.hostname or "").rpartition(".")
    return parts.scheme == "https" and parts.port is None and bool(dot) and not last.isdecimal()


def files(known: Mapping[str, str]) -> dict[str, str]:
    return {name: content for name, content in known.items() if not name.startswith(OF_A_DOMAIN)}


def examples(session: Session, links: Links) -> list[str]:
    """Of the last finished tickets that somebody can rate."""
    query = select(Ticket.id).where(Ticket.state == "finished", Ticket.rateable).order_by(Ticket.reported_at.desc())
    return [links.ticket_url(ticket_id) for ticket_id in session.scalars(query.limit(TEST_LINKS))]


def check(links: Links, known: Mapping[str, str]) -> list[Check]:
    """Asks our own public address, as WeChat will: names and contents come from the settings, never from a request."""
    found = []
    for name, content in files(known).items():
        address = prefix(links) + name
        found.append(Check(name, address, _fault(address, content)))
    return found


def _fault(address: str, content: str) -> str:
    try:
        with requests.get(address, timeout=SECONDS, allow_redirects=False, stream=True) as answer:
            if answer.is_redirect:
                return "moved"
            if answer.status_code != 200:
                return "status"
            served = next(answer.iter_content(LONGEST), b"")
    except requests.RequestException:
        return "no_answer"
    return "" if served == content.encode() else "other_content"
