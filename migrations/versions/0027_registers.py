"""the registers beside the tickets: records, their history, their evidence

Revision ID: 0027
Revises: 0026
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0027"
down_revision = "0026"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UTCDateTime(timezone=True)
PEOPLE = ("person_id", "written_by_id", "confirmed_by_id")
OTHERS = {"provider_id": "provider", "contract_id": "contract", "category_id": "category"}


def upgrade() -> None:
    _records()
    op.create_table(
        "register_entry",
        sa.Column("id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("form", sa.SmallInteger(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=True),
        sa.Column("stock", sa.Integer(), nullable=True),
        sa.Column("ticket_id", ID, nullable=True),
        sa.Column("by_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "kind IN ('written', 'confirmed', 'moved', 'used')", name=op.f("ck_register_entry_known_kind")
        ),
        sa.ForeignKeyConstraint(["record_id"], ["register_record.id"], name=op.f("fk_register_entry_record_id")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_register_entry_event_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_register_entry_ticket_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_register_entry_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_entry")),
    )
    op.create_index(op.f("ix_register_entry_record_id_id"), "register_entry", ["record_id", "id"])
    op.create_index(op.f("ix_register_entry_ticket_id"), "register_entry", ["ticket_id"])
    op.create_table(
        "register_file",
        sa.Column("id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("by_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["register_record.id"], name=op.f("fk_register_file_record_id")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_register_file_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_file")),
    )
    op.create_index(op.f("ix_register_file_record_id"), "register_file", ["record_id"])
    _protect()


def _records() -> None:
    op.create_table(
        "register_record",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("form", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("provider_id", ID, nullable=True),
        sa.Column("contract_id", ID, nullable=True),
        sa.Column("category_id", ID, nullable=True),
        sa.Column("stock", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("searched", sa.Text(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("written_by_id", ID, nullable=True),
        sa.Column("confirmed_at", MOMENT, nullable=True),
        sa.Column("confirmed_by_id", ID, nullable=True),
        sa.Column("reminded_of", sa.Date(), nullable=True),
        sa.Column("warned_of", sa.Date(), nullable=True),
        sa.CheckConstraint("stock IS NULL OR stock >= 0", name=op.f("ck_register_record_never_below_zero")),
        sa.CheckConstraint(
            "(confirmed_by_id IS NULL) = (confirmed_at IS NULL)", name=op.f("ck_register_record_confirmed_by_somebody")
        ),
        sa.CheckConstraint(
            "confirmed_by_id IS NULL OR confirmed_by_id <> written_by_id",
            name=op.f("ck_register_record_confirmed_by_another"),
        ),
        *(
            sa.ForeignKeyConstraint([column], ["person.id"], name=op.f(f"fk_register_record_{column}"))
            for column in PEOPLE
        ),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_register_record_{column}"))
            for column, table in OTHERS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_record")),
    )
    for columns in (
        ("kind", "created_at"),
        ("contract_id", "kind", "due_on"),
        ("contract_id", "kind", "done_on"),
        ("person_id",),
    ):
        op.create_index(op.f(f"ix_register_record_{'_'.join(columns)}"), "register_record", [*columns])
    op.create_index(op.f("ix_register_record_kind_code"), "register_record", ["kind", "code"], unique=True)
    op.create_index(
        "ix_register_record_due",
        "register_record",
        ["due_on"],
        sqlite_where=sa.text("NOT closed"),
        postgresql_where=sa.text("NOT closed"),
    )


def downgrade() -> None:
    for table in ("register_file", "register_entry", "register_record"):
        op.drop_table(table)


def _kept() -> dict[str, str]:
    """When a change of a row is refused: of the history words go, and nothing else; evidence is deleted or stays."""
    facts = ("record_id", "event_id", "kind", "revision", "form", "change", "stock", "ticket_id", "by_id", "at")
    other = "IS NOT" if _sqlite() else "IS DISTINCT FROM"
    typed = f"CAST(NEW.data AS TEXT) {other} CAST(OLD.data AS TEXT)"
    worded = f"CAST(NEW.words AS TEXT) {other} CAST(OLD.words AS TEXT) AND CAST(NEW.words AS TEXT) <> '{{}}'"
    return {
        "register_entry": f"{_changed(*facts)} OR {typed} OR ({worded})",
        "register_file": _changed("record_id", "name", "media_type", "size", "content", "by_id", "at"),
    }


def _protect() -> None:
    if not _sqlite():
        op.execute(
            "CREATE TRIGGER register_entry_stays BEFORE DELETE OR TRUNCATE ON register_entry "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        for table, condition in _kept().items():
            op.execute(
                f"CREATE TRIGGER {table}_kept BEFORE UPDATE ON {table} "
                f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse_change()"
            )
        return
    for table in ("register_entry", "register_file"):
        _refuse(f"{table}_no_replace", "INSERT", table, f"EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)")
    _refuse("register_entry_no_delete", "DELETE", "register_entry")
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
