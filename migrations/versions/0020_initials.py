"""people are found by the pinyin initials of their names

Revision ID: 0020
Revises: 0019
"""

from alembic import op
import sqlalchemy as sa

from app.initials import initials

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("person", sa.Column("initials", sa.Text(), nullable=False, server_default=""))
    op.create_index(op.f("ix_person_initials"), "person", ["initials"])
    person = sa.table("person", sa.column("id"), sa.column("name"), sa.column("initials"))
    connection = op.get_bind()
    found = [{"of": row.id, "spelt": initials(row.name)} for row in connection.execute(sa.select(person.c.id, person.c.name))]
    change = sa.update(person).where(person.c.id == sa.bindparam("of")).values(initials=sa.bindparam("spelt"))
    if found:
        connection.execute(change, found)


def downgrade() -> None:
    op.drop_index(op.f("ix_person_initials"), "person")
    op.drop_column("person", "initials")
