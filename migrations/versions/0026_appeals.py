"""what the provider is given of a low score after the call-back, and its appeal

Revision ID: 0026
Revises: 0025
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0026"
down_revision = "0025"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UTCDateTime(timezone=True)
TABLES = ("case_handover", "case_appeal", "appeal_photo")
STAYS = ("case_handover", "case_appeal")


def upgrade() -> None:
    op.create_table(
        "case_handover",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("provider_id", ID, nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("plan", sa.Text(), server_default="", nullable=False),
        sa.Column("planned_by_id", ID, nullable=True),
        sa.Column("planned_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["service_case.id"], name=op.f("fk_case_handover_case_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["provider.id"], name=op.f("fk_case_handover_provider_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_case_handover_by_id")),
        sa.ForeignKeyConstraint(["planned_by_id"], ["person.id"], name=op.f("fk_case_handover_planned_by_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_handover")),
    )
    op.create_index("ix_case_handover_provider_id_at", "case_handover", ["provider_id", "at"])
    op.create_table(
        "case_appeal",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by_id", ID, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'upheld', 'refused')", name=op.f("ck_case_appeal_known_state")),
        sa.ForeignKeyConstraint(["case_id"], ["case_handover.case_id"], name=op.f("fk_case_appeal_case_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_case_appeal_by_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_case_appeal_decided_by_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_case_appeal")),
    )
    op.create_table(
        "appeal_photo",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["case_appeal.case_id"], name=op.f("fk_appeal_photo_case_id")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_appeal_photo")),
    )
    _protect()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _kept() -> dict[str, str]:
    """When a change of a row is refused: a plan is written once, an appeal decided once."""
    plan = _changed("plan", "planned_by_id", "planned_at")
    decision = _changed("state", "decision", "decided_by_id", "decided_at")
    return {
        "case_handover": f"{_changed('case_id', 'provider_id', 'by_id', 'at')} OR OLD.plan <> '' AND {plan}",
        "case_appeal": f"{_changed('case_id', 'reason', 'text', 'by_id', 'at')} OR OLD.state <> 'waiting' AND {decision}",
        "appeal_photo": _changed("case_id", "media_type", "content"),
    }


def _protect() -> None:
    if not _sqlite():
        for table in STAYS:
            op.execute(
                f"CREATE TRIGGER {table}_stays BEFORE DELETE OR TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
        for table, condition in _kept().items():
            op.execute(
                f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table} "
                f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse_change()"
            )
        return
    for table in TABLES:
        _refuse(f"{table}_no_replace", "INSERT", table, f"EXISTS (SELECT 1 FROM {table} WHERE case_id = NEW.case_id)")
    for table in STAYS:
        _refuse(f"{table}_no_delete", "DELETE", table)
    for table, condition in _kept().items():
        _refuse(f"{table}_kept", "UPDATE", table, condition)


def _refuse(name: str, change: str, table: str, condition: str = "") -> None:
    when = f" WHEN {condition}" if condition else ""
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {change} ON {table}{when} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _changed(*columns: str) -> str:
    other = "IS NOT" if _sqlite() else "IS DISTINCT FROM"
    return "(" + " OR ".join(f"NEW.{column} {other} OLD.{column}" for column in columns) + ")"


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
