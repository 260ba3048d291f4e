"""A rater whose every trace can be found again: what no provider may ever read, in words, moments and numbers."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.models import (
    Completion,
    DrawWinner,
    Inbound,
    Person,
    Place,
    Rating,
    ServiceCase,
    SlipLink,
    Ticket,
    TicketPhoto,
    WeChatIdentity,
)
from app.services import images
from app.services.cases import acts, complaints
from app.services.cases.acts import Actor
from app.services.cases.complaints import ComplaintForm
from app.services.codes import slip_pads
from app.services.draws import claims, published_files
from app.services.ratings import exclusions, manual_entry, rating, reminders
from app.services.ratings.manual_entry import Entry, ManualRating
from app.services.ratings.rating import Detail
from app.services.tickets import lifecycle
from app.services.tickets.scan import load
from tests.draws.story import CLAIMED, Story
from tests.support.world import ZONE, World

NAME, NUMBER, TELEPHONE = "金丝雀", "J7061938", "13977061938"
OPENID, UNIONID = "oCanaryCanaryCanaryCanary", "uCanaryCanaryCanaryCanary"
COMMENT, PRAISE, NOTE = "翠羽黄喙的评语", "歌声婉转的表扬", "羽毛为证的排除"
GRIEF, REPLY, MESSAGE = "笼门未关的投诉", "已关笼门的答复", "枝头来信的原文"
SLIP, HANDED_OVER = b"\xff\xd8 canary, signed", b"\xff\xd8 canary with the prize"
ROWS = 8052741  # ids of what is hidden begin here

# What the supervision is shown somewhere; openid and message nobody is shown.
SHOWN = (NAME, NUMBER, TELEPHONE, COMMENT, PRAISE, NOTE, GRIEF, REPLY)
WORDS = (*SHOWN, OPENID, UNIONID, MESSAGE)
PICTURES = (SLIP, HANDED_OVER)


@dataclass
class Canary:
    """Tickets of the ward, finished days ago; the canary works there, and no ticket names them."""

    world: World
    person: Person
    identity: WeChatIdentity
    tickets: list[Ticket]
    now: datetime
    moments: dict[str, datetime] = field(default_factory=dict)
    claim_code: str = ""
    entry: str = ""
    published: list[str] = field(default_factory=list)
    hidden: dict[str, str] = field(default_factory=dict)
    """What the rows that come will be called in addresses."""

    @property
    def shown(self) -> set[str]:
        """The moments that the supervision is shown: of a slip the day alone, of a message nothing."""
        return set(self.moments) - {"given", "wrote"}

    def at(self, what: str, *, days: int, minute: int) -> datetime:
        """A moment nothing else happens at, so that a page that shows it shows this."""
        moment = (self.now - timedelta(days=days)).replace(hour=3, minute=minute, second=0, microsecond=0)
        self.moments[what] = moment
        return moment

    def written(self) -> dict[str, list[str]]:
        """Each moment as a page, an export or an answer would write it."""
        return {
            what: [
                f"{at:%m-%d %H:%M}",
                f"{at:%m月%d日 %H:%M}",
                f"{at:%Y-%m-%dT%H:%M}",
                f"{at.astimezone(UTC):%Y-%m-%dT%H:%M}",
            ]
            for what, at in self.moments.items()
        }

    def rate(self) -> None:
        """All that can be said of a service: well, badly, corrected, in words, set aside, on paper, as a complaint."""
        good, bad = self.tickets
        praise = Detail(comment=PRAISE, praise=True)
        blame = Detail(reasons=["slow"], comment=COMMENT, pressed=True)
        with self.world.database.transaction() as session:
            self._detailed(session, good, 5, praise, self.at("praised", days=4, minute=11))
            rated = self._detailed(session, bad, 2, blame, self.at("rated", days=4, minute=17))
            scan = load(session, bad.id, identity_id=self.identity.id, at=self.now)
            rating.correct(session, scan, level=1, source="scan", at=self.at("corrected", days=4, minute=23))
            self._enter(session, good)
            about: dict[str, Any] = {"by": self.world.supervisor.id, "channel": "console"}
            excluded = self.at("excluded", days=3, minute=41)
            exclusions.exclude(session, rated, reason="mistaken", note=NOTE, at=excluded, **about)
            self._complain(session, bad)
            reminders.wish(session, self.person.id, on=True, at=self.now)
            session.add(self._message())

    def _detailed(self, session: Session, ticket: Ticket, level: int, detail: Detail, at: datetime) -> int:
        who: dict[str, Any] = {"identity_id": self.identity.id, "at": at}
        given = rating.rate(
            session, load(session, ticket.id, **who), level=level, trust_all=False, source="scan", **who
        )
        rating.add_detail(session, load(session, ticket.id, **who), detail, at=at)
        return given

    def _enter(self, session: Session, ticket: Ticket) -> None:
        held, window = lifecycle.locked(session, ticket_id=ticket.id), timedelta(days=14)
        given, at = ManualRating("paper", self.at("given", days=4, minute=29)), self.at("entered", days=3, minute=31)
        (done,) = manual_entry.fits(session, held, given, window=window, at=at)
        by = self.world.supervisor.id
        manual_entry.enter(session, held, Entry(done.id, 2, given, SLIP), window=window, by=by, at=at)

    def _complain(self, session: Session, ticket: Ticket) -> None:
        for one, what in ((GRIEF, "complained"), (f"{GRIEF}，又一次", "complained again")):
            at = self.at(what, days=3, minute=43 if what == "complained" else 53)
            said = ComplaintForm(one, hidden=what == "complained")
            made = complaints.complain(session, ticket, said, by=self.person.id, at=at, channel="mini")
            if what == "complained":
                self._make_up(session, made.id)

    def _make_up(self, session: Session, case_id: int) -> None:
        """Who hid their name is rung, answered and made up for, and says how content they are with it."""

        def seen() -> int:
            return session.get_one(ServiceCase, case_id).acts

        for minute, (act, what) in enumerate(
            (("call", {"outcome": "reached", "text": REPLY}), ("answer", {"text": REPLY}), ("agree", {"text": REPLY}))
        ):
            at = self.at(act, days=3, minute=44 + minute)
            getattr(acts, act)(session, case_id, Actor(self.world.supervisor.id, at, seen()), **what)
        recovered, rerated = self.at("recovered", days=3, minute=49), self.at("re-rated", days=3, minute=51)
        acts.recover(session, case_id, Actor(self.world.supervisor.id, recovered, seen()), text=REPLY)
        acts.rerate(session, case_id, level=5, by=self.person.id, at=rerated, channel="wechat")

    def _message(self) -> Inbound:
        at = self.at("wrote", days=3, minute=59)
        known: dict[str, Any] = {
            "appid": self.identity.appid,
            "openid": self.identity.openid,
            "body": f"<Content>{MESSAGE}</Content>",
        }
        return Inbound(
            key="canary",
            kind="text",
            event="",
            scene="",
            state="done",
            received_at=at,
            next_try_at=at,
            processed_at=at,
            **known,
        )


def arrive(world: World) -> Canary:
    """The canary has won a prize of a draw that is over, and works in the ward; nothing is rated yet."""
    now = clock.now().astimezone(ZONE)
    person = world.employ(NUMBER, NAME)
    identity = world.bind(person, OPENID)
    with world.database.transaction() as session:
        session.get_one(Person, person.id).telephone = TELEPHONE
        session.get_one(WeChatIdentity, identity.id).unionid = UNIONID
    begun = (now - timedelta(days=6)).replace(hour=9, minute=0)
    how: dict[str, Any] = {"served": world.ward, "lead": world.engineer, "helpers": (world.second_engineer,)}
    made = [
        world.ticket(state, reported_at=begun + timedelta(hours=n), description=f"打印机卡纸 {n}", **how)
        for n, state in enumerate(("closed", "finished"))
    ]
    canary = Canary(world, person, identity, made, now)
    _furnish(canary)
    _number_high(world)
    _win(canary)
    with world.database.reading() as session:
        rated = select(Completion.id).where(Completion.ticket_id == made[0].id)
        next_rating = (session.scalar(select(func.max(Rating.id))) or 0) + 1
        parts = {"completion_id": session.scalar(rated), "rating_id": next_rating, "case_id": ROWS + 2}
    canary.hidden = {name: str(value) for name, value in parts.items()}
    return canary


def _furnish(canary: Canary) -> None:
    """What else has an address: a room with a label, a photo, a pad of slips of which the first is a ticket's."""
    ward, ticket = canary.world.ward, canary.tickets[1]
    with canary.world.database.transaction() as session:
        session.add(Place(code="N07-1", name="一号病房", department_id=ward.id))
        session.add(TicketPhoto(ticket_id=ticket.id, media_type="image/jpeg", content=b"paper jam", at=canary.now))
        slip_pads.reserve(session, 2, by=None, at=canary.now)
        session.add(SlipLink(number=1, ticket_id=ticket.id, by_id=canary.world.engineer.id, at=canary.now))


