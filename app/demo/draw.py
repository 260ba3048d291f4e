"""A draw among the demo's ratings, told backwards: its calendar is laid so that now is the moment asked for.

The rules keep 24 hours between lock and numbers, so a draw cannot be played through in an afternoon; here the days
have passed already, and the numbers are invented. The files hold before the verifier like any other's.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.demo import roles
from app.models import Draw, DrawWinner
from app.services.draws import announcement, claims, commitment, public_numbers, results
from app.services.draws.published_files import Fields
from app.services.organisation import employment

TRIES = 60  # of numbers; each lets more than one in ten win
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DRAWN, CLAIMED, REDRAWN = 3 * DAY, 17 * DAY, 18 * DAY  # after the close
# How far the close lies behind when a stage has just been reached.
STAGES = {
    "collecting": -8 * DAY,
    "committed": DAY,
    "drawn": DRAWN + HOUR,
    "claimed": DRAWN + 2 * HOUR,
    "redrawn": REDRAWN + HOUR,
}
Step = Callable[[Session, Draw, int, int, datetime, ZoneInfo], None]


def draw(
    session: Session,
    *,
    until: str,
    tenant: str,
    hospital: str,
    zone: ZoneInfo,
    at: datetime,
    wins: roles.Part | None = None,
) -> str:
    """Announce a draw and take it to this stage; its id. The numbers are invented, so that one played has won."""
    admin, supervisor = (_person(session, part.staff_number) for part in (roles.ADMIN, roles.SUPERVISOR))
    closes = (at - STAGES[until]).astimezone(zone).replace(microsecond=0)
    number = session.scalar(select(func.count()).select_from(Draw)) or 0
    fields = _draft(f"{tenant}-demo-{number + 1}", hospital, closes)
    draft = announcement.Draft(fields, [supervisor], rehearsed=True)
    made = announcement.announce(session, draft, tenant=tenant, zone=zone, by=admin, at=closes - 30 * DAY)
    steps: dict[str, Step] = {"committed": _commit, "drawn": _run, "claimed": _claim, "redrawn": _redraw}
    for stage in list(STAGES)[1 : list(STAGES).index(until) + 1]:
        if wins is not None and stage == "drawn":
            _win(session, made, admin, supervisor, closes, _person(session, wins.staff_number))
        else:
            steps[stage](session, made, admin, supervisor, closes, zone)
    return made.draw_id


def _win(session: Session, draw: Draw, admin: int, supervisor: int, closes: datetime, person: int) -> None:
    """Numbers that let this person win, tried one after the other; nothing is kept of those that do not."""
    for attempt in range(TRIES):
        kept = session.begin_nested()
        _decide(session, draw, 1, admin, supervisor, closes + DRAWN + HOUR / 2, f"{draw.draw_id} 1 {attempt}")
        won = select(DrawWinner.entry).where(DrawWinner.draw_id == draw.id, DrawWinner.person_id == person)
        if attempt == TRIES - 1 or session.scalar(won) is not None:
            return
        kept.rollback()


def _commit(session: Session, draw: Draw, _admin: int, _supervisor: int, closes: datetime, zone: ZoneInfo) -> None:
    at = closes + HOUR
    commitment.write(session, draw, commitment.prepare(session, draw, zone=zone, at=at), by=None, at=at)


def _run(session: Session, draw: Draw, admin: int, supervisor: int, closes: datetime, _zone: ZoneInfo) -> None:
    _decide(session, draw, 1, admin, supervisor, closes + DRAWN + HOUR / 2)


def _claim(session: Session, draw: Draw, _admin: int, supervisor: int, closes: datetime, _zone: ZoneInfo) -> None:
    """All but the last winner of each tier come for their prizes."""
    won = select(DrawWinner).where(DrawWinner.draw_id == draw.id).order_by(DrawWinner.rank)
    winners = session.scalars(won).all()
    last = {winner.tier: winner.entry for winner in winners}
    for winner in winners:
        code = claims.claim_code(session, draw, winner.person_id)
        if code and winner.entry != last[winner.tier]:
            claims.confirm(session, draw, code, by=supervisor, at=closes + DRAWN + HOUR, show_name=winner.rank % 2 == 0)


def _redraw(session: Session, draw: Draw, admin: int, supervisor: int, closes: datetime, _zone: ZoneInfo) -> None:
    claims.expire(session, draw, at=closes + CLAIMED + HOUR)
    _decide(session, draw, 2, admin, supervisor, closes + REDRAWN + HOUR / 2)


def _decide(
    session: Session, draw: Draw, draw_round: int, admin: int, supervisor: int, at: datetime, luck: str = ""
) -> None:
    for source in public_numbers.sources(session, draw, draw_round):
        value = _invented(source["id"], luck or f"{draw.draw_id} {draw_round}")
        for by in (admin, supervisor):
            public_numbers.enter(
                session,
                draw,
                draw_round=draw_round,
                source=source["id"],
                issue=source["issue"],
                value=value,
                by=by,
                at=at,
            )
    results.write(session, draw, results.prepare(session, draw, draw_round, at=at), by=None, at=at)
    results.name(session, draw, draw_round, results.whose(session, draw, draw_round), at=at)


def _person(session: Session, staff_number: str) -> int:
    found = employment.by_staff_number(session, staff_number)
    if found is None:
        raise LookupError(staff_number)
    return found.id


def _invented(source: str, seed: str) -> str:
    groups = {"cn-kl8": ((20, 80),), "cn-dlt": ((5, 35), (2, 12))}[source]
    return "+".join(" ".join(_balls(count, most, seed)) for count, most in groups)


def _balls(count: int, most: int, seed: str) -> list[str]:
    balls = [f"{number:02}" for number in range(1, most + 1)]
    return sorted(sorted(balls, key=lambda ball: sha256(f"{seed} {most} {ball}".encode()).digest())[:count])


def _draft(draw_id: str, hospital: str, closes: datetime) -> Fields:
    def after(time: timedelta) -> str:
        return (closes + time).isoformat()

    def source(name: str, issue: str, drawn: timedelta) -> Fields:
        return {"id": name, "issue": issue, "drawn_at": after(drawn), "rule": "演示：号码是虚构的"}

    return {
        "draw_id": draw_id,
        "organiser": {"name": hospital, "contact": "信息科"},
        "eligibility": "评价过信息服务的本院职工，服务商人员和监督小组除外；与满意程度无关。",
        "ticket_rule": "每评价一张工单得一张，每人最多三张。",
        "cap": 3,
        "tiers": [
            {"tier": 1, "name": "一等奖", "prize": "保温杯", "value_fen": 9900, "count": 1},
            {"tier": 2, "name": "二等奖", "prize": "雨伞", "value_fen": 4900, "count": 3},
            {"tier": 3, "name": "三等奖", "prize": "笔记本", "value_fen": 1900, "count": 100},
        ],
        "opens": after(-90 * DAY),
        "closes": after(timedelta()),
        "commit_by": after(18 * HOUR),
        "objections_until": after(36 * HOUR),
        "sources": [source("cn-kl8", "2026300", DRAWN), source("cn-dlt", "2026130", DRAWN)],
        "fallback": "该期停开时用下一期。",
        "claim_until": after(CLAIMED),
        "redraw_sources": [source("cn-kl8", "2026315", REDRAWN)],
        "redraw_rounds_max": 1,
        "exclusions": "服务商人员、监督小组、未核验身份的评价、他人代录的评价。",
        "privacy": "只公布代号；姓名经本人同意后隐去部分字公布。",
        "tax": "演示，没有奖品。",
    }
