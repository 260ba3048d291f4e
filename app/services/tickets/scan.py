"""What stands behind a scanned code, for the one who scanned it: one query, then plain rules about its row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Date, Text, and_, bindparam, case, exists, false, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.db import Executor, LocalDay, core, utc_offset
from app.driver import Lines, Prepared
from app.errors import Missing, Refused
from app.models import (
    Category,
    Completion,
    CompletionHelper,
    CountedRating,
    Department,
    Employment,
    Person,
    Portrait,
    Rating,
    RatingCorrection,
    RatingDetail,
    Ticket,
    WeChatIdentity,
)
from app.services.tickets import lifecycle

WINDOW = timedelta(days=14)  # unless the hospital has set another
CORRECTION = timedelta(hours=24)

View = Literal["answer", "progress", "over", "proxy", "unknown", "rate"]


@dataclass(frozen=True)
class RatingView:
    """A rating as its readers see it: the first level, the corrected one where there is one."""

    rating_id: int
    first_level: int
    level: int
    at: datetime
    mine: bool
    counted: bool
    corrected: bool
    detailed: bool

    @property
    def waits(self) -> bool:
        """The visitor's own, and not counted."""
        return self.mine and not self.counted

    def correctable(self, at: datetime) -> bool:
        return self.mine and not self.corrected and at - self.at <= CORRECTION


@dataclass(frozen=True)
class ScanView:
    """A ticket and its scanner. `mine` and `standing` are the scanner's own and the counted answer."""

    ticket_id: int
    number: str
    state: str
    cycle: int
    category: str
    ward_id: int | None
    reported_at: datetime
    completion_id: int | None
    finished_at: datetime | None
    rateable: bool
    person_id: int | None
    privacy_version: str | None
    provider_staff: bool
    served: bool
    own: RatingView | None
    standing: RatingView | None
    window: timedelta
    ward: str
    """Where it was, for those it was for; a slip that somebody finds does not say it."""
    words: str
    """What was reported, for who reported it or was served."""
    lead: str
    portrait: bool
    """Of the lead, who consented."""

    @property
    def cancelled(self) -> bool:
        return self.state == "cancelled"

    @property
    def finished(self) -> bool:
        return self.state in {"finished", "closed"} and self.completion_id is not None

    @property
    def verified(self) -> bool:
        """Bound once to a staff number: only such a rating is scored and drawn."""
        return self.person_id is not None

    @property
    def proxy(self) -> bool:
        """Somebody of the hospital, known, but not the one who was served."""
        return self.verified and not self.served and not self.provider_staff

    @property
    def form_cycle(self) -> int:
        """The cycle that a form must be of which says "still broken": a second tap comes after the reopening."""
        return self.cycle - 1 if self.state == "reopened" else self.cycle

    def over(self, at: datetime) -> bool:
        return self.finished_at is not None and at - self.finished_at > self.window

    @property
    def answer(self) -> RatingView | None:
        """The answer this visitor may read: their own, or the one that stands if they were among those served."""
        if self.own is not None and (self.standing is None or self.standing.mine):
            return self.own
        return self.standing if self.served and not self.provider_staff else self.own

    def view(self, *, at: datetime, known: bool) -> View:
        """What this visitor is shown; `known`: WeChat has told who they are.

        Nobody who is not verified learns whether somebody has rated, also where everybody is trusted: it may be the
        second phone of somebody of the provider.
        """
        if self.answer is not None:
            return "answer"
        if not self.finished or self.provider_staff or not self.rateable:
            return "progress"
        if self.over(at):
            return "over"
        if self.proxy:
            return "proxy"
        if not known:
            return "unknown"
        return "rate"


