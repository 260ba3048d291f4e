"""lists that an admin keeps, and words beside an event

Revision ID: 0031
Revises: 0030
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime
from migrations.append_only import words_only_go

revision = "0032"
down_revision = "0031"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LISTS = ("category", "department", "post")


def upgrade() -> None:
    for table in LISTS:
        op.add_column(table, sa.Column("position", sa.SmallInteger(), nullable=False, server_default="100"))
        op.add_column(table, sa.Column("off_at", UTCDateTime(timezone=True), nullable=True))
    op.add_column("category", sa.Column("for_users", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.create_table(
        "event_note",
        sa.Column("event_id", ID, autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_event_note_event_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_event_note")),
    )
    words_only_go("event_note", "event_id", kept=["event_id"], words=["text"])


def downgrade() -> None:
    op.drop_table("event_note")
    op.drop_column("category", "for_users")
    for table in LISTS:
        op.drop_column(table, "off_at")
        op.drop_column(table, "position")
