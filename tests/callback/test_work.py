"""What pushed messages cause, once, however often they are worked on and whenever a worker dies."""

import contextlib
import json
import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app import clock
from app.errors import Missing
from app.jobs import loop, wechat_callbacks
from app.models import IdentityClaim, Inbound, Notice, Rating, WeChatIdentity
from app.pagination import Line
from app.runtime import Runtime
from app.services import wechat_callbacks as inbound
from app.services.identity import binding
from app.services.ratings import rating
from app.services.tickets import scan
from tests.callback.conftest import MINI, Push
from tests.conftest import Phone
from tests.support.world import World

Worked = Callable[..., Inbound]
Kept = Callable[[], list[Inbound]]


def event(name: str, openid: object = "oUser", **fields: object) -> str:
    envelope = {"ToUserName": "gh_1", "FromUserName": openid, "CreateTime": 1482048670, "MsgType": "event"}
    return json.dumps({**envelope, "Event": name, **fields})


@pytest.mark.parametrize(
    ("status", "state", "outcome", "reason"),
    [
        ("success", "sent", "delivered", ""),
        ("failed:user block", "waiting", None, "user_block"),
        ("failed: system failed", "waiting", None, "system_failed"),
        ("Failed:System Failed", "waiting", None, "system_failed"),
        ("failed:freq limit", "waiting", None, "freq_limit"),
        ("failed: something new", "waiting", None, "not_delivered"),
    ],
)
def test_wechats_word_settles_the_notice_or_sends_it_on_its_way_again(
    status: str, state: str, outcome: str | None, reason: str, worked: Worked, sent: Callable[[], Notice]
) -> None:
    done = worked(event("TEMPLATESENDJOBFINISH", MsgID="3428411849815982087", Status=status))
    assert (done.state, done.reason) == ("done", "")
    assert (sent().state, sent().outcome, sent().reason) == (state, outcome, reason)


def test_a_word_that_comes_before_our_own_record_waits_for_it(
    worked: Worked, sent: Callable[[], Notice], runtime: Runtime, kept: Kept
) -> None:
    early = worked(event("TEMPLATESENDJOBFINISH", MsgID="77", Status="success"))
    assert (early.state, early.reason, early.attempts) == ("waiting", "no_such_notice", 1)
    with runtime.database.transaction() as session:
        session.execute(update(Notice).where(Notice.id == sent().id).values(msgid="77"))
    pass_time(runtime, timedelta(seconds=3))
    wechat_callbacks.take_in(runtime)
    assert sent().outcome == "delivered"
    assert kept()[-1].state == "done"


def test_a_word_about_a_message_of_somebody_else_is_given_up_without_alarm(
    worked: Worked, runtime: Runtime, kept: Kept
) -> None:
    worked(event("TEMPLATESENDJOBFINISH", MsgID="77", Status="success"))
    for _ in inbound.BACKOFF:
        pass_time(runtime, timedelta(minutes=6))
        wechat_callbacks.take_in(runtime)
    [row] = kept()
    assert (row.state, row.reason, row.alert) == ("failed", "no_such_notice", "")


@pytest.mark.parametrize("expected", [True, False])
def test_a_notice_wechat_says_nothing_about_is_unknown(
    expected: bool, environ: dict[str, str], request: pytest.FixtureRequest
) -> None:
    environ["WECHAT_CALLBACK"] = "on" if expected else "off"
    runtime, sent = request.getfixturevalue("runtime"), request.getfixturevalue("sent")
    wechat_callbacks.take_in(runtime)
    assert sent().outcome == (None if expected else "unknown")
    with runtime.database.transaction() as session:
        session.execute(update(Notice).values(settled_at=clock.now() - timedelta(minutes=11)))
    wechat_callbacks.take_in(runtime)
    assert (sent().state, sent().outcome) == ("sent", "unknown")


def test_whoever_leaves_is_forgotten_and_his_staff_number_keeps_what_it_has(
    worked: Worked, world: World, runtime: Runtime, rated: Rating
) -> None:
    nurse = world.nurse_identity
    done = worked(event("unsubscribe", nurse.openid))
    with runtime.database.reading() as session:
        left, kept = session.get_one(WeChatIdentity, nurse.id), session.get_one(Rating, rated.id)
    assert left.openid.startswith("forgotten-")
    assert (left.unionid, left.person_id, left.bound_at, left.privacy_version) == (None, None, None, None)
    assert left.forgotten_at is not None
    assert (kept.person_id, kept.identity_id) == (world.nurse.id, nurse.id)
    assert (done.reason, done.alert, done.openid, done.body) == ("forgotten", "", "", "")


