"""people are found by the pinyin initials of their names; forms from when the system was away

Revision ID: 0025
Revises: 0024
"""

from alembic import op
import sqlalchemy as sa

from app.db import Id, UTCDateTime
from app.initials import initials

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("person", sa.Column("initials", sa.Text(), nullable=False, server_default=""))
    op.create_index(op.f("ix_person_initials"), "person", ["initials"])
    person = sa.table("person", sa.column("id"), sa.column("name"), sa.column("initials"))
    connection = op.get_bind()
    found = [{"of": row.id, "spelt": initials(row.name)} for row in connection.execute(sa.select(person.c.id, person.c.name))]
    change = sa.update(person).where(person.c.id == sa.bindparam("of")).values(initials=sa.bindparam("spelt"))
    if found:
        connection.execute(change, found)
    op.create_table(
        "downtime_form",
        sa.Column("number", Id, nullable=False, autoincrement=False),
        sa.Column("ticket_id", Id, nullable=False),
        sa.Column("entered_by_id", Id, nullable=True),
        sa.Column("entered_at", UTCDateTime(timezone=True), nullable=False),
        sa.Column("checked_by_id", Id, nullable=True),
        sa.Column("checked_at", UTCDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("checked_by_id <> entered_by_id", name=op.f("ck_downtime_form_checked_by_another")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_downtime_form_ticket_id")),
        sa.ForeignKeyConstraint(["entered_by_id"], ["person.id"], name=op.f("fk_downtime_form_entered_by_id")),
        sa.ForeignKeyConstraint(["checked_by_id"], ["person.id"], name=op.f("fk_downtime_form_checked_by_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_downtime_form")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_downtime_form_ticket_id")),
    )


def downgrade() -> None:
    op.drop_table("downtime_form")
    op.drop_index(op.f("ix_person_initials"), "person")
    op.drop_column("person", "initials")
