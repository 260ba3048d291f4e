"""what a complaint was found to be: of which kind, whether it was upheld, under which contract

Revision ID: 0035
Revises: 0034
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime
from migrations.append_only import frozen

revision = "0037"
down_revision = "0036"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "case_finding",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=False),
        sa.Column("contract_id", ID, nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('discipline', 'service', 'skill', 'other')", name=op.f("ck_case_finding_known_kind")
        ),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_case_finding_case_id")),
        sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_case_finding_contract_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_case_finding_by_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_finding")),
    )
    frozen("case_finding", "case_id")


def downgrade() -> None:
    op.drop_table("case_finding")
