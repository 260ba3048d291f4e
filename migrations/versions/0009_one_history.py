"""one history: events of every subject, those of draws among them, and the feed that numbers them

Revision ID: 0009
Revises: 0008
"""

from pathlib import Path

from alembic import op
import sqlalchemy as sa

from app.db import UTCDateTime

revision = "0009"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = UTCDateTime(timezone=True)
GIVEN = Path(__file__).parents[1] / "sql" / "0009_rating_given.sql"

OF_RATING = "('rated', 'corrected', 'rating_excluded', 'praise_approved', 'praise_refused')"
OF_COMPLAINT = "('complained', 'complaint_answered')"
RATING_ID = {"sqlite": "json_extract(data, '$.rating')", "postgresql": "(data ->> 'rating')::bigint"}
COMPLAINT_ID = {"sqlite": "json_extract(data, '$.complaint')", "postgresql": "(data ->> 'complaint')::bigint"}
SUBJECT = f"CASE WHEN kind IN {OF_RATING} THEN 'rating' WHEN kind IN {OF_COMPLAINT} THEN 'complaint' ELSE 'ticket' END"
KEPT = "ticket_id, cycle, kind, state, actor_id, at, recorded_at, channel, source_key, data"
XID_FIRST = (
    "ALTER TABLE event ALTER COLUMN id SET DEFAULT "
    "nextval(CASE WHEN pg_current_xact_id() IS NOT NULL THEN 'event_id_seq'::regclass END)"
)
OF_DRAWS = """INSERT INTO event (subject, subject_id, kind, actor_id, at, recorded_at, channel, data)
    SELECT 'draw', draw_id, kind, actor_id, at, at, 'draw', data FROM draw_event ORDER BY id"""
BACK_TO_DRAWS = """INSERT INTO draw_event (draw_id, kind, actor_id, at, data)
    SELECT subject_id, kind, actor_id, at, data FROM event WHERE subject = 'draw' ORDER BY id"""

# As migration 0008 left it.
GIVEN_BEFORE = """INSERT INTO event (ticket_id, cycle, kind, actor_id, at, recorded_at, channel, data)
    SELECT ticket_id, cycle, 'rated', NEW.person_id, NEW.at, NEW.at, NEW.source, {json}('rating', NEW.id)
    FROM completion WHERE id = NEW.completion_id;"""
SLOT_BEFORE = (
    "INSERT INTO counted_rating (completion_id, rating_id, person_id, at) "
    "VALUES (NEW.completion_id, NEW.id, NEW.person_id, NEW.at);"
)