def test_what_he_wrote_is_forgotten_too(worked: Worked, push: Push, world: World, kept: Kept, runtime: Runtime) -> None:
    openid = world.nurse_identity.openid
    push(json.dumps({"FromUserName": openid, "MsgType": "text", "Content": "打印机坏了", "MsgId": 1}))
    worked(event("VIEW", "oSomebodyElse"))
    worked(event("unsubscribe", openid))
    assert [(row.openid, bool(row.body)) for row in kept()] == [("", False), ("oSomebodyElse", True), ("", False)]


def test_his_phone_begins_anew_and_agrees_to_nothing_for_the_forgotten_row(
    worked: Worked, world: World, phone: Phone, runtime: Runtime
) -> None:
    slip = runtime.links.ticket_path(world.ticket("finished").id)
    two = [phone(world.nurse_identity) for _ in range(2)]
    worked(event("unsubscribe", world.nurse_identity.openid))
    assert two[0].get("/my").status_code == 200  # as to somebody who comes for the first time
    form = re.search(r'name="visit" value="([^"]+)"', two[1].get(slip).text)
    assert form
    assert two[1].post("/privacy", data={"visit": form[1], "next": slip}).status_code == 403
    for client in two:
        with client.session_transaction() as session:
            assert "identity" not in session
    with runtime.database.reading() as session:
        assert session.get_one(WeChatIdentity, world.nurse_identity.id).privacy_at is None


def test_when_an_engineer_leaves_the_desk_is_told_until_he_is_bound_again(
    worked: Worked, world: World, runtime: Runtime
) -> None:
    done = worked(event("unsubscribe", world.engineer_identity.openid))
    assert (done.alert, done.person_id) == ("engineer_left", world.engineer.id)
    assert [(row.alert, row.name) for row in standing(runtime)] == [("engineer_left", "赵强")]
    world.bind(world.engineer, "oNewPhone")
    assert standing(runtime) == []


def test_a_claim_of_a_forgotten_phone_is_refused(worked: Worked, world: World, runtime: Runtime) -> None:
    stranger = world.stranger_identity
    with runtime.database.transaction() as session:
        claim = IdentityClaim(
            identity_id=stranger.id, person_id=world.nurse.id, state="waiting", created_at=clock.now()
        )
        session.add(claim)
    worked(event("unsubscribe", stranger.openid))
    with pytest.raises(Missing), runtime.database.transaction() as session:
        binding.decide_claim(session, claim.id, approve=True, by=world.supervisor.id, at=clock.now())


def test_a_closed_account_is_forgotten_wherever_it_is_known_to_be_the_same(
    worked: Worked, world: World, runtime: Runtime
) -> None:
    with runtime.database.transaction() as session:
        nurse = session.get_one(WeChatIdentity, world.nurse_identity.id)
        nurse.unionid = "union-1"
        session.add(
            WeChatIdentity(appid=MINI.appid, openid="oMini", person_id=world.nurse.id, first_seen_at=clock.now())
        )
    worked(event("user_authorization_cancellation", "oPusher", OpenID="oMini", UnionID="union-1"), "mini")
    with runtime.database.reading() as session:
        forgotten = session.scalars(select(WeChatIdentity).where(WeChatIdentity.forgotten_at.is_not(None))).all()
        bound = session.scalar(select(WeChatIdentity.id).where(WeChatIdentity.person_id == world.nurse.id))
    assert len(forgotten) == 2
    assert bound is None


def test_without_a_unionid_nobody_else_is_forgotten(worked: Worked, world: World, runtime: Runtime) -> None:
    worked(event("user_authorization_cancellation", "oPusher", OpenID=world.nurse_identity.openid), "mini")
    with runtime.database.reading() as session:
        assert session.scalar(select(WeChatIdentity.id).where(WeChatIdentity.forgotten_at.is_not(None))) is None


@pytest.mark.parametrize(
    ("name", "fields", "reason", "scene"),
    [
        ("subscribe", {"EventKey": "qrscene_bind-7"}, "", "bind-7"),
        ("SCAN", {"EventKey": "bind-7"}, "", "bind-7"),
        ("VIEW", {"EventKey": "https://x.cn"}, "", ""),
        ("subscribe_msg_popup_event", {"List": [{"TemplateId": "t"}]}, "no_such_identity", ""),
        ("user_info_modified", {"OpenID": "oUser"}, "nothing_kept", ""),
        ("user_authorization_revoke", {"OpenID": "oUser", "RevokeInfo": "1"}, "nothing_kept", ""),
        ("wxa_media_check", {"trace_id": "1", "result": {"suggest": "risky", "label": 100}}, "risky", ""),
        ("wxa_media_check", {"trace_id": "1", "errcode": -1008}, "-1008", ""),
        ("brand_new", {}, "unknown", ""),
    ],
)
def test_other_events_are_done_without_alarm(
    name: str, fields: dict[str, object], reason: str, scene: str, worked: Worked, runtime: Runtime
) -> None:
    done = worked(event(name, **fields))
    assert (done.state, done.reason, done.scene, done.alert) == ("done", reason, scene, "")
    assert standing(runtime) == []


