"""A claimed notice on its way down the channels: which is next, what came of each, and where it ends."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.models import ChannelOutage, DeliveryAttempt, Notice, Person
from app.models.kinds import EVERY_WAY
from app.services.notices import channels, circuit_breaker, content, quiet_hours, subscriptions
from app.services.notices.channels import SAME_MESSAGE, Address, ChannelOrder, Unavailable
from app.services.notices.content import NoticeContext
from config.notices import NoticeKind, notice_kinds

LEASE = timedelta(seconds=90)  # longer than one channel takes with two tokens and two calls; after it, due again
GIVE_UP = timedelta(hours=24)
IN_DOUBT = timedelta(seconds=60)  # so long one that is urgent asks a channel that may have sent it, before another
BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 15, 60, 300, 900, 3600))  # after a fault of ours
# While a notice waits for one of these, later ones to the same person wait behind it.
BLOCKS_LATER = ("busy", "robot_limit", "behind")
# What went wrong first among several: what was tried tells more than what could not be.
REASON_RANK = (
    "our_fault",
    "uncertain",
    "system_failed",
    "freq_limit",
    "not_delivered",
    "user_block",
    "refused",
    "not_in_wecom",
    "not_following",
    "no_credit",
    "robot_limit",
    "stopped",
    "not_bound",
    "that_phone",
    "no_template",
    "not_for_group",
)
NOBODY = Address("")


@dataclass(frozen=True)
class Wait:
    """A channel that may take it later."""

    channel: str
    reason: str
    until: datetime
    detail: str = ""


@dataclass(frozen=True)
class Attempt:
    """A claimed notice with all that is needed to send it by one channel, read out before the transaction ends."""

    notice_id: int
    person_id: int
    claimed_at: datetime
    attempts: int
    kind: str
    client_msg_id: str
    facts: NoticeContext
    channel: str
    address: Address
    probes: tuple[int, ...]
    """Stops of this channel that end if it takes the attempt."""
    waits: tuple[Wait, ...]
    """The channels above that may take it later."""


@dataclass(frozen=True)
class SendResult:
    """What a channel said. `uncertain`: it may have sent it nevertheless."""

    outcome: Literal["sent", "failed", "busy", "stopped"]
    reason: str = ""
    detail: str = ""
    msgid: str = field(default="", kw_only=True)
    uncertain: bool = field(default=False, kw_only=True)
    until: datetime | None = field(default=None, kw_only=True)
    cause: str = field(default="", kw_only=True)
    only_kind: bool = field(default=False, kw_only=True)
    """Of a stop: why, and whether it is of this kind of notice alone."""


@dataclass(frozen=True)
class DeliveryContext:
    """What the decisions about some notices are made from, read at once."""

    order: ChannelOrder
    facts: dict[int, NoticeContext]
    addresses: dict[tuple[int, str], Address]
    tries: list[DeliveryAttempt]
    stops: Sequence[ChannelOutage]
    at: datetime


def start(session: Session, order: ChannelOrder, claimed: Sequence[Notice], *, at: datetime) -> list[Attempt]:
    """What is to be sent now of notices just claimed. The others are settled, or wait."""
    known = _context(session, order, claimed, at)
    begun = [_start(session, known, notice) for notice in claimed]
    session.flush()
    return [attempt for attempt in begun if attempt]


def record_result(
    session: Session, order: ChannelOrder, attempt: Attempt, answer: SendResult, *, at: datetime
) -> Attempt | None:
    """Write down what the channel said; the attempt by the next one where there is something left to try."""
    # The person before their notices, as everywhere: only one transaction at a time decides what they are sent next.
    session.execute(select(Person.id).where(Person.id == attempt.person_id).with_for_update(key_share=True))
    if answer.outcome == "sent":
        return _sent(session, order, attempt, answer, at)
    notice = _held(session, attempt)
    if notice is None:
        return None
    # A plain answer clears this try, not an earlier one of which we never heard.
    in_doubt = answer.uncertain or notice.uncertain_since != attempt.claimed_at
    if answer.outcome == "busy" and in_doubt and attempt.channel in SAME_MESSAGE:
        until = _asked_again(session, order, notice, attempt, answer, at)
        if until:
            _put_off(session, notice, attempt, answer, at)
            _wait(session, notice, [Wait(attempt.channel, answer.reason, until, answer.detail)], at)
            return None
    notice.uncertain_since = None
    waits = attempt.waits
    if answer.outcome == "stopped":
        _stop(session, attempt, answer, at)
    if answer.outcome == "failed" or in_doubt:
        # Never again by this channel, also not when its memory of the first has gone.
        reason = "uncertain" if answer.outcome == "busy" else answer.reason
        _note(session, notice, attempt.channel, "failed", reason, answer.detail, at)
        _forget_credit(session, attempt, answer, at)
        if answer.reason == "busy":
            circuit_breaker.count_timeout(session, attempt.channel, detail=answer.detail, at=at)
    else:
        _put_off(session, notice, attempt, answer, at)
        waits += (Wait(attempt.channel, answer.reason, _until(answer, at), answer.detail),)
    session.flush()
    return _next_channel(session, _context(session, order, [notice], at), notice, waits)


def _start(session: Session, known: DeliveryContext, notice: Notice) -> Attempt | None:
    kind = notice_kinds().get(notice.kind)
    if kind is None:  # written by a newer release
        pause = BACKOFF[min(notice.attempts, len(BACKOFF)) - 1]
        _wait(session, notice, [Wait("", "our_fault", known.at + pause, "unknown kind")], known.at)
        return None
    if notice.uncertain_since is not None:
        again = _retry_same(session, known, notice)
        if again:
            return again
    rest = quiet_hours.rest(session, notice, kind, at=known.at, zone=known.order.zone)
    if rest is None:
        return _next_channel(session, known, notice, ())
    if rest.until is None:
        _settle(session, notice, "kept", known.at, reason=rest.reason)
    else:
        _wait(session, notice, [Wait("", rest.reason, rest.until)], known.at)
    return None


def _retry_same(session: Session, known: DeliveryContext, notice: Notice) -> Attempt | None:
    """What may be out is repeated on the same channel as long as that knows it again, and nowhere else."""
    window = SAME_MESSAGE.get(notice.channel)
    address = known.addresses.get((notice.person_id, notice.channel))
    since = notice.uncertain_since or known.at
    if window and address and known.at - since <= window:
        return _attempt(notice, known, notice.channel, address, probes=(), waits=())
    known.tries.append(_note(session, notice, notice.channel, "failed", "uncertain", notice.detail, known.at))
    circuit_breaker.count_timeout(session, notice.channel, detail=notice.detail, at=known.at)
    notice.uncertain_since = None
    return None


def _asked_again(
    session: Session, order: ChannelOrder, notice: Notice, attempt: Attempt, answer: SendResult, at: datetime
) -> datetime | None:
    """When the same channel is asked again what may be out; never, where a quicker one is there for what is urgent.

    An attempt that probes a silent channel for all the others has its answer and is not repeated.
    """
    until, urgent = _until(answer, at), notice_kinds()[attempt.kind].urgent
    if not urgent or not _free_below(session, _context(session, order, [notice], at), notice, attempt):
        return until
    patient = (notice.uncertain_since or at) + IN_DOUBT
    return None if attempt.probes or at >= patient else min(until, patient)


def _free_below(session: Session, known: DeliveryContext, notice: Notice, attempt: Attempt) -> bool:
    """Whether another channel takes it now."""
    kind = notice_kinds()[notice.kind]
    gone = {one.channel for one in known.tries if one.outcome == "failed"} | {attempt.channel}
    gone |= {wait.channel for wait in attempt.waits}
    return any(
        channels.unavailable(session, channel, notice, kind, known.addresses.get((notice.person_id, channel)), known.at)
        is None
        and circuit_breaker.shut(known.stops, channel, notice.kind, known.at) is None
        for channel in (way.channel for way in known.order.ways if way.channel not in gone)
    )


def _next_channel(session: Session, known: DeliveryContext, notice: Notice, waits: tuple[Wait, ...]) -> Attempt | None:
    kind = notice_kinds()[notice.kind]
    tries = [one for one in known.tries if one.notice_id == notice.id]
    ended = {"failed", "sent"} if notice.kind in EVERY_WAY else {"failed"}  # what was lost on its way may go it again
    gone = {one.channel for one in tries if one.outcome in ended} | {wait.channel for wait in waits}
    passed = [(one.channel, one.reason) for one in tries if one.outcome in {"failed", "passed_over"}]
    for channel in (way.channel for way in known.order.ways if way.channel not in gone):
        address = known.addresses.get((notice.person_id, channel))
        found, probes = _unavailable(session, known, notice, kind, channel, address)
        if found is None:
            notice.uncertain_since, notice.channel = known.at, channel
            notice.state, notice.next_try_at = "sending", known.at + LEASE
            return _attempt(notice, known, channel, address or NOBODY, probes=probes, waits=waits)
        if (channel, found.reason) not in passed:
            _note(session, notice, channel, "passed_over", found.reason, found.detail, known.at)
        if found.until:
            waits += (Wait(channel, found.reason, found.until, found.detail),)
    if waits:
        _wait(session, notice, waits, known.at)
    else:
        _fail(session, notice, known.at)
    return None


def _unavailable(
    session: Session, known: DeliveryContext, notice: Notice, kind: NoticeKind, channel: str, address: Address | None
) -> tuple[Unavailable | None, tuple[int, ...]]:
    found = channels.unavailable(session, channel, notice, kind, address, known.at)
    if found:
        return found, ()
    stop = circuit_breaker.shut(known.stops, channel, notice.kind, known.at)
    if stop:
        return Unavailable("stopped", stop.until, stop.detail), ()
    probes = circuit_breaker.half_open(session, known.stops, channel, notice.kind, known.at)
    if probes is None:
        return Unavailable("stopped", known.at + circuit_breaker.PROBE), ()
    return None, probes


def _attempt(
    notice: Notice,
    known: DeliveryContext,
    channel: str,
    address: Address,
    *,
    probes: tuple[int, ...],
    waits: tuple[Wait, ...],
) -> Attempt:
    return Attempt(
        notice_id=notice.id,
        person_id=notice.person_id,
        claimed_at=known.at,
        attempts=notice.attempts,
        kind=notice.kind,
        client_msg_id=notice.client_msg_id,
        facts=known.facts[notice.id],
        channel=channel,
        address=address,
        probes=probes,
        waits=waits,
    )


def _sent(session: Session, order: ChannelOrder, attempt: Attempt, answer: SendResult, at: datetime) -> Attempt | None:
    """The channel has it; a fact, whoever holds the notice by now."""
    notice = session.get_one(Notice, attempt.notice_id, with_for_update=True)
    _note(session, notice, attempt.channel, "sent", "", answer.msgid, at)
    if notice.state != "sent":
        notice.channel, notice.msgid = attempt.channel, answer.msgid
        if notice.kind not in EVERY_WAY:
            _settle(session, notice, "sent", at)
    if attempt.probes:
        circuit_breaker.close(session, attempt.probes, at=at)
    mini = notice_kinds()[attempt.kind].mini
    if attempt.channel == "mini" and mini and attempt.address.identity_id:
        subscriptions.spend(session, attempt.address.identity_id, mini.template, at=at)
    if notice.settled_at is not None:
        return None
    notice.uncertain_since = None
    session.flush()
    return _next_channel(session, _context(session, order, [notice], at), notice, attempt.waits)


def _stop(session: Session, attempt: Attempt, answer: SendResult, at: datetime) -> None:
    until = _until(answer, at)
    scope = attempt.kind if answer.only_kind else ""
    circuit_breaker.open_for(
        session, attempt.channel, scope, reason=answer.cause, detail=answer.detail, until=until, at=at
    )


def _forget_credit(session: Session, attempt: Attempt, answer: SendResult, at: datetime) -> None:
    mini = notice_kinds()[attempt.kind].mini
    if attempt.channel == "mini" and answer.reason == "no_credit" and mini and attempt.address.identity_id:
        subscriptions.refused(session, attempt.address.identity_id, mini.template, at=at)


def _until(answer: SendResult, at: datetime) -> datetime:
    return answer.until or at + circuit_breaker.PAUSE


def _wait(session: Session, notice: Notice, waits: Sequence[Wait], at: datetime) -> None:
    """Until the first of the channels may take it; at most a day."""
    telling = next((wait for wait in waits if wait.reason != "stopped"), min(waits, key=lambda wait: wait.until))
    if at - notice.created_at > GIVE_UP:
        _settle(session, notice, "failed", at, reason=telling.reason, detail=telling.detail)
        return
    notice.state = "waiting"
    notice.next_try_at = min(wait.until for wait in waits)
    notice.channel, notice.reason, notice.detail = telling.channel, telling.reason, telling.detail
    if notice.reason not in BLOCKS_LATER:
        _release_next(session, notice, at)


def _release_next(session: Session, notice: Notice, at: datetime) -> None:
    """It is the next one's turn, of those behind it to the same person."""
    session.flush()
    behind = select(func.min(Notice.id)).where(
        Notice.person_id == notice.person_id, Notice.settled_at.is_(None), Notice.reason == "behind"
    )
    session.execute(
        update(Notice)
        .where(Notice.id == behind.scalar_subquery(), Notice.state == "waiting")
        .values(next_try_at=at)
        .execution_options(synchronize_session=False)
    )


