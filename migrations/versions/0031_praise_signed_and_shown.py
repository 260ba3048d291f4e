"""praise: signed with the rater's name where they want it, on the wall where they agree; either can be taken back

Revision ID: 0031
Revises: 0030
"""

from alembic import op
import sqlalchemy as sa

revision = "0031"
down_revision = "0030"

WALL = sa.text("public AND praised_id IS NOT NULL AND comment <> ''")


def upgrade() -> None:
    _drop_trigger()
    for column in ("signed", "public"):
        op.add_column("rating_detail", sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_rating_detail_wall", "rating_detail", ["at"], sqlite_where=WALL, postgresql_where=WALL)
    # Agreed to when it was written, or never; afterwards it is only taken back.
    _keep(f"{_kept()} OR NEW.signed AND NOT OLD.signed OR NEW.public AND NOT OLD.public")


def downgrade() -> None:
    _drop_trigger()
    op.drop_index("ix_rating_detail_wall", "rating_detail")
    for column in ("public", "signed"):
        op.drop_column("rating_detail", column)
    _keep(_kept())


def _kept() -> str:
    """As in revision 0016."""
    json = "" if _sqlite() else "::text"
    return (
        f"{_changed('rating_id', 'pressed')} OR {_changed('reasons', 'quality', 'faces', cast=json)} "
        f"OR {_changed('comment')} AND NEW.comment <> '' OR {_changed('praise')} AND OLD.praise <> 'asked' "
        f"OR {_changed('praised_id')} AND OLD.praise <> 'asked'"
    )


def _drop_trigger() -> None:
    op.execute("DROP TRIGGER rating_detail_kept" + ("" if _sqlite() else " ON rating_detail"))


def _keep(condition: str) -> None:
    if _sqlite():
        op.execute(
            f"CREATE TRIGGER rating_detail_kept BEFORE UPDATE ON rating_detail WHEN {condition} "
            "BEGIN SELECT RAISE(ABORT, 'rating_detail is append-only'); END"
        )
        return
    op.execute(
        "CREATE TRIGGER rating_detail_kept BEFORE UPDATE ON rating_detail "
        f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse_change()"
    )


def _changed(*columns: str, cast: str = "") -> str:
    other = "IS NOT" if _sqlite() else "IS DISTINCT FROM"
    return "(" + " OR ".join(f"NEW.{column}{cast} {other} OLD.{column}{cast}" for column in columns) + ")"


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
