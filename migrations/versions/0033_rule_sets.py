"""rule sets of a contract, put in force in the console; and the draft somebody works at

Revision ID: 0031
Revises: 0030
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime
from migrations.append_only import frozen

revision = "0033"
down_revision = "0032"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UTCDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "rule_set",
        sa.Column("id", ID, nullable=False),
        sa.Column("contract_id", ID, nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_rule_set_contract_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_rule_set_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_set")),
        sa.UniqueConstraint("name", name=op.f("uq_rule_set_name")),
    )
    op.create_index(op.f("ix_rule_set_contract_id_version"), "rule_set", ["contract_id", "version"], unique=True)
    op.create_table(
        "rule_set_draft",
        sa.Column("contract_id", ID, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("trial", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_rule_set_draft_contract_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_rule_set_draft_by_id")),
        sa.PrimaryKeyConstraint("contract_id", name=op.f("pk_rule_set_draft")),
    )
    frozen("rule_set", "id")


def downgrade() -> None:
    op.drop_table("rule_set_draft")
    op.drop_table("rule_set")
