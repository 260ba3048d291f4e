"""The demo hospital written into an empty database."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.demo import places, register_rows, roles
from app.demo.bulk_insert import Rows
from app.demo.people import Roster
from app.demo.rating_rows import Voices
from app.demo.seeded_random import Dice
from app.demo.ticket_plans import DAYS, Planner
from app.demo.ticket_rows import Lives, RateableWork
from app.models import Counter, Person
from app.runtime import DEMO
from app.services.identity.passwords import hash_password

_SEED = 2026


def empty(session: Session) -> bool:
    """Whether nobody is on the roster yet."""
    return session.scalar(select(Person.id).limit(1)) is None


def seed(session: Session, *, appid: str, zone: ZoneInfo, at: datetime) -> None:
    """Write the hospital, its people and two quarters of tickets up to now into an empty database."""
    rows, dice = Rows(), Dice(_SEED)
    wards = places.build(rows)
    categories = places.catalogue(rows)
    places.assets(rows, wards, categories)
    session.add(Counter(name=DEMO, value=1))
    password_hash = hash_password(roles.PASSWORD)
    began = date(at.year - (1 if at.timetuple().tm_yday <= DAYS else 0), 1, 1)
    roster = Roster(rows, dice, appid=appid, password_hash=password_hash, at=at, began=began)
    colleagues = {ward.id: roster.colleagues(ward) for ward in wards.values()}
    crew = roster.crew({ward.campus_id for ward in wards.values()})
    plans = Planner(dice, zone, at, wards, colleagues, categories, crew, roster.ids[roles.ENGINEER]).all()
    lives = Lives(rows, dice, crew, at=at, zone=zone, bound=roster.bound, reachable=roster.reachable)
    works: list[RateableWork] = [work for plan in plans for work in lives.live(plan)]
    Voices(rows, dice, roster, crew, colleagues, at).speak(works)
    lives.finish()
    rows.write(session)
    register_rows.write(session, at=at.astimezone(zone))
