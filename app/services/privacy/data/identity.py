"""What is kept about how a person signs in: bindings, tries, claims, invitations, sessions, the console."""

from sqlalchemy import literal, or_, select

from app.models import ApiSession, BindingTry, BindInvitation, ConsoleScan, Credential, IdentityClaim, WeChatIdentity
from app.pagination import Query
from app.services.privacy.data.subject import Subject, belongs_to


def bindings(subject: Subject) -> Query:
    identity = WeChatIdentity
    return (
        select(
            identity.appid.label("account"),
            identity.first_seen_at,
            identity.bound_at,
            identity.privacy_version,
            identity.privacy_at,
            identity.unionid.is_not(None).label("unionid_known"),
        )
        .where(identity.id.in_(subject.identity_ids))
        .order_by(identity.id.desc())
    )


def binding_tries(subject: Subject) -> Query:
    return (
        select(BindingTry.at, BindingTry.staff_number, BindingTry.succeeded)
        .where(BindingTry.identity_id.in_(subject.identity_ids))
        .order_by(BindingTry.at.desc())
    )


def claims(subject: Subject) -> Query:
    return (
        select(IdentityClaim.state.label("claim"), IdentityClaim.created_at, IdentityClaim.decided_at)
        .where(or_(belongs_to(IdentityClaim.person_id, subject), IdentityClaim.identity_id.in_(subject.identity_ids)))
        .order_by(IdentityClaim.created_at.desc())
    )


def invitations(subject: Subject) -> Query:
    return (
        select(BindInvitation.created_at, BindInvitation.expires_at, BindInvitation.used_at)
        .where(belongs_to(BindInvitation.person_id, subject))
        .order_by(BindInvitation.created_at.desc())
    )


def sessions(subject: Subject) -> Query:
    return (
        select(ApiSession.issued_at, ApiSession.refresh_expires_at.label("valid_to"), ApiSession.revoked_at)
        .where(ApiSession.identity_id.in_(subject.identity_ids))
        .order_by(ApiSession.issued_at.desc())
    )


def console(subject: Subject) -> Query:
    return select(literal(True).label("password")).where(belongs_to(Credential.person_id, subject))


def console_scans(subject: Subject) -> Query:
    return select(ConsoleScan.confirmed_at).where(belongs_to(ConsoleScan.person_id, subject))
