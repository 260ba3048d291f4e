"""What was sent to somebody and what they sent us in WeChat."""

from sqlalchemy import and_, select

from app.models import Inbound, Notice, SubscriptionCredit, Ticket, WeChatIdentity
from app.pagination import Query
from app.services.privacy.data.subject import Subject, belongs_to


def notices(subject: Subject) -> Query:
    return (
        select(
            Notice.kind.label("notice"),
            Ticket.number.label("ticket"),
            Notice.created_at,
            Notice.state.label("notice_state"),
            Notice.opened_at,
        )
        .outerjoin(Ticket, Ticket.id == Notice.ticket_id)
        .where(belongs_to(Notice.person_id, subject))
        .order_by(Notice.created_at.desc(), Notice.id.desc())
    )


def subscriptions(subject: Subject) -> Query:
    credit = SubscriptionCredit
    return select(credit.template_id, credit.credits, credit.refused, credit.updated_at).where(
        credit.identity_id.in_(subject.identity_ids)
    )


def messages(subject: Subject) -> Query:
    identity = WeChatIdentity
    return (
        select(Inbound.kind, Inbound.event, Inbound.received_at)
        .join(identity, and_(identity.appid == Inbound.appid, identity.openid == Inbound.openid))
        .where(identity.id.in_(subject.identity_ids))
        .order_by(Inbound.received_at.desc())
    )
