"""From the frozen sheet to the fee: the provider objects, the hospital answers, both sign, the fee is settled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.db import HELD, insert_first
from app.errors import Missing, Refused
from app.models import (
    Contract,
    Employment,
    Person,
    Post,
    Sheet,
    SheetAnswer,
    SheetObjection,
    SheetSettlement,
    SheetSignature,
)
from app.pagination import Line
from app.services import events
from app.services.events import About
from app.services.service_levels import calendars
from app.services.sheets import freezing, rule_sets
from supervision.clock import Limit, due

TEXT_MOST = 2_000


@dataclass(frozen=True)
class Standing:
    """How far a version has come."""

    sheet: Sheet
    objections: Sequence[Line]
    signatures: Sequence[Line]
    settled_at: datetime | None
    objections_until: datetime

    @property
    def state(self) -> str:
        if self.settled_at is not None:
            return "settled"
        return "signed" if len(self.signatures) == 2 else "frozen"

    @property
    def open_objections(self) -> bool:
        return any(row.answered_at is None for row in self.objections)

    def signed_by(self, side: str) -> bool:
        return any(row.side == side for row in self.signatures)


def standing(session: Session, sheet: Sheet, *, zone: ZoneInfo) -> Standing:
    objector, answerer = aliased(Person), aliased(Person)
    objections = session.execute(
        select(
            SheetObjection.id,
            SheetObjection.code,
            SheetObjection.text,
            SheetObjection.at,
            objector.name.label("by"),
            SheetAnswer.upheld,
            SheetAnswer.text.label("answer"),
            SheetAnswer.at.label("answered_at"),
            answerer.name.label("answered_by"),
        )
        .join(objector, objector.id == SheetObjection.by_id)
        .outerjoin(SheetAnswer, SheetAnswer.objection_id == SheetObjection.id)
        .outerjoin(answerer, answerer.id == SheetAnswer.by_id)
        .where(SheetObjection.sheet_id == sheet.id)
        .order_by(SheetObjection.id)
    ).all()
    signatures = session.execute(
        select(SheetSignature.side, SheetSignature.way, SheetSignature.note, SheetSignature.at, Person.name.label("by"))
        .join(Person, Person.id == SheetSignature.by_id)
        .where(SheetSignature.sheet_id == sheet.id)
        .order_by(SheetSignature.at)
    ).all()
    settled = session.get(SheetSettlement, sheet.id)
    return Standing(
        sheet, objections, signatures, settled.at if settled else None, objections_until(session, sheet, zone)
    )


def objections_until(session: Session, sheet: Sheet, zone: ZoneInfo) -> datetime:
    contract = session.get_one(Contract, sheet.contract_id)
    rules = rule_sets.named(session, freezing.read(sheet.content)["rules"])
    calendar = calendars.hours(session, zone).calendar(rules.calendar)
    found = due(calendar, Limit.read(rules.objections), sheet.at)
    if found is None:
        raise Refused("no_rules_yet", contract=contract.number)
    return found


def object_(session: Session, sheet_id: int, code: str, text: str, *, by: int, at: datetime, zone: ZoneInfo) -> None:
    """The provider, about one line, within its days. Raises Refused."""
    sheet = _held(session, sheet_id)
    now = standing(session, sheet, zone=zone)
    if at > now.objections_until:
        raise Refused("sheet_objections_over")
    if now.signed_by("provider") or now.settled_at:
        raise Refused("signed_already")
    if code and code not in {line["code"] for line in freezing.read(sheet.content)["lines"]}:
        raise Missing("no_such_indicator")
    _worded(text)
    objection = SheetObjection(sheet_id=sheet_id, code=code, text=text, by_id=by, at=at)
    session.add(objection)
    session.flush()
    _record(session, sheet, "sheet_objected", by, at, objection=objection.id, code=code)


def answer(session: Session, objection_id: int, text: str, *, upheld: bool, by: int, at: datetime) -> Sheet:
    """The hospital, once. Raises Refused."""
    objection = session.get(SheetObjection, objection_id)
    if objection is None:
        raise Missing("no_such_sheet")
    sheet = _held(session, objection.sheet_id)
    _worded(text)
    if insert_first(session, SheetAnswer, objection_id=objection_id, upheld=upheld, text=text, by_id=by, at=at) is None:
        raise Refused("objection_decided")
    _record(session, sheet, "sheet_answered", by, at, objection=objection_id, upheld=upheld)
    return sheet


def sign(
    session: Session, sheet_id: int, side: str, *, way: str, note: str, by: int, at: datetime, zone: ZoneInfo
) -> None:
    """One side, once: nothing may be left open. Raises Refused."""
    sheet = _held(session, sheet_id)
    now = standing(session, sheet, zone=zone)
    if now.open_objections:
        raise Refused("objections_open")
    if any(row.upheld for row in now.objections):
        raise Refused("objection_upheld_first")
    if side == "hospital" and at <= now.objections_until and not now.signed_by("provider"):
        raise Refused("objections_running")
    _worded(note)
    values = {"way": way, "note": note, "by_id": by, "at": at}
    if insert_first(session, SheetSignature, sheet_id=sheet_id, side=side, **values) is None:
        raise Refused("signed_already")
    _record(session, sheet, "sheet_signed", by, at, side=side, way=way)


def settle(session: Session, sheet_id: int, *, by: int, at: datetime, zone: ZoneInfo) -> SheetSettlement:
    """What both have signed. Raises Refused."""
    sheet = _held(session, sheet_id)
    if len(standing(session, sheet, zone=zone).signatures) < 2:
        raise Refused("not_signed_by_both")
    fee = freezing.read(sheet.content)["settlement"]["fee"]
    if insert_first(session, SheetSettlement, sheet_id=sheet_id, fee_fen=fee, by_id=by, at=at) is None:
        raise Refused("settled_already")
    _record(session, sheet, "sheet_settled", by, at, fee_fen=fee)
    return session.get_one(SheetSettlement, sheet_id)


def may_sign_for_provider(session: Session, person_id: int, provider_id: int, *, at: datetime) -> bool:
    """Who holds a key post of the provider."""
    day = at.date()
    holds = (
        select(Employment.id)
        .join(Post, Post.id == Employment.post_id)
        .where(
            Employment.person_id == person_id,
            Employment.provider_id == provider_id,
            Employment.in_force(day),
            Post.key_post,
        )
    )
    return session.scalar(holds.limit(1)) is not None


def _held(session: Session, sheet_id: int) -> Sheet:
    """The newest version of its quarter, its contract held: one act after the other."""
    sheet = session.get(Sheet, sheet_id)
    if sheet is None:
        raise Missing("no_such_sheet")
    session.get_one(Contract, sheet.contract_id, with_for_update=HELD)
    last = freezing.newest(session, sheet.contract_id, sheet.quarter)
    if last is None or last.id != sheet_id:
        raise Refused("newer_version")
    return sheet


def _worded(text: str) -> None:
    if not text:
        raise Refused("words_missing")
    if len(text) > TEXT_MOST:
        raise Refused("too_long", most=TEXT_MOST)


def _record(session: Session, sheet: Sheet, kind: str, by: int, at: datetime, **data: object) -> None:
    about = {"quarter": sheet.quarter, "version": sheet.version, **data}
    events.append(session, About(sheet.id), kind, by=by, at=at, channel="console", data=about)
