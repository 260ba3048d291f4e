"""campuses, providers and teams are lists that an admin keeps

Revision ID: 0035
Revises: 0034
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0035"
down_revision = "0034"

LISTS = ("campus", "provider", "team")


def upgrade() -> None:
    for table in LISTS:
        op.add_column(table, sa.Column("position", sa.SmallInteger(), nullable=False, server_default="100"))
        op.add_column(table, sa.Column("off_at", UTCDateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for table in LISTS:
        op.drop_column(table, "off_at")
        op.drop_column(table, "position")
