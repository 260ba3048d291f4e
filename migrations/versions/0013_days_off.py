"""days off are taken in from the yearly notice; each notice is a row that stays

Revision ID: 0013
Revises: 0012
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "holiday_notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("year", sa.SmallInteger(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=False),
        sa.Column("off", sa.JSON(), nullable=False),
        sa.Column("work", sa.JSON(), nullable=False),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_holiday_notice_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_holiday_notice")),
    )
    if op.get_bind().dialect.name == "sqlite":
        taken = "WHEN EXISTS (SELECT 1 FROM holiday_notice WHERE id = NEW.id)"
        for name, change, when in (("update", "UPDATE", ""), ("delete", "DELETE", ""), ("replace", "INSERT", taken)):
            op.execute(
                f"CREATE TRIGGER holiday_notice_no_{name} BEFORE {change} ON holiday_notice {when} "
                "BEGIN SELECT RAISE(ABORT, 'holiday_notice is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER holiday_notice_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON holiday_notice "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    op.drop_table("holiday_notice")
