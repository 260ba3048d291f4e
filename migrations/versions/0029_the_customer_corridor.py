"""the customer corridor: what people felt where, counted once; what is done about a hot spot

Revision ID: 0027
Revises: 0026
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0029"
down_revision = "0028"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UTCDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "corridor_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_corridor_day")),
    )
    places = ("department_id", "team_id", "category_id", "campus_id")
    op.create_table(
        "corridor_quarter",
        sa.Column("quarter", sa.Date(), nullable=False),
        sa.Column("department_id", ID, autoincrement=False, nullable=False),
        sa.Column("job_type", sa.Text(), nullable=False),
        *(sa.Column(name, ID, autoincrement=False, nullable=False) for name in places[1:]),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("quarter", places[0], "job_type", *places[1:], name=op.f("pk_corridor_quarter")),
    )
    op.create_table(
        "completion_job",
        sa.Column("completion_id", ID, nullable=False),
        sa.Column("job_type", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["completion_id"], ["completion.id"], name=op.f("fk_completion_job_completion_id")),
        sa.PrimaryKeyConstraint("completion_id", name=op.f("pk_completion_job")),
    )
    _measures()


def downgrade() -> None:
    for table in ("corridor_measure", "completion_job", "corridor_quarter", "corridor_day"):
        op.drop_table(table)
    op.execute("DELETE FROM rollup_mark WHERE name = 'corridor'")


def _measures() -> None:
    texts = ("dimension", "value", "touchpoint", "cause", "action")
    op.create_table(
        "corridor_measure",
        sa.Column("id", ID, nullable=False),
        sa.Column("quarter", sa.Date(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in texts),
        sa.Column("owner_id", ID, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("said", sa.Text(), server_default="", nullable=False),
        sa.Column("did", sa.Text(), server_default="", nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("done_by_id", ID, nullable=True),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "(done_at IS NULL) = (done_by_id IS NULL)", name=op.f("ck_corridor_measure_done_by_somebody")
        ),
        *(
            sa.ForeignKeyConstraint([name], ["person.id"], name=op.f(f"fk_corridor_measure_{name}"))
            for name in ("owner_id", "by_id", "done_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corridor_measure")),
    )
    op.create_index("ix_corridor_measure_due_on", "corridor_measure", ["due_on"])
    op.create_index("ix_corridor_measure_published_at", "corridor_measure", ["published_at"])
