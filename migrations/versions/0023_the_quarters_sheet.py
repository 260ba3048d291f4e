"""the quarter's sheet: figures that are entered, drafts, frozen versions, objections, signatures, settlements

Revision ID: 0023
Revises: 0022
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0023"
down_revision = "0022"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# What is inserted under a key that is taken is refused: on SQLite a REPLACE would ask nobody.
KEYS = {'indicator_check': ('entry_id',), 'indicator_entry': ('id', 'replaces_id'), 'sheet': ('id', 'contract_id, quarter, version'), 'sheet_answer': ('objection_id',), 'sheet_objection': ('id',), 'sheet_rows': ('sheet_id, code',), 'sheet_settlement': ('sheet_id',), 'sheet_signature': ('sheet_id, side',)}
TABLES = ['indicator_entry', 'sheet', 'sheet_draft', 'indicator_check', 'sheet_objection', 'sheet_rows', 'sheet_settlement', 'sheet_signature', 'sheet_answer', 'completion_clock']


def upgrade() -> None:
    op.create_table("indicator_entry",
    sa.Column("id", ID, nullable=False),
    sa.Column("contract_id", ID, nullable=False),
    sa.Column("quarter", sa.Text(), nullable=False),
    sa.Column("code", sa.Text(), nullable=False),
    sa.Column("num", sa.Integer(), nullable=True),
    sa.Column("den", sa.Integer(), nullable=True),
    sa.Column("count", sa.BigInteger(), nullable=True),
    sa.Column("yes", sa.Boolean(), nullable=True),
    sa.Column("evidence", sa.Text(), nullable=False),
    sa.Column("source", sa.Text(), nullable=False),
    sa.Column("replaces_id", ID, nullable=True),
    sa.Column("by_id", ID, nullable=True),
    sa.Column("at", UTCDateTime(timezone=True), nullable=False),
    sa.CheckConstraint("num IS NULL OR den IS NOT NULL", name=op.f("ck_indicator_entry_num_of_den")),
    sa.CheckConstraint("num IS NULL OR num BETWEEN 0 AND den", name=op.f("ck_indicator_entry_part_of_whole")),
    sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_indicator_entry_by_id")),
    sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_indicator_entry_contract_id")),
    sa.ForeignKeyConstraint(["replaces_id"], ["indicator_entry.id"], name=op.f("fk_indicator_entry_replaces_id")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_indicator_entry")),
    sa.UniqueConstraint("replaces_id", name=op.f("uq_indicator_entry_replaces_id"))
    )
    op.create_index(op.f("ix_indicator_entry_contract_id_quarter_code"), "indicator_entry", ["contract_id", "quarter", "code"], unique=False)
    op.create_table("sheet",
    sa.Column("id", ID, nullable=False),
    sa.Column("contract_id", ID, nullable=False),
    sa.Column("quarter", sa.Text(), nullable=False),
    sa.Column("version", sa.SmallInteger(), nullable=False),
    sa.Column("content", sa.Text(), nullable=False),
    sa.Column("digest", sa.Text(), nullable=False),
    sa.Column("reason", sa.Text(), nullable=False),
    sa.Column("by_id", ID, nullable=False),
    sa.Column("at", UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_sheet_by_id")),
    sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_sheet_contract_id")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet"))
    )
    op.create_index(op.f("ix_sheet_contract_id_quarter_version"), "sheet", ["contract_id", "quarter", "version"], unique=True)
    op.create_table("sheet_draft",
    sa.Column("contract_id", ID, nullable=False),
    sa.Column("quarter", sa.Text(), nullable=False),
    sa.Column("content", sa.JSON(), nullable=False),
    sa.Column("for_provider", sa.JSON(), nullable=False),
    sa.Column("at", UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["contract_id"], ["contract.id"], name=op.f("fk_sheet_draft_contract_id")),
    sa.PrimaryKeyConstraint("contract_id", "quarter", name=op.f("pk_sheet_draft"))
    )
    op.create_table("indicator_check",
    sa.Column("entry_id", ID, nullable=False),
    sa.Column("by_id", ID, nullable=False),
    sa.Column("at", UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_indicator_check_by_id")),
    sa.ForeignKeyConstraint(["entry_id"], ["indicator_entry.id"], name=op.f("fk_indicator_check_entry_id")),
    sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_indicator_check"))
    )
    op.create_table("sheet_objection",
    sa.Column("id", ID, nullable=False),
    sa.Column("sheet_id", ID, nullable=False),
    sa.Column("code", sa.Text(), nullable=False),
    sa.Column("text", sa.Text(), nullable=False),
    sa.Column("by_id", ID, nullable=False),
    sa.Column("at", UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_sheet_objection_by_id")),
    sa.ForeignKeyConstraint(["sheet_id"], ["sheet.id"], name=op.f("fk_sheet_objection_sheet_id")),
    sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_objection"))
    )
    op.create_index(op.f("ix_sheet_objection_sheet_id"), "sheet_objection", ["sheet_id"], unique=False)
    op.create_table("sheet_rows",
    sa.Column("sheet_id", ID, nullable=False),
    sa.Column("code", sa.Text(), nullable=False),
    sa.Column("ids", sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(["sheet_id"], ["sheet.id"], name=op.f("fk_sheet_rows_sheet_id")),
    sa.PrimaryKeyConstraint("sheet_id", "code", name=op.f("pk_sheet_rows"))
    )
    op.create_table("sheet_settlement",
    sa.Column("sheet_id", ID, nullable=False),
    sa.Column("fee_fen", sa.BigInteger(), nullable=False),
    sa.Column("by_id", ID, nullable=False),
    sa.Column("at", UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_sheet_settlement_by_id")),
    sa.ForeignKeyConstraint(["sheet_id"], ["sheet.id"], name=op.f("fk_sheet_settlement_sheet_id")),
    sa.PrimaryKeyConstraint("sheet_id", name=op.f("pk_sheet_settlement"))
    )
    op.create_table("sheet_signature",
    sa.Column("sheet_id", ID, nullable=False),
    sa.Column("side", sa.Text(), nullable=False),
    sa.Column("way", sa.Text(), nullable=False),
    sa.Column("note", sa.Text(), nullable=False),
    sa.Column("by_id", ID, nullable=False),
    sa.Column("at", UTCDateTime(timezone=True), nullable=False),
    sa.CheckConstraint("side IN ('hospital', 'provider')", name=op.f("ck_sheet_signature_known_side")),
    sa.CheckConstraint("way IN ('password', 'paper')", name=op.f("ck_sheet_signature_known_way")),
    sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_sheet_signature_by_id")),
    sa.ForeignKeyConstraint(["sheet_id"], ["sheet.id"], name=op.f("fk_sheet_signature_sheet_id")),
    sa.PrimaryKeyConstraint("sheet_id", "side", name=op.f("pk_sheet_signature"))
    )
    op.create_table("sheet_answer",
    sa.Column("objection_id", ID, nullable=False),
    sa.Column("upheld", sa.Boolean(), nullable=False),
    sa.Column("text", sa.Text(), nullable=False),
    sa.Column("by_id", ID, nullable=False),
    sa.Column("at", UTCDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_sheet_answer_by_id")),
    sa.ForeignKeyConstraint(["objection_id"], ["sheet_objection.id"], name=op.f("fk_sheet_answer_objection_id")),
    sa.PrimaryKeyConstraint("objection_id", name=op.f("pk_sheet_answer"))
    )
    op.create_table("completion_clock",
    sa.Column("completion_id", ID, nullable=False),
    sa.Column("dispatch", sa.Boolean(), nullable=True),
    sa.Column("response", sa.Boolean(), nullable=True),
    sa.Column("arrival", sa.Boolean(), nullable=True),
    sa.Column("solution", sa.Boolean(), nullable=True),
    sa.Column("urgent", sa.Boolean(), nullable=False),
    sa.Column("provisional", sa.Boolean(), nullable=False),
    sa.Column("rules", sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(["completion_id"], ["completion.id"], name=op.f("fk_completion_clock_completion_id")),
    sa.PrimaryKeyConstraint("completion_id", name=op.f("pk_completion_clock"))
    )
    op.add_column("contract", sa.Column("quarterly_base_fen", sa.BigInteger(), nullable=True))
    # ### end Alembic commands ###
    for table, keys in KEYS.items():
        _freeze(table, keys)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.drop_column("contract", "quarterly_base_fen")


def _freeze(table: str, keys: tuple[str, ...]) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        return
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{c} = NEW.{c}' for c in key.split(', '))})" for key in keys
    )
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
