"""assets, pads of blank slips, entered and excluded ratings, WeChat's codes; for whom a rating counts

Revision ID: 0008
Revises: 0007
"""

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0008"
down_revision = "0007"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UTCDateTime(timezone=True)

TABLES = ("asset", "ticket_asset", "slip_pad", "slip_link", "mini_code", "rating_exclusion", "entered_rating", "entered_rating_photo")
APPEND_ONLY = ("slip_pad", "slip_link", "rating_exclusion", "entered_rating")

NAMED = sa.text("person_id IS NOT NULL")
SLOT = "INSERT INTO counted_rating (completion_id, rating_id, at) VALUES (NEW.completion_id, NEW.id, NEW.at);"
SLOT_OF = (
    "INSERT INTO counted_rating (completion_id, rating_id, person_id, at) "
    "VALUES (NEW.completion_id, NEW.id, NEW.person_id, NEW.at);"
)
EVENT = """INSERT INTO event (ticket_id, cycle, kind, actor_id, at, recorded_at, channel, data)
    SELECT ticket_id, cycle, 'rated', NEW.person_id, NEW.at, NEW.at, NEW.source, json_build_object('rating', NEW.id)
    FROM completion WHERE id = NEW.completion_id;"""
# What was verified later is its person's by their phone, as far as that is known still.
FILL = """UPDATE counted_rating SET person_id = (
    SELECT coalesce(rating.person_id, wechat_identity.person_id)
    FROM rating JOIN wechat_identity ON wechat_identity.id = rating.identity_id
    WHERE rating.id = counted_rating.rating_id)"""


def upgrade() -> None:
    op.create_table(
        "asset",
        sa.Column("id", ID, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category_id", ID, nullable=True),
        sa.Column("place_id", ID, nullable=True),
        sa.Column("department_id", ID, nullable=True),
        sa.Column("retired_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["category_id"], ["category.id"], name=op.f("fk_asset_category_id")),
        sa.ForeignKeyConstraint(["department_id"], ["department.id"], name=op.f("fk_asset_department_id")),
        sa.ForeignKeyConstraint(["place_id"], ["place.id"], name=op.f("fk_asset_place_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint("tag", name=op.f("uq_asset_tag")),
    )
    op.create_index(op.f("ix_asset_place_id"), "asset", ["place_id"])
    op.create_index(op.f("ix_asset_department_id"), "asset", ["department_id"])
    op.create_table(
        "ticket_asset",
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("asset_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_ticket_asset_asset_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_asset_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_asset")),
    )
    op.create_index(op.f("ix_ticket_asset_asset_id"), "ticket_asset", ["asset_id"])
    op.create_table(
        "slip_pad",
        sa.Column("id", ID, nullable=False),
        sa.Column("first", ID, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("by_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_slip_pad_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slip_pad")),
        sa.UniqueConstraint("first", name=op.f("uq_slip_pad_first")),
    )
    op.create_table(
        "slip_link",
        sa.Column("number", ID, autoincrement=False, nullable=False),
        sa.Column("ticket_id", ID, nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_slip_link_by_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_slip_link_ticket_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_slip_link")),
    )
    op.create_index(op.f("ix_slip_link_ticket_id"), "slip_link", ["ticket_id"])
    op.create_table(
        "mini_code",
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("content", name=op.f("pk_mini_code")),
    )
    op.create_table(
        "rating_exclusion",
        sa.Column("rating_id", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint(
            "reason IN ('mistaken', 'malicious', 'not_the_person')", name=op.f("ck_rating_exclusion_known_reason")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_rating_exclusion_by_id")),
        sa.ForeignKeyConstraint(["rating_id"], ["rating.id"], name=op.f("fk_rating_exclusion_rating_id")),
        sa.PrimaryKeyConstraint("rating_id", name=op.f("pk_rating_exclusion")),
    )
    op.create_table(
        "entered_rating",
        sa.Column("completion_id", ID, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("given_at", MOMENT, nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 5", name=op.f("ck_entered_rating_level_1_to_5")),
        sa.CheckConstraint("source IN ('paper', 'telephone')", name=op.f("ck_entered_rating_known_source")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_entered_rating_by_id")),
        sa.ForeignKeyConstraint(["completion_id"], ["completion.id"], name=op.f("fk_entered_rating_completion_id")),
        sa.PrimaryKeyConstraint("completion_id", name=op.f("pk_entered_rating")),
    )
    op.create_index(op.f("ix_entered_rating_at"), "entered_rating", ["at"])
    op.create_table(
        "entered_rating_photo",
        sa.Column("completion_id", ID, nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["completion_id"], ["entered_rating.completion_id"], name=op.f("fk_entered_rating_photo_completion_id")
        ),
        sa.PrimaryKeyConstraint("completion_id", name=op.f("pk_entered_rating_photo")),
    )
    for table in APPEND_ONLY:
        _make_append_only(table)
    _count_for_somebody()


def _count_for_somebody() -> None:
    _let_change()
    with op.batch_alter_table("counted_rating") as batch:
        batch.add_column(sa.Column("person_id", ID, nullable=True))
        batch.create_foreign_key(op.f("fk_counted_rating_person_id"), "person", ["person_id"], ["id"])
    op.execute(FILL)
    _make_append_only("counted_rating")
    _make_slot(SLOT_OF)
    op.create_index(
        "ix_counted_rating_person_id", "counted_rating", ["person_id"], sqlite_where=NAMED, postgresql_where=NAMED
    )
    op.drop_index("ix_rating_person_id", "rating")


def _count_for_nobody() -> None:
    op.create_index("ix_rating_person_id", "rating", ["person_id"], sqlite_where=NAMED, postgresql_where=NAMED)
    op.drop_index("ix_counted_rating_person_id", "counted_rating")
    _let_change()
    with op.batch_alter_table("counted_rating") as batch:
        batch.drop_constraint(op.f("fk_counted_rating_person_id"), type_="foreignkey")
        batch.drop_column("person_id")
    _make_append_only("counted_rating")
    _make_slot(SLOT)


def _let_change() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in ("counted_rating_no_update", "counted_rating_no_delete", "rating_slot"):
            op.execute(f"DROP TRIGGER {trigger}")
        return
    op.execute("DROP TRIGGER counted_rating_append_only ON counted_rating")


def _make_slot(slot: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER rating_slot AFTER INSERT ON rating WHEN NEW.counts BEGIN {slot} END")
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION rating_given() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF NEW.counts THEN {slot} END IF; {EVENT} RETURN NULL; END $$"
    )


def _make_append_only(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    _count_for_nobody()
    for table in reversed(TABLES):
        op.drop_table(table)
