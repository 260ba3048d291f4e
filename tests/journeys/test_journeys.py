"""The hospital's account belongs to another vendor too (WECHAT_CALLBACK=off): every core journey passes all the same.

WeChat's pushes go to the other vendor; here they are read where they are relayed, query and body as they came.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import requests
from sqlalchemy import func, select, update

from app import clock
from app.db import announce
from app.jobs import wakeups
from app.models import CountedRating, Inbound, Notice, Person, Rating, WeChatIdentity
from app.services.identity import invitations
from app.services.links import Links
from config.settings import Settings
from sandbox.accounts import SERVICE
from sandbox.phones import PHONES
from sandbox.pushes import Push, sealed_push
from tests.conftest import KEY
from tests.sign_in.trip import Trip
from tests.support.processes import Installation
from tests.support.wechat import Sandbox
from tests.support.world import World

pytestmark = pytest.mark.slow("servers")

TakePhone = Callable[[str], Trip]
CODE = "/cgi-bin/qrcode/create"


def test_from_binding_to_rating_to_unbinding(
    shared: Installation, take_phone: TakePhone, world: World, links: Links
) -> None:
    shared.start("sandbox", "web", "worker")
    unbind(world, world.engineer_identity)
    engineer, nurse = take_phone("engineer"), take_phone("nurse")

    link = links.invitation_url(invite(world, world.engineer)).removeprefix(shared.url)
    assert "赵*" in engineer.open(link).text
    assert "我的任务" in engineer.send(link, link).text
    assert person_of(world, world.engineer_identity) == world.engineer.id

    # Dispatched this moment: one that lies three minutes back would be told again.
    ticket = world.ticket("dispatched", served=world.nurse, reported_at=clock.now(), step=timedelta(0))
    until(lambda: notice(world).state == "sent")
    assert [one["openid"] for one in Sandbox(shared.sandbox_url).messages()] == [PHONES["engineer"].openid]

    with world.database.transaction() as session:
        announce(session, "inbound")  # the worker looks at once, else within a minute
    until(lambda: notice(world).outcome == "unknown")

    page = f"/engineer/{ticket.number}"
    for act in ("accept", "arrive", "finish"):
        assert engineer.send(page, f"{page}/{act}").status_code == 200

    slip = links.ticket_path(ticket.id)
    assert "非常满意" in nurse.send(slip, f"{slip}/rate", level="5").text
    assert counted(world) == [world.nurse.id]

    assert "绑定工号" in nurse.send("/my/unbind", "/my/unbind").text
    assert person_of(world, world.nurse_identity) is None
    assert Sandbox(shared.sandbox_url).calls(CODE) == 0


@pytest.mark.parametrize("relayed", [True])
def test_a_push_relayed_as_it_came_is_read_once(shared: Installation, world: World) -> None:
    shared.start("sandbox", "web", "worker")
    left = {"MsgType": "event", "Event": "unsubscribe", "EventKey": ""}
    original = sealed_push(SERVICE, left, openid=PHONES["engineer"].openid, now=clock.now().timestamp())
    assert [relay(shared, original) for _ in range(3)] == [(200, "success")] * 3
    until(lambda: person_of(world, world.engineer_identity) is None)
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Inbound)) == 1


@pytest.mark.parametrize("relayed", [True])
def test_what_the_other_vendor_changes_on_the_way_is_not_genuine(shared: Installation, world: World) -> None:
    shared.start("sandbox", "web")
    text = {"MsgType": "text", "Content": "打印机坏了", "MsgId": 1234567890123456}
    original = sealed_push(SERVICE, text, openid=PHONES["nurse"].openid, now=clock.now().timestamp())
    changed = Push(SERVICE, original.openid, "", {**original.query, "nonce": "1"}, original.body)
    assert relay(shared, changed)[0] == 403
    unsigned = Push(SERVICE, original.openid, "", {}, original.body)
    assert relay(shared, unsigned)[0] in {400, 403}
    with world.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Inbound)) == 0


@pytest.mark.parametrize("relayed", [True])
def test_a_word_about_a_notice_that_is_relayed_late_still_counts(shared: Installation, world: World) -> None:
    """Nobody waited for it; the sandbox's own push stands for the vendor's relay."""
    shared.start("sandbox", "web", "worker")
    world.ticket("dispatched")
    until(lambda: notice(world).outcome == "delivered")
    assert notice(world).state == "sent"


def relay(shared: Installation, original: Push) -> tuple[int, str]:
    """By another server, with headers of its own."""
    answer = requests.post(
        f"{shared.url}/wechat/callback/service",
        params=original.query,
        data=original.body,
        headers={"Content-Type": "application/octet-stream", "User-Agent": "relay/1.0", "X-Forwarded-For": "10.0.0.9"},
        timeout=10,
    )
    return answer.status_code, answer.text


def invite(world: World, person: Person) -> int:
    with world.database.transaction() as session:
        return invitations.invite(session, person.id, by=world.supervisor.id, at=clock.now(), users=False).number


def unbind(world: World, identity: WeChatIdentity) -> None:
    with world.database.transaction() as session:
        session.execute(update(WeChatIdentity).where(WeChatIdentity.id == identity.id).values(person_id=None))


def person_of(world: World, identity: WeChatIdentity) -> int | None:
    with world.database.reading() as session:
        return session.get_one(WeChatIdentity, identity.id).person_id


def notice(world: World) -> Notice:
    with world.database.reading() as session:
        return session.scalars(select(Notice).where(Notice.kind == "dispatched")).one()


def counted(world: World) -> list[int | None]:
    with world.database.reading() as session:
        rated = select(Rating.person_id).join(CountedRating, CountedRating.rating_id == Rating.id)
        return list(session.scalars(rated))


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def relayed() -> bool:
    """Whether the other vendor relays, and so the callback's token and key are set."""
    return False


@pytest.fixture
def environ(environ: dict[str, str], relayed: bool) -> dict[str, str]:
    seal = {"WECHAT_SERVICE_TOKEN": SERVICE.token, "WECHAT_SERVICE_AES_KEY": SERVICE.aes_key}
    return {**environ, "WECHAT_CALLBACK": "off", **(seal if relayed else {})}


@pytest.fixture
def shared(installed: Installation, world: World, settings: Settings) -> Installation:
    """With the small hospital in its database, whose changes wake the worker."""
    world.database.after_commit.append(wakeups.waker(settings))
    return installed


@pytest.fixture
def links(shared: Installation) -> Links:
    return Links(shared.url, (KEY,))


@pytest.fixture
def take_phone(shared: Installation) -> Iterator[TakePhone]:
    trips: list[Trip] = []

    def take(name: str) -> Trip:
        trips.append(Trip(shared.url, name))
        return trips[-1]

    yield take
    for trip in trips:
        trip.close()
