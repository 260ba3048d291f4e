"""What draws keep about a person: their receipts, what they won and what came of it, where they objected."""

from sqlalchemy import and_, select

from app.models import Draw, DrawClaim, DrawClaimPhoto, DrawObjection, DrawReceipt, DrawWinner
from app.pagination import Query


def prizes(person_id: int) -> Query:
    won = DrawWinner
    claimed = (DrawClaim.draw_id == won.draw_id, DrawClaim.round == won.round, DrawClaim.entry == won.entry)
    return (
        select(
            Draw.draw_id.label("draw"),
            won.round,
            won.tier,
            won.entry,
            DrawClaim.state.label("prize_state"),
            DrawClaim.reason,
            DrawClaim.at,
            DrawClaim.show_name,
            DrawClaimPhoto.claim_id.is_not(None).label("photo"),
        )
        .join(Draw, Draw.id == won.draw_id)
        .outerjoin(DrawClaim, and_(*claimed))
        .outerjoin(DrawClaimPhoto, DrawClaimPhoto.claim_id == DrawClaim.id)
        .where(won.person_id == person_id)
        .order_by(won.draw_id.desc(), won.round.desc())
    )


def receipts(person_id: int) -> Query:
    receipt = DrawReceipt
    return (
        select(Draw.draw_id.label("draw"), receipt.entry, receipt.tickets, receipt.receipt_at)
        .join(Draw, Draw.id == receipt.draw_id)
        .where(receipt.person_id == person_id)
        .order_by(receipt.id.desc())
    )


def objections(person_id: int) -> Query:
    objection = DrawObjection
    return (
        select(
            Draw.draw_id.label("draw"),
            objection.at,
            objection.entry,
            objection.tickets,
            objection.state.label("objection_state"),
            objection.decided_at,
        )
        .join(Draw, Draw.id == objection.draw_id)
        .where(objection.person_id == person_id)
        .order_by(objection.at.desc())
    )
