"""A life in this system: everything there can be about somebody, with words that are found again wherever they lie."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import clock
from app.db import Base, Database
from app.models import (
    ApiSession,
    AppealPhoto,
    BindingTry,
    BindInvitation,
    CaseAppeal,
    CaseHandover,
    ConsoleScan,
    Credential,
    DeliveryAttempt,
    Draw,
    DrawClaim,
    DrawClaimPhoto,
    DrawObjection,
    DrawReceipt,
    DrawWinner,
    DutyShift,
    Employment,
    Event,
    IdempotentPost,
    IdentityClaim,
    Inbound,
    Notice,
    Person,
    Portrait,
    Rating,
    RegisterFile,
    SavedFilter,
    ServiceCase,
    SubscriptionCredit,
    Ticket,
    TicketPhoto,
    WeChatIdentity,
)
from app.services import events
from app.services.cases import acts, complaints
from app.services.cases.acts import Actor
from app.services.cases.complaints import ComplaintForm
from app.services.events import About
from app.services.ratings import manual_entry, rating
from app.services.ratings.manual_entry import Entry, ManualRating
from app.services.ratings.rating import Detail
from app.services.registers import records
from app.services.registers.access import Reader
from app.services.registers.records import Act
from app.services.tickets import lifecycle, notes
from app.services.tickets.scan import load
from tests.support.world import ZONE, World

FAULT, PLACE, COMMENT, GRIEF = "打印机只印半张", "窗边第二张桌", "修得快，人很和气", "等了整整三天"
NOTED = "她说下午再来"
WHY = "手机丢在食堂了"
WORDS = (FAULT, PLACE, COMMENT, GRIEF, NOTED, WHY)


def live(world: World, person: Person, identity: WeChatIdentity, *, at: datetime | None = None) -> Ticket:
    """Everything once, at about that moment (an hour ago); the ticket it was about."""
    now = at or clock.now() - timedelta(hours=1)
    step = timedelta(minutes=1)
    ticket = world.ticket("finished", served=person, description=FAULT, reported_at=now - 5 * step, step=step)
    with world.database.transaction() as session:
        session.execute(update(Ticket).where(Ticket.id == ticket.id).values(location=PLACE))
        scan = load(session, ticket.id, identity_id=identity.id, at=now)
        given = rating.rate(session, scan, level=4, identity_id=identity.id, trust_all=False, source="scan", at=now)
        scan = load(session, ticket.id, identity_id=identity.id, at=now)
        notes.add(session, ticket, NOTED, kind="noted", by=person.id, at=now, channel="test")
        rating.add_detail(session, scan, Detail(reasons=["slow"], comment=COMMENT, praise=True), at=now)
        assert session.get_one(Rating, given).person_id == person.id
        notice = Notice(
            kind="finished",
            ticket_id=ticket.id,
            person_id=person.id,
            next_try_at=now,
            client_msg_id=f"life-{person.id}",
            detail="40003 rid-1",
            msgid=f"msg-{person.id}",
            created_at=now,
        )
        session.add(notice)
        session.flush()
        session.add_all(_rows(world, person, identity, ticket, notice, now))
        complaints.complain(
            session, ticket, ComplaintForm(GRIEF), by=person.id, at=now.astimezone(ZONE), channel="mini"
        )
        case = session.scalars(select(ServiceCase).where(ServiceCase.person_id == person.id)).one()
        acts.answer(session, case.id, Actor(world.supervisor.id, now, 0), text="对不起")
        for row in appeal(world, case.id, now):
            session.add(row)
            session.flush()
        _enter_slip(session, world, ticket, now)
        badge_check(session, world, person, now)
        told: dict[str, Any] = {"by": person.id, "at": now, "channel": "test"}
        events.append_noted(session, About(world.ward.id), "department_changed", WHY, **told)
    return ticket


def badge_check(session: Session, world: World, person: Person, now: datetime) -> None:
    """A check of badges names somebody, and shows them."""
    said = {"title": f"{person.name}的病区", "checked": "20", "passed": "19", "note": f"{person.name}没有戴工牌"}
    said |= {"person": person.staff_number, "done": "2026-10-20", "contract": world.contract.number}
    act = Act(Reader(world.supervisor.id, hospital=True, acts=True), now)
    record = records.create(session, "uniform", said, act)
    picture = b"\xff\xd8 a badge"
    kept: dict[str, Any] = {"media_type": "image/jpeg", "size": len(picture), "content": picture, "at": now}
    session.add(RegisterFile(record_id=record.id, name="photo", by_id=world.supervisor.id, **kept))


def appeal(world: World, case_id: int, now: datetime) -> Iterable[Base]:
    """What the provider was given of it, and said with a picture."""
    yield CaseHandover(case_id=case_id, provider_id=world.provider.id, by_id=world.supervisor.id, at=now, plan="再去")
    said: dict[str, Any] = {"by_id": world.desk.id, "at": now, "state": "waiting", "decision": ""}
    yield CaseAppeal(case_id=case_id, reason="mistaken", text="点错了", **said)
    yield AppealPhoto(case_id=case_id, media_type="image/jpeg", content=b"\xff\xd8 the picture", at=now)


def _enter_slip(session: Session, world: World, ticket: Ticket, now: datetime) -> None:
    """The paper the user signed, photographed by the supervisor."""
    held = lifecycle.locked(session, ticket_id=ticket.id)
    given, window = ManualRating("paper", now), timedelta(days=14)
    (done,) = manual_entry.fits(session, held, given, window=window, at=now)
    entry = Entry(done.id, 3, given, b"\xff\xd8 the picture, signed")
    manual_entry.enter(session, held, entry, window=window, by=world.supervisor.id, at=now)


def win(world: World, person: Person, *, at: datetime | None = None) -> None:
    """A prize of a draw, handed over with a photo; the winner's receipt, and an objection to its list."""
    now, entry = at or clock.now() - timedelta(hours=1), f"{person.id:064x}"
    with world.database.transaction() as session:
        draw = Draw(
            draw_id=f"h001-won-{person.id}",
            pid_prefix="p",
            announcement_sha256="0" * 64,
            opens=now,
            closes=now,
            announced_at=now,
        )
        session.add(draw)
        session.flush()
        prize = {"draw_id": draw.id, "round": 1, "tier": 1, "entry": entry}
        claim = DrawClaim(**prize, state="claimed", reason="", show_name=True, by_id=world.supervisor.id, at=now)
        session.add_all([DrawWinner(**prize, rank=1, person_id=person.id), claim])
        session.flush()
        session.add(
            DrawClaimPhoto(claim_id=claim.id, media_type="image/jpeg", content=b"\xff\xd8 the picture, with him")
        )
        said = {"receipt_at": "t", "receipt_sig": "s", "at": now, "state": "refused", "reason": "", "decided_at": now}
        kept = {"receipt_at": "t", "sig": "s", "entry": entry, "tickets": 2}
        session.add(DrawReceipt(draw_id=draw.id, person_id=person.id, **kept))
        session.add(DrawObjection(draw_id=draw.id, entry=entry, tickets=2, person_id=person.id, **said))


