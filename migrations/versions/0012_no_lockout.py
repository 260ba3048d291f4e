"""wrong passwords are counted where they come from, no longer at the account, which anybody could lock

Revision ID: 0012
Revises: 0011
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.drop_column("credential", "locked_until")
    op.drop_column("credential", "failures")


def downgrade() -> None:
    with op.batch_alter_table("credential") as credential:
        credential.add_column(sa.Column("failures", sa.SmallInteger(), nullable=False, server_default="0"))
        credential.add_column(sa.Column("locked_until", UTCDateTime(timezone=True), nullable=True))
        credential.alter_column("failures", server_default=None)