def upgrade() -> None:
    if _sqlite():
        _rebuild_on_sqlite(after=True)
    else:
        _alter_on_postgresql()
    op.execute(OF_DRAWS)
    op.drop_table("draw_event")
    op.create_table(
        "feed_entry",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_feed_entry_event_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_feed_entry")),
        sa.UniqueConstraint("event_id", name=op.f("uq_feed_entry_event_id")),
    )
    op.create_table(
        "feed_mark",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("settled_id", ID, nullable=False),
        sa.Column("fence_id", ID, nullable=True),
        sa.Column("fence_xid", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_feed_mark_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feed_mark")),
    )
    _make_append_only("feed_entry")


def downgrade() -> None:
    op.drop_table("feed_mark")
    op.drop_table("feed_entry")
    op.create_table(
        "draw_event",
        sa.Column("id", ID, nullable=False),
        sa.Column("draw_id", ID, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_draw_event_actor_id")),
        sa.ForeignKeyConstraint(["draw_id"], ["draw.id"], name=op.f("fk_draw_event_draw_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_event")),
    )
    op.create_index(op.f("ix_draw_event_draw_id_at"), "draw_event", ["draw_id", "at"], unique=False)
    op.execute(BACK_TO_DRAWS)
    _make_append_only("draw_event")
    if _sqlite():
        _rebuild_on_sqlite(after=False)
    else:
        _alter_back_on_postgresql()


def _alter_on_postgresql() -> None:
    op.execute("DROP TRIGGER event_append_only ON event")
    op.add_column("event", sa.Column("subject", sa.Text(), nullable=True))
    op.add_column("event", sa.Column("subject_id", ID, nullable=True))
    op.execute(f"UPDATE event SET subject = {SUBJECT}, subject_id = {_subject_id('postgresql')}")
    for column, nullable in (("subject", False), ("subject_id", False), ("ticket_id", True), ("cycle", True)):
        op.alter_column("event", column, nullable=nullable)
    op.create_check_constraint(op.f("ck_event_ticket_is_subject"), "event", "subject <> 'ticket' OR subject_id = ticket_id")
    op.create_check_constraint(op.f("ck_event_cycle_of_ticket"), "event", "(ticket_id IS NULL) = (cycle IS NULL)")
    _index_subjects()
    op.execute(XID_FIRST)
    op.execute(_given("postgresql: the function rating_given"))
    _make_append_only("event")


def _alter_back_on_postgresql() -> None:
    op.execute("DROP TRIGGER event_append_only ON event")
    op.drop_index("ix_event_subject", "event")
    for name in ("ck_event_ticket_is_subject", "ck_event_cycle_of_ticket"):
        op.drop_constraint(op.f(name), "event", type_="check")
    op.execute("DELETE FROM event WHERE ticket_id IS NULL")
    for column in ("ticket_id", "cycle"):
        op.alter_column("event", column, nullable=False)
    op.drop_column("event", "subject_id")
    op.drop_column("event", "subject")
    op.execute("ALTER TABLE event ALTER COLUMN id SET DEFAULT nextval('event_id_seq'::regclass)")
    event = GIVEN_BEFORE.format(json="json_build_object")
    op.execute(
        "CREATE OR REPLACE FUNCTION rating_given() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF NEW.counts THEN {SLOT_BEFORE} END IF; {event} RETURN NULL; END $$"
    )
    _make_append_only("event")


def _rebuild_on_sqlite(*, after: bool) -> None:
    """SQLite cannot let a column be empty: the table is made anew. Foreign keys are off while migrations run."""
    for trigger in ("rating_event", "rating_slot"):
        op.execute(f"DROP TRIGGER {trigger}")
    subject = [sa.Column("subject", sa.Text(), nullable=False), sa.Column("subject_id", ID, nullable=False)]
    checks = [
        sa.CheckConstraint("subject <> 'ticket' OR subject_id = ticket_id", name=op.f("ck_event_ticket_is_subject")),
        sa.CheckConstraint("(ticket_id IS NULL) = (cycle IS NULL)", name=op.f("ck_event_cycle_of_ticket")),
    ]
    op.create_table(
        "event_new",
        sa.Column("id", ID, nullable=False),
        *(subject if after else []),
        sa.Column("ticket_id", ID, nullable=after),
        sa.Column("cycle", sa.SmallInteger(), nullable=after),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=True),
        *(checks if after else []),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_event_actor_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_event_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    if after:
        told = f"{SUBJECT}, {_subject_id('sqlite')}"
        op.execute(f"INSERT INTO event_new (id, subject, subject_id, {KEPT}) SELECT id, {told}, {KEPT} FROM event")
    else:
        op.execute(f"INSERT INTO event_new (id, {KEPT}) SELECT id, {KEPT} FROM event WHERE ticket_id IS NOT NULL")
    op.drop_table("event")
    op.rename_table("event_new", "event")
    op.create_index(op.f("ix_event_ticket_id_at"), "event", ["ticket_id", "at"])
    keyed = sa.text("source_key IS NOT NULL")
    op.create_index("uq_event_source_key", "event", ["ticket_id", "source_key"], unique=True, sqlite_where=keyed)
    if after:
        _index_subjects()
        op.execute(_given("sqlite: the trigger rating_slot"))
        op.execute(_given("sqlite: the trigger rating_event"))
    else:
        op.execute(f"CREATE TRIGGER rating_slot AFTER INSERT ON rating WHEN NEW.counts BEGIN {SLOT_BEFORE} END")
        event = GIVEN_BEFORE.format(json="json_object")
        op.execute(f"CREATE TRIGGER rating_event AFTER INSERT ON rating BEGIN {event} END")
    _make_append_only("event")


def _index_subjects() -> None:
    alone = sa.text("ticket_id IS NULL")
    op.create_index(
        "ix_event_subject", "event", ["subject", "subject_id", "kind"], sqlite_where=alone, postgresql_where=alone
    )


def _subject_id(dialect: str) -> str:
    rating, complaint = RATING_ID[dialect], COMPLAINT_ID[dialect]
    return (
        f"CASE WHEN kind IN {OF_RATING} THEN {rating} WHEN kind IN {OF_COMPLAINT} THEN {complaint} ELSE ticket_id END"
    )


def _given(what: str) -> str:
    """The statement of that name in the SQL file."""
    _before, _name, rest = GIVEN.read_text("utf-8").partition(f"-- {what}\n")
    return rest.split("\n\n")[0].strip()


def _make_append_only(table: str) -> None:
    if _sqlite():
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


def _sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
