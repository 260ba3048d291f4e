"""the conditions of a list, kept under a name

Revision ID: 0029
Revises: 0028
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0030"
down_revision = "0029"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "saved_filter",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("page", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_filter_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
    )
    op.create_index(
        op.f("ix_saved_filter_person_id_page_name"), "saved_filter", ["person_id", "page", "name"], unique=True
    )


def downgrade() -> None:
    op.drop_table("saved_filter")
