"""a room has a telephone, and its last faults are found by their time

Revision ID: 0020
Revises: 0019
"""

from alembic import op
import sqlalchemy as sa

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("place", sa.Column("telephone", sa.Text(), nullable=False, server_default=""))
    op.create_index(op.f("ix_ticket_place_id_reported_at"), "ticket", ["place_id", "reported_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_ticket_place_id_reported_at"), "ticket")
    op.drop_column("place", "telephone")