def test_a_punishment_is_an_alert(worked: Worked, runtime: Runtime) -> None:
    worked(event("wxa_punish_event", event_type=2, punish_id="9"), "mini")
    assert [(row.alert, row.reason, row.name) for row in standing(runtime)] == [("punished", "2", None)]


def test_one_that_cannot_be_worked_on_holds_up_no_other_and_alarms_in_the_end(
    push: Push, runtime: Runtime, kept: Kept
) -> None:
    push(event("CLICK"))
    with runtime.database.transaction() as session:
        session.execute(update(Inbound).values(body="spoilt"))
    push(event("VIEW"))
    wechat_callbacks.take_in(runtime)
    assert [row.state for row in kept()] == ["waiting", "done"]
    for _ in inbound.BACKOFF:
        pass_time(runtime, timedelta(minutes=6))
        wechat_callbacks.take_in(runtime)
    assert [(row.alert, row.reason) for row in standing(runtime)] == [("unreadable", "BadPush")]


def test_a_worker_that_dies_in_the_middle_leaves_everything_to_the_next(
    push: Push, world: World, runtime: Runtime, kept: Kept
) -> None:
    push(event("unsubscribe", world.nurse_identity.openid))
    with contextlib.suppress(KeyboardInterrupt), runtime.database.transaction() as session:
        message = inbound.next_waiting(session, at=clock.now())
        assert message
        inbound.work_on(session, message, keys=runtime.settings.secret_keys, expected=True, at=clock.now())
        session.flush()
        raise KeyboardInterrupt
    with runtime.database.reading() as session:
        assert session.get_one(WeChatIdentity, world.nurse_identity.id).person_id == world.nurse.id
    wechat_callbacks.take_in(runtime)
    assert [row.state for row in kept()] == ["done"]


def test_two_workers_never_take_the_same_message(push: Push, runtime: Runtime, kept: Kept) -> None:
    for number in range(6):
        push(event("VIEW", EventKey=str(number)))
    workers = [threading.Thread(target=wechat_callbacks.take_in, args=(runtime,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [(row.state, row.attempts) for row in kept()] == [("done", 0)] * 6


def test_what_was_written_is_gone_after_a_week(worked: Worked, runtime: Runtime, kept: Kept) -> None:
    worked(event("VIEW"))
    assert kept()[0].body
    with runtime.database.transaction() as session:
        session.execute(update(Inbound).values(processed_at=clock.now() - timedelta(days=8)))
    wechat_callbacks.take_in(runtime)
    assert (kept()[0].body, kept()[0].openid) == ("", "")


def test_the_pause_ends_when_the_next_try_is_due(worked: Worked, runtime: Runtime) -> None:
    assert wechat_callbacks.take_in(runtime) == loop.SWEEP
    worked(event("TEMPLATESENDJOBFINISH", MsgID="77", Status="success"))
    assert timedelta() < wechat_callbacks.take_in(runtime) <= timedelta(seconds=2)


def standing(runtime: Runtime) -> list[Line]:
    with runtime.database.reading() as session:
        return list(inbound.standing_alerts(session, at=clock.now()))


def pass_time(runtime: Runtime, by: timedelta) -> None:
    """Everything that waits became due that much earlier."""
    with runtime.database.transaction() as session:
        for row in session.scalars(select(Inbound).where(Inbound.state == "waiting")):
            row.next_try_at -= by


@pytest.fixture
def sent(world: World, runtime: Runtime) -> Callable[[], Notice]:
    """Reads the one notice, which WeChat has taken."""
    world.ticket("dispatched")
    with runtime.database.transaction() as session:
        values = {"state": "sent", "channel": "service", "msgid": "3428411849815982087", "settled_at": clock.now()}
        session.execute(update(Notice).values(values))

    def read() -> Notice:
        with runtime.database.reading() as session:
            return session.scalars(select(Notice)).one()

    return read


@pytest.fixture
def rated(world: World, runtime: Runtime) -> Rating:
    ticket, now = world.ticket("finished"), clock.now()
    identity = world.nurse_identity.id
    with runtime.database.transaction() as session:
        seen = scan.load(session, ticket.id, identity_id=identity, at=now)
        kwargs = {"level": 5, "identity_id": identity, "trust_all": False, "source": "test", "at": now}
        rating_id = rating.rate(session, seen, **kwargs)  # type: ignore[arg-type]
    with runtime.database.reading() as session:
        return session.get_one(Rating, rating_id)
