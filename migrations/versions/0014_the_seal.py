"""the seal of the history: what was sealed, checkpoints, and who looked again

Revision ID: 0014
Revises: 0013
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0014"
down_revision = "0013"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# What is inserted under a key that is taken is refused: on SQLite a REPLACE would ask nobody.
KEYS = {"sealed_batch": ("first", "last"), "seal_checkpoint": ("id", "day"), "seal_verification": ("id",)}


def upgrade() -> None:
    op.create_table(
        "sealed_batch",
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_sealed_batch")),
        sa.UniqueConstraint("last", name=op.f("uq_sealed_batch_last")),
    )
    op.create_table(
        "seal_checkpoint",
        sa.Column("id", ID, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("cause IN ('day', 'act')", name=op.f("ck_seal_checkpoint_known_cause")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal_checkpoint")),
        sa.UniqueConstraint("day", name=op.f("uq_seal_checkpoint_day")),
    )
    op.create_index(op.f("ix_seal_checkpoint_size"), "seal_checkpoint", ["size"])
    op.create_table(
        "seal_verification",
        sa.Column("id", ID, nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=False),
        sa.Column("by_id", ID, nullable=True),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_seal_verification_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal_verification")),
    )
    for table, keys in KEYS.items():
        _freeze(table, keys)


def downgrade() -> None:
    for table in ("seal_verification", "seal_checkpoint", "sealed_batch"):
        op.drop_table(table)


def _freeze(table: str, keys: tuple[str, ...]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    taken = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})" for key in keys)
    refusals = (
        ("no_update", "UPDATE", ""),
        ("no_delete", "DELETE", ""),
        ("no_replace", "INSERT", f" WHEN {taken}"),
    )
    for name, change, when in refusals:
        op.execute(
            f"CREATE TRIGGER {table}_{name} BEFORE {change} ON {table}{when} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