def _rows(
    world: World, person: Person, identity: WeChatIdentity, ticket: Ticket, notice: Notice, now: datetime
) -> Iterable[Base]:
    later, name = now + timedelta(days=1), f"life-{person.id}"
    yield TicketPhoto(ticket_id=ticket.id, media_type="image/jpeg", content=b"\xff\xd8 the picture", at=now)
    yield Portrait(person_id=person.id, content=b"\xff\xd8 the face", consented_at=now)
    yield SavedFilter(person_id=person.id, page="tickets", name="我的", query="state=reported", at=now)
    yield DutyShift(person_id=person.id, day=now.date(), shift="day", checked_in_at=now)
    yield DeliveryAttempt(
        notice_id=notice.id, channel="service", at=now, outcome="failed", reason="refused", detail="rid-1"
    )
    yield BindingTry(identity_id=identity.id, staff_number=person.staff_number, at=now, succeeded=True)
    yield IdentityClaim(identity_id=identity.id, person_id=person.id, state="refused", created_at=now)
    yield BindInvitation(
        number=10**6 + person.id, person_id=person.id, created_by_id=world.admin.id, created_at=now, expires_at=later
    )
    yield SubscriptionCredit(identity_id=identity.id, template_id="T1", credits=2, updated_at=now)
    yield ApiSession(
        identity_id=identity.id,
        family=name,
        access=f"{name}-access",
        refresh=f"{name}-refresh",
        issued_at=now,
        expires_at=now,
        refresh_expires_at=later,
    )
    yield IdempotentPost(identity_id=identity.id, key="k-1", request="r", status=200, answer=f'"{GRIEF}"', at=now)
    yield Inbound(
        key=name,
        appid=identity.appid,
        kind="text",
        event="",
        openid=identity.openid,
        scene="",
        body=f"<Content>{GRIEF}</Content>",
        received_at=now,
        state="done",
        next_try_at=now,
        processed_at=now,
    )
    yield Credential(person_id=person.id, password_hash="$argon2id$of-nobody")
    yield ConsoleScan(code=name, browser="b", digits="12", expires_at=later, person_id=person.id)


def leave(world: World, person: Person, *, on: datetime) -> None:
    """The person's last day of work."""
    with world.database.transaction() as session:
        session.execute(update(Employment).where(Employment.person_id == person.id).values(valid_to=on.date()))


def found(database: Database, *words: str) -> dict[str, set[str]]:
    """In which tables each of these stands, anywhere."""
    with database.reading() as session:
        text = {
            name: str([tuple(row) for row in session.execute(select(table))])
            for name, table in Base.metadata.tables.items()
        }
    return {word: {name for name, rows in text.items() if word in rows} for word in words}


def kept_rows(database: Database, *tables: type[Base]) -> dict[str, list[str]]:
    """Every row as it stands, to see that none was touched; the history of people goes on by being erased."""
    with database.reading() as session:
        return {table.__tablename__: [str(tuple(row)) for row in session.execute(_all(table))] for table in tables}


def _all(table: type[Base]) -> Any:
    query = select(table.__table__).order_by(*table.__table__.primary_key)
    return query.where(Event.subject != "person") if table is Event else query


def history_of(database: Database, person: Person) -> list[str]:
    """The kinds of what is written down about somebody, in their order."""
    with database.reading() as session:
        about = (Event.subject == "person", Event.subject_id == person.id)
        return list(session.scalars(select(Event.kind).where(*about).order_by(Event.id)))