def _fail(session: Session, notice: Notice, at: datetime) -> None:
    """No channel is left: it stands in the inbox, with the reason that tells most.

    What goes every way has now gone all there are.
    """
    session.flush()
    tries = session.scalars(
        select(DeliveryAttempt).where(DeliveryAttempt.notice_id == notice.id).order_by(DeliveryAttempt.id)
    ).all()
    if notice.kind in EVERY_WAY:
        _settle(session, notice, "sent" if any(one.outcome == "sent" for one in tries) else "kept", at)
        return
    ended = [one for one in tries if one.outcome in {"failed", "passed_over"}]
    telling = min(ended, key=lambda one: REASON_RANK.index(one.reason), default=None)
    reason, detail = (telling.reason, telling.detail) if telling else ("no_wechat", "")
    _settle(session, notice, "failed", at, reason=reason, detail=detail)


def _settle(session: Session, notice: Notice, state: str, at: datetime, *, reason: str = "", detail: str = "") -> None:
    notice.state = state
    notice.reason, notice.detail = reason, detail
    notice.settled_at = at
    notice.uncertain_since = None
    _release_next(session, notice, at)


def _note(
    session: Session, notice: Notice, channel: str, outcome: str, reason: str, detail: str, at: datetime
) -> DeliveryAttempt:
    row = DeliveryAttempt(notice_id=notice.id, channel=channel, at=at, outcome=outcome, reason=reason, detail=detail)
    session.add(row)
    return row


