"""what those who work on a ticket write to each other

Revision ID: 0015
Revises: 0014
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0015"
down_revision = "0014"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KEPT = ("id", "ticket_id", "person_id", "kind", "at")


def upgrade() -> None:
    op.create_table(
        "ticket_note",
        sa.Column("id", ID, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_ticket_note_person_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_note_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_note")),
    )
    for column in ("ticket_id", "person_id", "at"):
        op.create_index(op.f(f"ix_ticket_note_{column}"), "ticket_note", [column])
    _words_only_go()


def downgrade() -> None:
    op.drop_table("ticket_note")


def _words_only_go() -> None:
    """Nothing of a note is changed or deleted, but for its words, which can be erased."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    other = "IS NOT" if sqlite else "IS DISTINCT FROM"
    changed = " OR ".join(f"NEW.{column} {other} OLD.{column}" for column in KEPT)
    refused = f"{changed} OR NEW.text {other} OLD.text AND NEW.text <> ''"
    if not sqlite:
        op.execute(
            "CREATE TRIGGER ticket_note_stays BEFORE DELETE OR TRUNCATE ON ticket_note "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(
            f"CREATE TRIGGER ticket_note_kept BEFORE UPDATE ON ticket_note FOR EACH ROW WHEN ({refused}) "
            "EXECUTE FUNCTION refuse_change()"
        )
        return
    taken = "EXISTS (SELECT 1 FROM ticket_note WHERE id = NEW.id)"
    for name, change, when in (
        ("no_replace", "INSERT", f" WHEN {taken}"),
        ("no_delete", "DELETE", ""),
        ("kept", "UPDATE", f" WHEN {refused}"),
    ):
        op.execute(
            f"CREATE TRIGGER ticket_note_{name} BEFORE {change} ON ticket_note{when} "
            "BEGIN SELECT RAISE(ABORT, 'ticket_note is append-only'); END"
        )
