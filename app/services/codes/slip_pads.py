"""Pads of blank slips: numbers reserved ahead and printed, each given to one ticket, once and for good."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import insert_first, upsert
from app.errors import Missing, Refused
from app.models import Counter, Person, SlipLink, SlipPad, Ticket
from app.pagination import Line
from app.services import events
from app.services.codes.slips import HOTLINE, RATE_THIS, UNSEEN, Paper
from app.texts.catalogue import named
from qr import sheet
from qr.card import Card, Note
from qr.sheet import Layout, Page
from qr.slip_back import Back, back

MOST = 10_000
LISTED = 100
# Paper speaks Chinese, as on the front. The order of the levels is the order of every page.
BLANK = "空白单 {}"
TICK = "没有手机？请在一个方框里打勾"
CHOICES = ("非常满意", "满意", "基本满意", "不满意", "非常不满意")
BY_HAND = ("日期", "签名")
HAND_IN = ("请投入医院评价箱，或交给信息科监督员，", "不要交给工程师。工程师看不到您的评价。")


def name(number: int) -> str:
    """As it is printed: readable over the telephone."""
    return f"B-{number:06d}"


def read_name(text: str) -> int | None:
    """The number somebody typed, however it was written; None where it is none."""
    digits = text.strip().upper().removeprefix("B").lstrip("-").strip()
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= 9 else None


def reserve(session: Session, count: int, *, by: int | None, at: datetime) -> SlipPad:
    """The next numbers, for this pad alone."""
    last = session.scalar(
        upsert(session, Counter)
        .values(name="slip", value=count)
        .on_conflict_do_update(index_elements=["name"], set_={"value": Counter.value + count})
        .returning(Counter.value)
    )
    pad = SlipPad(first=(last or count) - count + 1, count=count, by_id=by, at=at)
    session.add(pad)
    session.flush()
    return pad


def one(session: Session, pad_id: int) -> SlipPad:
    """Raises Missing."""
    pad = session.get(SlipPad, pad_id)
    if pad is None:
        raise Missing("no_such_slip")
    return pad


def beginning(session: Session, first: int) -> SlipPad | None:
    return session.scalar(select(SlipPad).where(SlipPad.first == first))


def listed(session: Session) -> Sequence[Line]:
    """The last pads: each with who had it printed, and how many of its slips were given to a ticket."""
    of_pad = SlipLink.number.between(SlipPad.first, SlipPad.first + SlipPad.count - 1)
    linked = select(func.count()).select_from(SlipLink).where(of_pad).scalar_subquery()
    query = select(SlipPad, Person.name.label("by"), linked.label("given")).outerjoin(
        Person, Person.id == SlipPad.by_id
    )
    return session.execute(query.order_by(SlipPad.first.desc()).limit(LISTED)).all()


def ticket_of(session: Session, number: int) -> int | None:
    """The ticket this slip was given to, or None; raises Missing for a number of no pad."""
    pad = session.scalar(select(SlipPad).where(SlipPad.first <= number).order_by(SlipPad.first.desc()).limit(1))
    if pad is None or number >= pad.first + pad.count:
        raise Missing("no_such_slip")
    return session.scalar(select(SlipLink.ticket_id).where(SlipLink.number == number))


def of_ticket(session: Session, ticket_id: int) -> Sequence[int]:
    query = select(SlipLink.number).where(SlipLink.ticket_id == ticket_id)
    return session.scalars(query.order_by(SlipLink.number)).all()


def check(session: Session, number: int, ticket: Ticket, *, window: timedelta, at: datetime) -> bool:
    """Whether the slip is still to be given to this ticket, and not its own yet; raises Missing, or Refused."""
    holder = ticket_of(session, number)
    if holder == ticket.id:
        return False
    if holder is not None:
        raise Refused("slip_taken", slip=name(number))
    if ticket.state == "cancelled":
        raise Refused("cancelled")
    if not ticket.rateable:
        raise Refused("not_rateable")
    if ticket.finished_before(at - window):
        raise Refused("slip_too_late", days=window.days)
    return True


def link(
    session: Session, number: int, ticket: Ticket, *, window: timedelta, by: int, at: datetime, channel: str
) -> None:
    """Give the slip to this ticket, which is locked. Twice the same is once; to another ticket is refused."""
    if not check(session, number, ticket, window=window, at=at):
        return
    if insert_first(session, SlipLink, number=number, ticket_id=ticket.id, by_id=by, at=at) is None:
        check(session, number, ticket, window=window, at=at)  # somebody was quicker: perhaps with another ticket
        return
    events.append(session, ticket, "slip_linked", by=by, at=at, channel=channel, data={"slip": number})


def pages(pad: SlipPad, layout: Layout, paper: Paper, *, backs: bool) -> Iterator[Page]:
    """The pad's slips; with backs, each is followed by its own, as a printer of both sides takes them."""
    numbers = range(pad.first, pad.first + pad.count)
    for number, page in enumerate(sheet.pages((_card(number, paper) for number in numbers), layout), pad.first):
        yield page
        if backs:
            yield back(Back(TICK, BLANK.format(name(number)), CHOICES, BY_HAND, tuple(map(named, HAND_IN))), layout)


def notes(layout: Layout, paper: Paper) -> tuple[Note, ...]:
    """What cannot be printed as it is: the same on every slip. Raises what printing them would."""
    return next(sheet.pages([_card(1, paper)], layout)).notes


def _card(number: int, paper: Paper) -> Card:
    hotline = HOTLINE.format(paper.hotline) if paper.hotline else ""
    return Card(paper.links.slip_url(number), RATE_THIS, (BLANK.format(name(number)), hotline), UNSEEN, paper.logo)
