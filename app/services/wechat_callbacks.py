"""What WeChat pushes: kept once by its key, worked on later, each message in one transaction with what it causes."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.db import announce, upsert
from app.models import Inbound, Person, WeChatIdentity
from app.pagination import Line
from app.services.identity import invitations
from app.services.notices import delivery_reports, subscriptions
from app.services.organisation import employment
from app.services.privacy import erasure, wechat_erasure
from wechat.push import Push, parse

# Of these we only need to know that they came; of a text, the answer has been given already.
STORED = frozenset(
    {
        "text",
        "image",
        "voice",
        "video",
        "shortvideo",
        "location",
        "link",
        "CLICK",
        "VIEW",
        "view_miniprogram",
        "LOCATION",
        "user_enter_tempsession",
        "subscribe",
        "SCAN",
    }
)
HUMAN = "人工"  # whoever writes this wants to; so in every language, for WeChat's menu has one
CLOSED = "user_authorization_cancellation"
BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (2, 10, 60, 300))
KEPT = timedelta(days=7)
ALERT_SHOWN_FOR = timedelta(days=30)
ALERTS_MOST = 20


@dataclass(frozen=True)
class Outcome:
    """What came of a message, as codes; `alert` is what somebody at the console has to know."""

    reason: str = ""
    alert: str = ""
    person_id: int | None = None


class NotYet(Exception):
    """It belongs to something that is not written down yet; the text is the code of what is missing."""


def store(session: Session, push: Push, *, appid: str, at: datetime) -> bool:
    """Write the message down; false if it was there before. A worker looks after the commit."""
    added = session.execute(
        upsert(session, Inbound)
        .values(
            key=f"{appid}-{push.key}",
            appid=appid,
            kind=push.kind,
            event=push.event,
            openid=push.openid,
            scene=push.scene,
            body=push.text,
            received_at=at,
            state="waiting",
            next_try_at=at,
            attempts=0,
            reason="",
            alert="",
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Inbound.id)
    )
    first = added.first() is not None
    if first:
        announce(session, "inbound")
    return first


def is_known(push: Push) -> bool:
    """Whether we know what this is; anything else is kept and counted."""
    name = push.event or push.kind
    return name in STORED or name in _ACTS or name in _FORGETTING | _CONSENTS


def next_waiting(session: Session, *, at: datetime) -> Inbound | None:
    """The oldest message that is due, locked until the transaction ends; other workers pass over it."""
    return session.scalar(
        select(Inbound)
        .where(Inbound.state == "waiting", Inbound.next_try_at <= at)
        .order_by(Inbound.next_try_at, Inbound.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


def next_due(session: Session) -> datetime | None:
    return session.scalar(select(func.min(Inbound.next_try_at)).where(Inbound.state == "waiting"))


def work_on(session: Session, message: Inbound, *, keys: Sequence[str], expected: bool, at: datetime) -> None:
    """Do what the message is for; raises NotYet. `keys` are those of the settings.

    Where pushes are not `expected`, this one was relayed by another system: what a page reports too is not counted.
    """
    push = parse(message.body, encrypted=False)
    act = _ACTS.get(push.event or push.kind)
    if push.event in _FORGETTING:
        done = _forget(session, message, push, keys, at)
    elif push.event in _CONSENTS:
        done = _consented(session, message, push, expected, at)
    elif push.scene.startswith(invitations.SCENE):
        who = {"appid": message.appid, "openid": message.openid}
        done = Outcome(invitations.scanned(session, push.scene, **who, keys=keys, at=at))
        message.openid = message.body = message.scene = ""  # else whoever reads them could scan it too
    else:
        done = act(session, message, push, at) if act else Outcome("" if is_known(push) else "unknown")
    message.state, message.processed_at = "done", at
    message.reason, message.alert, message.person_id = done.reason, done.alert, done.person_id


def put_off(session: Session, message_id: int, *, reason: str, alert: str = "", at: datetime) -> None:
    """Try again later; after the last time it has failed, and the console is told if there is an alert for it."""
    message = session.get_one(Inbound, message_id, with_for_update=True)
    message.reason = reason
    if message.attempts >= len(BACKOFF):
        message.state, message.processed_at, message.alert = "failed", at, alert
        return
    message.next_try_at = at + BACKOFF[message.attempts]
    message.attempts += 1


def empty_old(session: Session, *, at: datetime) -> None:
    """Who wrote and what is not kept longer than somebody may want to look into a fault."""
    session.execute(
        update(Inbound)
        .where(Inbound.body != "", Inbound.state != "waiting", Inbound.processed_at < at - KEPT)
        .values(body="", openid="")
        .execution_options(synchronize_session=False)
    )


def _forget(session: Session, message: Inbound, push: Push, keys: Sequence[str], at: datetime) -> Outcome:
    """A user who leaves is forgotten: WeChat's rule. Of one who closes the account, what they wrote goes too, in every
    account of ours that knows them: law.

    An engineer who leaves gets no more notices: the desk must know.
    """
    who = {"appid": message.appid, "openid": message.openid}
    phones = wechat_erasure.identities(session, **who, unionid=push.value("UnionID"))
    bound = [phone.person_id for phone in phones if phone.person_id]
    engineer = next((person for person in bound if "engineer" in employment.roles(session, person)), None)
    if push.event == CLOSED:
        erasure.close_account(session, phones, keys=keys, at=at)
    else:
        for phone in phones:
            wechat_erasure.forget(session, phone, keys=keys, at=at)
    wechat_erasure.forget_messages(session, **who)
    message.openid = message.body = ""
    return Outcome("forgotten", alert="engineer_left" if engineer else "", person_id=engineer)


def _revoked(session: Session, message: Inbound, push: Push, at: datetime) -> Outcome:
    codes = re.findall("[0-9]+", push.value("RevokeInfo"))
    return Outcome(wechat_erasure.revoke(session, appid=message.appid, openid=message.openid, codes=codes))


def _modified(session: Session, message: Inbound, push: Push, at: datetime) -> Outcome:
    """Nothing to correct: we keep neither nickname nor picture."""
    return Outcome("nothing_kept")


def _delivered(session: Session, message: Inbound, push: Push, at: datetime) -> Outcome:
    # WeChat may be here before the answer to our own call has been written down.
    msgid, status = push.value("MsgID"), push.value("Status")
    if not delivery_reports.settle(session, channel="service", msgid=msgid, status=status, at=at):
        raise NotYet("no_such_notice")
    return Outcome()


def _consented(session: Session, message: Inbound, push: Push, counted: bool, at: datetime) -> Outcome:
    """The user was asked by the mini-program, or has changed their mind since: each consent is good for one message."""
    identity_id = subscriptions.identity(session, appid=message.appid, openid=message.openid)
    if identity_id is None:
        return Outcome("no_such_identity")
    for entry in push.entries:
        template, word = str(entry.get("TemplateId") or ""), str(entry.get("SubscribeStatusString"))
        if template and (counted or word in subscriptions.NO):
            subscriptions.answered(session, identity_id, template, word, at=at)
    return Outcome()


def _subscription_sent(session: Session, message: Inbound, push: Push, at: datetime) -> Outcome:
    """Only a failure says something new. That of a message we do not know yet is looked at again."""
    for entry in push.entries:
        failed = str(entry.get("ErrorCode")) != "0"
        status = f"failed:{entry.get('ErrorStatus')}" if failed else "success"
        msgid, template = str(entry.get("MsgID") or ""), str(entry.get("TemplateId") or "")
        delivery_reports.name(
            session, appid=message.appid, openid=message.openid, template=template, msgid=msgid, at=at
        )
        if not delivery_reports.settle(session, channel="mini", msgid=msgid, status=status, at=at) and failed:
            raise NotYet("no_such_notice")
    return Outcome()


def _checked(session: Session, message: Inbound, push: Push, at: datetime) -> Outcome:
    result = push.fields.get("result")
    suggested = result.get("suggest") if isinstance(result, dict) else ""
    return Outcome(str(suggested or push.value("errcode")))


def _punished(session: Session, message: Inbound, push: Push, at: datetime) -> Outcome:
    return Outcome(push.value("event_type"), alert="punished")


_FORGETTING = frozenset({"unsubscribe", CLOSED})
_CONSENTS = frozenset({"subscribe_msg_popup_event", "subscribe_msg_change_event"})
_ACTS: Mapping[str, Callable[[Session, Inbound, Push, datetime], Outcome]] = {
    "user_info_modified": _modified,
    "user_authorization_revoke": _revoked,
    "TEMPLATESENDJOBFINISH": _delivered,
    "subscribe_msg_sent_event": _subscription_sent,
    "wxa_media_check": _checked,
    "wxa_punish_event": _punished,
}


def standing_alerts(session: Session, *, at: datetime) -> Sequence[Line]:
    """What somebody at the console has to know: who left, what was punished, what we could not read.

    The newest first. An engineer who left is no longer listed once bound again.
    """
    bound = select(WeChatIdentity.id).where(
        WeChatIdentity.person_id == Inbound.person_id, WeChatIdentity.appid == Inbound.appid
    )
    return session.execute(
        select(Inbound.alert, Inbound.reason, Inbound.received_at, Person.name, Person.staff_number, Person.telephone)
        .outerjoin(Person, Person.id == Inbound.person_id)
        .where(Inbound.alert != "", Inbound.received_at > at - ALERT_SHOWN_FOR, ~bound.exists())
        .order_by(Inbound.received_at.desc())
        .limit(ALERTS_MOST)
    ).all()
