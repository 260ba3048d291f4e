"""Comments that WeChat is asked about: whether somebody of the hospital should read them before others do.

Only of the mini-program, and only of somebody who used it within two hours; the rating itself waits for nothing.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.models import Rating, RatingDetail, WeChatIdentity
from app.pagination import Line

VISIT = timedelta(hours=2)


def waiting(session: Session, *, appid: str, but: Collection[int], at: datetime, most: int) -> Sequence[Line]:
    """The oldest unchecked comments with their writers' openids, but those already given up."""
    return session.execute(
        select(RatingDetail.rating_id, RatingDetail.comment, WeChatIdentity.openid)
        .join(Rating, Rating.id == RatingDetail.rating_id)
        .join(WeChatIdentity, WeChatIdentity.id == Rating.identity_id)
        .where(
            RatingDetail.checked == "",
            RatingDetail.comment != "",
            RatingDetail.at > at - VISIT,
            RatingDetail.rating_id.not_in(but),
            WeChatIdentity.appid == appid,
        )
        .order_by(RatingDetail.at)
        .limit(most)
    ).all()


def record(session: Session, rating_id: int, suggested: str) -> None:
    session.execute(
        update(RatingDetail)
        .where(RatingDetail.rating_id == rating_id)
        .values(checked=suggested)
        .execution_options(synchronize_session=False)
    )
