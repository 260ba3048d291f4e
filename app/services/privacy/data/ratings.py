"""What somebody rated, in WeChat or on paper."""

from sqlalchemy import ColumnElement, func, select

from app.models import (
    Completion,
    CountedRating,
    EnteredRating,
    EnteredRatingPhoto,
    Rating,
    RatingCorrection,
    RatingDetail,
    Ticket,
)
from app.pagination import Query
from app.services.privacy.data.subject import Subject, any_of, belongs_to, newest
from app.services.privacy.data.tickets import reported


def rated_by(subject: Subject) -> ColumnElement[bool]:
    """The subject's ratings: those of their identities, and those that count for them, from a phone they had before."""
    counted = select(CountedRating.rating_id).where(belongs_to(CountedRating.person_id, subject))
    own = [select(Rating.id).where(Rating.identity_id == identity) for identity in subject.identity_ids]
    by_phone = [newest(each, Rating.at, subject) for each in own]
    return Rating.id.in_(any_of([*by_phone, newest(counted, CountedRating.at, subject)]))


def ratings(subject: Subject) -> Query:
    return (
        select(
            Ticket.number.label("ticket"),
            Rating.at,
            Rating.level,
            Rating.source,
            CountedRating.rating_id.is_not(None).label("counted"),
            RatingCorrection.level.label("corrected_to"),
            RatingCorrection.at.label("corrected_at"),
            RatingDetail.reasons,
            RatingDetail.quality,
            RatingDetail.faces,
            RatingDetail.comment,
            RatingDetail.praise,
            RatingDetail.signed,
            RatingDetail.public,
            RatingDetail.pressed,
        )
        .join(Completion, Completion.id == Rating.completion_id)
        .join(Ticket, Ticket.id == Completion.ticket_id)
        .outerjoin(CountedRating, CountedRating.rating_id == Rating.id)
        .outerjoin(RatingCorrection, RatingCorrection.rating_id == Rating.id)
        .outerjoin(RatingDetail, RatingDetail.rating_id == Rating.id)
        .where(rated_by(subject))
        .order_by(Rating.at.desc())
    )


def entered(subject: Subject) -> Query:
    """What was ticked on paper or said on the telephone: it belongs to whoever was served, else to the requester."""
    served, photo = func.coalesce(Ticket.served_person_id, Ticket.requester_id), EnteredRatingPhoto.completion_id
    return (
        select(
            Ticket.number.label("ticket"),
            EnteredRating.source.label("entered"),
            EnteredRating.level,
            EnteredRating.given_at,
            EnteredRating.at,
            photo.is_not(None).label("photo"),
        )
        .join(Completion, Completion.id == EnteredRating.completion_id)
        .join(Ticket, Ticket.id == Completion.ticket_id)
        .outerjoin(EnteredRatingPhoto, photo == EnteredRating.completion_id)
        .where(Ticket.id.in_(any_of(reported(subject))), belongs_to(served, subject))
        .order_by(EnteredRating.at.desc())
    )
