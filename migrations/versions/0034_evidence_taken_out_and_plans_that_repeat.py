"""registers: evidence can be taken out, its digest stays; a plan that repeats makes the next record

Revision ID: 0032
Revises: 0031
"""

import hashlib

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0034"
down_revision = "0033"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REPEATS = sa.text("every <> ''")
FACTS = ("record_id", "media_type", "size", "by_id", "at")


def upgrade() -> None:
    op.add_column("register_record", sa.Column("every", sa.Text(), nullable=False, server_default=""))
    op.add_column("register_record", sa.Column("follows_id", ID, nullable=True))
    op.create_index(op.f("ix_register_record_follows_id"), "register_record", ["follows_id"], unique=True)
    op.create_index(
        "ix_register_record_repeats", "register_record", ["due_on"], sqlite_where=REPEATS, postgresql_where=REPEATS
    )
    _drop_trigger()
    op.add_column("register_file", sa.Column("digest", sa.Text(), nullable=False, server_default=""))
    op.add_column("register_file", sa.Column("taken_out_at", UTCDateTime(timezone=True), nullable=True))
    op.add_column("register_file", sa.Column("taken_out_by_id", ID, nullable=True))
    op.add_column("register_file", sa.Column("taken_out_why", sa.Text(), nullable=False, server_default=""))
    _digest()
    _keep(_taken_out())


def downgrade() -> None:
    _drop_trigger()
    for column in ("taken_out_why", "taken_out_by_id", "taken_out_at", "digest"):
        op.drop_column("register_file", column)
    _keep(_changed(*FACTS, "name", "content"))
    op.drop_index("ix_register_record_repeats", "register_record")
    op.drop_index(op.f("ix_register_record_follows_id"), "register_record")
    for column in ("follows_id", "every"):
        op.drop_column("register_record", column)


def _digest() -> None:
    """Of what is there: one file in memory at a time."""
    files = sa.table("register_file", sa.column("id"), sa.column("content"), sa.column("digest"))
    connection = op.get_bind()
    for file in connection.scalars(sa.select(files.c.id).order_by(files.c.id)).all():
        content = connection.scalar(sa.select(files.c.content).where(files.c.id == file))
        digest = hashlib.sha256(bytes(content)).hexdigest()
        connection.execute(sa.update(files).where(files.c.id == file).values(digest=digest))


def _taken_out() -> str:
    """When a change is refused: evidence is taken out once, its name and bytes go with that; nothing else changes."""
    emptied = "NEW.taken_out_at IS NOT NULL AND NEW.name = '' AND length(NEW.content) = 0"
    return (
        f"{_changed(*FACTS, 'digest')} OR OLD.taken_out_at IS NOT NULL "
        f"OR {_changed('name', 'content', 'taken_out_at', 'taken_out_by_id', 'taken_out_why')} AND NOT ({emptied})"
    )


def _drop_trigger() -> None:
    op.execute("DROP TRIGGER register_file_kept" + ("" if _sqlite() else " ON register_file"))


def _keep(condition: str) -> None:
    if _sqlite():
        op.execute(
            f"CREATE TRIGGER register_file_kept BEFORE UPDATE ON register_file WHEN {condition} "
            "BEGIN SELECT RAISE(ABORT, 'register_file is append-only'); END"
        )
        return
    op.execute(
        "CREATE TRIGGER register_file_kept BEFORE UPDATE ON register_file "
        f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse_change()"
    )


def _changed(*columns: str) -> str:
    other = "IS NOT" if _sqlite() else "IS DISTINCT FROM"
    return "(" + " OR ".join(f"NEW.{column} {other} OLD.{column}" for column in columns) + ")"


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
