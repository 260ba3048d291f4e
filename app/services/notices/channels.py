"""The ways to a person: which of them are set up, where each reaches the person, and what stands in the way now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import DeliveryAttempt, Notice, Person, WeChatIdentity
from app.services.notices import subscriptions
from config.notices import NoticeKind, notice_rules
from config.settings import Settings

# How long a channel knows a message that comes twice: ten minutes and thirty. Less, for the way there.
SAME_MESSAGE: Mapping[str, timedelta] = {"service": timedelta(minutes=9), "wecom": timedelta(minutes=25)}
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Channel:
    """A channel that is set up, and the account by which it knows people."""

    channel: str
    account: str = ""
    staff_numbers: bool = False


@dataclass(frozen=True)
class ChannelOrder:
    """All of them, in the order in which they are tried. After the last there is the inbox."""

    ways: tuple[Channel, ...]
    zone: ZoneInfo


@dataclass(frozen=True)
class Address:
    """An openid, or a user id of WeCom; the identity it belongs to where there is one."""

    name: str = field(repr=False)
    identity_id: int | None = None


@dataclass(frozen=True)
class Unavailable:
    """Why a channel is passed over: for good, or until then."""

    reason: str
    until: datetime | None = None
    detail: str = ""


def channel_order(settings: Settings) -> ChannelOrder:
    corpid = settings.wecom.corpid if settings.wecom else ""
    staff_numbers = settings.wecom is not None and settings.wecom.userids == "staff_numbers"
    there = {
        "wecom": settings.wecom and Channel("wecom", corpid, staff_numbers),
        "service": settings.wechat and Channel("service", settings.wechat.appid),
        "mini": settings.mini and Channel("mini", settings.mini.appid),
        "robot": Channel("robot", corpid, staff_numbers) if settings.robot_key else None,
    }
    return ChannelOrder(tuple(way for name in settings.channels if (way := there[name])), settings.timezone)


def addresses(session: Session, order: ChannelOrder, person_ids: Sequence[int]) -> dict[tuple[int, str], Address]:
    """By person and channel."""
    found: dict[tuple[int, str], Address] = {}
    rows = session.execute(
        select(WeChatIdentity.person_id, WeChatIdentity.appid, WeChatIdentity.openid, WeChatIdentity.id).where(
            WeChatIdentity.person_id.in_(person_ids), WeChatIdentity.appid.in_({way.account for way in order.ways})
        )
    )
    for person_id, account, openid, identity_id in rows:
        found |= {
            (person_id, way.channel): Address(openid, identity_id)
            for way in order.ways
            if person_id and way.account == account
        }
    by_number = [way.channel for way in order.ways if way.staff_numbers]
    if by_number:
        people = session.execute(
            select(Person.id, Person.staff_number).where(Person.id.in_(person_ids), Person.erased_at.is_(None))
        )
        found |= {(person_id, name): Address(number.lower()) for person_id, number in people for name in by_number}
    return found


def unavailable(
    session: Session, channel: str, notice: Notice, kind: NoticeKind, address: Address | None, at: datetime
) -> Unavailable | None:
    """Whatever is not a matter of stopped channels."""
    if notice.about.partition(":")[0] == channel:
        return Unavailable("stopped")  # it would be told by that which it is about
    if address is not None and notice.about == f"identity:{address.identity_id}":
        return Unavailable("that_phone")
    if channel == "robot":
        return _robot_unavailable(session, notice, kind, at)
    if channel in {"service", "mini"} and getattr(kind, channel) is None:
        return Unavailable("no_template")
    if address is None:
        return Unavailable("not_bound")
    if channel == "mini" and kind.mini and address.identity_id is not None:
        left = subscriptions.credits(session, address.identity_id, kind.mini.template)
        return None if left else Unavailable("no_credit")
    return None


def _robot_unavailable(session: Session, notice: Notice, kind: NoticeKind, at: datetime) -> Unavailable | None:
    if not kind.robot:
        return Unavailable("not_for_group")
    spoken = select(func.count()).where(
        DeliveryAttempt.channel == "robot",
        DeliveryAttempt.at > at - MINUTE,
        DeliveryAttempt.outcome.in_(("sent", "failed")),
    )
    # Those on their way count too: many are sent at once.
    speaking = select(func.count()).where(Notice.state == "sending", Notice.channel == "robot", Notice.id != notice.id)
    sent = (session.scalar(spoken) or 0) + (session.scalar(speaking) or 0)
    return Unavailable("robot_limit", at + MINUTE) if sent >= notice_rules().robot_per_minute else None
