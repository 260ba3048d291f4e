"""How often the mini-program may still write to somebody by one template: each consent is good for one message.

WeChat tells no count, so what was accepted is counted here, less what was sent; when it refuses (43101), none is left.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import Session

from app.db import upsert
from app.models import SubscriptionCredit, WeChatIdentity

YES = frozenset({"accept", "acceptWithAudio", "acceptWithAlert"})
NO = frozenset({"reject", "ban"})
MOST = 1_000  # far more than anybody taps, and none of them makes the column overflow


def credits(session: Session, identity_id: int, template: str) -> int:  # noqa: A001 the word for it
    """How many messages the user may still be sent by this template."""
    query = select(SubscriptionCredit.credits).where(_credits(identity_id, template))
    return session.scalar(query) or 0


def standing(session: Session, identity_id: int, templates: Collection[str]) -> dict[str, SubscriptionCredit]:
    """By template, where the user ever answered."""
    query = select(SubscriptionCredit).where(
        SubscriptionCredit.identity_id == identity_id, SubscriptionCredit.template_id.in_(templates)
    )
    return {row.template_id: row for row in session.scalars(query)}


def answered(session: Session, identity_id: int, template: str, word: str, *, at: datetime) -> None:
    """What the user answered when asked, in WeChat's word; what WeChat filtered out was never shown to them."""
    if word in YES:
        accepted(session, identity_id, template, at=at)
    elif word in NO:
        refused(session, identity_id, template, at=at)


def accepted(session: Session, identity_id: int, template: str, *, at: datetime) -> None:
    """One more message may be sent."""
    _note(session, identity_id, template, 1, False, at)


def refused(session: Session, identity_id: int, template: str, *, at: datetime) -> None:
    """The user wants none of it, or WeChat says that none is left."""
    _note(session, identity_id, template, 0, True, at)


def spend(session: Session, identity_id: int, template: str, *, at: datetime) -> bool:
    """Use one up; false if there was none."""
    spent: int | None = session.scalar(
        update(SubscriptionCredit)
        .where(_credits(identity_id, template), SubscriptionCredit.credits > 0)
        .values(credits=SubscriptionCredit.credits - 1, updated_at=at)
        .returning(SubscriptionCredit.identity_id)
        .execution_options(synchronize_session=False)
    )
    return spent is not None


def identity(session: Session, *, appid: str, openid: str) -> int | None:
    return session.scalar(
        select(WeChatIdentity.id).where(WeChatIdentity.appid == appid, WeChatIdentity.openid == openid)
    )


def _note(session: Session, identity_id: int, template: str, more: int, refuses: bool, at: datetime) -> None:
    left = 0 if refuses else SubscriptionCredit.credits + more
    same = upsert(session, SubscriptionCredit).values(
        identity_id=identity_id, template_id=template, credits=more, refused=refuses, updated_at=at
    )
    changed = {"credits": left, "refused": refuses, "updated_at": at}
    keys = ["identity_id", "template_id"]
    within = None if refuses else SubscriptionCredit.credits < MOST
    session.execute(same.on_conflict_do_update(index_elements=keys, set_=changed, where=within))


def _credits(identity_id: int, template: str) -> ColumnElement[bool]:
    return and_(SubscriptionCredit.identity_id == identity_id, SubscriptionCredit.template_id == template)
