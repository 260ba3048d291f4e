"""the last day's events, and the sums of days, are found in an index without going through all

Revision ID: 0019
Revises: 0018
"""

from alembic import op
import sqlalchemy as sa

from app.db import Id

revision = "0019"
down_revision = "0018"

OF_PLACE, OF_DAY = ("department_id", "lead_id", "day"), ("day", "department_id", "lead_id")


def upgrade() -> None:
    op.create_index(op.f("ix_event_at"), "event", ["at"])
    _make_days(OF_DAY)
    op.create_index("ix_rating_day_sums", "rating_day", [*OF_PLACE, "counted", "satisfied"])


def downgrade() -> None:
    op.drop_index(op.f("ix_event_at"), "event")
    _make_days(OF_PLACE)
    op.create_index(op.f("ix_rating_day_day"), "rating_day", ["day"])


def _make_days(key: tuple[str, ...]) -> None:
    """Anew and empty: the worker counts them again from the first."""
    op.execute("DELETE FROM rollup_mark WHERE name = 'rating_day'")
    op.drop_table("rating_day")
    columns = {
        **{name: sa.Column(name, Id, autoincrement=False, nullable=False) for name in ("department_id", "lead_id")},
        "day": sa.Column("day", sa.Date(), nullable=False),
    }
    op.create_table(
        "rating_day",
        *(columns[name] for name in key),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("satisfied", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_rating_day")),
    )
