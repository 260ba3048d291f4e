"""the hospital's mark, put there by page

Revision ID: 0090
Revises: 0089
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0036"
down_revision = "0035"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "hospital_mark",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_hospital_mark_one_row")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_hospital_mark_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hospital_mark")),
    )


def downgrade() -> None:
    op.drop_table("hospital_mark")
