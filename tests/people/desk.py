"""Binding as the pages do it, and what becomes of ratings."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app import clock
from app.models import Completion, CountedRating, Person, Rating, Ticket, WeChatIdentity
from app.services.identity import binding, invitations
from app.services.identity.binding import Outcome
from app.services.ratings import rating
from app.services.tickets.scan import load
from tests.support.world import APPID, World


class Desk:
    """Calls the service as the pages do, for the stranger's phone and with WeChat's word if nothing else is said."""

    def __init__(self, world: World) -> None:
        self.world = world

    def bind(
        self,
        number: str,
        name: str,
        digits: str,
        *,
        identity: WeChatIdentity | None = None,
        proved: bool = True,
        at: datetime | None = None,
    ) -> Outcome:
        phone = identity or self.world.stranger_identity
        who = {"staff_number": number, "name": name, "last_four": digits}
        with self.world.database.transaction() as session:
            return binding.bind(session, identity_id=phone.id, **who, proved=proved, at=at or clock.now())

    def invite(self, person: Person, phone: WeChatIdentity) -> Outcome:
        with self.world.database.transaction() as session:
            made = invitations.invite(session, person.id, by=self.world.admin.id, at=clock.now(), users=True)
            return invitations.accept(session, made.number, identity_id=phone.id, at=clock.now())

    def newest(self) -> int:
        with self.world.database.reading() as session:
            return session.scalar(select(func.max(WeChatIdentity.id))) or 0

    def unbind(self, phone: WeChatIdentity) -> None:
        with self.world.database.transaction() as session:
            binding.unbind(session, phone.id, by=self.world.supervisor.id, at=clock.now())

    def newcomer(self, openid: str, appid: str = APPID) -> WeChatIdentity:
        with self.world.database.transaction() as session:
            identity = WeChatIdentity(appid=appid, openid=openid, first_seen_at=clock.now())
            session.add(identity)
        return identity

    def person_of(self, identity: WeChatIdentity) -> int | None:
        with self.world.database.reading() as session:
            return session.get_one(WeChatIdentity, identity.id).person_id

    def only_claim(self) -> int:
        with self.world.database.reading() as session:
            (one,) = binding.waiting_claims(session, at=clock.now())
            return one.claim.id

    def decide(self, claim: int, *, approve: bool, among_many: bool = False) -> None:
        how: dict[str, Any] = {"approve": approve, "among_many": among_many}
        with self.world.database.transaction() as session:
            binding.decide_claim(session, claim, **how, by=self.world.supervisor.id, at=clock.now())

    def rate(
        self, ticket: Ticket, level: int, *, identity: WeChatIdentity | None = None, at: datetime | None = None
    ) -> None:
        phone, at = identity or self.world.stranger_identity, at or clock.now()
        with self.world.database.transaction() as session:
            scan = load(session, ticket.id, identity_id=phone.id, at=at)
            rating.rate(session, scan, level=level, identity_id=phone.id, trust_all=False, source="scan", at=at)

    def counted(self, ticket: Ticket) -> list[int]:
        with self.world.database.reading() as session:
            assert (session.scalar(select(func.count()).select_from(Rating)) or 0) > 0
            levels = select(Rating.level).join(CountedRating, CountedRating.rating_id == Rating.id)
            return list(
                session.scalars(
                    levels.join(Completion, Completion.id == Rating.completion_id).where(
                        Completion.ticket_id == ticket.id
                    )
                )
            )
