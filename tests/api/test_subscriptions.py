"""Consents to the mini-program's messages: counted once, by whoever counts them."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app import clock
from app.api.operations import OPERATIONS
from app.jobs import wechat_callbacks
from app.models import DeliveryAttempt, Inbound, Notice
from app.runtime import Runtime
from app.services.notices import subscriptions
from config.notices import notice_kinds
from sandbox.accounts import MINI
from sandbox.phones import PHONES
from tests.support.phone import Phone, code, told
from tests.support.world import World
from tests.wechat.pushes import encrypted_query, envelope
from wechat.crypto import Seal

SEAL = Seal(MINI.appid, MINI.token, MINI.aes_key)
CALLBACKS = {"WECHAT_MINI_TOKEN": MINI.token, "WECHAT_MINI_AES_KEY": MINI.aes_key}
Push = Callable[..., Inbound]


@pytest.fixture
def environ(environ: dict[str, str], request: pytest.FixtureRequest) -> dict[str, str]:
    return {**environ, **getattr(request, "param", {})}


@pytest.fixture
def template() -> str:
    kind = notice_kinds()["finished"].mini
    assert kind is not None
    return kind.template


def test_the_templates_to_ask_for_carry_what_a_user_is_told(nurse: Phone, template: str) -> None:
    known = told(nurse.get("/subscriptions"))
    assert known["counted"] == "report"
    offered = {one["template_id"]: one for one in known["templates"]}
    assert (offered[template]["credits"], offered[template]["refused"]) == (0, False)
    mini = {kind.mini.template for kind in notice_kinds().values() if kind.mini and kind.opens in {"scan", "my"}}
    assert set(offered) == mini


def test_each_accept_is_one_more_message_and_a_refusal_ends_them(nurse: Phone, template: str) -> None:
    for word in ("accept", "acceptWithAudio", "filter"):
        answer = nurse.post("/subscriptions", {"results": {template: word}})
    assert credits_in(told(answer), template) == (2, False)
    answer = nurse.post("/subscriptions", {"results": {template: "reject"}})
    assert credits_in(told(answer), template) == (0, True)
    answer = nurse.post("/subscriptions", {"results": {template: "accept"}})
    assert credits_in(told(answer), template) == (1, False)


def test_a_report_sent_twice_counts_once(nurse: Phone, template: str) -> None:
    for _ in range(3):
        answer = nurse.post("/subscriptions", {"results": {template: "accept"}}, key="one-tap-only")
    assert credits_in(told(answer), template) == (1, False)


def test_a_template_nobody_knows_is_refused(nurse: Phone) -> None:
    answer = nurse.post("/subscriptions", {"results": {"unknown": "accept"}})
    assert code(answer) == (422, "unknown_template")
    assert told(answer)["expected"]
    assert code(nurse.post("/subscriptions", {"results": {}})) == (422, "invalid")
    assert code(nurse.post("/subscriptions", {"results": {"a": "maybe"}})) == (422, "invalid")


@pytest.mark.parametrize("environ", [CALLBACKS], indirect=True)
def test_where_wechat_pushes_only_the_push_counts(nurse: Phone, template: str, push: Push) -> None:
    answer = nurse.post("/subscriptions", {"results": {template: "accept"}})
    assert (told(answer)["counted"], credits_in(told(answer), template)) == ("push", (0, False))
    entry = {"TemplateId": template, "SubscribeStatusString": "accept", "PopupScene": "0"}
    push("subscribe_msg_popup_event", entry)  # one is an object, several are an array
    push("subscribe_msg_popup_event", [entry, {**entry, "TemplateId": "another"}], moment=2)
    push("subscribe_msg_popup_event", entry)  # WeChat repeats itself
    assert credits_in(told(nurse.get("/subscriptions")), template) == (2, False)
    push("subscribe_msg_change_event", {"TemplateId": template, "SubscribeStatusString": "reject"})
    assert credits_in(told(nurse.get("/subscriptions")), template) == (0, True)


@pytest.mark.parametrize("environ", [{**CALLBACKS, "WECHAT_CALLBACK": "off"}], indirect=True)
def test_where_the_pushes_go_to_another_system_the_report_counts(nurse: Phone, template: str) -> None:
    answer = nurse.post("/subscriptions", {"results": {template: "accept"}})
    assert (told(answer)["counted"], credits_in(told(answer), template)) == ("report", (1, False))


@pytest.mark.parametrize("environ", [{**CALLBACKS, "WECHAT_CALLBACK": "off"}], indirect=True)
def test_what_the_page_reports_is_not_counted_again_when_its_push_is_relayed(
    nurse: Phone, template: str, push: Push
) -> None:
    nurse.post("/subscriptions", {"results": {template: "accept"}})
    push("subscribe_msg_popup_event", {"TemplateId": template, "SubscribeStatusString": "accept"})
    assert credits_in(told(nurse.get("/subscriptions")), template) == (1, False)
    push("subscribe_msg_change_event", {"TemplateId": template, "SubscribeStatusString": "reject"})
    assert credits_in(told(nurse.get("/subscriptions")), template) == (0, True)


@pytest.mark.parametrize("environ", [CALLBACKS], indirect=True)
def test_a_consent_of_somebody_unknown_is_kept_and_counts_nothing(app: Flask, world: World, push: Push) -> None:
    entry = {"TemplateId": "t", "SubscribeStatusString": "accept"}
    assert push("subscribe_msg_popup_event", entry).reason == "no_such_identity"


@pytest.mark.parametrize("environ", [CALLBACKS], indirect=True)
def test_a_message_that_failed_after_all_goes_on_to_the_next_channel(nurse: Phone, world: World, push: Push) -> None:
    ticket = world.ticket("finished")
    with world.database.transaction() as session:
        notice = session.scalars(select(Notice).where(Notice.person_id == world.nurse.id)).one()
        notice.state, notice.channel, notice.msgid = "sent", "mini", "900"
    entry = {"TemplateId": "t", "MsgID": "900", "ErrorCode": "1", "ErrorStatus": "system failed"}
    assert push("subscribe_msg_sent_event", entry).state == "done"
    with world.database.reading() as session:
        again = session.get_one(Notice, notice.id)
        tried = session.scalars(select(DeliveryAttempt).where(DeliveryAttempt.notice_id == notice.id)).one()
    assert (again.ticket_id, again.state, tried.channel) == (ticket.id, "waiting", "mini")
    unknown = push("subscribe_msg_sent_event", {**entry, "MsgID": "901"})
    assert (unknown.state, unknown.reason) == ("waiting", "no_such_notice")
    assert push("subscribe_msg_sent_event", {**entry, "MsgID": "902", "ErrorCode": "0"}).state == "done"


@pytest.mark.parametrize(
    ("error", "openid", "state"),
    [
        ("1", PHONES["nurse"].mini_openid, "waiting"),
        ("0", PHONES["nurse"].mini_openid, "sent"),
        ("1", "oSomebodyElse", "sent"),
    ],
)
@pytest.mark.parametrize("environ", [CALLBACKS], indirect=True)
def test_of_a_message_sent_without_an_id_the_outcome_names_the_last_to_him_by_that_template(
    error: str, openid: str, state: str, nurse: Phone, world: World, push: Push, template: str
) -> None:
    for _ in range(2):
        world.ticket("finished")
    with world.database.transaction() as session:
        finished = select(Notice).where(Notice.kind == "finished").order_by(Notice.id)
        for age, notice in enumerate(reversed(session.scalars(finished).all())):
            notice.state, notice.channel = "sent", "mini"
            notice.settled_at = clock.now() - timedelta(minutes=age)
    entry = {"TemplateId": template, "MsgID": "900", "ErrorCode": error, "ErrorStatus": "system failed"}
    push("subscribe_msg_sent_event", entry, openid=openid)
    push("subscribe_msg_sent_event", entry, moment=2, openid=openid)
    with world.database.reading() as session:
        assert [one.state for one in session.scalars(finished)] == ["sent", state]


def test_a_credit_is_spent_once_and_never_below_nothing(nurse: Phone, world: World, template: str) -> None:
    nurse.post("/subscriptions", {"results": {template: "accept"}})
    with world.database.transaction() as session:
        identity_id = subscriptions.identity(session, appid=MINI.appid, openid=PHONES["nurse"].mini_openid)
        assert identity_id is not None
        at = world.nurse_identity.first_seen_at
        assert subscriptions.spend(session, identity_id, template, at=at)
        assert not subscriptions.spend(session, identity_id, template, at=at)
        assert subscriptions.credits(session, identity_id, template) == 0


def test_nothing_in_the_api_speaks_of_a_prize(nurse: Phone) -> None:
    text = nurse.client.get("/api/v1/openapi.json").text
    assert not [word for word in ("draw", "prize", "lottery", "奖", "抽") if word in text.lower()]
    assert len(OPERATIONS) > 15


def credits_in(known: dict[str, object], template: str) -> tuple[int, bool]:
    (one,) = (one for one in known["templates"] if one["template_id"] == template)  # type: ignore[attr-defined]
    return one["credits"], one["refused"]


@pytest.fixture
def push(app: Flask, runtime: Runtime, world: World) -> Push:
    """WeChat pushes an event, of the nurse unless told otherwise, and the worker works on it."""

    def send(event: str, entries: object, *, moment: int = 1, openid: str = PHONES["nurse"].mini_openid) -> Inbound:
        common = {"ToUserName": MINI.original_id, "FromUserName": openid}
        text = json.dumps(
            {**common, "CreateTime": str(1_700_000_000 + moment), "MsgType": "event", "Event": event, "List": entries}
        )
        encrypted = SEAL.encrypt(text.encode())
        query = encrypted_query(encrypted, SEAL)
        answer = app.test_client().post("/wechat/callback/mini", query_string=query, data=envelope(encrypted))
        assert answer.text == "success"
        wechat_callbacks.take_in(runtime)
        with runtime.database.reading() as session:
            return session.scalars(select(Inbound).order_by(Inbound.id.desc())).first()  # type: ignore[return-value]

    return send
