"""When nobody is to be disturbed: quiet hours, so many a minute and a day, a pause between invitations."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Notice
from config.notices import NoticeKind, NoticeRules, notice_kinds, notice_rules

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LONGEST_WAY = timedelta(days=2)  # from being written to being sent


@dataclass(frozen=True)
class Rest:
    """Not pushed now: put off until then, or, with no time, left to the inbox."""

    reason: str
    until: datetime | None = None


def rest(session: Session, notice: Notice, kind: NoticeKind, *, at: datetime, zone: ZoneInfo) -> Rest | None:
    if kind.urgent:
        return None
    rules = notice_rules()
    quiet = quiet_until(rules, at, zone)
    if quiet and not kind.at_night:
        return Rest("quiet", quiet)
    return _too_many(session, notice, kind, rules, at)


def quiet_until(rules: NoticeRules, at: datetime, zone: ZoneInfo) -> datetime | None:
    local = at.astimezone(zone)
    begins, ends, now = rules.quiet_from, rules.quiet_to, local.time()
    quiet = begins <= now < ends if begins <= ends else not ends <= now < begins
    if not quiet:
        return None
    over = datetime.combine(local.date(), ends, zone)
    return (over if over > local else over + DAY).astimezone(at.tzinfo)


def _too_many(session: Session, notice: Notice, kind: NoticeKind, rules: NoticeRules, at: datetime) -> Rest | None:
    cool_down = timedelta(hours=rules.cool_down_hours)
    since = at - max(DAY, cool_down)
    sent = session.execute(
        select(Notice.kind, Notice.settled_at).where(
            Notice.person_id == notice.person_id,
            Notice.created_at > since - LONGEST_WAY,
            Notice.state == "sent",
            Notice.settled_at > since,
        )
    ).all()
    ages = [(one, at - settled_at) for one, settled_at in sent if settled_at]
    kinds = notice_kinds()
    if kind.invitation and any(age < cool_down and one in kinds and kinds[one].invitation for one, age in ages):
        return Rest("cool_down")
    if sum(age < DAY for _, age in ages) >= rules.per_person_per_day:
        return Rest("day_limit")
    if sum(age < MINUTE for _, age in ages) >= rules.per_person_per_minute:
        return Rest("minute_limit", at + MINUTE)
    return None
