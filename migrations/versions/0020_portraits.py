"""a photo of who comes, where they consented

Revision ID: 0019
Revises: 0018
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0020"
down_revision = "0019"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "portrait",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("consented_at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_portrait_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_portrait")),
    )


def downgrade() -> None:
    op.drop_table("portrait")