def _number_high(world: World) -> None:
    """A stranger's rating and complaint of long ago take the numbers before those that must not be seen."""
    ticket, at = world.ticket("finished", served=world.pharmacy), clock.now()
    with world.database.transaction() as session:
        completion = session.scalars(select(Completion.id).where(Completion.ticket_id == ticket.id)).one()
        given: dict[str, Any] = {
            "completion_id": completion,
            "identity_id": world.stranger_identity.id,
            "counts": False,
        }
        session.add(Rating(id=ROWS, level=5, source="scan", at=at, **given))
        about: dict[str, Any] = {"ticket_id": ticket.id, "cycle": 1, "person_id": world.doctor.id, "about": "ticket"}
        session.add(
            ServiceCase(id=ROWS, opened_at=at, reason="complaint", source="mini", stage="received", acts=0, **about)
        )


def _win(canary: Canary) -> None:
    story = Story(canary.world).now_is(CLAIMED + timedelta(hours=1))
    story.rate(canary.person)
    story.drawn(3)
    by, at = canary.world.supervisor.id, CLAIMED + story.shift
    with story.drawing() as (session, draw):
        canary.claim_code = claims.claim_code(session, draw, canary.person.id) or ""
        picture = (images.MEDIA_TYPE, HANDED_OVER)
        claims.confirm(session, draw, canary.claim_code, by=by, at=at, show_name=False, photo=picture)
        won = select(DrawWinner.entry).where(DrawWinner.person_id == canary.person.id)
        canary.entry = session.scalars(won).one()
        canary.published = [file.name for file in published_files.all_of(session, draw)]