def _put_off(session: Session, notice: Notice, attempt: Attempt, answer: SendResult, at: datetime) -> None:
    """Said once, however often it is tried again; the notice itself has the last detail."""
    noted = select(DeliveryAttempt.id).filter_by(
        notice_id=notice.id, channel=attempt.channel, outcome="put_off", reason=answer.reason
    )
    if session.scalar(noted.limit(1)) is None:
        _note(session, notice, attempt.channel, "put_off", answer.reason, answer.detail, at)


def _held(session: Session, attempt: Attempt) -> Notice | None:
    """The notice, if this claim of it still stands: after its lease another worker may have taken it over."""
    query = select(Notice).where(Notice.id == attempt.notice_id, Notice.state == "sending").with_for_update()
    return session.scalar(query.where(Notice.next_try_at == attempt.claimed_at + LEASE))


def _context(session: Session, order: ChannelOrder, notices: Sequence[Notice], at: datetime) -> DeliveryContext:
    ids = [notice.id for notice in notices]
    return DeliveryContext(
        order=order,
        facts=content.contexts(session, ids),
        addresses=channels.addresses(session, order, [notice.person_id for notice in notices]),
        tries=list(
            session.scalars(
                select(DeliveryAttempt).where(DeliveryAttempt.notice_id.in_(ids)).order_by(DeliveryAttempt.id)
            )
        ),
        stops=circuit_breaker.standing(session),
        at=at,
    )
