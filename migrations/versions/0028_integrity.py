"""signals about a quarter's ratings, and what was decided about them

Revision ID: 0027
Revises: 0026
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0028"
down_revision = "0027"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UTCDateTime(timezone=True)
KEYS = {"integrity_flag": "id", "integrity_decision": "flag_id"}


def upgrade() -> None:
    op.create_table(
        "integrity_flag",
        sa.Column("id", ID, nullable=False),
        sa.Column("quarter", sa.Text(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("lead_id", ID, nullable=True),
        sa.Column("identity_id", ID, nullable=True),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("out_of", sa.Integer(), nullable=False),
        sa.Column("usual", sa.Integer(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["person.id"], name=op.f("fk_integrity_flag_lead_id")),
        sa.ForeignKeyConstraint(["identity_id"], ["wechat_identity.id"], name=op.f("fk_integrity_flag_identity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integrity_flag")),
    )
    key = ["quarter", "signal", "lead_id", "identity_id"]
    op.create_index(op.f("ix_integrity_flag_quarter_signal_lead_id_identity_id"), "integrity_flag", key)
    op.create_index(op.f("ix_integrity_flag_at"), "integrity_flag", ["at"])
    op.create_table(
        "integrity_decision",
        sa.Column("flag_id", ID, nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "outcome IN ('unfounded', 'watched', 'confirmed')", name=op.f("ck_integrity_decision_known_outcome")
        ),
        sa.ForeignKeyConstraint(["flag_id"], ["integrity_flag.id"], name=op.f("fk_integrity_decision_flag_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_integrity_decision_by_id")),
        sa.PrimaryKeyConstraint("flag_id", name=op.f("pk_integrity_decision")),
    )
    for table, column in KEYS.items():
        _freeze(table, column)


def downgrade() -> None:
    for table in reversed(KEYS):
        op.drop_table(table)


def _freeze(table: str, key: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    taken = f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"
    for name, change, when in (("no_update", "UPDATE", ""), ("no_delete", "DELETE", ""), ("no_replace", "INSERT", taken)):
        op.execute(
            f"CREATE TRIGGER {table}_{name} BEFORE {change} ON {table}{when} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