def load(
    db: Executor | Lines, ticket_id: int, *, identity_id: int | None, at: datetime, window: timedelta = WINDOW
) -> ScanView:
    """Everything the page and the rating need, in one statement; raises Missing."""
    values = {"ticket": ticket_id, "identity": identity_id or 0, "on": at.date(), "offset": utc_offset(at)}
    # On the connection: loading plain columns through the ORM costs more than the query.
    row = db.first(_LOOK_ALONE, values) if isinstance(db, Lines) else core(db).execute(_LOOK, values).one_or_none()
    if row is None:
        raise Missing("no_such_ticket")
    own = _answer(row.own_id, row.own_level, row.own_at, row.own_corrected, row.own_detail, mine=True, counted=False)
    standing = _answer(
        row.standing_id,
        row.standing_level,
        row.standing_at,
        row.standing_corrected,
        row.standing_detail,
        mine=row.standing_id is not None and row.standing_id == row.own_id,
        counted=True,
    )
    return ScanView(
        ticket_id=row.id,
        number=row.number,
        state=row.state,
        cycle=row.cycle,
        category=row.category or "",
        ward_id=row.department_id,
        reported_at=row.reported_at,
        completion_id=row.completion_id,
        finished_at=row.finished_at,
        rateable=row.served_person_id is not None or row.served_department_id is not None,
        person_id=row.person_id,
        privacy_version=row.privacy_version,
        provider_staff=bool(row.provider_staff),
        served=bool(row.served),
        own=standing if standing and standing.mine else own,
        standing=standing,
        window=window,
        ward=(row.ward or "") if row.served else "",
        words=row.words or "",
        lead=row.lead or "",
        portrait=row.portrait is not None,
    )


def _answer(
    rating_id: int | None,
    level: int | None,
    at: datetime | None,
    corrected: int | None,
    detail: int | None,
    *,
    mine: bool,
    counted: bool,
) -> RatingView | None:
    if rating_id is None or level is None or at is None:
        return None
    return RatingView(
        rating_id, level, corrected or level, at, mine, counted, corrected is not None, detail is not None
    )


def provider_staff(identity: type[WeChatIdentity], on: Any, finished_on: Any) -> Any:
    """Whether they did the work, or were employed by the provider when it was done: its staff for this ticket.

    A second WeChat identity of theirs is known by unionid where there is one; nothing depends on that. Unbound, or
    forgotten and come back, they are still the provider's until they are bound to a staff number again.
    """
    twin = aliased(WeChatIdentity)
    by_unionid = exists().where(twin.unionid == identity.unionid, or_(*_did_or_does(twin.person_id, on, finished_on)))
    known_before = and_(identity.person_id.is_(None), func.coalesce(identity.provider_staff, false()))
    return or_(*_did_or_does(identity.person_id, on, finished_on), known_before, by_unionid)


def _did_or_does(person_id: Any, on: Any, finished_on: Any) -> Sequence[Any]:
    """Led it, helped, or works for a provider that day or did when it was finished or since."""
    helped = exists().where(CompletionHelper.completion_id == Completion.id, CompletionHelper.person_id == person_id)
    # Where nothing is finished there is no day, and the second half is never true.
    now_or_then = or_(Employment.of_provider(on, on), Employment.of_provider(finished_on, on))
    employed = exists().where(Employment.person_id == person_id, now_or_then)
    # Named: by itself a query inside a query inside a query would look at everybody.
    here = (Completion, person_id.class_)
    return func.coalesce(Completion.lead_id == person_id, false()), helped.correlate(*here), employed.correlate(*here)


def served(identity: type[WeChatIdentity], on: Any) -> Any:
    """Whether they are the person the ticket was for, or anybody who works in the department it was for."""
    member = exists().where(
        Employment.person_id == identity.person_id,
        Employment.department_id == Ticket.served_department_id,
        Employment.in_force(on),
    )
    return or_(Ticket.served_person_id == identity.person_id, member)


def _own_report(person_id: Any) -> Any:
    return or_(Ticket.requester_id == person_id, Ticket.served_person_id == person_id)


