"""draws: announced, listed, drawn, claimed; what is published is append-only

Revision ID: 0007
Revises: 0006
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0007"
down_revision = "0006"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UTCDateTime(timezone=True)

TABLES = (
    "draw",
    "draw_checkpoint",
    "draw_claim",
    "draw_committee",
    "draw_double",
    "draw_event",
    "draw_file",
    "draw_number",
    "draw_objection",
    "draw_receipt",
    "draw_secret",
    "draw_tree",
    "draw_winner",
    "draw_claim_photo",
    "draw_file_part",
)
# An objection is decided later, and a photo is erased with the person.
CHANGING = {"draw_objection", "draw_claim_photo"}


def upgrade() -> None:
    op.create_table(
        "draw",
        sa.Column("id", ID, nullable=False),
        sa.Column("draw_id", sa.Text(), nullable=False),
        sa.Column("pid_prefix", sa.Text(), nullable=False),
        sa.Column("announcement_sha256", sa.Text(), nullable=False),
        sa.Column("opens", MOMENT, nullable=False),
        sa.Column("closes", MOMENT, nullable=False),
        sa.Column("announced_at", MOMENT, nullable=False),
        sa.Column("announced_by_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["announced_by_id"], ["person.id"], name=op.f("fk_draw_announced_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw")),
        sa.UniqueConstraint("draw_id", name=op.f("uq_draw_draw_id")),
    )
    op.create_index(op.f("ix_draw_closes"), "draw", ["closes"], unique=False)
    op.create_table(
        "draw_checkpoint",
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_checkpoint_draw_id")),
        sa.PrimaryKeyConstraint("draw_id", "day", name=op.f("pk_draw_checkpoint")),
    )
    op.create_table(
        "draw_claim",
        sa.Column("id", ID, nullable=False),
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("show_name", sa.Boolean(), nullable=False),
        sa.Column("by_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "state IN ('claimed', 'waived', 'ineligible', 'expired')", name=op.f("ck_draw_claim_known_state")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_draw_claim_by_id")),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_claim_draw_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_claim")),
    )
    op.create_index(op.f("ix_draw_claim_draw_id_round_entry"), "draw_claim", ["draw_id", "round", "entry"], unique=True)
    op.create_table(
        "draw_committee",
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_committee_draw_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draw_committee_person_id")),
        sa.PrimaryKeyConstraint("draw_id", "person_id", name=op.f("pk_draw_committee")),
    )
    op.create_index(op.f("ix_draw_committee_person_id"), "draw_committee", ["person_id"], unique=False)
    op.create_table(
        "draw_double",
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("one_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_double_draw_id")),
        sa.ForeignKeyConstraint(["one_id"], ["person.id"], name=op.f("fk_draw_double_one_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draw_double_person_id")),
        sa.PrimaryKeyConstraint("draw_id", "person_id", name=op.f("pk_draw_double")),
    )
    op.create_index(op.f("ix_draw_double_draw_id_one_id"), "draw_double", ["draw_id", "one_id"], unique=False)
    op.create_table(
        "draw_event",
        sa.Column("id", ID, nullable=False),
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_draw_event_actor_id")),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_event_draw_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_event")),
    )
    op.create_index(op.f("ix_draw_event_draw_id_at"), "draw_event", ["draw_id", "at"], unique=False)
    op.create_table(
        "draw_file",
        sa.Column("id", ID, nullable=False),
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("edition = 1 OR name LIKE 'claims.json%'", name=op.f("ck_draw_file_written_once")),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_file_draw_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_file")),
    )
    op.create_index(op.f("ix_draw_file_draw_id_name_edition"), "draw_file", ["draw_id", "name", "edition"], unique=True)
    op.create_table(
        "draw_number",
        sa.Column("id", ID, nullable=False),
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("issue", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("by_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_draw_number_by_id")),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_number_draw_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_number")),
    )
    op.create_index(
        op.f("ix_draw_number_draw_id_round_source"), "draw_number", ["draw_id", "round", "source"], unique=False
    )
    op.create_table(
        "draw_objection",
        sa.Column("id", ID, nullable=False),
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("receipt_at", sa.Text(), nullable=False),
        sa.Column("receipt_sig", sa.Text(), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by_id", ID, nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'upheld', 'refused')", name=op.f("ck_draw_objection_known_state")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_draw_objection_decided_by_id")),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_objection_draw_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draw_objection_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_objection")),
    )
    op.create_index(op.f("ix_draw_objection_draw_id_entry"), "draw_objection", ["draw_id", "entry"], unique=True)
    op.create_table(
        "draw_receipt",
        sa.Column("id", ID, nullable=False),
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("tickets", sa.Integer(), nullable=False),
        sa.Column("receipt_at", sa.Text(), nullable=False),
        sa.Column("sig", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_receipt_draw_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draw_receipt_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_receipt")),
    )
    op.create_index(
        op.f("ix_draw_receipt_person_id_draw_id_tickets"),
        "draw_receipt",
        ["person_id", "draw_id", "tickets"],
        unique=True,
    )
    op.create_table(
        "draw_secret",
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("signing_key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_secret_draw_id")),
        sa.PrimaryKeyConstraint("draw_id", name=op.f("pk_draw_secret")),
    )
    op.create_table(
        "draw_tree",
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("blocks", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_tree_draw_id")),
        sa.PrimaryKeyConstraint("draw_id", "version", name=op.f("pk_draw_tree")),
    )
    op.create_table(
        "draw_winner",
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("round", sa.SmallInteger(), nullable=False),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_winner_draw_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_draw_winner_person_id")),
        sa.PrimaryKeyConstraint("draw_id", "round", "entry", name=op.f("pk_draw_winner")),
    )
    op.create_index(op.f("ix_draw_winner_person_id"), "draw_winner", ["person_id"], unique=False)
    op.create_table(
        "draw_claim_photo",
        sa.Column("claim_id", ID, nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["draw_claim.id"], name=op.f("fk_draw_claim_photo_claim_id")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_draw_claim_photo")),
    )
    op.create_table(
        "draw_file_part",
        sa.Column("file_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["draw_file.id"], name=op.f("fk_draw_file_part_file_id")),
        sa.PrimaryKeyConstraint("file_id", "number", name=op.f("pk_draw_file_part")),
    )
    for table in TABLES:
        if table not in CHANGING:
            _make_append_only(table)


def _make_append_only(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
