"""lists stay as fast as they were: a rating carries whose work it is, the rare has indexes, old days are counted once

Revision ID: 0016
Revises: 0015
"""

from alembic import op
import sqlalchemy as sa

from app.db import Id

revision = "0016"
down_revision = "0015"

# Whoever inserts a rating may say whose work it is; else it is copied from the completion.
COPY = "lead_id, department_id FROM completion WHERE id = NEW.completion_id"
UNSAID = "NEW.lead_id IS NULL AND NEW.department_id IS NULL"
COPIED = "(lead_id, department_id) = (SELECT lead_id, department_id FROM completion WHERE id = rating.completion_id)"

# SQLite cannot change a row before it is written. So it is copied afterwards: the one change of a rating there is.
SAME = ("id", "completion_id", "level", "identity_id", "person_id", "counts", "source", "at")
COPYING = " AND ".join(
    [
        "OLD.lead_id IS NULL AND OLD.department_id IS NULL",
        *(f"NEW.{column} IS OLD.{column}" for column in SAME),
        "NEW.lead_id IS (SELECT lead_id FROM completion WHERE id = OLD.completion_id)",
        "NEW.department_id IS (SELECT department_id FROM completion WHERE id = OLD.completion_id)",
    ]
)

PRAISED = "praised_id = (SELECT lead_id FROM rating WHERE rating.id = rating_id) WHERE praise = 'approved'"

INDEXES = (
    ("ix_rating_lead_id_at", "rating", ["lead_id", "at"], None),
    ("ix_rating_department_id_at", "rating", ["department_id", "at"], None),
    ("ix_rating_unverified", "rating", ["at"], {"sqlite": "counts = 0", "postgresql": "NOT counts"}),
    ("ix_rating_detail_praised", "rating_detail", ["praised_id", "at"], "praised_id IS NOT NULL AND comment <> ''"),
    ("ix_rating_detail_flagged", "rating_detail", ["at"], "checked IN ('review', 'risky')"),
    ("ix_complaint_at", "complaint", ["at"], None),
)


def upgrade() -> None:
    for column in ("lead_id", "department_id"):
        op.add_column("rating", sa.Column(column, Id, nullable=True))
    op.add_column("rating_detail", sa.Column("praised_id", Id, nullable=True))
    if _sqlite():
        _upgrade_sqlite()
    else:
        _upgrade_postgresql()
    for name, table, columns, where in INDEXES:
        by = where if isinstance(where, dict) else dict.fromkeys(("sqlite", "postgresql"), where)
        partial = {f"{kind}_where": sa.text(words) for kind, words in by.items() if words}
        op.create_index(name, table, columns, **partial)
    _make_days()


def downgrade() -> None:
    op.drop_table("rollup_mark")
    op.drop_table("rating_day")
    for name, table, _columns, _where in reversed(INDEXES):
        op.drop_index(name, table)
    if _sqlite():
        for trigger in ("rating_copied", "rating_no_update", "rating_detail_kept"):
            op.execute(f"DROP TRIGGER {trigger}")
    else:
        op.execute("DROP TRIGGER rating_copied ON rating")
        op.execute("DROP FUNCTION rating_copied()")
        op.execute("DROP TRIGGER rating_detail_kept ON rating_detail")
    op.drop_column("rating_detail", "praised_id")
    for column in ("department_id", "lead_id"):
        op.drop_column("rating", column)
    if _sqlite():
        _refuse("rating_no_update", "rating")
    _keep_details(_kept())


def _make_days() -> None:
    op.create_table(
        "rating_day",
        sa.Column("department_id", Id, autoincrement=False, nullable=False),
        sa.Column("lead_id", Id, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("satisfied", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("department_id", "lead_id", "day", name=op.f("pk_rating_day")),
    )
    op.create_index(op.f("ix_rating_day_day"), "rating_day", ["day"])
    op.create_table(
        "rollup_mark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rollup_mark")),
    )


def _upgrade_sqlite() -> None:
    for trigger in ("rating_no_update", "rating_detail_kept"):
        op.execute(f"DROP TRIGGER {trigger}")
    op.execute(f"UPDATE rating SET {COPIED}")
    op.execute(f"UPDATE rating_detail SET {PRAISED}")
    _refuse("rating_no_update", "rating", f"NOT ({COPYING})")
    op.execute(
        f"CREATE TRIGGER rating_copied AFTER INSERT ON rating WHEN {UNSAID} BEGIN "
        f"UPDATE rating SET (lead_id, department_id) = (SELECT {COPY}) WHERE id = NEW.id; END"
    )
    _keep_details(f"{_kept()} OR {_decided()}")


def _upgrade_postgresql() -> None:
    op.execute("ALTER TABLE rating DISABLE TRIGGER rating_append_only")
    op.execute(f"UPDATE rating SET {COPIED}")
    op.execute("ALTER TABLE rating ENABLE TRIGGER rating_append_only")
    op.execute(f"UPDATE rating_detail SET {PRAISED}")
    op.execute(
        "CREATE FUNCTION rating_copied() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"SELECT {COPY.replace(' FROM', ' INTO NEW.lead_id, NEW.department_id FROM')}; RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER rating_copied BEFORE INSERT ON rating "
        f"FOR EACH ROW WHEN ({UNSAID}) EXECUTE FUNCTION rating_copied()"
    )
    op.execute("DROP TRIGGER rating_detail_kept ON rating_detail")
    _keep_details(f"{_kept()} OR {_decided()}")


def _decided() -> str:
    """Whose praise it is, is decided with the praise."""
    return f"{_changed('praised_id')} AND OLD.praise <> 'asked'"


def _kept() -> str:
    """As in revision 0011."""
    json = "" if _sqlite() else "::text"
    return (
        f"{_changed('rating_id', 'pressed')} OR {_changed('reasons', 'quality', 'faces', cast=json)} "
        f"OR {_changed('comment')} AND NEW.comment <> '' OR {_changed('praise')} AND OLD.praise <> 'asked'"
    )


def _keep_details(condition: str) -> None:
    if _sqlite():
        _refuse("rating_detail_kept", "rating_detail", condition)
        return
    op.execute(
        "CREATE TRIGGER rating_detail_kept BEFORE UPDATE ON rating_detail "
        f"FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION refuse_change()"
    )


def _refuse(name: str, table: str, condition: str = "") -> None:
    when = f" WHEN {condition}" if condition else ""
    op.execute(
        f"CREATE TRIGGER {name} BEFORE UPDATE ON {table}{when} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _changed(*columns: str, cast: str = "") -> str:
    other = "IS NOT" if _sqlite() else "IS DISTINCT FROM"
    return "(" + " OR ".join(f"NEW.{column}{cast} {other} OLD.{column}{cast}" for column in columns) + ")"


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