def _look_statement() -> Any:
    identity, on = WeChatIdentity, bindparam("on", type_=Date)
    finished_on = LocalDay(Completion.finished_at, bindparam("offset", type_=Text))
    own, standing = aliased(Rating), aliased(Rating)
    own_correction, standing_correction = aliased(RatingCorrection), aliased(RatingCorrection)
    own_detail, standing_detail = aliased(RatingDetail), aliased(RatingDetail)
    return (
        select(
            Ticket.id,
            Ticket.number,
            Ticket.state,
            Ticket.cycle,
            Ticket.reported_at,
            Ticket.department_id,
            Ticket.served_person_id,
            Ticket.served_department_id,
            Category.name.label("category"),
            Completion.id.label("completion_id"),
            Completion.finished_at,
            Department.name.label("ward"),
            case((_own_report(identity.person_id), Ticket.description), else_="").label("words"),
            Person.name.label("lead"),
            Portrait.person_id.label("portrait"),
            identity.person_id,
            identity.privacy_version,
            provider_staff(identity, on, finished_on).label("provider_staff"),
            served(identity, on).label("served"),
            own.id.label("own_id"),
            own.level.label("own_level"),
            own.at.label("own_at"),
            own_correction.level.label("own_corrected"),
            own_detail.rating_id.label("own_detail"),
            standing.id.label("standing_id"),
            standing.level.label("standing_level"),
            standing.at.label("standing_at"),
            standing_correction.level.label("standing_corrected"),
            standing_detail.rating_id.label("standing_detail"),
        )
        .select_from(Ticket)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Completion, and_(Completion.ticket_id == Ticket.id, Completion.cycle == Ticket.cycle))
        .outerjoin(Department, Department.id == Ticket.department_id)
        .outerjoin(Person, Person.id == Completion.lead_id)
        .outerjoin(Portrait, and_(Portrait.person_id == Completion.lead_id, Portrait.person_id == Ticket.lead_id))
        .outerjoin(identity, identity.id == bindparam("identity"))
        .outerjoin(own, and_(own.completion_id == Completion.id, own.identity_id == identity.id))
        .outerjoin(own_correction, own_correction.rating_id == own.id)
        .outerjoin(own_detail, own_detail.rating_id == own.id)
        .outerjoin(CountedRating, CountedRating.completion_id == Completion.id)
        .outerjoin(standing, standing.id == CountedRating.rating_id)
        .outerjoin(standing_correction, standing_correction.rating_id == standing.id)
        .outerjoin(standing_detail, standing_detail.rating_id == standing.id)
        .where(Ticket.id == bindparam("ticket"))
    )


def earlier_answer(session: Session, ticket_id: int, *, identity_id: int) -> tuple[int, datetime] | None:
    """The level this visitor gave in an earlier cycle, with their correction if any, and when: it stays readable."""
    row = session.execute(
        select(func.coalesce(RatingCorrection.level, Rating.level), Rating.at)
        .join(Completion, Completion.id == Rating.completion_id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        .where(Completion.ticket_id == ticket_id, Rating.identity_id == identity_id)
        .order_by(Completion.cycle.desc())
        .limit(1)
    ).one_or_none()
    return (row[0], row[1]) if row else None


def check_rater(scan: ScanView, *, at: datetime) -> None:
    """Whether this visitor may rate this ticket now; raises Refused with the reason."""
    if scan.provider_staff:
        raise Refused("provider_staff")
    if scan.state == "cancelled":
        raise Refused("cancelled")
    if not scan.rateable:
        raise Refused("not_rateable")
    if not scan.finished:
        raise Refused("not_finished")
    if scan.over(at):
        raise Refused("window_over", days=scan.window.days)
    if scan.proxy:
        raise Refused("not_the_served")


def urge(session: Session, scan: ScanView, *, trusted: bool, at: datetime, channel: str) -> None:
    """Who is not trusted rings nobody: the desk sees it."""
    if scan.provider_staff:
        raise Refused("provider_staff")
    ticket = lifecycle.locked(session, ticket_id=scan.ticket_id)
    lifecycle.urge(session, ticket, by=scan.person_id, rings=trusted, at=at, channel=channel)


def say_still_broken(
    session: Session, scan: ScanView, *, trusted: bool, at: datetime, zone: ZoneInfo, channel: str
) -> None:
    """Reopens; a second tap finds it reopened. Who is not trusted is heard, but reopens nothing."""
    if scan.state == "reopened":
        return
    check_rater(scan, at=at)
    ticket = lifecycle.locked(session, ticket_id=scan.ticket_id)
    if trusted:
        lifecycle.reopen(session, ticket, by=scan.person_id, at=at, zone=zone, channel=channel)
    else:
        lifecycle.say_still_broken(session, ticket, at=at, channel=channel)


_LOOK = _look_statement()
_LOOK_ALONE = Prepared(lambda _dialect: _LOOK)
