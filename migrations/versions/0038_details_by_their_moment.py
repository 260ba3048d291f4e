"""the details of ratings by their moment: what lies behind a touchpoint is looked for in its quarter

Revision ID: 0038
Revises: 0037
"""

from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.create_index(op.f("ix_rating_detail_at"), "rating_detail", ["at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_rating_detail_at"), "rating_detail")
