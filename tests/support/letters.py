"""Notices as the tests handle them: written, sent by a round of the worker, made older, read back."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import delete, select, update

from app import clock
from app.jobs import notices as delivery
from app.models import ChannelOutage, DeliveryAttempt, Notice, Person, Ticket, WeChatIdentity
from app.runtime import Runtime, build
from app.services import events
from app.services.notices import outbox
from app.services.tickets import lifecycle
from config.settings import read_settings
from sandbox.accounts import MINI, WECOM
from tests.support.world import World


def every_channel(sandbox_url: str) -> dict[str, str]:
    """Settings of a hospital that has them all."""
    return {
        "WECHAT_API_URL": sandbox_url,
        "WECHAT_OPEN_URL": sandbox_url,
        "WECHAT_MINI_APPID": MINI.appid,
        "WECHAT_MINI_SECRET": MINI.secret,
        "WECOM_URL": sandbox_url,
        "WECOM_CORPID": WECOM.corpid,
        "WECOM_AGENTID": str(WECOM.agentid),
        "WECOM_SECRET": WECOM.secret,
        "WECOM_ROBOT_KEY": WECOM.robot_key,
    }


@dataclass
class Letters:
    runtime: Runtime
    world: World
    others: list[Runtime] = field(default_factory=list)

    def dispatched(self, lead: Person | None = None) -> Ticket:
        """A ticket dispatched now, as the console does it: the worker is woken after the commit."""
        ticket = self.world.ticket("reported", reported_at=clock.now())
        with self.runtime.database.transaction() as session:
            held = lifecycle.locked(session, ticket_id=ticket.id)
            to, by = (lead or self.world.engineer).id, self.world.desk.id
            lifecycle.dispatch(session, held, to=to, by=by, at=clock.now(), channel="console")
        return held

    def crowd(self, count: int) -> list[Person]:
        """So many people who follow the account."""
        return self.world.crowd(count)

    def known_to(self, account: str, name: str, person: Person) -> int:
        """The person is bound by this account too."""
        with self.world.database.transaction() as session:
            now = clock.now()
            identity = WeChatIdentity(appid=account, openid=name, person_id=person.id, bound_at=now, first_seen_at=now)
            session.add(identity)
            session.flush()
            return identity.id

    def another(self, environ: Mapping[str, str]) -> Runtime:
        """The worker of a hospital that is set up otherwise, on the same database."""
        self.others.append(build(read_settings(environ)))
        return self.others[-1]

    def finished(self) -> Ticket:
        """The nurse's, and the engineer has read all that was told about it."""
        ticket = self.world.ticket("finished")
        with self.world.database.transaction() as session:
            session.execute(delete(Notice).where(Notice.kind != "finished"))
        return ticket

    def backlog(self, count: int, kind: str = "urged", to: Sequence[Person] = ()) -> None:
        """So many notices, written at once: to the engineer, or to these people by turns."""
        ticket = self.world.ticket("reported", reported_at=clock.now())
        people = to or [self.world.engineer]
        with self.world.database.transaction() as session:
            for number in range(count):
                event = events.append(session, ticket, "urged", by=None, at=clock.now(), channel="test")
                outbox.add(session, kind, event, to=people[number % len(people)].id, at=clock.now())

    def round(self, runtime: Runtime | None = None) -> timedelta:
        with ThreadPoolExecutor(delivery.AT_ONCE) as pool:
            delivery.start(runtime or self.runtime, pool, most=delivery.AT_ONCE)
        return delivery.until_next(runtime or self.runtime)

    def rounds(self, runtime: Runtime | None = None) -> None:
        """Until nothing is due."""
        while self.round(runtime) == timedelta():
            pass

    def all(self) -> list[Notice]:
        """But those that tell admins of a channel."""
        with self.world.database.reading() as session:
            return list(session.scalars(select(Notice).where(Notice.about == "").order_by(Notice.id)))

    def alerts(self) -> list[Notice]:
        with self.world.database.reading() as session:
            return list(session.scalars(select(Notice).where(Notice.about != "").order_by(Notice.id)))

    def only(self) -> Notice:
        (notice,) = self.all()
        return notice

    def tries(self) -> list[tuple[str, str, str]]:
        """Channel, outcome and reason of each."""
        with self.world.database.reading() as session:
            rows = session.scalars(select(DeliveryAttempt).order_by(DeliveryAttempt.id))
            return [(one.channel, one.outcome, one.reason) for one in rows]

    def stops(self) -> list[ChannelOutage]:
        with self.world.database.reading() as session:
            return list(session.scalars(select(ChannelOutage).order_by(ChannelOutage.id)))

    def pass_time(self, gone: timedelta) -> None:
        """What the clock would do: every moment of every notice lies so much further back."""
        with self.world.database.transaction() as session:
            for notice in session.scalars(select(Notice)):
                notice.created_at -= gone
                notice.next_try_at -= gone
                notice.uncertain_since = notice.uncertain_since and notice.uncertain_since - gone
                notice.settled_at = notice.settled_at and notice.settled_at - gone
            for stop in session.scalars(select(ChannelOutage)):
                stop.since -= gone
                stop.until -= gone
                stop.healed_at = stop.healed_at and stop.healed_at - gone
            session.execute(update(DeliveryAttempt).values(at=clock.now() - gone))

    def due(self, when: timedelta = timedelta()) -> None:
        with self.world.database.transaction() as session:
            session.execute(update(Notice).values(next_try_at=clock.now() + when))

    def wait_for(self, *states: str, seconds: float = 20) -> None:
        """Until the notices have exactly these states."""
        deadline = time.monotonic() + seconds
        while (found := tuple(notice.state for notice in self.all())) != states:
            assert time.monotonic() < deadline, [(one.state, one.reason, one.detail) for one in self.all()]
            time.sleep(0.05)
        assert found == states
