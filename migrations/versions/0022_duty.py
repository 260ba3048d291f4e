"""the duty roster: shifts, swaps, approvals; how many people a post needs

Revision ID: 0021
Revises: 0020
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0022"
down_revision = "0021"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UTCDateTime(timezone=True)


def upgrade() -> None:
    op.add_column("post", sa.Column("headcount", sa.SmallInteger(), nullable=False, server_default="0"))
    op.create_table(
        "duty_shift",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("post_id", ID, nullable=True),
        sa.Column("campus_id", ID, nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shift", sa.Text(), nullable=False),
        sa.Column("checked_in_at", MOMENT, nullable=True),
        sa.CheckConstraint("shift IN ('day', 'evening', 'night')", name=op.f("ck_duty_shift_known_shift")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_duty_shift_person_id")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_duty_shift_post_id")),
        sa.ForeignKeyConstraint(["campus_id"], ["campus.id"], name=op.f("fk_duty_shift_campus_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_shift")),
    )
    key = ["person_id", "day", "shift"]
    op.create_index(op.f("ix_duty_shift_person_id_day_shift"), "duty_shift", key, unique=True)
    op.create_index(op.f("ix_duty_shift_day"), "duty_shift", ["day"])
    op.create_table(
        "duty_swap",
        sa.Column("id", ID, nullable=False),
        sa.Column("shift_id", ID, nullable=False),
        sa.Column("asked_by_id", ID, nullable=False),
        sa.Column("to_id", ID, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("decided_by_id", ID, nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'approved', 'refused')", name=op.f("ck_duty_swap_known_state")),
        sa.ForeignKeyConstraint(["shift_id"], ["duty_shift.id"], name=op.f("fk_duty_swap_shift_id")),
        sa.ForeignKeyConstraint(["asked_by_id"], ["person.id"], name=op.f("fk_duty_swap_asked_by_id")),
        sa.ForeignKeyConstraint(["to_id"], ["person.id"], name=op.f("fk_duty_swap_to_id")),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name=op.f("fk_duty_swap_decided_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_swap")),
    )
    op.create_index(op.f("ix_duty_swap_state"), "duty_swap", ["state"])
    op.create_index(op.f("ix_duty_swap_shift_id"), "duty_swap", ["shift_id"])
    op.create_table(
        "post_approval",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("post_id", ID, nullable=False),
        sa.Column("approved_by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_post_approval_person_id")),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"], name=op.f("fk_post_approval_post_id")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["person.id"], name=op.f("fk_post_approval_approved_by_id")),
        sa.PrimaryKeyConstraint("person_id", "post_id", name=op.f("pk_post_approval")),
    )


def downgrade() -> None:
    for table in ("post_approval", "duty_swap", "duty_shift"):
        op.drop_table(table)
    op.drop_column("post", "headcount")
